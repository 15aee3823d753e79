"""The pairing roster: somebody is always asked, never somebody who is away, and always in the same order."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.incoming import Chat
from domain.place import Place
from domain.roster import Area, AreaKind, Because, Candidate, Grid, Leave, Member, Pairing, PairRole, Role

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: True)
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 10, tzinfo=CHINA.zone)
HOME = Place("3栋", "2单元", "501")
GRID, BUILDING, STAIR, HOUSE, OTHER = 1, 2, 3, 4, 5
AREAS = {
    area.id: area
    for area in (
        Area(9, None, AreaKind.COMMUNITY, "C", "社区"),
        Area(GRID, 9, AreaKind.GRID, "G01", "网格"),
        Area(BUILDING, GRID, AreaKind.BUILDING, "3", "3栋", "3栋"),
        Area(STAIR, BUILDING, AreaKind.STAIR, "2", "3栋2单元", "3栋", "2单元"),
        Area(HOUSE, STAIR, AreaKind.HOUSEHOLD, "501", "3栋2单元501", "3栋", "2单元", "501"),
        Area(OTHER, GRID, AreaKind.BUILDING, "4", "4栋", "4栋"),
    )
}
VOLUNTEERS, LEADERS, ABOVE = range(11, 16), (21, 22), (31,)


def a_member(member_id: int, *, reachable: bool = True) -> Member:
    role = Role.VOLUNTEER if member_id in VOLUNTEERS else Role.LEADER if member_id in LEADERS else Role.SECRETARY
    chats = (Chat("telegram", "bot", str(member_id)),) if reachable else ()
    return Member(member_id, 9 if member_id in ABOVE else GRID, role, f"name{member_id}", chats=chats)


def a_grid(
    pairings: tuple[Pairing, ...] = (), leaves: tuple[Leave, ...] = (), unreachable: frozenset[int] = frozenset()
) -> Grid:
    people = [a_member(i, reachable=i not in unreachable) for i in (*VOLUNTEERS, *LEADERS)]
    above = tuple(a_member(i, reachable=i not in unreachable) for i in ABOVE)
    return Grid(GRID, "G01", "网格", AREAS, {m.id: m for m in people}, pairings, leaves, above)


def paired(area_id: int, member_id: int, role: PairRole = PairRole.FIRST) -> Pairing:
    return Pairing(area_id, member_id, role, date(2026, 1, 1))


def away(member_id: int, stand_in_id: int | None = None, hours: int = 24) -> Leave:
    return Leave(member_id, NOW - timedelta(hours=hours), NOW + timedelta(days=1), stand_in_id)


def asked(
    grid: Grid, place: Place = HOME, *, without: frozenset[int] = frozenset(), seed: str = "12"
) -> list[Candidate]:
    return grid.candidates(place, NOW, TODAY, load={}, seed=seed, without=without)


INSIDE = st.sampled_from([*VOLUNTEERS, *LEADERS])
PAIRINGS = st.lists(
    st.builds(paired, st.sampled_from([GRID, BUILDING, STAIR, HOUSE, OTHER]), INSIDE, st.sampled_from(PairRole)),
    max_size=8,
)
LEAVES = st.lists(st.builds(away, INSIDE, st.none() | INSIDE, st.integers(1, 48)), max_size=6)
UNREACHABLE = st.frozensets(st.sampled_from([*VOLUNTEERS, *LEADERS, *ABOVE]))
GRIDS = st.builds(lambda p, a, u: a_grid(tuple(p), tuple(a), u), PAIRINGS, LEAVES, UNREACHABLE)
WITHOUT = st.frozensets(st.sampled_from(VOLUNTEERS))
PLACES = st.sampled_from(
    [HOME, Place("3栋", "2单元"), Place("3栋"), Place("4栋"), Place("9栋"), Place(spot="东门"), Place()]
)


@given(GRIDS, PLACES, WITHOUT)
def test_somebody_is_asked_as_long_as_anybody_can_be_reached(grid: Grid, place: Place, without: frozenset[int]) -> None:
    found = asked(grid, place, without=without)
    people = [*grid.members.values(), *grid.above]
    able = [m for m in people if m.reachable and (m.role is not Role.VOLUNTEER or m.id not in without)]
    able = [m for m in able if m.role is not Role.VOLUNTEER or not grid.away(m.id, NOW)]
    assert any(c.member.reachable for c in found) == bool(able)
    assert {m.id for m in able} <= {c.member.id for c in found}


@given(GRIDS, PLACES, WITHOUT)
def test_nobody_is_asked_twice_or_while_away_or_after_a_no(grid: Grid, place: Place, without: frozenset[int]) -> None:
    found = asked(grid, place, without=without)
    ids = [c.member.id for c in found]
    assert len(ids) == len(set(ids))
    assert not without & set(ids)
    is_away = [grid.away(i, NOW) is not None for i in ids]
    assert is_away == sorted(is_away)  # a leader on leave is the very last, when there is nobody else
    assert all(c.member.role is Role.LEADER for c, gone in zip(found, is_away, strict=True) if gone)


ORDER = [
    Because.HOUSEHOLD,
    Because.STAIR,
    Because.BUILDING,
    Because.GRID,
    Because.PARTNER,
    Because.STAND_IN,
    Because.LOAD,
]


@given(GRIDS, PLACES)
def test_the_most_specific_pairing_comes_first(grid: Grid, place: Place) -> None:
    # whoever stands in for a leader who is paired with the place himself is asked because of the pairing
    assume(not any(p.member_id in LEADERS for p in grid.pairings))
    found = asked(grid, place)
    volunteers = [c for c in found if c.member.role is Role.VOLUNTEER]
    ranks = [ORDER.index(c.because) for c in volunteers]
    near = [r for c, r in zip(volunteers, ranks, strict=True) if c.of not in {f"name{i}" for i in LEADERS}]
    assert near == sorted(near)
    roles = [c.member.role is not Role.VOLUNTEER or c.of in {f"name{i}" for i in LEADERS} for c in found]
    assert roles == sorted(roles)  # the leader and who stands in for him come last
    for c in volunteers:
        held = [p for p in grid.pairings if p.member_id == c.member.id and p.role is PairRole.FIRST]
        if c.because in ORDER[:4]:
            assert any(AREAS[p.area_id].name == c.of for p in held)


@given(st.data(), GRIDS, PLACES, st.text(max_size=3))
def test_the_order_does_not_depend_on_the_order_of_the_rows(
    data: st.DataObject, grid: Grid, place: Place, seed: str
) -> None:
    people = data.draw(st.permutations(sorted(grid.members.items(), key=lambda item: item[0])))
    areas = data.draw(st.permutations(sorted(AREAS.items())))
    shuffled = replace(
        grid,
        members=dict(people),
        areas=dict(areas),
        pairings=tuple(data.draw(st.permutations(grid.pairings))),
        leaves=tuple(data.draw(st.permutations(grid.leaves))),
    )
    one, two = asked(grid, place, seed=seed), asked(shuffled, place, seed=seed)
    assert one == two == asked(grid, place, seed=seed)


def who(found: list[Candidate]) -> list[tuple[int, str]]:
    return [(c.member.id, str(c.because)) for c in found]


def test_from_the_door_to_the_leader() -> None:
    grid = a_grid((paired(GRID, 11), paired(BUILDING, 12), paired(STAIR, 13), paired(HOUSE, 14), paired(HOUSE, 15, PairRole.PARTNER)))  # fmt: skip
    pair = [(14, "household"), (13, "stair"), (12, "building"), (11, "grid"), (15, "partner")]
    assert who(asked(grid)) == [*pair, (21, "leader"), (22, "leader"), (31, "above")]
    assert who(asked(grid, Place("3栋")))[:2] == [(12, "building"), (11, "grid")]
    assert who(asked(grid, Place()))[0] == (11, "grid")


def test_least_work_first_and_no_favours() -> None:
    load = {11: 3, 12: 1, 13: 2, 14: 1, 15: 9}
    found = a_grid().candidates(HOME, NOW, TODAY, load=load, seed="12")
    assert {c.member.id for c in found[:2]} == {12, 14}
    assert [c.member.id for c in found[2:5]] == [13, 11, 15]
    firsts = {asked(a_grid(), seed=str(n))[0].member.id for n in range(60)}
    assert firsts == set(VOLUNTEERS)


def test_leave() -> None:
    pair = (paired(BUILDING, 11), paired(BUILDING, 12, PairRole.PARTNER))
    assert who(asked(a_grid(pair, (away(11, 13),))))[:2] == [(12, "partner"), (13, "stand_in")]
    grid = a_grid(leaves=(away(21, 11), away(22)))
    assert [(c.member.id, c.because, c.of) for c in grid.seniors(NOW)] == [
        (11, Because.STAND_IN, "name21"),
        (31, Because.ABOVE, ""),
        (21, Because.LEADER, ""),
        (22, Because.LEADER, ""),
    ]
    assert [c.member.id for c in grid.seniors(NOW, without=frozenset({11}))] == [31, 21, 22]
    assert (grid.leads_for(11, NOW), grid.leads_for(12, NOW)) == (True, False)
    assert [c.member.id for c in a_grid(leaves=(away(21, 11), away(11))).seniors(NOW)] == [22, 31, 21]
    assert [c.member.id for c in a_grid(leaves=(away(21, 31),)).seniors(NOW)] == [31, 22, 21]


def test_the_leave_that_was_said_last_counts() -> None:
    grid = a_grid(leaves=(away(11, hours=9), away(11, 12, hours=3), away(11, 13, hours=7)))
    leave = grid.away(11, NOW)
    assert leave is not None
    assert leave.stand_in_id == 12
    assert grid.away(11, NOW + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("day", "holds"),
    [("2025-12-31", False), ("2026-01-01", True), ("2026-11-19", True), ("2026-11-20", False)],
)
def test_a_pairing_ends_before_its_last_day(day: str, holds: bool) -> None:
    pairing = Pairing(BUILDING, 11, PairRole.FIRST, date(2026, 1, 1), date(2026, 11, 20))
    assert pairing.holds(date.fromisoformat(day)) is holds


def test_members() -> None:
    grid = a_grid()
    assert [m.id if (m := grid.member(i)) else None for i in (11, 31, 99, None)] == [11, 31, None, None]
    assert [m.id for m in grid.leaders()] == [21, 22]
    assert [a.id for a in grid.areas_of(HOME)] == [HOUSE, STAIR, BUILDING, GRID]
    assert [a.id for a in grid.areas_of(Place("3栋", "1单元", "501"))] == [BUILDING, GRID]
    assert grid.gazetteer_buildings() == {"3栋", "4栋"}
