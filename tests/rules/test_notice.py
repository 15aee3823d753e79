"""Notices: what a leader typed is read or refused; what comes too late is asked about."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.calendar import Calendar
from domain.notice import LATE, STALE, is_late, read, read_day
from handlers.context import QUIET

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
NOW = SHANGHAI.at(date(2026, 11, 20), time(14, 30))  # a Friday


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("@明天9:00 停水", "11-21 09:00"),
        ("@明天 上午9点 停水", "11-21 09:00"),
        ("@今天18:00停水", "11-20 18:00"),
        ("@18：05 停水", "11-20 18:05"),
        ("@今晚8点半 停水", "11-20 20:30"),
        ("@明早8点 停水", "11-21 08:00"),
        ("@后天中午1点 停水", "11-22 13:00"),
        ("@大后天 停水", "11-23 09:00"),
        ("@11-25 18:30 停水", "11-25 18:30"),
        ("@2026年11月25日 下午3点一刻 停水", "11-25 15:15"),
        ("@11月25号 3点20分 停水", "11-25 03:20"),
        ("\uff20１１-２５ １８:３０ 停水", "11-25 18:30"),
        ("@周三 9:00 停水", "11-25 09:00"),
        ("@周五 9:00 停水", "11-27 09:00"),
        ("@周五 15:00 停水", "11-20 15:00"),
        ("@下周五 15:00 停水", "11-27 15:00"),
        ("@这周日 15:00 停水", "11-22 15:00"),
        ("@1-5 9:00 停水", "01-05 09:00"),
        ("@明天 中午12点 停水", "11-21 12:00"),
    ],
)
def test_times(text: str, at: str) -> None:
    wanted = read(text, NOW, SHANGHAI)
    assert wanted.at is not None
    assert (f"{SHANGHAI.local(wanted.at):%m-%d %H:%M}", wanted.words) == (at, "停水")
    assert wanted.timed


@pytest.mark.parametrize("text", ["明天停水，请储水", "明天9:00-11:00停水", "各位邻居：3栋停电", "1、停水 2、停电"])
def test_without_a_mark_everything_is_words(text: str) -> None:
    wanted = read(text, NOW, SHANGHAI)
    assert (wanted.words, wanted.at, wanted.repeat, wanted.areas, wanted.urgent) == (text, None, None, (), False)


@pytest.mark.parametrize(
    "text",
    [
        "@所有人 停水",
        "@ 停水",
        "@13-40 9:00 停水",
        "@2-30 9:00 停水",
        "@明天25:00 停水",
        "@明天9:70 停水",
        "@明天9:00-11:00停水",
        "@明天9点到11点停水",
        "@明天9-11点停水",
        "@明天下午 停水",
        "@每周三下午 大扫除",
        "@今天晚上12点 停水",
        "@2099-1-1 9:00 停水",
    ],
)
def test_what_is_not_clearly_a_time_is_refused(text: str) -> None:
    with pytest.raises(refusal.TimeUnclear):
        read(text, NOW, SHANGHAI)


@pytest.mark.parametrize("text", ["@今天9:00 停水", "@11-19 9:00 停水", "@14:30 停水", "@这周三 9:00 停水"])
def test_what_is_over_is_refused(text: str) -> None:
    with pytest.raises(refusal.TimePassed):
        read(text, NOW, SHANGHAI)


@pytest.mark.parametrize(
    ("text", "areas", "urgent", "words"),
    [
        ("#3栋,4栋 明天停水", ("3栋", "4栋"), False, "明天停水"),
        ("＃3栋、 4栋 明天停水", ("3栋", "4栋"), False, "明天停水"),
        ("#3栋\n明天停水\n请储水", ("3栋",), False, "明天停水\n请储水"),
        ("#", (), False, ""),
        ("！马上停水", (), True, "马上停水"),
        ("!! #3栋 马上停水", ("3栋",), True, "马上停水"),
        ("紧急：马上停水", (), True, "马上停水"),
        ("紧急停水，请储水", (), True, "紧急停水，请储水"),
        ("@现在 紧急 停水", (), True, "停水"),
    ],
)
def test_buildings_and_urgency(text: str, areas: tuple[str, ...], urgent: bool, words: str) -> None:
    wanted = read(text, NOW, SHANGHAI)
    assert (wanted.areas, wanted.urgent, wanted.words) == (areas, urgent, words)


def test_marks_in_any_order() -> None:
    one = read("@明天9:00 #3栋 ！停水", NOW, SHANGHAI)
    assert one == read("！#3栋 @明天9:00 停水", NOW, SHANGHAI)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    for line in (text, f"@{text}", f"#{text}", f"@明天{text}"):
        try:
            wanted = read(line, NOW, SHANGHAI)
        except (refusal.TimeUnclear, refusal.TimePassed):
            continue
        assert wanted.at is None or wanted.at > NOW


@given(st.dates(date(2026, 11, 21), date(2027, 5, 1)), st.times())
def test_a_written_time_is_read_back(day: date, clock: time) -> None:
    wanted = read(f"@{day.month}-{day.day} {clock:%H:%M} 停水", NOW, SHANGHAI)
    assert wanted.at == SHANGHAI.at(day, clock.replace(second=0, microsecond=0))
    assert wanted.words == "停水"


@given(st.integers(0, 100_000), st.integers(0, 1439))
def test_what_is_late_is_asked_about_sooner_at_night(seconds: int, minute: int) -> None:
    now = SHANGHAI.at(date(2026, 11, 20), time(minute // 60, minute % 60))
    late = is_late(now - timedelta(seconds=seconds), now, QUIET, SHANGHAI)
    night = minute >= 22 * 60 or minute < 7 * 60
    assert late == (timedelta(seconds=seconds) > (LATE if night else STALE))


@pytest.mark.parametrize(
    ("text", "day"),
    [("11-25", "2026-11-25"), ("改到11月25日。", "2026-11-25"), ("后天", "2026-11-22"), ("周五", "2026-11-27"), ("1-5", "2027-01-05")],
)  # fmt: skip
def test_days(text: str, day: str) -> None:
    assert read_day(text, date(2026, 11, 20)).isoformat() == day


@pytest.mark.parametrize(
    ("text", "no"),
    [
        ("今天", refusal.TimePassed),
        ("11-20", refusal.TimePassed),
        ("11-1", refusal.TimePassed),
        ("下次", refusal.TimeUnclear),
        ("11-25 或者 11-26", refusal.TimeUnclear),
        ("2-30", refusal.TimeUnclear),
        ("", refusal.TimeUnclear),
    ],
)
def test_days_refused(text: str, no: type[refusal.Refusal]) -> None:
    with pytest.raises(no):
        read_day(text, date(2026, 11, 20))
