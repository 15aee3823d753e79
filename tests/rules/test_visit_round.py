"""轮访: each household once, nobody who does not want it, over when it says."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import Cadence, Rhythm, Unit, Window
from domain.calendar import Calendar
from domain.visit import Occurrence, Plan, State
from domain.visit_round import Kind, Round, Stage, chosen, counts, ends_at

ZONE = Calendar(ZoneInfo("Asia/Shanghai"), lambda _: True)
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
PLANS = st.builds(
    Plan,
    st.integers(1, 99),
    st.just(1),
    st.integers(1, 6),
    st.sampled_from(["solo_elder", "hardship", "event_death"]),
    st.builds(Rhythm, st.sampled_from([Cadence(Unit.WEEK), Cadence(Unit.EVENT)]), st.just(TODAY)),
    st.just(TODAY),
    st.booleans(),
    st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31)),
    st.sampled_from(["", "refused", "away"]),
)


@given(st.lists(PLANS, max_size=12), st.sampled_from(["", "hardship"]))
def test_each_household_once_and_nobody_against_his_word(plans: list[Plan], category: str) -> None:
    found = chosen(plans, category, TODAY)
    homes = [plan.household_id for plan in found]
    assert len(homes) == len(set(homes))
    assert all(plan.holds(TODAY) for plan in found)
    assert all(plan.category == category for plan in found if category)
    wanted = {p.household_id for p in plans if p.holds(TODAY) and (p.category == category if category else True)}
    if not category:
        wanted = {p.household_id for p in plans if p.holds(TODAY) and p.rhythm.cadence.unit is not Unit.EVENT}
    assert set(homes) == wanted


def test_when_it_is_over() -> None:
    assert ends_at(Kind.HEAT, date(2026, 11, 25), NOW, ZONE) == ZONE.at(date(2026, 11, 26), time(0))
    emergency = ends_at(Kind.EMERGENCY, None, NOW, ZONE)
    assert (emergency - NOW).total_seconds() == 24 * 3600
    heat = Round(1, 1, 1, Kind.HEAT, "", Stage.OPEN, ends_at(Kind.HEAT, date(2026, 11, 25), NOW, ZONE))
    assert heat.window(TODAY, ZONE) == Window(TODAY, date(2026, 11, 25), date(2026, 11, 25))
    assert not heat.urgent
    urgent = replace(heat, kind=Kind.EMERGENCY, ends_at=emergency)
    assert urgent.urgent
    assert urgent.last_on(ZONE) == date(2026, 11, 21)


def test_counts() -> None:
    plan = Plan(1, 1, 1, "hardship", Rhythm(Cadence(Unit.WEEK), TODAY), TODAY)
    states = [State.DONE, State.DONE_LATE, State.ABSENT, State.OPEN, State.CANCELLED]
    known = [Occurrence(n, plan, "rnd:1", Window(TODAY, TODAY, TODAY), state) for n, state in enumerate(states)]
    assert counts(known) == (2, 1)
