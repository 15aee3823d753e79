"""Notices (通知): what a grid leader typed, when it is said, and when again.

A notice is read once from one line: ``@`` a time or a rhythm, ``#`` the buildings, ``！`` for urgent, in any order, then the
words. A time that is not clearly one is refused instead of guessed: a notice at the wrong hour cannot be taken back.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain import refusal
from domain.calendar import Calendar

LONGEST = 1000

STALE = timedelta(hours=12)
"""“明天停水” is worse than nothing when it comes a day late."""

MORNING = time(9)
"""The hour of a day that was named without one; the preview shows it."""


class State(StrEnum):
    """Where a notice stands. One that comes again stays ``SCHEDULED``."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENT = "sent"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on some weekdays (Monday is 0) at one hour, in the form of an iCalendar rule."""

    days: tuple[int, ...]
    clock: time

    def rule(self) -> str:
        """As it is stored."""
        by_day = ",".join(_RULE_DAYS[day] for day in self.days)
        return f"FREQ=WEEKLY;BYDAY={by_day};BYHOUR={self.clock.hour};BYMINUTE={self.clock.minute}"

    @classmethod
    def of_rule(cls, rule: str) -> "Weekly":
        """Back from storage."""
        parts = dict(part.split("=", 1) for part in rule.split(";"))
        days = tuple(_RULE_DAYS.index(day) for day in parts["BYDAY"].split(","))
        return cls(days, time(int(parts["BYHOUR"]), int(parts["BYMINUTE"])))

    def next(self, after: datetime, calendar: Calendar) -> datetime:
        """The first slot after an instant."""
        return next(at for at in self._around(after, calendar, range(-1, 9)) if at > after)

    def newest(self, until: datetime, calendar: Calendar) -> datetime:
        """The last slot not after an instant."""
        return next(at for at in self._around(until, calendar, range(1, -9, -1)) if at <= until)

    def between(self, after: datetime, until: datetime, calendar: Calendar) -> int:
        """How many slots lie after one instant and not after another."""
        count = 0
        while (after := self.next(after, calendar)) <= until:
            count += 1
        return count

    def _around(self, at: datetime, calendar: Calendar, offsets: range) -> list[datetime]:
        days = [calendar.today(at) + timedelta(days=offset) for offset in offsets]
        return [calendar.at(day, self.clock) for day in days if day.weekday() in self.days]


_RULE_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice as it was typed. ``at`` is empty for “now”; ``areas`` as they were written."""

    words: str
    urgent: bool = False
    areas: tuple[str, ...] = ()
    at: datetime | None = None
    weekly: Weekly | None = None
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
_DAILY = re.compile(r"每[天日]\s*")
_WEEKLY = re.compile(rf"每{_WEEK}(?P<days>[一二三四五六日天](?:[、,，和]?[一二三四五六日天])*)\s*")
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
        return replace(wanted, at=None, weekly=None, timed=True), rest[found.end() :]
    if found := _DAILY.match(rest) or _WEEKLY.match(rest):
        named = found.groupdict().get("days")
        days = sorted({_weekday(c) for c in named if c in "一二三四五六日天"}) if named else range(7)
        clock, rest = _clock(rest[found.end() :])
        _require_clear(clock, rest)
        weekly = Weekly(tuple(days), clock or MORNING)
        return replace(wanted, at=None, weekly=weekly, timed=True), rest
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
    return replace(wanted, at=at, weekly=None, timed=True), rest


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


def read_day(text: str, today: date) -> date:
    """A day and nothing else, after today: what a visit is put off to."""
    line = text.translate(_PLAIN).strip().lstrip("改到至").strip(" 。.，,")
    day, rest, repeats = _day(line, today)
    if day is None or rest.strip():
        raise refusal.TimeUnclear
    if repeats and day == today:
        day += timedelta(days=7)
    if day <= today:
        raise refusal.TimePassed
    return day
