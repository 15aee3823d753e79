"""Must-visit households: the same result for every pattern of ticks, somebody always responsible, nothing ever lost."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.cadence import Cadence, Rhythm, Unit, Window
from domain.calendar import Calendar
from domain.incoming import Chat
from domain.roster import Area, AreaKind, Because, Grid, Leave, Member, Pairing, PairRole, Role
from domain.visit import (
    DUE,
    EVENT_KEY,
    EVENT_STAYS,
    FROM,
    LAST,
    OVER,
    RUNGS,
    UNSETTLED,
    Carers,
    Category,
    Mode,
    Occurrence,
    Plan,
    State,
    cancel,
    carers,
    excuse,
    hand_over,
    latest_on,
    may_record,
    morning,
    owed,
    postpone,
    settle,
    tick,
    tried,
)
from tests.rules.test_cadence import DAYS, RHYTHMS
from texts.categories import load_categories
from texts.visit_categories import load_event_words, load_visit_categories, visit_category

NINE = time(9)
ZONES = ("Asia/Shanghai", "America/Chicago", "Australia/Lord_Howe")
CALENDARS = st.sampled_from([Calendar(ZoneInfo(zone), lambda day: day.weekday() < 5) for zone in ZONES])
SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
KIND = Category(
    "solo_elder", "x", Cadence(Unit.WEEK), frozenset(Mode), high_risk=True, need_code="CAR02", before_days=2
)
ONE = timedelta(days=1)


def weekly(day: date) -> Rhythm:
    return Rhythm(Cadence(Unit.WEEK), day)


def an_occurrence(rhythm: Rhythm, day: date, *, active: bool = True) -> Occurrence:
    period = rhythm.period(day)
    plan = Plan(1, 1, 4, "solo_elder", rhythm, rhythm.starts_on, active, period.to_on)
    return Occurrence(12, plan, period.key, KIND.window(rhythm, period))


def an_event() -> Occurrence:
    plan = Plan(1, 1, 4, "event_hospital", Rhythm(Cadence(Unit.EVENT), date(2026, 11, 18)), date(2026, 11, 18))
    window = Window(date(2026, 11, 18), date(2026, 11, 21), date(2026, 11, 21))
    return Occurrence(12, plan, f"{EVENT_KEY}5b1d", window)


@given(RHYTHMS, DAYS, CALENDARS, st.integers(-40, 24 * 40), st.lists(st.integers(0, 60 * 24 * 60), max_size=8))
def test_every_pattern_of_ticks_comes_to_the_same(
    rhythm: Rhythm, day: date, calendar: Calendar, hours: int, minutes: list[int]
) -> None:
    first = an_occurrence(rhythm, day)
    end = calendar.at(first.due_on, NINE) + timedelta(hours=hours)
    once, _ = tick(first, morning(end, calendar, NINE))
    found, rungs = first, []
    for before in sorted({*minutes, 0}, reverse=True):
        found, rung = tick(found, morning(end - timedelta(minutes=before), calendar, NINE))
        rungs += [] if rung is None else [rung]
    assert found == once
    assert rungs == sorted(set(rungs))  # no rung twice, none out of order
    assert tick(found, morning(end, calendar, NINE)) == (found, None)


@given(RHYTHMS, DAYS, st.integers(0, RUNGS), st.sampled_from(State), st.integers(-3, 60))
def test_the_clock_need_not_look_before_a_visit_wakes(
    rhythm: Rhythm, day: date, rung: int, state: State, days: int
) -> None:
    """What the passes of the clock leave out (they ask for ``wakes_on`` only) would have changed nothing."""
    found = replace(an_occurrence(rhythm, day), rung=rung, state=state)
    today = found.due_on + timedelta(days=days)
    if found.wakes_on is None or found.wakes_on > today:
        assert tick(found, today) == (found, None)
    else:
        assert tick(found, max(today, found.lapses_on))[0].state is State.MISSED


@given(DAYS, CALENDARS, st.integers(-100, 200), st.integers(0, 100))
def test_mornings_are_monotone_and_never_before_nine(day: date, calendar: Calendar, hours: int, more: int) -> None:
    now = calendar.at(day, NINE) + timedelta(hours=hours)
    found, later = morning(now, calendar, NINE), morning(now + timedelta(hours=more), calendar, NINE)
    assert found <= later
    local = calendar.local(now).replace(tzinfo=None)
    assert datetime.combine(found, NINE) <= local < datetime.combine(found + 2 * ONE, NINE)


def test_the_ladder_day_by_day() -> None:
    found = an_occurrence(weekly(date(2026, 11, 13)), date(2026, 11, 20))
    assert found.window == Window(date(2026, 11, 18), date(2026, 11, 20), date(2026, 11, 21))
    assert tick(found, date(2026, 11, 17)) == (found, None)
    for rung, day in enumerate((18, 20, 21, 22)):
        found, rang = tick(found, date(2026, 11, day))
        assert (found.state, rang) == (State.OPEN, rung)
        assert tick(found, date(2026, 11, day)) == (found, None)
    assert found.wakes_on == date(2026, 11, 27)  # the next one is due
    found, rang = tick(found, date(2026, 11, 27))
    assert (found.state, rang, found.wakes_on) == (State.MISSED, None, None)


def test_the_hour_of_reminding() -> None:
    day = date(2026, 11, 18)
    assert morning(SHANGHAI.at(day, time(8, 59)), SHANGHAI, NINE) == day - ONE
    assert morning(SHANGHAI.at(day, NINE), SHANGHAI, NINE) == day


def test_after_days_of_silence_only_the_newest_rung_rings() -> None:
    found = an_occurrence(Rhythm(Cadence(Unit.MONTH), date(2026, 11, 2)), date(2026, 11, 2))
    after, rung = tick(found, date(2026, 11, 10))
    assert (rung, after.rung) == (OVER, RUNGS)


def test_a_daily_visit_reaches_the_leader_although_the_next_one_is_due() -> None:
    found = an_occurrence(Rhythm(Cadence(Unit.DAYS, 1, rolling=True), date(2026, 11, 18)), date(2026, 11, 18))
    assert tick(found, date(2026, 11, 19))[1] == OVER


def test_an_event_stays_for_a_month_and_has_no_next_one() -> None:
    found = an_event()
    assert (found.is_single, found.next_due_on, found.first_on, found.last_on) == (
        True,
        None,
        date(2026, 11, 18),
        date(2026, 11, 21),
    )
    assert tick(found, date(2026, 11, 21))[1] == LAST  # due on the last day: the partner as well
    assert found.lapses_on == date(2026, 11, 23) + EVENT_STAYS
    assert latest_on(found, date(2026, 11, 18)) == date(2026, 11, 24)


def test_an_ended_plan_is_not_reminded_of() -> None:
    found = an_occurrence(weekly(date(2026, 11, 18)), date(2026, 11, 18), active=False)
    after, rung = tick(found, date(2026, 11, 18))
    assert (after.state, rung) == (State.CANCELLED, None)


@given(RHYTHMS, DAYS, st.sampled_from(State), st.integers(0, 400))
def test_recording_never_closes(rhythm: Rhythm, day: date, state: State, days: int) -> None:
    found = replace(an_occurrence(rhythm, day), state=state)
    visited_on = found.due_on + timedelta(days=days)
    if state in UNSETTLED or state is State.MISSED:
        after = settle(found, visited_on)
        assert after.settled_on == visited_on
        late = state is State.MISSED or visited_on > found.last_on
        assert after.state is (State.DONE_LATE if late else State.DONE)
        with pytest.raises(refusal.VisitSettled):
            settle(after, visited_on)
    else:
        acts: list[Callable[[], Occurrence]] = [
            lambda: settle(found, visited_on),
            lambda: excuse(found),
            lambda: cancel(found),
            lambda: tried(found, visited_on, high_risk=True),
            lambda: postpone(found, visited_on + ONE, visited_on),
            lambda: hand_over(found, 5, visited_on),
        ]
        for act in acts:
            with pytest.raises(refusal.VisitSettled):
                act()


def test_nobody_opened() -> None:
    rhythm = Rhythm(Cadence(Unit.MONTH), date(2026, 11, 18))
    found = replace(an_occurrence(rhythm, date(2026, 11, 18)), rung=2)
    after = tried(found, date(2026, 11, 19), high_risk=False)
    assert (after.state, after.due_on, after.rung, after.revision) == (State.ABSENT, date(2026, 11, 22), 0, 1)
    assert tried(found, date(2026, 11, 19), high_risk=True).due_on == date(2026, 11, 20)
    again, rung = tick(after, date(2026, 11, 22))
    assert (again.state, rung) == (State.ABSENT, DUE)


def test_postponing() -> None:
    found = an_occurrence(weekly(date(2026, 11, 18)), date(2026, 11, 18))
    today = date(2026, 11, 18)
    after = postpone(found, date(2026, 11, 21), today)
    assert (after.state, after.revision) == (State.PLANNED, 1)
    assert after.window == Window(date(2026, 11, 21), date(2026, 11, 21), date(2026, 11, 22))
    assert postpone(tried(found, today, high_risk=False), date(2026, 11, 23), today).state is State.ABSENT
    assert latest_on(found, today) == date(2026, 11, 24)
    assert latest_on(found, date(2026, 11, 30)) == date(2026, 12, 1)
    with pytest.raises(refusal.TimePassed):
        postpone(found, today, today)


def test_handing_over_starts_the_ladder_anew() -> None:
    found = replace(an_occurrence(weekly(date(2026, 11, 18)), date(2026, 11, 18)), rung=3)
    after = hand_over(found, 5, date(2026, 11, 20))
    assert (after.assignee_id, after.due_on, after.rung, after.revision) == (5, date(2026, 11, 20), LAST, 1)
    assert tick(after, date(2026, 11, 20)) == (after, None)
    assert tick(after, date(2026, 11, 21))[1] == LAST


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
    assert [c.member.id for c in found.asked(FROM, fresh=True)] == [LI]
    assert [c.member.id for c in found.asked(DUE, fresh=False)] == [LI]
    assert [c.member.id for c in found.asked(LAST, fresh=False)] == [LI, ZHOU]
    assert [c.member.id for c in found.asked(OVER, fresh=False)] == [CHEN]
    assert [c.member.id for c in found.asked(OVER, fresh=True)] == [CHEN, LI]


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
    assert [c.member.id for c in found.asked(OVER, fresh=False)] == [LI]


def test_when_nobody_can_be_written_to_nobody_is_asked() -> None:
    found = carers(a_grid(PAIR, unreachable=frozenset({LI, ZHOU, WU, CHEN, WANG})), HOME, NOW, TODAY)
    assert [found.asked(rung, fresh=True) for rung in range(RUNGS)] == [[]] * RUNGS


def test_who_may_record() -> None:
    found = an_occurrence(weekly(TODAY), TODAY)
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


def test_the_six_categories_and_the_six_events() -> None:
    known = load_visit_categories()
    listed = [key for key, c in known.items() if c.cadence.unit is not Unit.EVENT]
    assert listed == ["solo_elder", "illness_care", "hardship", "child", "special_fam", "honor"]
    assert [known[key].cadence.text for key in listed] == ["week", "month", "month", "month", "week", "quarter"]
    assert [c.key for c in known.values() if c.high_risk] == ["solo_elder", "event_disaster"]
    assert all(c.need_code in load_categories() and c.modes for c in known.values())
    events = [c for c in known.values() if c.cadence.unit is Unit.EVENT]
    assert [c.within_hours for c in events] == [72, 24, 24, 72, 168, 168]
    assert {load_event_words()[word] for word in ("住院", "灾祸", "病逝", "困难", "节日", "老党员")} == {
        c.key for c in events
    }


def test_a_category_that_staff_took_out_is_still_visited() -> None:
    gone = visit_category("former")
    assert (gone.name, gone.modes, gone.need_code) == ("former", frozenset(Mode), "")


def test_an_hour_of_the_clock_that_does_not_exist_is_no_reason_to_be_silent() -> None:
    chicago = Calendar(ZoneInfo("America/Chicago"), lambda day: True)
    day = date(2026, 3, 8)
    assert morning(datetime(2026, 3, 8, 8, 29, tzinfo=UTC), chicago, time(2, 30)) == day - ONE
    assert morning(datetime(2026, 3, 8, 8, 30, tzinfo=UTC), chicago, time(2, 30)) == day


@given(RHYTHMS, st.integers(0, 200), st.integers(0, 400))
def test_downtime_leaves_no_gap_and_at_most_one_visit_to_be_made_now(rhythm: Rhythm, before: int, down: int) -> None:
    known = rhythm.period(rhythm.starts_on + timedelta(days=before))
    plan = Plan(1, 1, 4, "solo_elder", rhythm, rhythm.starts_on, next_on=known.to_on)
    today = known.to_on + timedelta(days=min(down, 366))
    made, next_on = owed(plan, KIND, today)
    periods = [known, *(rhythm.of_key(key) for key, _ in made)]
    assert all(a.to_on == b.from_on for a, b in itertools.pairwise(periods))
    assert periods[-1].from_on <= today < periods[-1].to_on == next_on
    occurrences = [Occurrence(1, replace(plan, next_on=next_on), key, window) for key, window in made]
    asked = [o for o in occurrences if (o.wakes_on or today) <= today and tick(o, today)[1] is not None]
    assert len(asked) <= 3  # the newest ones; whatever has a successor that is due is missed
    assert all(tick(o, today)[0].state is State.MISSED for o in occurrences[:-3])
    assert owed(replace(plan, next_on=next_on), KIND, today) == ([], next_on)


def test_what_was_never_begun_is_not_owed() -> None:
    today = date(2026, 11, 20)

    def keys(rhythm: Rhythm, next_on: date | None, *, paused: str = "") -> list[str]:
        plan = Plan(1, 1, 4, "solo_elder", rhythm, date(2019, 1, 1), next_on=next_on, paused=paused)
        return [key for key, _ in owed(plan, KIND, today)[0]]

    friday = weekly(date(2026, 1, 2))
    assert keys(friday, friday.starts_on) == ["2026-W47"]
    assert keys(friday, date(2026, 11, 9)) == ["2026-W46", "2026-W47"]
    assert keys(friday, None) == []  # nobody goes there any more
    assert keys(friday, date(2026, 11, 21)) == []
    assert len(keys(weekly(date(2020, 1, 6)), date(2020, 1, 13))) == 53  # a year, not six
    assert keys(weekly(date(2026, 11, 16)), date(2026, 11, 20), paused="away") == []  # due on Monday, away until Friday
    assert keys(weekly(date(2026, 11, 13)), date(2026, 11, 20), paused="away") == ["2026-W47"]


def test_nobody_is_visited_before_the_consent() -> None:
    plan = Plan(1, 1, 4, "solo_elder", weekly(date(2026, 11, 4)), date(2026, 11, 19), next_on=date(2026, 11, 16))
    assert owed(plan, KIND, date(2026, 11, 20)) == ([], date(2026, 11, 23))  # due on the 18th
    assert [key for key, _ in owed(plan, KIND, date(2026, 11, 25))[0]] == ["2026-W48"]
    assert owed(replace(plan, active=False), KIND, date(2026, 11, 25))[0] == []


def test_who_is_paused_is_not_visited() -> None:
    plan = Plan(1, 1, 4, "solo_elder", weekly(date(2026, 11, 4)), date(2026, 11, 1))
    today = date(2026, 11, 20)
    assert plan.holds(today)
    assert not replace(plan, paused="refused").holds(today)
    assert not replace(plan, paused="away", next_on=date(2026, 11, 21)).holds(today)
    assert replace(plan, paused="away", next_on=today).holds(today)
