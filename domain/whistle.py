"""吹哨报到: what a grid cannot solve goes to the street, which calls units; who was called and who came is open to the resident.

Sources: 北京 policy Q&A (three kinds; beyond one's duty, approved by the responsible leader), 条例 33 (both sides are assessed);
domain reference 7. Figures count tickets, units are named, persons are not.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from domain import refusal
from domain.calendar import Calendar
from domain.deadline import Hours, Length, WorkingDays
from domain.notice import read_day


class Kind(StrEnum):
    """应急, 联合执法, 重难点."""

    EMERGENCY = "emergency"
    ENFORCEMENT = "enforcement"
    HARD = "hard"


class State(StrEnum):
    """``ASKED``: the street has to agree. ``CALLED``: the units are wanted."""

    ASKED = "asked"
    CALLED = "called"
    REFUSED = "refused"
    ENDED = "ended"


class Answer(StrEnum):
    """What became of one unit."""

    ARRIVED = "arrived"
    DONE = "done"
    ABSENT = "absent"


_ARRIVAL: Final[dict[Kind, Length]] = {
    Kind.EMERGENCY: Hours(0.5),
    Kind.ENFORCEMENT: WorkingDays(1),
    Kind.HARD: WorkingDays(1),
}

WARN_ABOVE: Final = 0.1
"""Of the tickets of thirty days; more means that a grid passes on what it could do itself."""

WARN_FROM: Final = 30
"""Below so many tickets a share says nothing (样本不足)."""

MAX_UNITS: Final = 8


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit that is called: what it did, and what the street says of it."""

    name: str
    answer: Answer | None = None
    mark: Answer | None = None


@dataclass(frozen=True, slots=True)
class Whistle:
    """One call for one ticket. ``remind_at``: when it is asked again whether somebody came, or whether the street agrees."""

    id: int
    ticket: int
    grid_id: int
    kind: Kind
    by_id: int
    tried: str
    wanted_on: date
    units: tuple[Unit, ...]
    asked_at: datetime
    state: State = State.ASKED
    confirmed_by: int | None = None
    confirmed_at: datetime | None = None
    remind_at: datetime | None = None

    @property
    def missing(self) -> list[Unit]:
        """Units that have not come: nothing was heard of them, or that they did not."""
        return [u for u in self.units if u.answer in (None, Answer.ABSENT)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A whistle as it was typed."""

    kind: Kind
    units: tuple[str, ...]
    wanted_on: date
    tried: str


def read(words: str, kinds: dict[str, Kind], today: date) -> Wanted | None:
    """``执法 城管、消防 11-25 已劝阻三次``: kind, units, day, what was tried. None where a part is missing.

    Raises:
        TimeUnclear, TimePassed: the day.

    """
    parts = words.split(None, 3)
    if len(parts) < 4 or parts[0] not in kinds or not parts[3].strip():
        return None
    units = tuple(dict.fromkeys(u for u in re.split(r"[、,，;；/]+", parts[1]) if u))
    if not 1 <= len(units) <= MAX_UNITS or any(len(u) > 20 for u in units):
        return None
    return Wanted(kinds[parts[0]], units, read_day(parts[2], today), parts[3].strip())


def arrive_by(kind: Kind, at: datetime, calendar: Calendar) -> datetime:
    """By when a unit has to report (报到)."""
    return _ARRIVAL[kind].after(at, calendar)


def confirm(found: Whistle, member_id: int, at: datetime, calendar: Calendar) -> Whistle:
    """同意: the street calls the units; the time to report starts now."""
    if found.state is not State.ASKED:
        raise refusal.WhistledAlready(number=found.ticket)
    remind_at = arrive_by(found.kind, at, calendar)
    return replace(found, state=State.CALLED, confirmed_by=member_id, confirmed_at=at, remind_at=remind_at)


def reject(found: Whistle, member_id: int, at: datetime) -> Whistle:
    """不同意: the grid goes on alone."""
    if found.state is not State.ASKED:
        raise refusal.WhistledAlready(number=found.ticket)
    return replace(found, state=State.REFUSED, confirmed_by=member_id, confirmed_at=at, remind_at=None)


def answer(found: Whistle, names: tuple[str, ...], said: Answer, *, by_street: bool) -> Whistle:
    """到位 / 办结 / 未到 of some units, or of all that are named by nobody; the street's word is its mark as well.

    With all of them 办结 the call is over; only the mark of the street may still be set then.
    """
    if found.state is State.ASKED:
        raise refusal.WhistleUnconfirmed(number=found.ticket)
    if found.state is not State.CALLED and not (found.state is State.ENDED and by_street):
        raise refusal.NotWhistled(number=found.ticket)
    known = {u.name for u in found.units}
    if any(name not in known for name in names):
        raise refusal.UnknownChoice(choices=" ".join(sorted(known)))

    def after(unit: Unit) -> Unit:
        if names and unit.name not in names:
            return unit
        answer = unit.answer if found.state is State.ENDED else said
        return replace(unit, answer=answer, mark=said if by_street else unit.mark)

    units = tuple(after(u) for u in found.units)
    if found.state is State.ENDED:
        return replace(found, units=units)
    over = all(u.answer is Answer.DONE for u in units)
    heard = all(u.answer in (Answer.ARRIVED, Answer.DONE) for u in units)
    return replace(
        found,
        units=units,
        state=State.ENDED if over else State.CALLED,
        remind_at=None if heard else found.remind_at,
    )


def remind(found: Whistle, at: datetime, calendar: Calendar) -> Whistle:
    """Nobody came, or the street has not answered: asked again after the same time."""
    return replace(found, remind_at=arrive_by(found.kind, at, calendar))


def is_too_often(whistled: int, opened: int) -> bool:
    """Whether the share of tickets that were whistled is above what is usual."""
    return opened >= WARN_FROM and whistled > WARN_ABOVE * opened
