"""Units of time and time classes: by when a human answers, says how far it is, and by when a ticket should be closed.

A rule is written in one unit, and the units are different types because they count different time: hours run through nights
and weekends, working days stand still on days off (调休), working hours stand still at night as well (数字城管 counts so).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Protocol

from domain.calendar import Calendar
from domain.category import Urgency

_DAY = timedelta(days=1)


class Length(Protocol):
    """A length of time in the unit its rule is written in."""

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """The instant this length ends when it starts at ``at``."""

    def counted(self, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
        """How much of the time between two instants this unit counts."""

    def later(self, at: datetime, by: timedelta, calendar: Calendar) -> datetime:
        """The instant by which ``by`` more of counted time has gone since ``at``."""


class _Wall:
    """Time that always runs."""

    __slots__ = ()

    def counted(self, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
        """All of it."""
        return max(end - start, timedelta(0))

    def later(self, at: datetime, by: timedelta, calendar: Calendar) -> datetime:
        """Simply later."""
        return at + by


@dataclass(frozen=True, slots=True)
class Hours(_Wall):
    """Hours by the clock on the wall, nights and weekends included."""

    count: float

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """So many hours later."""
        return at + timedelta(hours=self.count)


@dataclass(frozen=True, slots=True)
class CalendarDays(_Wall):
    """自然日: the same time of day, so many dates later."""

    count: int

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """Day 0 is not counted."""
        local = calendar.local(at)
        return calendar.at(local.date() + timedelta(days=self.count), local.time().replace(tzinfo=None))


@dataclass(frozen=True, slots=True)
class SameDay(_Wall):
    """当日: until the local day is over."""

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """The next local midnight."""
        return calendar.at(calendar.today(at) + _DAY, time(0))


_Spans = Iterator[tuple[datetime, datetime]]


def _whole_days(at: datetime, calendar: Calendar) -> _Spans:
    """Working days from the local day of ``at`` on, without end."""
    day = calendar.today(at)
    while True:
        if calendar.is_workday(day):
            yield calendar.at(day, time(0)), calendar.at(day + _DAY, time(0))
        day += _DAY


def _office_hours(at: datetime, calendar: Calendar) -> _Spans:
    """Office hours of working days from the local day of ``at`` on, without end."""
    day = calendar.today(at)
    while True:
        if calendar.is_workday(day):
            for opens, closes in calendar.office:
                yield calendar.at(day, opens), calendar.at(day, closes)
        day += _DAY


def _inside(spans: _Spans, start: datetime, end: datetime) -> timedelta:
    """What of the time between two instants lies in the spans."""
    total = timedelta(0)
    for opens, closes in spans:
        if opens >= end:
            break
        total += max(min(closes, end) - max(opens, start), timedelta(0))
    return total


def _through(spans: _Spans, at: datetime, by: timedelta) -> datetime:
    """Walk through the spans; no time at all leaves the instant as it is."""
    end = at
    while by > timedelta(0):
        opens, closes = next(spans)
        begin = max(opens, at)
        room = max(closes - begin, timedelta(0))
        end = begin + min(by, room)
        by -= room
    return end


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """工作日: the same time of day, so many working days later."""

    count: int

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """Day 0 is not counted (接诉即办 practice)."""
        return calendar.workdays_later(at, self.count) if self.count else at

    def counted(self, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
        """What of it lies on working days, 24 hours each."""
        return _inside(_whole_days(start, calendar), start, end)

    def later(self, at: datetime, by: timedelta, calendar: Calendar) -> datetime:
        """So much time of working days later."""
        return _through(_whole_days(at, calendar), at, by)


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """工作时: office hours of working days."""

    count: float

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """So many office hours later; said at night it starts in the morning."""
        return self.later(at, timedelta(hours=self.count), calendar)

    def counted(self, start: datetime, end: datetime, calendar: Calendar) -> timedelta:
        """What of it lies in office hours."""
        return _inside(_office_hours(start, calendar), start, end)

    def later(self, at: datetime, by: timedelta, calendar: Calendar) -> datetime:
        """So much office time later."""
        return _through(_office_hours(at, calendar), at, by)


@dataclass(frozen=True, slots=True)
class Terms:
    """First human answer, time an invitation waits before it passes on, closing, and how often the resident hears how it goes."""

    response: Length
    invitation: Length
    closing: Length
    progress: Length | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """时限模板: the terms of every class, and of kinds that have their own. ``extension``: how much one 延期 adds."""

    classes: Mapping[Urgency, Terms]
    kinds: Mapping[str, Terms] = field(default_factory=dict)
    extension: Length = field(default=WorkingDays(10))

    def of(self, urgency: Urgency, code: str = "") -> Terms:
        """The terms of a ticket. A class without any (archive) is treated as P2, so that it can never be left lying.

        What facts have made urgent stays so, whatever its kind (积水入户).
        """
        if urgency not in (Urgency.P0, Urgency.P1) and code in self.kinds:
            return self.kinds[code]
        return self.classes.get(urgency, self.classes[Urgency.P2])
