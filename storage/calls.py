"""Who is being asked: invitations to volunteers and alerts that must be acknowledged."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.ticket import State
from storage.database import ReadTx, WriteTx
from storage.tables import alerts, invitations, leaves, tickets


@dataclass(frozen=True, slots=True)
class Invitation:
    """One person asked to take one ticket; ``state``: asked, taken, declined, expired, cancelled."""

    id: int
    ticket: int
    member_id: int
    state: str
    reason: str
    due_at: datetime


async def invite(tx: WriteTx, ticket: int, member_id: int, reason: str, now: datetime, due_at: datetime) -> None:
    """Ask one person; only one is asked at a time."""
    row = {
        "ticket": ticket,
        "member_id": member_id,
        "state": "asked",
        "reason": reason,
        "asked_at": now,
        "due_at": due_at,
    }
    tx.add(invitations, row)


async def current(tx: ReadTx, ticket: int) -> Invitation | None:
    """The invitation nobody has answered yet."""
    where = (invitations.c.ticket == ticket, invitations.c.state == "asked")
    row = await tx.one(sa.select(invitations).where(*where))
    return None if row is None else _invitation(row)


async def asked_before(tx: ReadTx, ticket: int) -> frozenset[int]:
    """Everybody who has been asked about this ticket."""
    rows = await tx.rows(sa.select(invitations.c.member_id).where(invitations.c.ticket == ticket))
    return frozenset(row.member_id for row in rows)


async def close(tx: WriteTx, ticket: int, state: str) -> None:
    """The open invitation has come to its end."""
    where = (invitations.c.ticket == ticket, invitations.c.state == "asked")
    await tx.execute(sa.update(invitations).where(*where).values(state=state))


async def overdue(tx: ReadTx, now: datetime) -> list[Invitation]:
    """Invitations nobody has answered in time, or whose member is on leave by now."""
    away = (leaves.c.member_id == invitations.c.member_id, leaves.c.from_at <= now, leaves.c.to_at > now)
    over = (invitations.c.due_at <= now) | sa.exists().where(*away)
    where = (invitations.c.state == "asked", over)
    return [_invitation(row) for row in await tx.rows(sa.select(invitations).where(*where).order_by(invitations.c.id))]


async def of_member(tx: ReadTx, member_id: int) -> list[int]:
    """Tickets this member is being asked about."""
    where = (invitations.c.member_id == member_id, invitations.c.state == "asked")
    return [row.ticket for row in await tx.rows(sa.select(invitations.c.ticket).where(*where))]


async def load(tx: ReadTx, grid_id: int) -> dict[int, int]:
    """Open tickets and open invitations per member of a grid; who was chosen by the leader counts once."""
    live = [State.DISPATCHED, State.IN_PROGRESS]
    held = sa.select(tickets.c.assignee_id.label("member_id")).where(
        tickets.c.grid_id == grid_id, tickets.c.state.in_(live), tickets.c.assignee_id.is_not(None)
    )
    asked = (
        sa.select(invitations.c.member_id)
        .join(tickets)
        .where(tickets.c.grid_id == grid_id, tickets.c.assignee_id.is_(None), invitations.c.state == "asked")
    )
    both = sa.union_all(held, asked).subquery()
    rows = await tx.rows(sa.select(both.c.member_id, sa.func.count().label("n")).group_by(both.c.member_id))
    return {row.member_id: row.n for row in rows}


async def asked_since(tx: ReadTx, grid_id: int, since: datetime) -> dict[int, int]:
    """How often each member of a grid was asked since then; never shown, only for who is asked next."""
    stmt = (
        sa.select(invitations.c.member_id, sa.func.count().label("n"))
        .join(tickets)
        .where(tickets.c.grid_id == grid_id, invitations.c.asked_at >= since)
        .group_by(invitations.c.member_id)
    )
    return {row.member_id: row.n for row in await tx.rows(stmt)}


@dataclass(frozen=True, slots=True)
class Alert:
    """A danger that a human must acknowledge; ``called`` are the members alerted so far, ``rung`` the rounds."""

    ticket: int
    state: str
    rung: int
    called: tuple[int, ...]
    escalate_at: datetime


def raise_alert(tx: WriteTx, ticket: int, called: list[int], escalate_at: datetime) -> None:
    """The first round of an alert."""
    tx.add(alerts, {"ticket": ticket, "state": "open", "rung": 0, "called": called, "escalate_at": escalate_at})


async def alert(tx: ReadTx, ticket: int) -> Alert | None:
    """The alert of a ticket."""
    row = await tx.one(sa.select(alerts).where(alerts.c.ticket == ticket))
    return None if row is None else _alert(row)


async def unheard(tx: ReadTx, now: datetime) -> list[Alert]:
    """Alerts nobody has acknowledged in time."""
    where = (alerts.c.state == "open", alerts.c.escalate_at <= now)
    return [_alert(row) for row in await tx.rows(sa.select(alerts).where(*where).order_by(alerts.c.ticket))]


async def next_rung(tx: WriteTx, found: Alert, called: list[int], escalate_at: datetime) -> bool:
    """One more round; False when somebody answered or another process was faster."""
    where = (alerts.c.ticket == found.ticket, alerts.c.state == "open", alerts.c.rung == found.rung)
    values = {"rung": found.rung + 1, "called": called, "escalate_at": escalate_at}
    return await tx.execute(sa.update(alerts).where(*where).values(**values)) == 1


async def hurry(tx: WriteTx, ticket: int, now: datetime) -> None:
    """One of those called cannot be reached: the next one is called with the next pass."""
    where = (alerts.c.ticket == ticket, alerts.c.state == "open")
    await tx.execute(sa.update(alerts).where(*where).values(escalate_at=now))


async def close_alert(tx: WriteTx, ticket: int, state: str) -> bool:
    """知悉 (``heard``) or taken back (``cancelled``); False when it was closed before."""
    where = (alerts.c.ticket == ticket, alerts.c.state == "open")
    return await tx.execute(sa.update(alerts).where(*where).values(state=state)) == 1


def _invitation(row: sa.Row[Any]) -> Invitation:
    return Invitation(row.id, row.ticket, row.member_id, row.state, row.reason, row.due_at)


def _alert(row: sa.Row[Any]) -> Alert:
    return Alert(row.ticket, row.state, row.rung, tuple(row.called), row.escalate_at)
