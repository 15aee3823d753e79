"""The clocks of a ticket: paused for the resident, extended once, the next word that is due, and the end of waiting for a yes."""

from datetime import datetime

from domain import refusal
from domain.calendar import Calendar
from domain.category import Urgency
from domain.deadline import Template
from domain.ticket import BOT, Action, Change, State, Ticket, Who, change, require_handled, require_open

PAUSABLE = frozenset({Urgency.P2, Urgency.P3, Urgency.Q})
"""P0 and P1 never pause (domain reference 4)."""

LONGEST_PAUSE_DAYS = 7
"""So many days nobody answers; then the clock runs on, so that waiting is no place to leave a matter."""


def pause(ticket: Ticket, words: str, who: Who, at: datetime) -> Change:
    """等居民: whoever handles it cannot go on before the resident has answered."""
    require_handled(ticket, who)
    if ticket.is_paused:
        raise refusal.PausedAlready(number=ticket.number)
    if ticket.urgency not in PAUSABLE or ticket.state is not State.IN_PROGRESS:
        raise refusal.CannotPause(number=ticket.number)
    return change(ticket, who, Action.PAUSED, at, words, paused_at=at)


def resume(ticket: Ticket, who: Who, at: datetime, calendar: Calendar, template: Template) -> Change:
    """The clocks run on where they stood: only the time they count, in the unit of their rule, is given back.

    A deadline that had passed before the pause stays passed.
    """
    require_open(ticket)
    since = ticket.paused_at
    if since is None:
        raise refusal.NotPaused(number=ticket.number)
    unit = template.of(ticket.urgency, ticket.code).closing
    due = ticket.closing_due_at
    if due > since:
        due = unit.later(due, unit.counted(since, at, calendar), calendar)
    return change(ticket, who, Action.RESUMED, at, paused_at=None, closing_due_at=due, word_at=at)


def extend(ticket: Ticket, note: str, who: Who, at: datetime, calendar: Calendar, template: Template) -> Change:
    """延期: once, before the deadline, by the grid leader, with a reason the resident is told (条例 15(二))."""
    require_open(ticket)
    if ticket.extended or (ticket.paused_at or at) >= ticket.closing_due_at:
        raise refusal.ExtendedOnce(number=ticket.number)
    due = template.extension.after(ticket.closing_due_at, calendar)
    return change(ticket, who, Action.EXTENDED, at, note, extended=True, closing_due_at=due, word_at=at)


def word_due(ticket: Ticket, calendar: Calendar, template: Template) -> datetime | None:
    """When the resident is to hear the next word: the first answer, then how it goes; None where nothing more is promised."""
    terms, last = template.of(ticket.urgency, ticket.code), ticket.word_at or ticket.created_at
    if ticket.responded_at is None:
        return ticket.response_due_at if last < ticket.response_due_at else terms.response.after(last, calendar)
    if terms.progress is None:
        return None
    return terms.progress.after(max(ticket.responded_at, last), calendar)


def nudge(ticket: Ticket, at: datetime) -> Change:
    """The next word is due and whoever is responsible is reminded of it, once; the time until the next one starts now."""
    require_open(ticket)
    return change(ticket, BOT, Action.NUDGED, at, word_at=at)


def miss(ticket: Ticket, at: datetime) -> Change:
    """A deadline for closing has passed, or what was promised was not kept."""
    require_open(ticket)
    return change(ticket, BOT, Action.OVERDUE, at, overdue=ticket.overdue + 1)


def remind(ticket: Ticket, at: datetime) -> Change:
    """The one reminder a resident gets to say whether it is solved."""
    if ticket.state is not State.SOLVED or ticket.reminded_at is not None:
        raise refusal.AlreadyClosed(number=ticket.number)
    return change(ticket, BOT, Action.REMINDED, at, reminded_at=at)


def archive(ticket: Ticket, at: datetime) -> Change:
    """归档 as 未评价: nobody answered. Never counted as satisfied."""
    if ticket.state not in (State.SOLVED, State.CONFIRMED):
        raise refusal.AlreadyClosed(number=ticket.number)
    return change(ticket, BOT, Action.UNRATED, at, state=State.ARCHIVED, closed_at=ticket.closed_at or at)
