"""Tickets as the figures see them: dates and outcomes, no person and no place smaller than the grid (a guard looks)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.category import Urgency
from domain.figures import Case
from domain.ticket import Action, Rating, State
from storage.database import ReadTx
from storage.tables import ticket_events as events
from storage.tables import tickets

_CONTACT = (Action.TAKEN, Action.PROGRESS, Action.ACKNOWLEDGED, Action.SOLVED, Action.EXPLAINED)
"""A person has dealt with it."""
_GIVEN = (Action.DISPATCHED, Action.PASSED_ON, Action.REASSIGNED, Action.TAKEN, Action.ACKNOWLEDGED)


def _first(*actions: Action) -> sa.ColumnElement[datetime]:
    return sa.func.min(sa.case((events.c.action.in_(actions), events.c.at)), type_=events.c.at.type)


def _last(action: Action) -> sa.ColumnElement[datetime]:
    return sa.func.max(sa.case((events.c.action == action, events.c.at)), type_=events.c.at.type)


def statement(start: datetime, end: datetime, grid_ids: Iterable[int] | None = None) -> sa.Select[Any]:
    """The tickets received in a span of time (end not included), of some grids or of all."""
    here = [tickets.c.created_at >= start, tickets.c.created_at < end]
    if grid_ids is not None:
        here.append(tickets.c.grid_id.in_(list(grid_ids)))
    return (
        sa.select(
            tickets.c.grid_id,
            tickets.c.code,
            tickets.c.state,
            tickets.c.urgency,
            tickets.c.private,
            tickets.c.created_at,
            tickets.c.response_due_at,
            tickets.c.closing_due_at,
            tickets.c.paused_at,
            tickets.c.reworks,
            tickets.c.rating,
            tickets.c.solved_at,
            tickets.c.closed_at,
            _first(*_CONTACT).label("first_contact_at"),
            _first(Action.SOLVED).label("first_solved_at"),
            _first(Action.EXTENDED).label("extended_at"),
            _first(Action.PAUSED).label("first_paused_at"),
            _last(Action.CONFIRMED).label("confirmed_at"),
            _last(Action.REOPENED).label("reopened_at"),
            _first(*_GIVEN).label("given_at"),
            _first(Action.HANDED_BACK).label("handed_back_at"),
            _first(Action.EXPLAINED).label("explained_at"),
        )
        .join_from(tickets, events, isouter=True)
        .where(*here)
        .group_by(tickets.c.number)
        .order_by(tickets.c.number)
    )


async def cases(tx: ReadTx, start: datetime, end: datetime, grid_ids: Iterable[int] | None = None) -> list[Case]:
    """See ``statement``."""
    return [_case(row) for row in await tx.rows(statement(start, end, grid_ids))]


def _case(row: sa.Row[Any]) -> Case:
    urgency = Urgency(row.urgency)
    return Case(
        grid_id=row.grid_id,
        code=row.code,
        state=State(row.state),
        urgency=urgency,
        created_at=row.created_at,
        response_due_at=row.response_due_at,
        closing_due_at=row.closing_due_at,
        reworks=row.reworks,
        rating=None if row.rating is None else Rating(row.rating),
        first_contact_at=row.first_contact_at,
        first_solved_at=row.first_solved_at,
        extended_at=row.extended_at,
        paused_at=row.paused_at,
        paused=row.first_paused_at is not None,
        ended_at=row.solved_at or row.closed_at,
        confirmed_at=row.confirmed_at,
        reopened_at=row.reopened_at,
        given=row.given_at is not None,
        handed_back=row.handed_back_at is not None,
        explained=row.explained_at is not None,
        asked=not (row.private and urgency is Urgency.P0),
    )
