"""A pairing proposal: distances on the area tree, credit for newcomers, two roles, and what changes against today."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assignment import solve
from domain.roster import Area, AreaKind, Grid, Member, Pairing, PairRole, Role
from domain.suggestion import (
    BALANCE,
    SETTLING,
    Ask,
    Change,
    Preset,
    Step,
    Suggestion,
    fingerprint,
    reach,
    suggest,
    terms_of,
)

TODAY = date(2026, 11, 20)
LONG_AGO = date(2025, 1, 1)
GRID, LEADER = 1, 90
STAIRS = {(b, u): 100 * b + 10 * u for b in (1, 2) for u in (1, 2)}
BUILDINGS = {1: 2, 2: 3}


def home(building: int, unit: int, door: int) -> int:
    """The id of a household."""
    return 10_000 * building + 1000 * unit + door


def an_area(number: int, kind: AreaKind, building: int, unit: int = 0, door: int = 0) -> Area:
    unit_name, room = f"{unit}单元" if unit else "", str(door) if door else ""
    name = f"{building}栋{unit_name}{room}"
    return Area(number, GRID, kind, str(number), name, f"{building}栋", unit_name, room)


def a_grid(
    people: int = 3,
    doors: int = 4,
    pairings: tuple[Pairing, ...] = (),
    joined: dict[int, date] | None = None,
    cap: int = 10,
) -> Grid:
    """Two buildings of two stairs with so many doors each; volunteers 11, 12 … and a leader."""
    areas = [Area(GRID, None, AreaKind.GRID, "G01", "网格")]
    areas += [an_area(number, AreaKind.BUILDING, b) for b, number in BUILDINGS.items()]
    areas += [an_area(number, AreaKind.STAIR, b, u) for (b, u), number in STAIRS.items()]
    areas += [an_area(home(b, u, d), AreaKind.HOUSEHOLD, b, u, d) for b, u in STAIRS for d in range(1, doors + 1)]
    members = {
        i: Member(i, GRID, Role.VOLUNTEER, f"name{i}", capacity=cap, joined_on=(joined or {}).get(i, LONG_AGO))
        for i in range(11, 11 + people)
    }
    members[LEADER] = Member(LEADER, GRID, Role.LEADER, "leader")
    return Grid(GRID, "G01", "网格", {a.id: a for a in areas}, members, pairings, ())


def paired(area_id: int, member_id: int, role: PairRole = PairRole.FIRST, *, to_on: date | None = None) -> Pairing:
    return Pairing(area_id, member_id, role, LONG_AGO, to_on)


def homes_of(grid: Grid) -> frozenset[int]:
    return frozenset(a.id for a in grid.areas.values() if a.kind is AreaKind.HOUSEHOLD)


def asking(
    grid: Grid, preset: Preset = Preset.BALANCED, *, keep: bool = False, avoid: frozenset[tuple[int, int]] = frozenset()
) -> Ask:
    return Ask(homes_of(grid), terms_of(preset, TODAY, keep=keep), TODAY, avoid)


def proposed(grid: Grid, ask: Ask | None = None) -> Suggestion:
    return suggest(grid, ask or asking(grid), solve)


def of(found: Suggestion, household: int, role: PairRole = PairRole.FIRST) -> Change:
    (change,) = [c for c in found.changes if (c.household, c.role) == (household, role)]
    return change


def applied(grid: Grid, found: Suggestion) -> Grid:
    """The roster afterwards."""
    closed = {(c.household, c.role, c.was) for c in found.changes if c.closes}
    rows = [
        replace(p, to_on=TODAY) if (p.area_id, p.role, p.member_id) in closed and p.to_on is None else p
        for p in grid.pairings
    ]
    new = [
        Pairing(c.household, c.member, c.role, TODAY)
        for c in found.changes
        if c.step in (Step.MOVED, Step.NEW) and c.member is not None
    ]
    return replace(grid, pairings=(*rows, *new))


def test_distance_is_the_smallest_area_in_common() -> None:
    rows = (
        paired(home(1, 1, 1), 11),
        paired(STAIRS[1, 2], 12),
        paired(BUILDINGS[2], 13, PairRole.PARTNER),
        paired(GRID, 14),
        paired(home(2, 2, 2), 14, to_on=TODAY),
    )
    grid = a_grid(people=4, pairings=rows)
    where = [home(1, 1, 1), home(1, 1, 2), home(1, 2, 1), home(2, 2, 2)]
    far = reach(grid, [grid.areas[i] for i in where])
    assert [far[i] for i in where] == [
        {11: 0, 12: 6, 13: 20, 14: 20},
        {11: 2, 12: 6, 13: 20, 14: 20},
        {11: 6, 12: 2, 13: 20, 14: 20},
        {11: 20, 12: 20, 13: 6, 14: 20},
    ]


@given(st.sampled_from(Preset), st.booleans(), st.integers(1, 6), st.integers(0, 6), st.data())
def test_what_is_proposed_may_be_done(preset: Preset, keep: bool, people: int, cap: int, data: st.DataObject) -> None:
    grid = a_grid(people=people, cap=cap)
    areas = sorted(homes_of(grid) | set(STAIRS.values()))
    who = st.sampled_from([*(i for i in grid.members), 77])
    held = data.draw(st.dictionaries(st.tuples(st.sampled_from(areas), st.sampled_from(PairRole)), who, max_size=12))
    grid = replace(grid, pairings=tuple(paired(area, member, role) for (area, role), member in held.items()))
    pairs = st.tuples(st.sampled_from(sorted(grid.members)), st.sampled_from(areas))
    ask = asking(grid, preset, keep=keep, avoid=frozenset(data.draw(st.sets(pairs, max_size=6))))
    found = proposed(grid, ask)

    staffed = {(area, role) for (area, role), member in held.items() if member == LEADER}
    told = [(c.household, c.role) for c in found.changes]
    assert sorted(told) == sorted({(h, role) for h in ask.homes for role in PairRole} - staffed)
    after = applied(grid, found)
    now = [p for p in after.pairings if p.to_on is None and p.area_id in ask.homes]
    assert len({(p.area_id, p.role) for p in now}) == len(now)
    given_to = {(p.area_id, p.role): p.member_id for p in now}
    chosen = [(c.household, c.role, c.member) for c in found.changes if c.member is not None]
    for member in grid.members:
        for role in PairRole:
            assert sum((r, m) == (role, member) for _, r, m in chosen) <= cap
    for household, role, chosen_member in chosen:
        assert given_to[household, role] == chosen_member
        assert (chosen_member, household) not in ask.avoid
        other = PairRole.PARTNER if role is PairRole.FIRST else PairRole.FIRST
        assert given_to.get((household, other)) != chosen_member
    assert not any((m, h) in ask.avoid and (h, r) not in staffed for (h, r), m in given_to.items())


@given(st.sampled_from(Preset), st.integers(1, 6), st.integers(1, 8))
def test_what_was_applied_is_proposed_again(preset: Preset, people: int, doors: int) -> None:
    """A second look changes nothing, for anybody's first contact."""
    grid = a_grid(people=people, doors=doors)
    after = applied(grid, proposed(grid, asking(grid, preset)))
    again = proposed(after, asking(after, preset, keep=True))
    assert again.count(Step.MOVED) == again.count(Step.NEW) == 0


