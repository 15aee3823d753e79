"""Which days are working days: the State Council's 调休 from ``chinesecalendar``, our own year files where it ends, and what
``config.toml`` says above both.
"""

import tomllib
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import chinese_calendar

from bot.config import Config
from domain.calendar import Calendar

YEARS = Path(__file__).parent / "years"
"""A file per year the package does not know: ``off`` and ``work``."""

_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""Statutory days with a fixed date (全国年节及纪念日放假办法, 2024-11-10), for years nobody has written down yet."""


def workdays(off: Iterable[date], work: Iterable[date]) -> Callable[[date], bool]:
    """A rule for any year; never an error. Without a notice: Monday-Friday less the statutory days that are known."""
    free, busy = frozenset(off), frozenset(work)

    @cache
    def is_workday(day: date) -> bool:
        if day in free or day in busy:
            return day in busy
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            pass
        known_off, known_work = _year_file(day.year)
        if day in known_work:
            return True
        return day.weekday() < 5 and day not in known_off and (day.month, day.day) not in _FIXED_HOLIDAYS

    return is_workday


@cache
def _year_file(year: int) -> tuple[frozenset[date], frozenset[date]]:
    path = YEARS / f"{year}.toml"
    if not path.exists():
        return frozenset(), frozenset()
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return frozenset(found["off"]), frozenset(found["work"])


def knows(year: int, work: Iterable[date] = ()) -> bool:
    """Whether the arrangement of a year is known: by the package, or because make-up days (调休上班) are written down.

    Every notice so far has had some; a local holiday alone does not mean that somebody has typed in the notice.
    """
    if any(day.year == year for day in work) or _year_file(year)[1]:
        return True
    try:
        chinese_calendar.is_workday(date(year, 6, 1))
    except NotImplementedError:
        return False
    return True


def calendar_of(config: Config) -> Calendar:
    """The calendar of a community."""
    days = config.calendar
    return Calendar(
        ZoneInfo(config.community.zone),
        workdays(days.off, days.work),
        config.deadlines.spans(),
        lambda year: knows(year, days.work),
    )
