"""Working days with 调休, quiet hours, and clocks that jump: arithmetic nobody should do in his head."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workdays import knows, workdays
from domain.calendar import Calendar, QuietHours

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
CHICAGO = Calendar(ZoneInfo("America/Chicago"), workdays([], []))
LORD_HOWE = Calendar(ZoneInfo("Australia/Lord_Howe"), workdays([], []))
CALENDARS = st.sampled_from([CHINA, CHICAGO, LORD_HOWE])
INSTANTS = st.integers(1_767_000_000, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
NIGHT = QuietHours(time(22), time(7))
HOURS = st.sampled_from([NIGHT, QuietHours(time(21), time(8)), QuietHours(time(12, 30), time(14)), QuietHours(time(0), time(6))])  # fmt: skip


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-02-13", 5, "2026-02-27"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-06-18", 5, "2026-06-26"),
        ("2026-09-18", 5, "2026-09-24"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2026-11-20", 5, "2026-11-27"),
        ("2026-11-20", 15, "2026-12-11"),
        ("2026-01-01", 1, "2026-01-04"),
        ("2026-11-20", 0, "2026-11-20"),
    ],
)
def test_working_days_of_2026(start: str, count: int, end: str) -> None:
    assert CHINA.add_workdays(date.fromisoformat(start), count) == date.fromisoformat(end)


def test_a_year_has_248_working_days() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(CHINA.is_workday(day) for day in days) == 248


def test_a_year_without_a_notice_falls_back_to_monday_to_friday() -> None:
    assert (knows(2026), knows(2060)) == (True, False)
    assert CHINA.add_workdays(date(2060, 1, 1), 5) == date(2060, 1, 8)  # 1.1 is a Thursday and always off
    assert CHINA.add_workdays(date(2026, 12, 30), 2) == date(2027, 1, 4)
    rule = workdays([date(2060, 1, 2)], [date(2060, 1, 3)])  # what the notice will say is typed in
    assert [rule(date(2060, 1, day)) for day in (1, 2, 3, 4, 5)] == [False, False, True, False, True]


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2027-02-05", False),  # 除夕
        ("2027-02-09", True),
        ("2027-04-05", False),
        ("2027-06-09", False),
        ("2027-09-15", False),
        ("2027-10-01", False),
        ("2027-10-08", True),
        ("2027-02-06", False),
    ],
)
def test_what_is_known_of_2027(day: str, works: bool) -> None:
    assert workdays([], [])(date.fromisoformat(day)) is works


def test_a_year_is_known_when_its_make_up_days_are_written_down() -> None:
    assert [knows(2027), knows(2027, [date(2026, 2, 14)]), knows(2027, [date(2027, 2, 20)])] == [False, False, True]


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_no_year_is_an_error(day: date) -> None:
    assert workdays([], [])(day) in (True, False)
    assert knows(day.year) in (True, False)


@given(st.dates(date(2026, 1, 1), date(2029, 12, 31)), st.integers(1, 30))
def test_working_days_add_up(day: date, count: int) -> None:
    end = CHINA.add_workdays(day, count)
    assert CHINA.is_workday(end)
    assert sum(CHINA.is_workday(day + timedelta(days=n)) for n in range(1, (end - day).days + 1)) == count
    assert CHINA.add_workdays(CHINA.add_workdays(day, count - 1), 1) == end


@given(INSTANTS, st.integers(0, 12), CALENDARS)
def test_the_time_of_day_stays(at: datetime, count: int, calendar: Calendar) -> None:
    later = calendar.workdays_later(at, count)
    assert later.tzinfo is UTC
    before, after = calendar.local(at), calendar.local(later)
    jump = abs((after.replace(tzinfo=None) - datetime.combine(after.date(), before.time())).total_seconds())
    assert jump in (0, 1800, 3600)  # an hour that does not exist on that day is passed over


@pytest.mark.parametrize(
    ("calendar", "day", "clock", "utc"),
    [
        (CHINA, date(2026, 11, 20), time(9), "2026-11-20T01:00:00+00:00"),
        (CHICAGO, date(2026, 3, 8), time(2, 30), "2026-03-08T08:30:00+00:00"),  # does not exist: 3:30
        (CHICAGO, date(2026, 11, 1), time(1, 30), "2026-11-01T06:30:00+00:00"),  # exists twice: the first
        (CHICAGO, date(2026, 11, 1), time(9), "2026-11-01T15:00:00+00:00"),
        (LORD_HOWE, date(2026, 10, 4), time(2, 15), "2026-10-03T15:45:00+00:00"),  # half an hour is missing
        (LORD_HOWE, date(2026, 4, 5), time(9), "2026-04-04T22:30:00+00:00"),
    ],
)
def test_wall_clocks(calendar: Calendar, day: date, clock: time, utc: str) -> None:
    assert calendar.at(day, clock).isoformat() == utc


@pytest.mark.parametrize(
    ("hours", "clock", "quiet"),
    [
        (NIGHT, time(22), True),
        (NIGHT, time(23, 59), True),
        (NIGHT, time(0), True),
        (NIGHT, time(6, 59), True),
        (NIGHT, time(7), False),
        (NIGHT, time(21, 59), False),
        (QuietHours(time(12), time(14)), time(12), True),
        (QuietHours(time(12), time(14)), time(14), False),
        (QuietHours(time(9), time(9)), time(9), False),
    ],
)
def test_what_is_quiet(hours: QuietHours, clock: time, quiet: bool) -> None:
    assert hours.covers(clock) is quiet


@pytest.mark.parametrize(
    ("hours", "at", "start"),
    [
        (NIGHT, "11-20 23:00", "11-21 07:00"),
        (NIGHT, "11-21 00:00", "11-21 07:00"),
        (NIGHT, "11-21 07:00", "11-21 07:00"),
        (NIGHT, "11-20 12:00", "11-20 12:00"),
        (NIGHT, "12-31 22:00", "01-01 07:00"),
        (QuietHours(time(12), time(14)), "11-20 13:00", "11-20 14:00"),
    ],
)
def test_what_waits_for_the_morning(hours: QuietHours, at: str, start: str) -> None:
    now = datetime.strptime(f"2026-{at}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA.zone)
    assert f"{CHINA.local(hours.next_allowed(CHINA, now)):%m-%d %H:%M}" == start


@given(INSTANTS, HOURS, CALENDARS)
def test_nothing_arrives_in_quiet_hours(at: datetime, hours: QuietHours, calendar: Calendar) -> None:
    start = hours.next_allowed(calendar, at)
    assert at <= start <= at + timedelta(hours=13)
    assert not hours.covers(calendar.local(start).time())
    assert hours.next_allowed(calendar, start) == start
    if not hours.covers(calendar.local(at).time()):
        assert start == at


@given(INSTANTS, CALENDARS, HOURS)
def test_the_next_quiet_span_begins_within_a_day(at: datetime, calendar: Calendar, quiet: QuietHours) -> None:
    start = quiet.next_start(calendar, at)
    assert start is not None
    assert at < start <= at + timedelta(hours=26)
    assert quiet.covers(calendar.local(start).time().replace(tzinfo=None))
    assert quiet.next_start(calendar, start - timedelta(seconds=1)) == start


def test_without_quiet_hours_none_begins() -> None:
    assert QuietHours(time(0), time(0)).next_start(CHINA, datetime(2026, 11, 20, tzinfo=UTC)) is None
