"""Notices (通知): what a grid leader typed, when it is said, and when again.

A notice is read once from one line: ``@`` a time or a rhythm, ``#`` the buildings, ``！`` for urgent, in any order, then the
words. A time that is not clearly one is refused instead of guessed: a notice at the wrong hour cannot be taken back.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from domain import refusal
from domain.calendar import Calendar, QuietHours
from domain.repeat import Every, Repeat

LONGEST = 1000

STALE = timedelta(hours=12)
"""“明天停水” is worse than nothing when it comes a day late."""

LATE = timedelta(minutes=15)
"""More than a restart takes."""

MORNING = time(9)
"""The hour of a day that was named without one; the preview shows it."""


class State(StrEnum):
    """Where a notice stands. One that comes again stays ``SCHEDULED``."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENT = "sent"
    CANCELLED = "cancelled"


def is_late(due_at: datetime, now: datetime, quiet: QuietHours, calendar: Calendar) -> bool:
    """Whether it is too late to say it, so that its author is asked: half a day late, or late and night by now."""
    at_night = quiet.covers(calendar.local(now).time().replace(tzinfo=None))
    return now - due_at > (LATE if at_night else STALE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice as it was typed. ``at`` is empty for “now”; ``areas`` as they were written."""

    words: str
    urgent: bool = False
    areas: tuple[str, ...] = ()
    at: datetime | None = None
    repeat: Repeat | None = None
    timed: bool = False


_URGENT = "紧急"
_WEEKDAYS = "一二三四五六日"
_WEEK = r"(?:周|星期|礼拜)"
_PART = r"(?:凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|早|晚)"
_TO = r"\s*(?:[-–—~～]|到|至)\s*"
_PLAIN = str.maketrans({0xFF20: "@", 0x3000: " ", **{0xFF10 + digit: str(digit) for digit in range(10)}})
_MARK = re.compile(rf"(?P<mark>[@#＃!！]|{_URGENT}(?=[\s:：，,!！]))\s*")
_AREAS = re.compile(r"[^\s,，、;；/]+(?:\s*[,，、;；/]\s*[^\s,，、;；/]+)*")
_NOW = re.compile(r"(?:现在|立即|马上|立刻)")
_ONE = r"[一二三四五六日天]"
_DAILY = re.compile(r"每[天日]\s*")
_WEEKLY = re.compile(
    rf"(?:(?P<two>每[两2]个?{_WEEK}的?|隔(?:{_WEEK}(?={_WEEK}))?)|每){_WEEK}"
    rf"(?:(?P<first>{_ONE}){_TO}{_WEEK}?(?P<last>{_ONE})|(?P<days>{_ONE}(?:[、,，和]?{_WEEK}?{_ONE})*))\s*"
)
_MONTHLY = re.compile(
    rf"每个?月的?\s*(?:(?P<end>最后一[天日]|月底)"
    rf"|(?:第(?P<nth>[一二三四1-4])|(?P<final>最后一))个?{_WEEK}(?P<weekday>{_ONE})"
    r"|(?P<days>\d{1,2}[日号]?(?:\s*[、,，和]\s*\d{1,2}[日号]?)*))(?![\d:：点时日号]|\s*[-–—~～到至]\s*\d{1,2}[日号])\s*",
    re.ASCII,
)
_ORDINALS = "一二三四1234"
_UNTIL = re.compile(r"(?:直?到|至)\s*")
_UNTIL_END = re.compile(r"\A(?:为止|止)?\s*")
_NAMED = re.compile(r"(?P<word>今[天日]|今(?=[早晚])|明[天日]|明(?=[早晚])|大后天|后[天日])\s*")
_NAMES = {"今": 0, "明": 1, "后": 2, "大": 3}
_WEEKDAY = re.compile(rf"(?P<which>[下这本]?){_WEEK}(?P<day>[一二三四五六日天])\s*")
_DATE = re.compile(
    r"(?:(?P<year>\d{4})[-/.年])?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})[日号]?(?![\d:：])\s*", re.ASCII
)
_CLOCK = re.compile(
    rf"(?P<part>{_PART})?\s*(?P<hour>\d{{1,2}})"
    r"(?:[:：](?P<minute>\d{2})|[点时](?:(?P<words>半|一刻|三刻)|(?P<minutes>\d{1,2})分?)?)(?!\d)\s*",
    re.ASCII,
)
_QUARTERS = {"半": 30, "一刻": 15, "三刻": 45}
_SPAN = re.compile(rf"(?:\d{{1,2}})?{_TO}{_PART}?\s*\d{{1,2}}[:：点时]", re.ASCII)
_HALF = re.compile(_PART)
_YEAR = timedelta(days=366)
_LONG_AGO = timedelta(days=180)


def read(text: str, now: datetime, calendar: Calendar) -> Wanted:
    """A notice as a leader types it: 通知 @每周三 9:00 #3栋,4栋 今天下午清洗楼道."""
    wanted, rest = Wanted(""), text.translate(_PLAIN).strip()
    while found := _MARK.match(rest):
        rest = rest[found.end() :]
        if found["mark"] == "@":
            wanted, rest = _read_time(wanted, rest, now, calendar)
        elif found["mark"] in "#＃":
            areas = _AREAS.match(rest)
            rest = rest[areas.end() :] if areas else rest
            wanted = replace(wanted, areas=tuple(re.split(r"\s*[,，、;；/]\s*", areas[0])) if areas else ())
        else:
            wanted = replace(wanted, urgent=True)
            rest = rest.lstrip("!！:：，, ")
        rest = rest.lstrip()
    urgent = wanted.urgent or rest.startswith(_URGENT)
    return replace(wanted, words=rest, urgent=urgent)


def _read_time(wanted: Wanted, rest: str, now: datetime, calendar: Calendar) -> tuple[Wanted, str]:
    if found := _NOW.match(rest):
        return replace(wanted, at=None, repeat=None, timed=True), rest[found.end() :]
    if (again := _repeat(rest, now, calendar)) is not None:
        return replace(wanted, at=None, repeat=again[0], timed=True), again[1]
    today = calendar.today(now)
    day, rest, repeats = _day(rest, today)
    clock, rest = _clock(rest)
    if day is None and clock is None:
        raise refusal.TimeUnclear
    _require_clear(clock, rest)
    at = calendar.at(day or today, clock or MORNING)
    if at <= now and repeats:
        at = calendar.at((day or today) + timedelta(days=7), clock or MORNING)
    if at <= now:
        raise refusal.TimePassed
    return replace(wanted, at=at, repeat=None, timed=True), rest


def _repeat(rest: str, now: datetime, calendar: Calendar) -> tuple[Repeat, str] | None:
    """A rhythm and what follows it: every day, weekdays, days of the month, each with an hour and perhaps a last day."""
    today = calendar.today(now)
    repeat = Repeat(Every.DAY, MORNING, today)
    if found := _DAILY.match(rest):
        pass
    elif found := _WEEKLY.match(rest):
        repeat = replace(repeat, every=Every.WEEK, weekdays=_weekdays(found), step=2 if found["two"] else 1)
    elif found := _MONTHLY.match(rest):
        repeat = replace(repeat, every=Every.MONTH, **_of_month(found))
    else:
        return None
    rest = rest[found.end() :]
    until, rest = _until(rest, today)
    clock, rest = _clock(rest)
    if until is None:
        until, rest = _until(rest, today)
    _require_clear(clock, rest)
    repeat = replace(repeat, clock=clock or MORNING, until=until)
    if repeat.every is Every.WEEK:  # every second week counts from the first time it comes
        days = (today + timedelta(days=ahead) for ahead in range(8))
        coming = (day for day in days if day.weekday() in repeat.weekdays and calendar.at(day, repeat.clock) > now)
        repeat = replace(repeat, start=next(coming))
    return repeat, rest


def _weekdays(found: re.Match[str]) -> tuple[int, ...]:
    if found["days"]:
        return tuple(sorted({_weekday(c) for c in found["days"] if c in f"{_WEEKDAYS}天"}))
    first, last = _weekday(found["first"]), _weekday(found["last"])
    if last <= first:
        raise refusal.TimeUnclear
    return tuple(range(first, last + 1))


def _of_month(found: re.Match[str]) -> dict[str, Any]:
    if found["end"]:
        return {"month_days": (-1,)}
    if found["weekday"]:
        nth = -1 if found["final"] else _ORDINALS.index(found["nth"]) % 4 + 1
        return {"weekdays": (_weekday(found["weekday"]),), "nth": nth}
    days = tuple(sorted({int(day) for day in re.findall(r"\d+", found["days"])}))
    if not 1 <= days[0] <= days[-1] <= 31:
        raise refusal.TimeUnclear
    return {"month_days": days}


def _until(rest: str, today: date) -> tuple[date | None, str]:
    found = _UNTIL.match(rest)
    if found is None:
        return None, rest
    day, after, _ = _day(rest[found.end() :], today)
    if day is None:
        return None, rest
    if day < today:
        raise refusal.TimePassed
    return day, _UNTIL_END.sub("", after)


def _require_clear(clock: time | None, rest: str) -> None:
    # “@明天9:00-11:00停水”: when it is said and what it is about are two things. “@明天下午 停水” does not say when.
    if _SPAN.match(rest) or (clock is None and _HALF.match(rest)):
        raise refusal.TimeUnclear


def _weekday(name: str) -> int:
    return _WEEKDAYS.index("日" if name == "天" else name)


def _day(text: str, today: date) -> tuple[date | None, str, bool]:
    """The day a text begins with, what follows, and whether “周三” without more may mean the one after."""
    if found := _NAMED.match(text):
        return today + timedelta(days=_NAMES[found["word"][0]]), text[found.end() :], False
    if found := _WEEKDAY.match(text):
        ahead = _weekday(found["day"]) - today.weekday()
        if not found["which"]:
            return today + timedelta(days=ahead % 7), text[found.end() :], True
        week = 7 if found["which"] == "下" else 0
        return today + timedelta(days=ahead + week), text[found.end() :], False
    if found := _DATE.match(text):
        return _date(found, today), text[found.end() :], False
    return None, text, False


def _date(found: re.Match[str], today: date) -> date:
    try:
        day = date(int(found["year"] or today.year), int(found["month"]), int(found["day"]))
        if not found["year"] and day < today - _LONG_AGO:
            day = day.replace(year=today.year + 1)  # in December “1-5” means next January
    except ValueError:
        raise refusal.TimeUnclear from None
    if day > today + _YEAR:
        raise refusal.TimeUnclear
    return day


def _clock(text: str) -> tuple[time | None, str]:
    found = _CLOCK.match(text)
    if found is None:
        return None, text
    hour = int(found["hour"])
    minute = int(found["minute"] or found["minutes"] or _QUARTERS.get(found["words"] or "", 0))
    part = found["part"] or ""
    if part.startswith("晚") and hour == 12:
        raise refusal.TimeUnclear  # the end of this day or its beginning?
    if hour < {"下午": 12, "傍晚": 12, "晚上": 12, "晚": 12, "中午": 3}.get(part, 0):
        hour += 12
    if hour > 23 or minute > 59:
        raise refusal.TimeUnclear
    return time(hour, minute), text[found.end() :]


def read_day(text: str, today: date, *, today_too: bool = False) -> date:
    """A day and nothing else, after today (or today): what a visit is put off to, when a notice is left out."""
    line = text.translate(_PLAIN).strip().lstrip("改到至").strip(" 。.，,")
    day, rest, repeats = _day(line, today)
    if day is None or rest.strip():
        raise refusal.TimeUnclear
    if repeats and day == today and not today_too:
        day += timedelta(days=7)
    if day < today or (day == today and not today_too):
        raise refusal.TimePassed
    return day
