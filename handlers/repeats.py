"""The days a rhythm falls on, counted by dateutil's rrule on the wall clock of the grid, and how people read it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from dateutil.rrule import rrulestr

from domain import refusal
from domain.calendar import Calendar
from domain.repeat import Every, Repeat
from handlers.context import Context

_A_DAY = timedelta(days=1)
"""A wall clock that jumps moves a slot by an hour or two, never by a day."""

_PREVIEWED = 3


def following(repeat: Repeat, after: datetime, calendar: Calendar) -> Iterator[datetime]:
    """The slots after an instant, in order; none when the rhythm has come to its end."""
    rule = rrulestr(repeat.text())
    for slot in rule.xafter(calendar.local(after).replace(tzinfo=None) - _A_DAY, inc=True):
        if (at := calendar.at(slot.date(), slot.time())) > after:
            yield at


def next_slot(repeat: Repeat, after: datetime, calendar: Calendar) -> datetime | None:
    """The first slot after an instant."""
    return next(following(repeat, after, calendar), None)


def newest(repeat: Repeat, first: datetime, until: datetime, calendar: Calendar) -> tuple[datetime, int]:
    """The last slot that is due, at least ``first``, and how many lie between the two (the first one counted)."""
    last, count = first, 0
    for at in following(repeat, first, calendar):
        if at > until:
            break
        last, count = at, count + 1
    return last, count


def skip(repeat: Repeat, day: date | None, now: datetime, calendar: Calendar) -> tuple[Repeat, datetime]:
    """The rhythm without its occurrence of a day (the next one, where none is named), and when that would have been.

    Raises:
        refusal.NotThatDay: it does not come on that day.

    """
    for at in following(repeat, now, calendar):
        on = calendar.today(at)
        if day is None or on == day:
            return repeat.without(on), at
        if on > day:
            break
    raise refusal.NotThatDay


def words(cx: Context, repeat: Repeat) -> str:
    """A rhythm as people say it: 每周三、周五 09:00，到12月31日."""
    say = cx.said.say
    days = "、".join(say(f"notices.weekday.{day}") for day in repeat.weekdays)
    match repeat.every:
        case Every.DAY:
            rhythm = say("notices.every.day")
        case Every.WEEK:
            rhythm = say("notices.every.week" if repeat.step == 1 else "notices.every.two_weeks", days=days)
        case Every.MONTH if repeat.weekdays:
            rhythm = say("notices.every.month_weekday", nth=say(f"notices.nth.{repeat.nth}"), days=days)
        case _:
            dates = "、".join(
                say("notices.every.last_day") if day < 0 else say("notices.every.date", day=day)
                for day in repeat.month_days
            )
            rhythm = say("notices.every.month", days=dates)
    found = say("notices.every.clock", rhythm=rhythm, clock=f"{repeat.clock:%H:%M}")
    if repeat.until is not None:
        found = say("notices.every.until", rhythm=found, month=repeat.until.month, day=repeat.until.day)
    return found


def coming(cx: Context, repeat: Repeat) -> str:
    """The next dates, so that the author sees whether he was understood."""
    slots = islice(following(repeat, cx.now, cx.calendar), _PREVIEWED)
    return "、".join(cx.when(at) for at in slots)