def test_a_newcomer_is_not_flooded_and_takes_his_share_in_time() -> None:
    """Three have looked after ten each for long; ten more households are found on the day the fourth joins."""
    old = {door: 11 + n % 3 for n, door in enumerate(sorted(homes_of(a_grid(people=4, doors=10))))}
    known = dict(list(old.items())[:30])
    rows = tuple(paired(door, member) for door, member in known.items())
    shares = []
    for days in (0, 30, 60, SETTLING.days):
        grid = a_grid(people=4, doors=10, pairings=rows, joined={14: TODAY - timedelta(days=days)}, cap=30)
        found = proposed(grid, asking(grid, Preset.FAIR, keep=True))
        assert found.count(Step.NEW) == 10
        shares.append(sum(c.member == 14 and c.step is Step.NEW and c.role is PairRole.FIRST for c in found.changes))
    assert shares[0] <= 4
    assert shares == sorted(shares)
    assert shares[-1] == 10


def test_when_all_are_new_credit_changes_nothing() -> None:
    joined = dict.fromkeys(range(11, 14), TODAY)
    new, old = proposed(a_grid(joined=joined)), proposed(a_grid())
    assert [(c.household, c.member) for c in new.changes] == [(c.household, c.member) for c in old.changes]


def test_who_must_not_is_replaced_and_nobody_beside_him_is() -> None:
    rows = (paired(home(1, 1, 1), 11), paired(home(1, 1, 2), 11))
    grid = a_grid(people=3, pairings=rows)
    found = proposed(grid, asking(grid, avoid=frozenset({(11, home(1, 1, 1))})))
    assert (of(found, home(1, 1, 1)).step, of(found, home(1, 1, 2)).step) == (Step.MOVED, Step.KEPT)
    only = a_grid(people=1, pairings=rows)
    alone = of(proposed(only, asking(only, avoid=frozenset({(11, home(1, 1, 1))}))), home(1, 1, 1))
    assert (alone.step, alone.closes, alone.reason) == (Step.UNCOVERED, True, {"why": "avoid", "stays": False})


def test_who_has_too_many_keeps_them_until_somebody_is_found() -> None:
    rows = tuple(paired(home(1, u, d), 11) for u in (1, 2) for d in (1, 2))
    grid = replace(a_grid(people=1, doors=2, pairings=rows, cap=3))
    found = suggest(grid, replace(asking(grid), homes=frozenset(p.area_id for p in rows)), solve)
    (left,) = [c for c in found.changes if c.role is PairRole.FIRST and c.step is Step.UNCOVERED]
    assert (left.was, left.closes, left.reason) == (11, False, {"why": "full", "stays": True})
    assert (found.before.most, found.after.most) == (4, 4)


