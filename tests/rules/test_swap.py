"""换班: places change hands in one step, nobody else is touched, and nobody gets a place he avoids."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.roster import Avoid, AvoidReason, Grid, Pairing, PairRole
from domain.swap import Swap, SwapState, exchange, places_of
from tests.rules.test_roster import BUILDING, HOUSE, NOW, OTHER, STAIR, TODAY, a_grid, paired


def a_swap(gives: tuple[int, ...], takes: tuple[int, ...] = ()) -> Swap:
    return Swap(1, 1, 11, 12, gives, takes, SwapState.ASKED, NOW)


def after(grid: Grid, closed: list[Pairing], opened: list[Pairing]) -> Grid:
    return replace(grid, pairings=(*(p for p in grid.pairings if p not in closed), *opened))


PAIRINGS = st.lists(
    st.builds(paired, st.sampled_from([BUILDING, STAIR, HOUSE, OTHER]), st.sampled_from([11, 12, 13]), st.sampled_from(PairRole)),
    unique_by=lambda p: (p.area_id, p.member_id),
).filter(lambda held: all(sum(p.area_id == i and p.role is PairRole.FIRST for p in held) <= 1 for i in (BUILDING, STAIR, HOUSE, OTHER)))  # fmt: skip


@given(PAIRINGS)
def test_everything_both_have_changes_hands_and_nothing_else(held: list[Pairing]) -> None:
    grid = a_grid(tuple(held))
    mine, theirs = places_of(grid, 11, TODAY), places_of(grid, 12, TODAY)
    assert HOUSE not in (*mine, *theirs)
    swap = a_swap(tuple(mine), tuple(i for i in theirs if i not in mine))
    closed, opened = exchange(grid, swap, TODAY)
    new = after(grid, closed, opened)
    assert places_of(new, 11, TODAY) == theirs
    assert places_of(new, 12, TODAY) == mine
    assert [p for p in new.pairings if p.member_id == 13] == [p for p in grid.pairings if p.member_id == 13]
    rows = [(p.area_id, p.member_id, p.role) for p in new.pairings]
    assert len(rows) == len(set(rows))
    for area_id in (BUILDING, STAIR, HOUSE, OTHER):
        roles = [sorted(str(p.role) for p in g.pairings if p.area_id == area_id) for g in (grid, new)]
        assert roles[0] == roles[1]


def test_what_is_not_his_any_more_or_avoided_is_not_exchanged() -> None:
    grid = a_grid((paired(BUILDING, 11), paired(OTHER, 12)))
    with pytest.raises(refusal.SwapOver):
        exchange(grid, a_swap((OTHER,)), TODAY)
    avoided = replace(grid, avoids=(Avoid(12, BUILDING, AvoidReason.RELATIVE),))
    with pytest.raises(refusal.Avoids):
        exchange(avoided, a_swap((BUILDING,), (OTHER,)), TODAY)
    at_home = replace(grid, avoids=(Avoid(12, HOUSE, AvoidReason.OWN),))
    assert len(exchange(at_home, a_swap((BUILDING,), (OTHER,)), TODAY)[1]) == 2
