"""The pairing roster: somebody is always asked, never somebody who is away, and always in the same order."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.calendar import Calendar
from domain.incoming import Chat
from domain.load import Work, burdens
from domain.place import Place
from domain.roster import (
    Area,
    AreaKind,
    Avoid,
    AvoidReason,
    Because,
    Candidate,
    Duty,
    Grid,
    Leave,
    Limits,
    Member,
    Pairing,
    PairRole,
    Passed,
    Role,
)

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


PAIRED = (Because.HOUSEHOLD, Because.STAIR, Because.BUILDING, Because.GRID, Because.PARTNER)


@given(GRIDS, PLACES)
def test_the_most_specific_pairing_comes_first(grid: Grid, place: Place) -> None:
    found = asked(grid, place)
    names = [area.name for area in grid.areas_of(place)]
    near = [c for c in found if c.because in PAIRED]
    assert [names.index(c.of) for c in near] == sorted(names.index(c.of) for c in near)
    for c in near:
        role = PairRole.PARTNER if c.because is Because.PARTNER else PairRole.FIRST
        held = [AREAS[p.area_id].name for p in grid.pairings if p.member_id == c.member.id and p.role is role]
        assert c.of in held


@given(GRIDS, PLACES)
def test_who_is_paired_then_colleagues_then_the_leader(grid: Grid, place: Place) -> None:
    near = {s.candidate.member.id for s in grid.near(grid.areas_of(place), NOW, TODAY)}
    found = [c for c in asked(grid, place) if c.member.id not in near]
    ranks = [c.because is not Because.LOAD for c in found]
    assert ranks == sorted(ranks)
    ids = [c.member.id for c in asked(grid, place)]
    paired_here = [i for i in ids if i in near and i in VOLUNTEERS and grid.members[i].reachable]
    assert ids[: len(paired_here)] == paired_here


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
    pair = [(14, "household"), (15, "partner"), (13, "stair"), (12, "building"), (11, "grid")]
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
    assert who(asked(a_grid(pair, (away(11, 13),))))[:2] == [(13, "stand_in"), (12, "partner")]
    assert who(asked(a_grid(pair, (away(11),))))[0] == (12, "partner")
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


@given(GRIDS)
def test_somebody_acts_for_the_leader_and_nobody_on_leave_while_there_is_another(grid: Grid) -> None:
    found = grid.acting(NOW)
    assert found
    assert len(found) == len({m.id for m in found})
    everybody = [*grid.leaders(), *grid.above]
    if any(grid.away(m.id, NOW) is None for m in everybody):
        assert all(grid.away(m.id, NOW) is None for m in found)
    at_home = [m for m in grid.leaders() if grid.away(m.id, NOW) is None]
    assert all(m in found for m in at_home)


def test_members() -> None:
    grid = a_grid()
    assert [m.id if (m := grid.member(i)) else None for i in (11, 31, 99, None)] == [11, 31, None, None]
    assert [m.id for m in grid.leaders()] == [21, 22]
    assert [a.id for a in grid.areas_of(HOME)] == [HOUSE, STAIR, BUILDING, GRID]
    assert [a.id for a in grid.areas_of(Place("3栋", "1单元", "501"))] == [BUILDING, GRID]
    assert grid.gazetteer_buildings() == {"3栋", "4栋"}


AVOIDS = st.lists(
    st.builds(Avoid, st.sampled_from([*VOLUNTEERS, *LEADERS, *ABOVE]), st.sampled_from(list(AREAS)), st.sampled_from(AvoidReason)),
    max_size=5,
)  # fmt: skip
DUTY = st.lists(
    st.builds(Duty, st.integers(0, 6), st.integers(0, 720), st.integers(721, 1440)), max_size=2
).map(tuple)  # fmt: skip


@st.composite
def limited(draw: st.DrawFn) -> Grid:
    """A grid whose people have told what they can do, when, and how much."""
    grid = replace(draw(GRIDS), avoids=tuple(draw(AVOIDS)))
    people = {
        i: replace(
            member,
            week_cap=draw(st.integers(0, 3)),
            capacity=draw(st.integers(0, 2)),
            skills=draw(st.frozensets(st.sampled_from(["medical", "law"]))),
            duty=draw(DUTY),
        )
        for i, member in grid.members.items()
    }
    return replace(grid, members=people)


WEEK = st.dictionaries(st.sampled_from(VOLUNTEERS), st.integers(0, 4))
SKILLS = st.sampled_from([{}, {"medical": "医疗"}, {"medical": "医疗", "law": "法律"}])


@given(limited(), PLACES, WITHOUT, WEEK, SKILLS, st.frozensets(st.sampled_from([*VOLUNTEERS, *LEADERS, *ABOVE])))
def test_what_people_have_said_about_themselves_holds(
    grid: Grid, place: Place, without: frozenset[int], week: dict[int, int], skills: dict[str, str], barred: frozenset[int]
) -> None:  # fmt: skip
    limits = Limits(NOW, week)
    found = grid.candidates(place, NOW, TODAY, load={}, seed="1", without=without, barred=barred, skills=skills, limits=limits)  # fmt: skip
    seniors = {c.member.id for c in grid.seniors(NOW)}
    volunteers = [c for c in found if c.member.id not in seniors]
    kept_off = barred | grid.avoiding(grid.areas_of(place))
    for c in volunteers:
        assert c.member.id not in kept_off
        assert not c.member.week_cap or week.get(c.member.id, 0) < c.member.week_cap
        if c.because in (Because.SKILL, Because.LOAD):
            assert grid.homes_of(c.member.id, TODAY) < c.member.capacity
        if c.because is Because.SKILL:
            assert any(skills.get(code) == c.of for code in c.member.skills)
    off_duty = [not c.member.on_duty(limits.local) for c in volunteers]
    assert off_duty == sorted(off_duty)
    # the end is a human, and none whom it concerns while there is any other
    assert found[-1].member.role is not Role.VOLUNTEER or found[-1].because is Because.STAND_IN
    others = {*LEADERS, *ABOVE} - kept_off
    if others:
        assert not kept_off & {c.member.id for c in found}


@given(st.data(), limited(), PLACES, WEEK, SKILLS)
def test_shuffled_people_are_asked_in_the_same_order(
    data: st.DataObject, grid: Grid, place: Place, week: dict[int, int], skills: dict[str, str]
) -> None:
    shuffled = replace(
        grid,
        members=dict(data.draw(st.permutations(sorted(grid.members.items(), key=lambda item: item[0])))),
        pairings=tuple(data.draw(st.permutations(grid.pairings))),
        avoids=tuple(data.draw(st.permutations(grid.avoids))),
    )
    one, two = (
        g.candidates(place, NOW, TODAY, load={11: 3, 12: 1}, seed="7", skills=skills, limits=Limits(NOW, week))
        for g in (grid, shuffled)
    )
    assert one == two


@given(limited(), PLACES)
def test_there_is_always_an_owner_and_tickets_ask_the_same_one(grid: Grid, place: Place) -> None:
    areas = grid.areas_of(place)
    owner = grid.owner(areas, NOW, TODAY)
    everybody = [*grid.members.values(), *grid.above]
    assert owner.candidate.member in everybody
    assert owner.candidate.member.reachable or not any(
        c.member.reachable for c in (*(s.candidate for s in grid.near(areas, NOW, TODAY) if s.passed is None), *grid.seniors(NOW, barred=grid.avoiding(areas)))
    )  # fmt: skip
    assert {s.candidate.member.id for s in owner.passed}.isdisjoint({owner.candidate.member.id})
    assert owner.then is None or owner.then.member != owner.candidate.member
    paired_here = any(s.candidate == owner.candidate for s in grid.near(areas, NOW, TODAY))
    who = owner.candidate.member  # whoever cannot be written to is named where nobody can, but no ticket goes to him
    if paired_here and who.role is Role.VOLUNTEER and who.reachable and not who.week_cap:
        asked_first = asked(grid, place)[0]
        leads = any(s.candidate.member.role is not Role.VOLUNTEER for s in grid.near(areas, NOW, TODAY))
        assert leads or asked_first.member == owner.candidate.member


@given(limited(), PLACES)
def test_a_cover_that_ends_gives_the_place_back(grid: Grid, place: Place) -> None:
    later = NOW + timedelta(days=2)
    areas = grid.areas_of(place)
    assert grid.owner(areas, later, TODAY) == replace(grid, leaves=()).owner(areas, later, TODAY)


def test_an_empty_grid_has_no_owner() -> None:
    grid = replace(a_grid(), members={}, above=())
    with pytest.raises(refusal.NobodyThere):
        grid.owner(grid.areas_of(HOME), NOW, TODAY)
    volunteers = replace(a_grid(), members={11: a_member(11)}, above=())
    assert volunteers.owner(volunteers.areas_of(HOME), NOW, TODAY).candidate.member.id == 11


def test_whoever_is_passed_over_is_named_with_the_reason() -> None:
    pair = (paired(HOUSE, 11), paired(HOUSE, 12, PairRole.PARTNER), paired(STAIR, 13), paired(BUILDING, 14))
    grid = replace(
        a_grid(pair, (away(11),), frozenset({13})), avoids=(Avoid(12, HOUSE, AvoidReason.RELATIVE),)
    )  # fmt: skip
    owner = grid.owner(grid.areas_of(HOME), NOW, TODAY)
    assert (owner.candidate.member.id, owner.candidate.because) == (14, Because.BUILDING)
    assert owner.then is not None
    assert owner.then.member.id == 21
    assert [(s.candidate.member.id, s.passed) for s in owner.passed] == [
        (11, Passed.AWAY),
        (12, Passed.AVOIDS),
        (13, Passed.UNREACHABLE),
    ]
    assert [c.member.id for c in replace(a_grid(), avoids=(Avoid(21, BUILDING, AvoidReason.OWN),)).candidates(HOME, NOW, TODAY, load={}, seed="1")][-2:] == [22, 31]  # fmt: skip


def test_skill_before_load_and_duty_hours() -> None:
    grid = a_grid()
    people = {i: replace(m, skills=frozenset({"medical"}) if i == 13 else frozenset()) for i, m in grid.members.items()}
    people[14] = replace(people[14], duty=(Duty(NOW.weekday(), 18 * 60, 21 * 60),))
    grid = replace(grid, members=people)
    load = {13: 9, 14: 0, 11: 1, 12: 2, 15: 3}
    found = grid.candidates(HOME, NOW, TODAY, load=load, seed="1", skills={"medical": "医疗"}, limits=Limits(NOW))
    assert [c.member.id for c in found[:5]] == [13, 11, 12, 15, 14]
    assert (found[0].because, found[0].of) == (Because.SKILL, "医疗")
    evening = Limits(NOW.replace(hour=19))
    assert grid.candidates(HOME, NOW, TODAY, load=load, seed="1", limits=evening)[0].member.id == 14
    assert grid.candidates(HOME, NOW, TODAY, load=load, seed="1")[0].member.id == 14  # danger knows no limits


@given(
    st.dictionaries(st.sampled_from(VOLUNTEERS), st.builds(Work, st.integers(0, 9), st.integers(0, 20)), min_size=5),
    st.sets(st.sampled_from(VOLUNTEERS), max_size=4),
)
def test_newcomers_are_not_flooded_and_work_is_spread(work: dict[int, Work], new: set[int]) -> None:
    joined = {i: TODAY if i in new else date(2026, 1, 1) for i in VOLUNTEERS}
    found = burdens([replace(a_member(i), joined_on=joined[i]) for i in VOLUNTEERS], work, TODAY)
    older = [work[i].month for i in VOLUNTEERS if i not in new]
    for i in new:
        assert found[i] >= 4 * work[i].open ** 2 + sum(older) // len(older)
    for i in VOLUNTEERS:
        more = work | {i: Work(work[i].open + 1, work[i].month)}
        once = burdens([replace(a_member(i), joined_on=joined[i]) for i in VOLUNTEERS], more, TODAY)[i] - found[i]
        assert once == 4 * (2 * work[i].open + 1)  # each further task weighs more than the one before
