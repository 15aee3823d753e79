"""谁负责: who looks after a place now, and why in words. The leader's command and ``dangxiaoqi roster who`` say the same."""

from collections.abc import Callable
from datetime import date, datetime

from domain import refusal
from domain.place import Place
from domain.roster import Candidate, Grid, Owner, Passed, Step
from handlers import access, notify
from handlers.context import Ask, Context
from storage.database import WriteTx
from texts.sentences import Sentences


async def who(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """谁负责 3栋2单元501, for the grid leader in private."""
    grid = access.led_grid(ask)
    place = cx.ear_of(grid).place(ask.words)
    owner = owner_of(grid, place, cx.now, cx.calendar.today(cx.now))
    notify.reply(cx, tx, ask.event, shown(cx.said, cx.when, grid, place, owner, cx.now))


def owner_of(grid: Grid, place: Place, at: datetime, today: date) -> Owner:
    """Who looks after a place of this grid.

    Raises:
        NoSuchPlace: no building of this grid is named.

    """
    areas = grid.areas_of(place)
    if not place.building or len(areas) < (2 if grid.gazetteer_buildings() else 1):
        raise refusal.NoSuchPlace(buildings="、".join(sorted(grid.gazetteer_buildings())[:30]))
    return grid.owner(areas, at, today)


def shown(
    said: Sentences, when: Callable[[datetime], str], grid: Grid, place: Place, owner: Owner, at: datetime
) -> str:
    """A few lines: who and why, who was passed over and why, who is next. Reasons of 回避 stay out of it."""
    lines = [
        said.say("roster.owner", place=place.shown(), name=owner.candidate.member.name, why=_why(said, owner.candidate))
    ]
    lines += [_passed(said, when, grid, step, at) for step in owner.passed]
    if owner.then is not None:
        lines.append(said.say("roster.then", name=owner.then.member.name, why=_why(said, owner.then)))
    if not owner.candidate.member.reachable:
        lines.append(said.say("roster.unheard"))
    return "\n".join(lines)


def _why(said: Sentences, candidate: Candidate) -> str:
    return said.say(f"roster.who_{candidate.because}", of=candidate.of)


def _passed(said: Sentences, when: Callable[[datetime], str], grid: Grid, step: Step, at: datetime) -> str:
    member = step.candidate.member
    values = {"name": member.name, "why": _why(said, step.candidate)}
    leave = grid.away(member.id, at)
    if step.passed is Passed.AWAY and leave is not None:
        return said.say("roster.passed_away", end=when(leave.to_at), **values)
    return said.say(f"roster.passed_{step.passed}", **values)
