"""代班: somebody is asked whether he stands in for a member on leave; asked again at falling intervals, at last the leader is.

Source: design "Cover and leave": one statement decides who was first, nobody is ordered, open requests end with a human.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.roster import Grid, Role


class CoverState(StrEnum):
    """``LEADER``: nobody has taken it in time and the grid leader knows; whoever was asked may still take it."""

    ASKED = "asked"
    TAKEN = "taken"
    LEADER = "leader"
    ENDED = "ended"


OPEN = frozenset({CoverState.ASKED, CoverState.LEADER})


@dataclass(frozen=True, slots=True)
class Cover:
    """The request that belongs to one leave; ``number`` is what people type (代班 12).

    ``rung``: how many of the times of ``rungs`` are behind it. ``turn`` rises when the leader names somebody else.
    """

    number: int
    grid_id: int
    member_id: int
    from_at: datetime
    to_at: datetime
    stand_in_id: int | None
    state: CoverState
    rung: int
    turn: int
    asked_at: datetime


BEFORE = (timedelta(days=7), timedelta(days=3), timedelta(days=1), timedelta(hours=12))
"""How long before the leave begins it is asked again."""

_REST = timedelta(hours=6)
"""Nobody is asked twice within this time."""

_LEADER_BEFORE = timedelta(hours=6)
_LEADER_AFTER = timedelta(hours=2)
"""The leader hears so long before the beginning; when it was said late, so long after it was asked."""


def rungs(asked_at: datetime, from_at: datetime) -> tuple[datetime, ...]:
    """When it is asked again, in order; the last one is the hour the grid leader hears that nobody has taken it."""
    again = [at for before in BEFORE if (at := from_at - before) >= asked_at + _REST]
    return (*again, max(from_at - _LEADER_BEFORE, asked_at + _LEADER_AFTER))


def due(cover: Cover, now: datetime) -> tuple[int, bool]:
    """The rung this request has reached, and whether it is the leader's. Rungs that were slept through are not made up for."""
    times = rungs(cover.asked_at, cover.from_at)
    reached = sum(at <= now for at in times)
    return reached, reached == len(times)


def whom_to_ask(
    grid: Grid, member_id: int, from_at: datetime, to_at: datetime, today: date, *, but: frozenset[int] = frozenset()
) -> list[int]:
    """Who is asked when nobody was named: the partners at the same places, and when there are none the other volunteers."""
    able = [
        m.id
        for m in sorted(grid.members.values(), key=lambda m: m.id)
        if m.role is Role.VOLUNTEER and m.reachable and m.id != member_id and m.id not in but
        if not grid.away_between(m.id, from_at, to_at)
    ]
    held = [p for p in grid.pairings if p.holds(today)]
    places = {p.area_id for p in held if p.member_id == member_id}
    partners = {p.member_id for p in held if p.area_id in places}
    return [i for i in able if i in partners] or able
