"""Which days are working days: the State Council's 调休 from ``chinesecalendar``, corrections from ``config.toml``."""

from collections.abc import Callable
from datetime import date
from functools import cache

import chinese_calendar

_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Statutory days with a fixed date (全国年节及纪念日放假办法, 2024-11-10), for years without a notice yet."""


def workdays(off: list[date], work: list[date]) -> Callable[[date], bool]:
    """A rule for any year. A year the package does not know falls back to Monday-Friday less the fixed holidays."""
    free, busy = frozenset(off), frozenset(work)

    @cache
    def is_workday(day: date) -> bool:
        if day in free or day in busy:
            return day in busy
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5 and (day.month, day.day) not in _FIXED_HOLIDAYS

    return is_workday


def knows(year: int) -> bool:
    """Whether the package has the notice of this year."""
    try:
        chinese_calendar.is_workday(date(year, 6, 1))
    except NotImplementedError:
        return False
    return True
