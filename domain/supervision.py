"""挂牌督办: what went wrong twice stands on a list with a responsible person and days, until somebody else strikes it off.

Sources: 潍坊 26, 济南 28; domain reference 8 (our thresholds: overdue ×2, 2 reworks, ≥3 reporters).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from domain import refusal
from domain.calendar import Calendar
from domain.roster import Role
from domain.ticket import State as TicketState
from domain.ticket import Ticket

OVERDUE, REWORKS, REPORTERS = 2, 2, 3
DUE_WORKDAYS, UPDATE_WORKDAYS = 5, 2
"""Our own: the deadline of a supervised case, and how often it is told how it stands. The leader sets other days."""


class Reason(StrEnum):
    """Why a case stands on the list."""

    OVERDUE = "overdue"
    REWORKS = "reworks"
    REPORTERS = "reporters"
    LEADER = "leader"


class State(StrEnum):
    """On the list, or struck off (销号)."""

    LISTED = "listed"
    STRUCK = "struck"


@dataclass(frozen=True, slots=True)
class Case:
    """A supervised ticket. Days are local dates of the grid."""

    ticket: int
    grid_id: int
    reason: Reason
    listed_at: datetime
    responsible_id: int | None
    due_on: date
    next_update_on: date
    note: str = ""
    reminded_on: date | None = None
    state: State = State.LISTED
    struck_by: int | None = None
    struck_at: datetime | None = None
    version: int = 1


def why(ticket: Ticket) -> Reason | None:
    """Why an open ticket belongs on the list, if it does. Three people who cry fire are no case to be supervised."""
    if not ticket.is_open:
        return None
    if ticket.reworks >= REWORKS:
        return Reason.REWORKS
    if ticket.overdue >= OVERDUE:
        return Reason.OVERDUE
    if ticket.supporters + 1 >= REPORTERS and not ticket.is_danger:
        return Reason.REPORTERS
    return None


def put_on(ticket: Ticket, reason: Reason, responsible_id: int | None, at: datetime, calendar: Calendar) -> Case:
    """挂牌, with the days that count unless the leader names others."""
    today = calendar.today(at)
    due_on, update_on = calendar.add_workdays(today, DUE_WORKDAYS), calendar.add_workdays(today, UPDATE_WORKDAYS)
    return Case(ticket.number, ticket.grid_id, reason, at, responsible_id, due_on, update_on)


def update(case: Case, note: str, today: date, calendar: Calendar) -> Case:
    """How it stands, in one line; the next line is due so many working days later."""
    _require_listed(case)
    return replace(case, note=note, next_update_on=calendar.add_workdays(today, UPDATE_WORKDAYS), reminded_on=None)


def strike_off(case: Case, ticket: Ticket, member_id: int, role: Role, words: str, at: datetime) -> Case:
    """销号: by somebody else than the handler, with the resident's word.

    That is his yes, or that he took it back. Where a matter ended without his word (he never answered, or it cannot be done),
    somebody above the grid may strike it off with a stated reason; silence is never taken for a yes.
    """
    _require_listed(case)
    if member_id in (ticket.assignee_id, case.responsible_id):
        raise refusal.StruckByHandler(number=case.ticket)
    if not _resident_said(ticket):
        above = role in (Role.SECRETARY, Role.STREET)
        if ticket.is_open or ticket.state is TicketState.SOLVED or not above or not words:
            raise refusal.NotConfirmed(number=case.ticket)
    return replace(case, state=State.STRUCK, struck_by=member_id, struck_at=at, note=words or case.note)


def _resident_said(ticket: Ticket) -> bool:
    if ticket.state in (TicketState.CONFIRMED, TicketState.WITHDRAWN):
        return True
    return ticket.state is TicketState.ARCHIVED and ticket.rating is not None


def _require_listed(case: Case) -> None:
    if case.state is not State.LISTED:
        raise refusal.NotSupervised(number=case.ticket)
