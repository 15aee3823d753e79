"""Standing in: asked at falling intervals, never twice in a breath, and the grid leader hears before it begins."""

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.cover import Cover, CoverState, due, rungs, whom_to_ask
from domain.roster import Grid, PairRole, Role
from tests.rules.test_roster import BUILDING, GRIDS, NOW, STAIR, TODAY, a_grid, away, paired

AHEAD = st.timedeltas(timedelta(0), timedelta(days=40))
LENGTH = st.timedeltas(timedelta(hours=1), timedelta(days=30))


@given(AHEAD)
def test_it_is_said_again_ever_sooner_and_the_leader_hears_last(ahead: timedelta) -> None:
    begins = NOW + ahead
    times = rungs(NOW, begins)
    assert list(times) == sorted(set(times))
    assert times[0] >= NOW + timedelta(hours=2)
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert gaps == sorted(gaps, reverse=True)
    assert times[-1] <= max(begins - timedelta(hours=6), NOW + timedelta(hours=2))
    if ahead >= timedelta(days=8):
        assert [begins - at for at in times] == [timedelta(days=7), timedelta(days=3), timedelta(days=1), timedelta(hours=12), timedelta(hours=6)]  # fmt: skip


@given(AHEAD, st.lists(AHEAD, min_size=1, max_size=6))
def test_rungs_only_rise_whenever_it_is_looked_at(ahead: timedelta, looks: list[timedelta]) -> None:
    begins = NOW + ahead
    cover = Cover(1, 1, 11, begins, begins + timedelta(days=1), None, CoverState.ASKED, 0, 0, NOW)
    found = [due(cover, NOW + look) for look in sorted(looks)]
    assert found == sorted(found)
    assert due(cover, max(begins, NOW + timedelta(hours=2))) == (len(rungs(NOW, begins)), True)


@given(GRIDS, AHEAD, LENGTH, st.frozensets(st.integers(11, 15)))
def test_nobody_who_is_away_then_is_asked_to_stand_in(
    grid: Grid, ahead: timedelta, length: timedelta, but: frozenset[int]
) -> None:
    found = whom_to_ask(grid, 11, NOW + ahead, NOW + ahead + length, TODAY, but=but)
    assert len(found) == len(set(found))
    for member_id in found:
        member = grid.members[member_id]
        assert member.role is Role.VOLUNTEER
        assert member.reachable
        assert member_id != 11
        assert member_id not in but
        assert not any(grid.away(member_id, NOW + ahead + length * part / 10) for part in range(10))


def test_partners_first() -> None:
    pair = (paired(BUILDING, 11), paired(BUILDING, 12, PairRole.PARTNER), paired(STAIR, 13))
    begins, ends = NOW + timedelta(days=2), NOW + timedelta(days=3)
    assert whom_to_ask(a_grid(pair), 11, begins, ends, TODAY) == [12]
    assert whom_to_ask(a_grid(pair), 11, begins, ends, TODAY, but=frozenset({12})) == [13, 14, 15]
    assert whom_to_ask(a_grid(pair), 13, begins, ends, TODAY) == [11, 12, 14, 15]
    assert whom_to_ask(a_grid(pair, (away(12),)), 11, NOW, ends, TODAY) == [13, 14, 15]
