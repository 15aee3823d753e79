"""What is shown of a visit: its code, its window, the building and the stair - and the door only where it may be seen."""

from collections.abc import Sequence
from datetime import date

from domain.cadence import Cadence
from domain.place import Place
from domain.roster import Grid
from domain.visit import Occurrence
from handlers.context import Context
from texts.sentences import Sentences

_MOST = 40


def code(cx: Context, found: Occurrence) -> str:
    """The short code of a visit: V12."""
    return cx.said.say("visits.code", number=found.id)


def day(cx: Context, on: date) -> str:
    """A day as people say it."""
    return cx.said.say("visits.day", month=on.month, day=on.day)


def window(cx: Context, found: Occurrence) -> str:
    """The days in which it may be made: a span, one day only where it is one."""
    first, last = found.window.from_on, found.window.to_on
    if first == last:
        return day(cx, first)
    return cx.said.say("visits.window", first=day(cx, first), last=day(cx, last))


def every(said: Sentences, cadence: Cadence) -> str:
    """每周, 每月, 每 45 天."""
    return said.say(f"visits.every.{cadence.unit}", days=cadence.days)


def place(grid: Grid, found: Occurrence) -> Place:
    """Where the household lives, as far as the grid knows."""
    area = grid.areas.get(found.plan.household_id)
    return Place(area.building, area.unit, area.room) if area is not None else Place()


def where(cx: Context, grid: Grid, found: Occurrence, *, door: bool = False) -> str:
    """The building and the stair; the door only for whoever may see it."""
    lives = place(grid, found)
    return (lives.shown() if door else lives.public()) or cx.said.say("visits.nowhere")


def lines(cx: Context, known: Sequence[tuple[Occurrence, Grid]]) -> str:
    """A line for each visit, the first ones if they are many."""
    return "\n".join(
        cx.said.say("visits.list.line", code=code(cx, o), place=where(cx, grid, o), window=window(cx, o))
        for o, grid in known[:_MOST]
    )
