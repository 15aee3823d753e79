"""Calendar arithmetic. Day 0 is not counted; days are local dates of the grid's zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are working days, where the sun stands.

    ``is_workday`` knows 调休 (State Council notices); a year it does not know must fall back to Monday-Friday, and ``knows``
    tells which years these are. ``office``: the spans of a working day that working hours count, in order.
    """

    zone: ZoneInfo
    is_workday: Callable[[date], bool]
    office: tuple[tuple[time, time], ...] = ((time(9), time(12)), (time(14), time(18)))
    knows: Callable[[int], bool] = lambda _year: True

    def local(self, at: datetime) -> datetime:
        """The same instant on the wall clock of the grid."""
        return at.astimezone(self.zone)

    def today(self, at: datetime) -> date:
        """The local date."""
        return at.astimezone(self.zone).date()

    def at(self, day: date, clock: time) -> datetime:
        """A local wall-clock time as an instant in UTC. What a jump of the clock leaves out comes as much later."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def add_workdays(self, day: date, count: int) -> date:
        """The ``count``-th working day after ``day`` (接诉即办 practice: the first day is the one after)."""
        while count > 0:
            day += timedelta(days=1)
            if self.is_workday(day):
                count -= 1
        return day

    def workdays_later(self, at: datetime, count: int) -> datetime:
        """``count`` working days later at the same local time of day."""
        local = self.local(at)
        return self.at(self.add_workdays(local.date(), count), local.time().replace(tzinfo=None))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of the local day in which nobody is disturbed; it may pass midnight."""

    start: time
    end: time

    def covers(self, clock: time) -> bool:
        """Whether this time of day is inside the span (start included, end not)."""
        if self.start == self.end:
            return False
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def next_allowed(self, calendar: Calendar, at: datetime) -> datetime:
        """``at`` itself, or the end of the quiet span it falls into."""
        local = calendar.local(at)
        clock = local.time().replace(tzinfo=None)
        if not self.covers(clock):
            return at
        day = local.date()
        if self.start > self.end and clock >= self.start:
            day += timedelta(days=1)
        return calendar.at(day, self.end)

    def next_start(self, calendar: Calendar, at: datetime) -> datetime | None:
        """When the quiet span begins next, after an instant outside of it; None when there is none."""
        if self.start == self.end:
            return None
        day = calendar.today(at)
        return next(start for ahead in range(3) if (start := calendar.at(day + timedelta(days=ahead), self.start)) > at)
