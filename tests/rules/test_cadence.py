"""Cadences: periods without gap or overlap, keys that say what they are, windows that stay inside."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cadence import Cadence, Rhythm, Unit, Window

DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
CALENDAR_UNITS = [Unit.WEEK, Unit.FORTNIGHT, Unit.MONTH, Unit.QUARTER, Unit.HALF_YEAR, Unit.YEAR]
CADENCES = st.one_of(
    st.builds(Cadence, st.sampled_from(CALENDAR_UNITS), st.just(0), st.booleans()),
    st.builds(Cadence, st.just(Unit.DAYS), st.sampled_from([1, 2, 7, 14, 45, 180, 365]), st.just(value=True)),
)
RHYTHMS = st.builds(Rhythm, CADENCES, DAYS)


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


@given(RHYTHMS, DAYS, st.integers(0, 40), st.integers(0, 40))
def test_windows_hold_the_due_day_and_stay_apart(rhythm: Rhythm, day: date, before: int, grace: int) -> None:
    period = rhythm.period(max(day, rhythm.starts_on))
    window = rhythm.window(period, before, grace)
    assert max(period.from_on, rhythm.starts_on) <= window.from_on <= window.due_on <= window.to_on
    after = rhythm.window(rhythm.period(period.to_on), before, grace)
    assert window.to_on < after.due_on


@given(CADENCES)
def test_a_cadence_is_read_as_it_is_written(cadence: Cadence) -> None:
    assert Cadence.of(cadence.text) == cadence


@pytest.mark.parametrize("text", ["", "days", "0d", "-3d", "monthly", "d", "week~~"])
def test_what_is_no_cadence(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Cadence.of(text)


def test_events_have_no_periods() -> None:
    with pytest.raises(ValueError, match="event"):
        Rhythm(Cadence(Unit.EVENT), date(2026, 1, 1)).period(date(2026, 1, 1))


@pytest.mark.parametrize(
    ("cadence", "day", "key"),
    [
        ("week", date(2026, 11, 20), "2026-W47"),
        ("week", date(2027, 1, 3), "2026-W53"),
        ("2week", date(2026, 11, 20), "2026-W47-2"),
        ("month", date(2026, 11, 20), "2026-11"),
        ("quarter", date(2026, 11, 20), "2026-Q4"),
        ("quarter", date(2026, 1, 1), "2026-Q1"),
        ("halfyear", date(2026, 6, 30), "2026-H1"),
        ("halfyear", date(2026, 7, 1), "2026-H2"),
        ("year", date(2026, 7, 1), "2026"),
        ("14d", date(2026, 11, 20), "2026-11-16"),
        ("week~", date(2026, 11, 20), "2026-11-16"),
        ("month~", date(2026, 12, 1), "2026-11-02"),
    ],
)
def test_keys_of_periods(cadence: str, day: date, key: str) -> None:
    assert Rhythm(Cadence.of(cadence), date(2026, 11, 2)).period(day).key == key


@pytest.mark.parametrize(
    ("cadence", "starts_on", "day", "due_on"),
    [
        ("week", date(2026, 11, 4), date(2026, 11, 20), date(2026, 11, 18)),
        ("2week", date(2026, 11, 4), date(2026, 11, 20), date(2026, 11, 18)),
        ("month", date(2026, 1, 31), date(2026, 2, 3), date(2026, 2, 28)),
        ("month", date(2026, 1, 31), date(2028, 2, 3), date(2028, 2, 29)),
        ("month~", date(2026, 1, 31), date(2026, 3, 30), date(2026, 2, 28)),
        ("quarter", date(2026, 8, 31), date(2026, 11, 20), date(2026, 11, 30)),
        ("year", date(2024, 2, 29), date(2026, 11, 20), date(2026, 2, 28)),
    ],
)
def test_due_days(cadence: str, starts_on: date, day: date, due_on: date) -> None:
    rhythm = Rhythm(Cadence.of(cadence), starts_on)
    assert rhythm.due_on(rhythm.period(day)) == due_on


def test_a_window_is_a_span() -> None:
    rhythm = Rhythm(Cadence(Unit.WEEK), date(2026, 11, 13))
    period = rhythm.period(date(2026, 11, 20))
    assert rhythm.window(period, 2, 4) == Window(date(2026, 11, 18), date(2026, 11, 20), date(2026, 11, 24))
    assert rhythm.window(period, 30, 30) == Window(date(2026, 11, 16), date(2026, 11, 20), date(2026, 11, 26))


@pytest.mark.parametrize(
    ("days", "text"),
    [(7, "week"), (30, "month"), (31, "month"), (90, "quarter"), (14, "14d"), (180, "180d"), (1, "1d")],
)
def test_numbers_of_days_keep_their_meaning(days: int, text: str) -> None:
    assert Cadence.of_days(days).text == text


@given(RHYTHMS)
def test_a_hundred_periods_in_a_row(rhythm: Rhythm) -> None:
    period = rhythm.period(rhythm.starts_on)
    for _ in range(100):
        after = rhythm.period(period.to_on)
        assert after.from_on == period.last_on + timedelta(days=1)
        period = after