def test_what_the_leader_took_upon_himself_is_not_in_question() -> None:
    grid = a_grid(pairings=(paired(home(1, 1, 1), LEADER),))
    found = proposed(grid)
    assert [c.role for c in found.changes if c.household == home(1, 1, 1)] == [PairRole.PARTNER]


def test_households_out_of_the_question_count_as_load() -> None:
    rows = tuple(paired(home(2, u, d), 11) for u in (1, 2) for d in (1, 2, 3))
    grid = a_grid(people=2, pairings=rows, cap=7)
    few = frozenset({home(1, 1, 1), home(1, 1, 2)})
    found = suggest(grid, replace(asking(grid, Preset.FAIR), homes=few), solve)
    assert {of(found, h).member for h in few} == {12}
    assert (found.before.most, found.after.least, found.after.most) == (6, 2, 6)


def test_evenness_is_the_mean_of_smaller_over_larger() -> None:
    rows = tuple(paired(home(1, 1, d), 11) for d in (1, 2, 3, 4)) + tuple(paired(home(1, 2, d), 12) for d in (1, 2))
    found = proposed(a_grid(people=3, pairings=rows))
    assert (found.before.least, found.before.middle, found.before.most) == (0, 2, 4)
    assert found.before.evenness == round(100 * (2 / 4 + 0 + 0) / 3)
    assert (found.after.least, found.after.middle, found.after.most) == (5, 5, 6)
    nobody = proposed(a_grid(people=0))
    assert nobody.after.evenness == 100
    assert nobody.count(Step.UNCOVERED) == 16
    assert proposed(a_grid(people=1)).after.evenness == 100


@pytest.mark.parametrize("preset", Preset)
def test_presets_are_weights_and_the_epoch_is_the_quarter(preset: Preset) -> None:
    terms = terms_of(preset, date(2027, 3, 31), keep=False)
    assert (terms.balance, terms.continuity, terms.epoch) == (BALANCE[preset], 20, "2027Q1")
    assert terms_of(preset, date(2027, 4, 1), keep=True).epoch == "2027Q2"
    assert terms_of(preset, TODAY, keep=True).continuity is None


def test_the_fingerprint_is_of_the_roster_and_not_of_the_clock() -> None:
    rows = (paired(home(1, 1, 1), 11), paired(home(1, 1, 1), 12, PairRole.PARTNER))
    grid = a_grid(pairings=rows)
    ask = asking(grid)
    same = proposed(grid, ask).fingerprint
    assert fingerprint(grid, ask) == same
    assert fingerprint(grid, replace(ask, today=TODAY + timedelta(days=1))) == same
    others = [
        fingerprint(replace(grid, pairings=rows[:1]), ask),
        fingerprint(replace(grid, pairings=(rows[0], replace(rows[1], member_id=13))), ask),
        fingerprint(replace(grid, pairings=(replace(rows[0], member_id=13), rows[1])), ask),
        fingerprint(a_grid(pairings=rows, cap=9), ask),
        fingerprint(a_grid(pairings=rows, joined={12: TODAY}), ask),
        fingerprint(grid, replace(ask, homes=ask.homes - {home(2, 2, 2)})),
        fingerprint(grid, asking(grid, Preset.FAIR)),
    ]
    assert len({same, *others}) == len(others) + 1


def test_who_has_left_does_not_stay_even_if_nobody_comes() -> None:
    grid = a_grid(people=0, pairings=(paired(home(1, 1, 1), 77),))
    change = of(proposed(grid), home(1, 1, 1))
    assert (change.was, change.closes, change.reason) == (77, True, {"why": "nobody", "stays": False})


def test_first_contacts_count_as_load_of_partners() -> None:
    rows = tuple(paired(home(1, u, d), 11) for u in (1, 2) for d in (1, 2, 3, 4))
    grid = a_grid(people=3, pairings=(*rows, paired(STAIRS[2, 1], 11), paired(home(2, 1, 1), 12)))
    found = suggest(grid, replace(asking(grid, Preset.FAIR, keep=True), homes=frozenset({home(2, 1, 1)})), solve)
    assert of(found, home(2, 1, 1), PairRole.PARTNER).member == 13


def test_nobody_is_made_partner_of_a_household_twice() -> None:
    """Of two partners the first one must not any more: the other one is there already, so a third one comes."""
    door = home(1, 1, 1)
    rows = tuple(paired(door, member, PairRole.PARTNER) for member in (12, 13))
    grid = a_grid(people=4, pairings=(paired(door, 11), *rows))
    ask = replace(asking(grid, avoid=frozenset({(12, door)})), homes=frozenset({door}))
    change = of(proposed(grid, ask), door, PairRole.PARTNER)
    assert (change.was, change.member, change.closes) == (12, 14, True)
