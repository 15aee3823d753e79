"""Must-visit households: periods without gaps, the same result for every pattern of ticks, somebody always responsible."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.calendar import Calendar
from domain.incoming import Chat
from domain.roster import Area, AreaKind, Because, Grid, Leave, Member, Pairing, PairRole, Role
from domain.visit import (
    RUNGS,
    UNSETTLED,
    Carers,
    Occurrence,
    Plan,
    Rhythm,
    State,
    carers,
    hand_over,
    latest_on,
    may_record,
    owed,
    postpone,
    rung_at,
    settle,
    tick,
    tried,
)
from texts.categories import load_categories
from texts.visit_categories import load_visit_categories

NINE = time(9)
ZONES = ("Asia/Shanghai", "America/Chicago", "Australia/Lord_Howe")
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
RHYTHMS = st.builds(Rhythm, st.sampled_from([1, 2, 7, 14, 30, 31, 45, 90, 92, 180, 365]), DAYS)
CALENDARS = st.sampled_from([Calendar(ZoneInfo(zone), lambda day: day.weekday() < 5) for zone in ZONES])
SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)


def an_occurrence(rhythm: Rhythm, day: date, *, active: bool = True) -> Occurrence:
    period = rhythm.period(day)
    plan = Plan(1, 1, 4, "solo_elder", rhythm, rhythm.starts_on, active)
    return Occurrence(12, plan, period.key, rhythm.due_on(period))


@given(RHYTHMS, DAYS)
def test_periods_have_neither_gap_nor_overlap(rhythm: Rhythm, day: date) -> None:
    period = rhythm.period(day)
    assert period.from_on <= day < period.to_on
    assert rhythm.period(period.from_on) == rhythm.period(period.last_on) == period
    assert rhythm.period(period.to_on).from_on == period.to_on
    assert rhythm.period(period.to_on).key > period.key
    assert rhythm.of_key(period.key) == period


@given(RHYTHMS, DAYS)
def test_every_period_has_its_due_day_and_the_first_is_the_first(rhythm: Rhythm, day: date) -> None:
    period = rhythm.period(day)
    assert period.from_on <= rhythm.due_on(period) < period.to_on
    assert rhythm.due_on(rhythm.period(rhythm.starts_on)) == rhythm.starts_on


@pytest.mark.parametrize(
    ("every_days", "day", "key"),
    [
        (7, date(2026, 11, 20), "2026-W47"),
        (7, date(2027, 1, 3), "2026-W53"),
        (30, date(2026, 11, 20), "2026-11"),
        (90, date(2026, 11, 20), "2026-Q4"),
        (90, date(2026, 1, 1), "2026-Q1"),
        (14, date(2026, 11, 20), "2026-11-16"),
    ],
)
def test_keys_of_periods(every_days: int, day: date, key: str) -> None:
    assert Rhythm(every_days, date(2026, 11, 2)).period(day).key == key


@pytest.mark.parametrize(
    ("rhythm", "day", "due_on"),
    [
        (Rhythm(7, date(2026, 11, 4)), date(2026, 11, 20), date(2026, 11, 18)),
        (Rhythm(30, date(2026, 1, 31)), date(2026, 2, 3), date(2026, 2, 28)),
        (Rhythm(30, date(2026, 1, 31)), date(2028, 2, 3), date(2028, 2, 29)),
        (Rhythm(90, date(2026, 8, 31)), date(2026, 11, 20), date(2026, 11, 30)),
    ],
)
def test_due_days(rhythm: Rhythm, day: date, due_on: date) -> None:
    assert rhythm.due_on(rhythm.period(day)) == due_on


def test_nobody_is_visited_before_consent_or_start() -> None:
    rhythm = Rhythm(7, date(2026, 11, 4))
    plan = Plan(1, 1, 4, "solo_elder", rhythm, date(2026, 11, 19))
    assert not plan.wants(rhythm.period(date(2026, 11, 20)))  # due on the 18th, before the consent
    assert plan.wants(rhythm.period(date(2026, 11, 25)))
    assert not replace(plan, active=False).wants(rhythm.period(date(2026, 11, 25)))


@given(RHYTHMS, DAYS, CALENDARS, st.integers(-40, 24 * 40), st.lists(st.integers(0, 60 * 24 * 60), max_size=8))
def test_every_pattern_of_ticks_comes_to_the_same(
    rhythm: Rhythm, day: date, calendar: Calendar, hours: int, minutes: list[int]
) -> None:
    first = an_occurrence(rhythm, day)
    end = calendar.at(first.due_on, NINE) + timedelta(hours=hours)
    once, _ = tick(first, end, calendar, NINE)
    found, rungs = first, []
    for before in sorted({*minutes, 0}, reverse=True):
        found, rung = tick(found, end - timedelta(minutes=before), calendar, NINE)
        rungs += [] if rung is None else [rung]
    assert found == once
    assert rungs == sorted(set(rungs))  # no rung twice, none out of order
    assert tick(found, end, calendar, NINE) == (found, None)


@given(DAYS, CALENDARS, st.integers(-100, 200), st.integers(0, 100))
def test_rungs_are_monotone_and_never_before_nine(day: date, calendar: Calendar, hours: int, more: int) -> None:
    now = calendar.at(day, NINE) + timedelta(hours=hours)
    rung, later = rung_at(day, now, calendar, NINE), rung_at(day, now + timedelta(hours=more), calendar, NINE)
    assert (-1 if rung is None else rung) <= (-1 if later is None else later)
    if rung is not None:
        assert calendar.local(now).replace(tzinfo=None) >= datetime.combine(day + timedelta(days=rung), NINE)
    else:
        assert now < calendar.at(day, NINE)


def test_the_ladder_day_by_day() -> None:
    found = an_occurrence(Rhythm(7, date(2026, 11, 18)), date(2026, 11, 18))
    eight, nine = SHANGHAI.at(found.due_on, time(8, 59)), SHANGHAI.at(found.due_on, NINE)
    assert tick(found, eight, SHANGHAI, NINE) == (found, None)
    for rung in range(RUNGS):
        found, rang = tick(found, nine + timedelta(days=rung), SHANGHAI, NINE)
        assert (found.state, rang) == (State.OPEN, rung)
    found, rang = tick(found, nine + timedelta(days=6), SHANGHAI, NINE)
    assert (found.state, rang) == (State.OPEN, None)
    found, rang = tick(found, nine + timedelta(days=7), SHANGHAI, NINE)
    assert (found.state, rang) == (State.MISSED, None)


def test_after_days_of_silence_only_the_newest_rung_rings() -> None:
    found = an_occurrence(Rhythm(30, date(2026, 11, 2)), date(2026, 11, 2))
    after, rung = tick(found, SHANGHAI.at(date(2026, 11, 10), NINE), SHANGHAI, NINE)
    assert (rung, after.rung) == (2, RUNGS)


def test_a_daily_visit_reaches_the_leader_although_the_next_one_is_due() -> None:
    found = an_occurrence(Rhythm(1, date(2026, 11, 18)), date(2026, 11, 18))
    assert tick(found, SHANGHAI.at(date(2026, 11, 20), NINE), SHANGHAI, NINE)[1] == 2


def test_an_ended_plan_is_not_reminded_of() -> None:
    found = an_occurrence(Rhythm(7, date(2026, 11, 18)), date(2026, 11, 18), active=False)
    after, rung = tick(found, SHANGHAI.at(date(2026, 11, 18), NINE), SHANGHAI, NINE)
    assert (after.state, rung) == (State.CANCELLED, None)


@given(RHYTHMS, DAYS, st.sampled_from(State), st.integers(0, 400))
def test_recording_never_closes(rhythm: Rhythm, day: date, state: State, days: int) -> None:
    found = replace(an_occurrence(rhythm, day), state=state)
    today = found.due_on + timedelta(days=days)
    if state in UNSETTLED or state is State.MISSED:
        after = settle(found, today)
        assert after.settled_on == today
        late = state is State.MISSED or today > found.last_on
        assert after.state is (State.DONE_LATE if late else State.DONE)
        with pytest.raises(refusal.VisitSettled):
            settle(after, today)
    else:
        acts: list[Callable[[], Occurrence]] = [
            lambda: settle(found, today),
            lambda: tried(found, today, high_risk=True),
            lambda: postpone(found, today + timedelta(days=1), today),
            lambda: hand_over(found, 5, today),
        ]
        for act in acts:
            with pytest.raises(refusal.VisitSettled):
                act()


def test_nobody_opened() -> None:
    found = replace(an_occurrence(Rhythm(30, date(2026, 11, 18)), date(2026, 11, 18)), rung=2)
    after = tried(found, date(2026, 11, 19), high_risk=False)
    assert (after.state, after.due_on, after.rung, after.revision) == (State.ABSENT, date(2026, 11, 22), 0, 1)
    assert tried(found, date(2026, 11, 19), high_risk=True).due_on == date(2026, 11, 20)
    again, rung = tick(after, SHANGHAI.at(date(2026, 11, 22), NINE), SHANGHAI, NINE)
    assert (again.state, rung) == (State.ABSENT, 0)


def test_postponing() -> None:
    found = an_occurrence(Rhythm(7, date(2026, 11, 18)), date(2026, 11, 18))
    today = date(2026, 11, 18)
    after = postpone(found, date(2026, 11, 21), today)
    assert (after.state, after.due_on, after.revision) == (State.PLANNED, date(2026, 11, 21), 1)
    assert postpone(tried(found, today, high_risk=False), date(2026, 11, 23), today).state is State.ABSENT
    assert latest_on(found, today) == date(2026, 11, 24)
    assert latest_on(found, date(2026, 11, 30)) == date(2026, 12, 1)
    with pytest.raises(refusal.TimePassed):
        postpone(found, today, today)


def test_handing_over_starts_the_ladder_anew() -> None:
    found = replace(an_occurrence(Rhythm(7, date(2026, 11, 18)), date(2026, 11, 18)), rung=3)
    after = hand_over(found, 5, date(2026, 11, 20))
    assert (after.assignee_id, after.due_on, after.rung, after.revision) == (5, date(2026, 11, 20), 1, 1)
    assert tick(after, SHANGHAI.at(date(2026, 11, 20), NINE), SHANGHAI, NINE) == (after, None)
    assert tick(after, SHANGHAI.at(date(2026, 11, 21), NINE), SHANGHAI, NINE)[1] == 1


TODAY = date(2026, 11, 18)
NOW = SHANGHAI.at(TODAY, NINE)
GRID, BUILDING, STAIR, HOME = 1, 2, 3, 4
LI, ZHOU, WU, CHEN, WANG = 11, 12, 13, 14, 15


def a_member(member_id: int, role: Role = Role.VOLUNTEER, *, reachable: bool = True) -> Member:
    chats = (Chat("telegram", "bot", str(member_id)),) if reachable else ()
    return Member(member_id, GRID, role, f"name{member_id}", chats=chats)


def a_grid(
    pairings: tuple[Pairing, ...] = (), leaves: tuple[Leave, ...] = (), unreachable: frozenset[int] = frozenset()
) -> Grid:
    areas = (
        Area(GRID, None, AreaKind.GRID, "G01", "网格"),
        Area(BUILDING, GRID, AreaKind.BUILDING, "3", "3栋", "3栋"),
        Area(STAIR, BUILDING, AreaKind.STAIR, "2", "3栋2单元", "3栋", "2单元"),
        Area(HOME, STAIR, AreaKind.HOUSEHOLD, "501", "3栋2单元501", "3栋", "2单元", "501"),
    )
    people = [a_member(i, reachable=i not in unreachable) for i in (LI, ZHOU, WU)]
    people.append(a_member(CHEN, Role.LEADER, reachable=CHEN not in unreachable))
    return Grid(
        GRID,
        "G01",
        "网格",
        {area.id: area for area in areas},
        {m.id: m for m in people},
        pairings,
        leaves,
        above=(replace(a_member(WANG, Role.SECRETARY, reachable=WANG not in unreachable), area_id=9),),
    )


def paired(area_id: int, member_id: int, role: PairRole = PairRole.FIRST) -> Pairing:
    return Pairing(area_id, member_id, role, date(2026, 1, 1))


def away(member_id: int, stand_in_id: int | None = None) -> Leave:
    return Leave(member_id, NOW - timedelta(days=1), NOW + timedelta(days=1), stand_in_id)


def ids(found: Carers) -> tuple[list[int], list[int]]:
    return [c.member.id for c in found.near], [c.member.id for c in found.seniors]


PAIR = (paired(HOME, LI), paired(HOME, ZHOU, PairRole.PARTNER), paired(STAIR, WU))


def test_the_pair_of_the_household_then_the_stair_then_the_leader() -> None:
    found = carers(a_grid(PAIR), HOME, NOW, TODAY)
    assert ids(found) == ([LI, ZHOU, WU], [CHEN, WANG])
    assert [c.because for c in found.near] == [Because.HOUSEHOLD, Because.PARTNER, Because.STAIR]
    assert [c.member.id for c in found.asked(0, fresh=True)] == [LI]
    assert [c.member.id for c in found.asked(1, fresh=False)] == [LI, ZHOU]
    assert [c.member.id for c in found.asked(2, fresh=False)] == [CHEN]
    assert [c.member.id for c in found.asked(2, fresh=True)] == [CHEN, LI]


def test_who_is_away_is_replaced_by_the_stand_in_else_by_the_partner() -> None:
    assert ids(carers(a_grid(PAIR, (away(LI, WU),)), HOME, NOW, TODAY))[0] == [WU, ZHOU]
    assert ids(carers(a_grid(PAIR, (away(LI),)), HOME, NOW, TODAY))[0] == [ZHOU, WU]
    assert ids(carers(a_grid(PAIR, (away(LI, WU), away(WU))), HOME, NOW, TODAY))[0] == [ZHOU]


def test_whoever_was_asked_to_go_instead_comes_first() -> None:
    found = carers(a_grid(PAIR), HOME, NOW, TODAY, WU)
    assert ids(found)[0] == [WU, LI, ZHOU]
    assert ids(carers(a_grid(PAIR, (away(WU),)), HOME, NOW, TODAY, WU))[0] == [LI, ZHOU]


def test_who_is_next() -> None:
    found = carers(a_grid(PAIR), HOME, NOW, TODAY)
    after = {i: c.member.id if (c := found.after(i)) else None for i in (LI, ZHOU, WU, CHEN, WANG, 99)}
    assert after == {LI: ZHOU, ZHOU: WU, WU: CHEN, CHEN: WANG, WANG: None, 99: LI}


def test_without_any_pair_the_leader_is_asked_every_time() -> None:
    found = carers(a_grid(), HOME, NOW, TODAY)
    for rung in range(RUNGS):
        assert [c.member.id for c in found.asked(rung, fresh=True)] == [CHEN]


def test_without_any_leader_a_volunteer_is_asked() -> None:
    grid = replace(a_grid(), members={LI: a_member(LI)}, above=())
    found = carers(grid, HOME, NOW, TODAY)
    assert ids(found) == ([LI], [])
    assert [c.member.id for c in found.asked(2, fresh=False)] == [LI]


def test_when_nobody_can_be_written_to_nobody_is_asked() -> None:
    found = carers(a_grid(PAIR, unreachable=frozenset({LI, ZHOU, WU, CHEN, WANG})), HOME, NOW, TODAY)
    assert [found.asked(rung, fresh=True) for rung in range(RUNGS)] == [[], [], []]


def test_who_may_record() -> None:
    found = an_occurrence(Rhythm(7, TODAY), TODAY)
    assert may_record(a_grid(PAIR), found, NOW, TODAY) == {LI, ZHOU}
    assert may_record(a_grid(PAIR, (away(LI, WU),)), found, NOW, TODAY) == {LI, ZHOU, WU}
    assert may_record(a_grid(PAIR), replace(found, assignee_id=WU), NOW, TODAY) == {LI, ZHOU, WU}
    assert may_record(a_grid(), found, NOW, TODAY) == {CHEN}


PEOPLE = st.sampled_from([LI, ZHOU, WU])
PAIRINGS = st.lists(
    st.builds(paired, st.sampled_from([GRID, BUILDING, STAIR, HOME]), PEOPLE, st.sampled_from(PairRole)), max_size=6
)
LEAVES = st.lists(st.builds(away, st.sampled_from([LI, ZHOU, WU, CHEN]), st.none() | PEOPLE), max_size=4)


@given(PAIRINGS, LEAVES, st.none() | PEOPLE, st.frozensets(PEOPLE, max_size=3))
def test_somebody_is_always_responsible(
    pairings: list[Pairing], leaves: list[Leave], assignee: int | None, unreachable: frozenset[int]
) -> None:
    grid = a_grid(tuple(pairings), tuple(leaves), unreachable)
    found = carers(grid, HOME, NOW, TODAY, assignee)
    owner = found.owner()
    assert owner is not None
    assert owner.member.reachable
    for rung in range(RUNGS):
        asked = [c.member.id for c in found.asked(rung, fresh=True)]
        assert asked
        assert len(asked) == len(set(asked))
    assert all(grid.away(c.member.id, NOW) is None for c in found.near)


def test_the_six_categories() -> None:
    known = load_visit_categories()
    assert list(known) == ["solo_elder", "illness_care", "hardship", "child", "special_fam", "honor"]
    assert [c.every_days for c in known.values()] == [7, 30, 30, 30, 7, 90]
    assert [c.key for c in known.values() if c.high_risk] == ["solo_elder"]
    assert all(c.need_code in load_categories() and c.modes for c in known.values())


def test_an_hour_of_the_clock_that_does_not_exist_is_no_reason_to_be_silent() -> None:
    chicago = Calendar(ZoneInfo("America/Chicago"), lambda day: True)
    day = date(2026, 3, 8)
    assert rung_at(day, datetime(2026, 3, 8, 8, 29, tzinfo=UTC), chicago, time(2, 30)) is None
    assert rung_at(day, datetime(2026, 3, 8, 8, 30, tzinfo=UTC), chicago, time(2, 30)) == 0


@given(RHYTHMS, st.integers(0, 200), st.integers(0, 400))
def test_downtime_leaves_no_gap_and_at_most_one_visit_to_be_made_now(rhythm: Rhythm, before: int, down: int) -> None:
    plan = Plan(1, 1, 4, "solo_elder", rhythm, rhythm.starts_on)
    newest = rhythm.period(rhythm.starts_on + timedelta(days=before))
    today = newest.from_on + timedelta(days=min(down, 366))
    made = owed(plan, newest.key, today)
    periods = [newest, *(period for period, _ in made)]
    if all(plan.wants(period) for period in periods):
        assert all(a.to_on == b.from_on for a, b in itertools.pairwise(periods))
        assert periods[-1].from_on <= today < periods[-1].to_on
    now = [period for period, state in made if state is State.PLANNED and rhythm.due_on(period) <= today]
    assert len(now) <= 1
    assert owed(plan, periods[-1].key, today) == []


def test_what_was_never_begun_is_not_owed() -> None:
    rhythm = Rhythm(7, date(2026, 1, 5))
    plan = Plan(1, 1, 4, "solo_elder", rhythm, date(2026, 1, 1))
    today = date(2026, 11, 20)
    assert owed(plan, "", today) == [(rhythm.period(today), State.PLANNED)]
    later = replace(plan, rhythm=Rhythm(7, date(2026, 11, 9)))
    assert [p.key for p, _ in owed(later, "2026-W40", today)] == ["2026-W46", "2026-W47"]
    old = replace(plan, rhythm=Rhythm(7, date(2020, 1, 6)), consent_on=date(2019, 1, 1))
    assert len(owed(old, "2020-W01", today)) == 52  # a year, not six
    monthly = replace(plan, rhythm=Rhythm(30, date(2026, 1, 20)))
    assert [p.key for p, _ in owed(monthly, "2026-W46", today)] == ["2026-11"]  # its rhythm was changed this month
