"""Notices that come again: plain Chinese is read as a rhythm, kept as iCalendar lines, and falls on the days it says."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.calendar import Calendar
from domain.notice import read
from domain.repeat import Every, Repeat
from handlers import repeats

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
NOW = SHANGHAI.at(date(2026, 11, 20), time(14, 30))  # a Friday
ZONES = ("Asia/Shanghai", "America/Chicago", "Australia/Lord_Howe")
CALENDARS = st.sampled_from([Calendar(ZoneInfo(zone), lambda day: True) for zone in ZONES])
INSTANTS = st.integers(1_735_700_000, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
MONTH_DAYS = st.sets(st.sampled_from([-1, *range(1, 29)]), min_size=1).map(lambda days: tuple(sorted(days)))
ENDLESS = st.one_of(
    st.builds(Repeat, st.just(Every.DAY), CLOCKS, DAYS),
    st.builds(Repeat, st.just(Every.WEEK), CLOCKS, DAYS, step=st.sampled_from([1, 2]), weekdays=WEEKDAYS),
    st.builds(Repeat, st.just(Every.MONTH), CLOCKS, DAYS, month_days=MONTH_DAYS),
    st.builds(
        Repeat,
        st.just(Every.MONTH),
        CLOCKS,
        DAYS,
        weekdays=WEEKDAYS.map(lambda days: days[:1]),
        nth=st.sampled_from([-1, 1, 2, 3, 4]),
    ),
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("@每周三 9:00 大扫除", "20261125T090000 FREQ=WEEKLY;BYDAY=WE"),
        ("@每星期一、四 18:30 大扫除", "20261123T183000 FREQ=WEEKLY;BYDAY=MO,TH"),
        ("@每周一到周五 18:30 大扫除", "20261120T183000 FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("@每周天 大扫除", "20261122T090000 FREQ=WEEKLY;BYDAY=SU"),
        ("@每周五 9:00 大扫除", "20261127T090000 FREQ=WEEKLY;BYDAY=FR"),
        ("@每两周周三 9:00 大扫除", "20261125T090000 FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
        ("@隔周三 9:00 大扫除", "20261125T090000 FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
        ("@隔周周三 9:00 大扫除", "20261125T090000 FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
        ("@每天 晚上7点 大扫除", "20261120T190000 FREQ=DAILY"),
        ("@每天9:00 到12-31 大扫除", "20261120T090000 FREQ=DAILY;UNTIL=20261231T235959"),
        ("@每天到12月31日为止 9:00 大扫除", "20261120T090000 FREQ=DAILY;UNTIL=20261231T235959"),
        ("@每周三9:00至1-5 大扫除", "20261125T090000 FREQ=WEEKLY;BYDAY=WE;UNTIL=20270105T235959"),
        ("@每月1日 大扫除", "20261120T090000 FREQ=MONTHLY;BYMONTHDAY=1"),
        ("@每月1号、15号 8点半 大扫除", "20261120T083000 FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("@每个月最后一天 18:00 大扫除", "20261120T180000 FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("@每月第一个周六 9:00 大扫除", "20261120T090000 FREQ=MONTHLY;BYDAY=1SA"),
        ("@每月最后一个周五 9:00 大扫除", "20261120T090000 FREQ=MONTHLY;BYDAY=-1FR"),
    ],
)
def test_rhythms(text: str, rule: str) -> None:
    wanted = read(text, NOW, SHANGHAI)
    assert wanted.repeat is not None
    start, lines = rule.split()
    assert (wanted.repeat.text(), wanted.words, wanted.at) == (f"DTSTART:{start}\nRRULE:{lines}", "大扫除", None)


@pytest.mark.parametrize(
    "text",
    [
        "@每月 大扫除",
        "@每月32日 大扫除",
        "@每月0日 大扫除",
        "@每月1-15日 大扫除",
        "@每月1日到5日 大扫除",
        "@每周五到周一 大扫除",
        "@每年 大扫除",
    ],
)
def test_what_is_no_clear_rhythm_is_refused(text: str) -> None:
    with pytest.raises(refusal.TimeUnclear):
        read(text, NOW, SHANGHAI)


def test_a_rhythm_that_is_over_is_refused() -> None:
    with pytest.raises(refusal.TimePassed):
        read("@每天9:00 到11-19 大扫除", NOW, SHANGHAI)


@given(ENDLESS, st.none() | DAYS, st.sets(DAYS, max_size=3))
def test_a_rhythm_is_stored_and_read_back(repeat: Repeat, until: date | None, skipped: set[date]) -> None:
    for day in skipped:
        repeat = repeat.without(day)
    repeat = Repeat(
        repeat.every, repeat.clock, repeat.start, repeat.step, repeat.weekdays, repeat.month_days, repeat.nth, until,
        repeat.skipped,
    )  # fmt: skip
    assert Repeat.of_text(repeat.text()) == repeat


@given(ENDLESS, INSTANTS, CALENDARS)
def test_slots_follow_each_other_on_the_days_they_say(repeat: Repeat, now: datetime, calendar: Calendar) -> None:
    slots = list(islice(repeats.following(repeat, now, calendar), 5))
    assert len(slots) == 5
    assert all(now < slot for slot in slots)
    for one, two in pairwise(slots):
        assert one < two
        assert repeats.next_slot(repeat, one, calendar) == two  # no slot in between, none twice
    for slot in slots:
        day = calendar.today(slot)
        assert day >= repeat.start
        assert not repeat.weekdays or day.weekday() in repeat.weekdays
        last = (day + timedelta(days=1)).day == 1
        assert not repeat.month_days or day.day in repeat.month_days or (last and -1 in repeat.month_days)
        assert not repeat.nth or (day.day - 1) // 7 + 1 == repeat.nth or (day + timedelta(days=7)).month != day.month


@given(ENDLESS, INSTANTS, CALENDARS, st.integers(1, 4))
def test_what_was_slept_through_is_counted(repeat: Repeat, now: datetime, calendar: Calendar, count: int) -> None:
    slots = list(islice(repeats.following(repeat, now, calendar), count + 1))
    assert repeats.newest(repeat, slots[0], slots[count], calendar) == (slots[count], count)
    assert repeats.newest(repeat, slots[0], slots[count] - timedelta(seconds=1), calendar) == (
        slots[count - 1],
        count - 1,
    )


@given(ENDLESS, INSTANTS, CALENDARS, st.integers(0, 3))
def test_one_occurrence_is_left_out_and_no_other(repeat: Repeat, now: datetime, calendar: Calendar, which: int) -> None:
    slots = list(islice(repeats.following(repeat, now, calendar), 5))
    less, at = repeats.skip(repeat, calendar.today(slots[which]), now, calendar)
    assert at == slots[which]
    assert list(islice(repeats.following(less, now, calendar), 4)) == [s for s in slots if s != at]
    with pytest.raises(refusal.NotThatDay):
        repeats.skip(less, calendar.today(at), now, calendar)


def test_after_its_last_day_it_comes_no_more() -> None:
    repeat = Repeat(Every.DAY, time(9), date(2026, 11, 20), until=date(2026, 11, 22))
    assert [f"{SHANGHAI.local(at):%m-%d %H}" for at in repeats.following(repeat, NOW, SHANGHAI)] == [
        "11-21 09",
        "11-22 09",
    ]
    assert repeats.skip(repeat, None, NOW, SHANGHAI)[1] == SHANGHAI.at(date(2026, 11, 21), time(9))
    with pytest.raises(refusal.NotThatDay):
        repeats.skip(repeat, date(2026, 11, 23), NOW, SHANGHAI)


@given(st.sets(st.integers(0, 6), min_size=1), CLOCKS)
def test_written_weekdays_are_read_back(days: set[int], clock: time) -> None:
    names = "、".join("一二三四五六日"[day] for day in sorted(days))
    wanted = read(f"@每周{names} {clock:%H:%M} 大扫除", NOW, SHANGHAI)
    assert wanted.repeat is not None
    assert (wanted.repeat.weekdays, wanted.repeat.clock, wanted.words) == (tuple(sorted(days)), clock, "大扫除")
