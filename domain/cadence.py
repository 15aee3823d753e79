"""How often a household is visited (走访周期): calendar periods by default, rolling ones where they are wanted.

Pure arithmetic of local dates. The period is the identity of a visit, so that downtime, restarts and any pattern of passes
of the clock come to the same result (design “roster” 5.1).
"""

import calendar as months
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_FORTNIGHT = timedelta(days=14)
_MONDAY = date(2024, 1, 1)
"""Fortnights are counted from this Monday, so that all households of a grid share them."""


class Unit(StrEnum):
    """What a cadence is counted in. ``DAYS`` rolls; ``EVENT`` has no rhythm: somebody opens each visit."""

    DAYS = "days"
    WEEK = "week"
    FORTNIGHT = "2week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "halfyear"
    YEAR = "year"
    EVENT = "event"


_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.HALF_YEAR: 6, Unit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Cadence:
    """``days`` counts for ``Unit.DAYS`` only. ``rolling``: counted from the first visit on, not by the calendar."""

    unit: Unit
    days: int = 0
    rolling: bool = False

    @classmethod
    def of(cls, text: str) -> "Cadence":
        """As it is written in tables and files: ``week``, ``2week``, … ``event``, or ``45d``; ``week~`` rolls.

        Raises:
            ValueError: it is none of them.

        """
        if text.endswith("d") and text[:-1].isdigit() and int(text[:-1]) > 0:
            return cls(Unit.DAYS, int(text[:-1]), rolling=True)
        unit = Unit(text.removesuffix("~"))
        if unit is Unit.DAYS:
            raise ValueError(text)
        return cls(unit, rolling=text.endswith("~"))

    @classmethod
    def of_days(cls, days: int) -> "Cadence":
        """A number of days as sheets and former versions have it: 7 was the week, 30 the month, 90 the quarter.

        180 and 365 were rolling numbers like any other; as such they stay.
        """
        units = {7: Unit.WEEK, 30: Unit.MONTH, 31: Unit.MONTH, 90: Unit.QUARTER, 91: Unit.QUARTER, 92: Unit.QUARTER}
        return cls(units[days]) if days in units else cls(Unit.DAYS, days, rolling=True)

    @property
    def text(self) -> str:
        """See ``of``."""
        return f"{self.days}d" if self.unit is Unit.DAYS else f"{self.unit}{'~' if self.rolling else ''}"


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days with one visit in it; ``to_on`` is the first day after it."""

    key: str
    from_on: date
    to_on: date

    @property
    def last_on(self) -> date:
        """Its last day."""
        return self.to_on - _DAY


@dataclass(frozen=True, slots=True)
class Window:
    """The days in which a visit is asked for, first and last included, and the day it is meant for."""

    from_on: date
    due_on: date
    to_on: date


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A cadence and its first due day. Weeks, months and longer are those of the calendar (“at least once a month”) unless
    the cadence rolls; then each period begins as many of them after ``starts_on``.
    """

    cadence: Cadence
    starts_on: date

    def period(self, day: date) -> Period:
        """The period a day lies in.

        Raises:
            ValueError: the cadence is ``event``, which has no periods.

        """
        unit = self.cadence.unit
        if unit is Unit.EVENT:
            raise ValueError(unit)
        if self.cadence.rolling:
            start = self._rolled(day)
            return Period(start.isoformat(), start, self._after(start))
        if unit is Unit.WEEK:
            start = day - timedelta(days=day.weekday())
            return Period(_week(start), start, start + _WEEK)
        if unit is Unit.FORTNIGHT:
            start = _fortnight(day)
            return Period(f"{_week(start)}-2", start, start + _FORTNIGHT)
        count = _MONTHS[unit]
        start = date(day.year, (day.month - 1) // count * count + 1, 1)
        return Period(_month_key(unit, start), start, _months_later(start, count))

    def of_key(self, key: str) -> Period:
        """The period of a stored key. The key says itself what kind it is: a plan may have changed its cadence since."""
        year, rest = int(key[:4]), key[5:]
        unit, day = Unit.MONTH, date(year, 1, 1)
        if rest.startswith("W"):
            unit = Unit.FORTNIGHT if rest.endswith("-2") else Unit.WEEK
            day = date.fromisocalendar(year, int(rest[1:3]), 1)
        elif rest.startswith("Q"):
            unit, day = Unit.QUARTER, date(year, int(rest[1:]) * 3, 1)
        elif rest.startswith("H"):
            unit, day = Unit.HALF_YEAR, date(year, int(rest[1:]) * 6, 1)
        elif not rest:
            unit = Unit.YEAR
        elif len(rest) == 2:
            day = date(year, int(rest), 1)
        else:
            start = date.fromisoformat(key)
            return Period(key, start, self._after(start))
        return Rhythm(Cadence(unit), self.starts_on).period(day)

    def due_on(self, period: Period) -> date:
        """The day in a period that corresponds to the first one: the same weekday, the same day of the month (at most its
        last), the same place in the quarter.
        """
        unit = self.cadence.unit
        if self.cadence.rolling:
            return period.from_on
        if unit is Unit.WEEK:
            return period.from_on + timedelta(days=self.starts_on.weekday())
        if unit is Unit.FORTNIGHT:
            return period.from_on + (self.starts_on - _fortnight(self.starts_on))
        offset = (self.starts_on.month - 1) % _MONTHS[unit]
        return _clamped(_months_later(period.from_on, offset), self.starts_on.day)

    def window(self, period: Period, before_days: int, grace_days: int) -> Window:
        """The days people are told: never before the period begins, never up to the next due day."""
        due_on = self.due_on(period)
        next_due_on = self.due_on(self.period(period.to_on))
        return Window(
            min(max(due_on - timedelta(days=before_days), period.from_on, self.starts_on), due_on),
            due_on,
            max(due_on, min(due_on + timedelta(days=grace_days), next_due_on - _DAY)),
        )

    def _rolled(self, day: date) -> date:
        """The newest start that is not after this day."""
        count = _MONTHS.get(self.cadence.unit)
        if count is None:
            length = self._length()
            return self.starts_on + (day - self.starts_on) // length * length
        gone = (day.year - self.starts_on.year) * 12 + day.month - self.starts_on.month
        first = self.starts_on.replace(day=1)
        start = _clamped(_months_later(first, gone // count * count), self.starts_on.day)
        return (
            start if start <= day else _clamped(_months_later(first, (gone // count - 1) * count), self.starts_on.day)
        )

    def _after(self, start: date) -> date:
        count = _MONTHS.get(self.cadence.unit)
        if count is None:
            return start + self._length()
        return _clamped(_months_later(start.replace(day=1), count), self.starts_on.day)

    def _length(self) -> timedelta:
        return {Unit.WEEK: _WEEK, Unit.FORTNIGHT: _FORTNIGHT}.get(
            self.cadence.unit, timedelta(days=max(self.cadence.days, 1))
        )


def _week(monday: date) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def _fortnight(day: date) -> date:
    return _MONDAY + (day - _MONDAY) // _FORTNIGHT * _FORTNIGHT


def _month_key(unit: Unit, start: date) -> str:
    if unit is Unit.QUARTER:
        return f"{start.year}-Q{start.month // 3 + 1}"
    if unit is Unit.HALF_YEAR:
        return f"{start.year}-H{start.month // 6 + 1}"
    return f"{start:%Y-%m}" if unit is Unit.MONTH else f"{start.year}"


def _months_later(first: date, count: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
    return date(year, month + 1, 1)


def _clamped(first: date, day: int) -> date:
    return first.replace(day=min(day, months.monthrange(first.year, first.month)[1]))
