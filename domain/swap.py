"""换班: two volunteers exchange the places they are paired with. Pairings are closed and opened, never edited."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain import refusal
from domain.roster import AreaKind, Grid, Pairing, PairRole

LIFE = timedelta(days=7)
"""So long a request waits for its answer."""


class SwapState(StrEnum):
    """Where a request stands; ``OVER``: taken back, too late, or the pairings changed meanwhile."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Swap:
    """``gives``: areas that go from the one who asks to the other; ``takes``: the other way. ``number``: what people type."""

    number: int
    grid_id: int
    from_id: int
    to_id: int
    gives: tuple[int, ...]
    takes: tuple[int, ...]
    state: SwapState
    asked_at: datetime


def places_of(grid: Grid, member_id: int, today: date) -> list[int]:
    """What somebody may exchange: buildings, stairs, the grid. Households stay, because people know who comes."""
    held = {p.area_id for p in grid.pairings if p.member_id == member_id and p.holds(today)}
    return sorted(i for i in held if grid.areas[i].kind is not AreaKind.HOUSEHOLD)


def exchange(grid: Grid, swap: Swap, today: date) -> tuple[list[Pairing], list[Pairing]]:
    """The pairings that are closed and those that are opened today.

    Whoever is partner where the other one is first changes parts with him.

    Raises:
        SwapOver: one of them is not paired there any more.
        Avoids: a place lies where the other has nothing to do.

    """
    closed: list[Pairing] = []
    opened: list[Pairing] = []
    for giver, taker, areas in ((swap.from_id, swap.to_id, swap.gives), (swap.to_id, swap.from_id, swap.takes)):
        for area_id in areas:
            mine, theirs = _held(grid, area_id, giver, today), _held(grid, area_id, taker, today)
            if not mine:
                raise refusal.SwapOver
            if taker in grid.avoiding(grid.above_of(area_id)):
                member = grid.member(taker)
                raise refusal.Avoids(name=member.name if member else "")
            closed += [*mine, *theirs]
            opened += [replace(_main(mine), member_id=taker, from_on=today, to_on=None)]
            if theirs:
                opened += [replace(_main(theirs), member_id=giver, from_on=today, to_on=None)]
    return closed, opened


def _held(grid: Grid, area_id: int, member_id: int, today: date) -> list[Pairing]:
    return [p for p in grid.pairings if (p.area_id, p.member_id) == (area_id, member_id) and p.holds(today)]


def _main(held: Sequence[Pairing]) -> Pairing:
    return min(held, key=lambda p: p.role is not PairRole.FIRST)
