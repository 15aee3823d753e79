"""A notice that comes again (重复): on which days, at which hour, until when - kept in the words of iCalendar (RFC 5545).

This module only says what a rhythm is; the days it falls on are counted by ``handlers/repeats.py`` with dateutil's rrule.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MOMENT = "%Y%m%dT%H%M%S"


class Every(StrEnum):
    """How wide the step is, as iCalendar calls it."""

    DAY = "DAILY"
    WEEK = "WEEKLY"
    MONTH = "MONTHLY"


@dataclass(frozen=True, slots=True)
class Repeat:
    """A rhythm on the wall clock of the grid; days are local dates.

    ``weekdays``: Monday is 0. ``month_days``: 1 to 31, -1 for the last of the month; a month without that day is left out.
    ``nth``: of a month the first (1) to fourth or the last (-1) of these weekdays. ``until``: the last day on which it may
    come. ``skipped``: days on which it is left out.
    """

    every: Every
    clock: time
    start: date
    step: int = 1
    weekdays: tuple[int, ...] = ()
    month_days: tuple[int, ...] = ()
    nth: int = 0
    until: date | None = None
    skipped: tuple[date, ...] = ()

    def text(self) -> str:
        """As it is stored: the lines DTSTART, RRULE and, for what is left out, EXDATE."""
        parts = [f"FREQ={self.every}"]
        if self.step > 1:
            parts.append(f"INTERVAL={self.step}")
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(f"{self.nth or ''}{_DAYS[day]}" for day in self.weekdays))
        if self.month_days:
            parts.append("BYMONTHDAY=" + ",".join(str(day) for day in self.month_days))
        if self.until is not None:
            parts.append("UNTIL=" + f"{datetime.combine(self.until, time(23, 59, 59)):{_MOMENT}}")
        lines = [f"DTSTART:{datetime.combine(self.start, self.clock):{_MOMENT}}", "RRULE:" + ";".join(parts)]
        if self.skipped:
            left_out = (f"{datetime.combine(day, self.clock):{_MOMENT}}" for day in sorted(self.skipped))
            lines.append("EXDATE:" + ",".join(left_out))
        return "\n".join(lines)

    @classmethod
    def of_text(cls, text: str) -> "Repeat":
        """Back from storage."""
        lines = dict(line.split(":", 1) for line in text.splitlines())
        rule = dict(part.split("=", 1) for part in lines["RRULE"].split(";"))
        start = _moment(lines["DTSTART"])
        by_day = rule["BYDAY"].split(",") if "BYDAY" in rule else []
        return cls(
            every=Every(rule["FREQ"]),
            clock=start.time(),
            start=start.date(),
            step=int(rule.get("INTERVAL", "1")),
            weekdays=tuple(_DAYS.index(day[-2:]) for day in by_day),
            month_days=tuple(int(day) for day in rule["BYMONTHDAY"].split(",")) if "BYMONTHDAY" in rule else (),
            nth=int(by_day[0][:-2] or 0) if by_day else 0,
            until=_moment(rule["UNTIL"]).date() if "UNTIL" in rule else None,
            skipped=tuple(_moment(at).date() for at in lines["EXDATE"].split(",")) if "EXDATE" in lines else (),
        )

    def without(self, day: date) -> "Repeat":
        """The same, left out on this day."""
        return self if day in self.skipped else replace(self, skipped=tuple(sorted((*self.skipped, day))))


def _moment(text: str) -> datetime:
    day, _, clock = text.partition("T")
    # Wall clock times have no zone; whoever wants an instant asks the calendar of the grid.
    return datetime.combine(
        date(int(day[:4]), int(day[4:6]), int(day[6:8])), time(int(clock[:2]), int(clock[2:4]), int(clock[4:6]))
    )
