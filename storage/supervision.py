"""The list of supervised cases (挂牌督办)."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from domain.supervision import OVERDUE, REPORTERS, REWORKS, Case, Reason, State
from domain.ticket import OPEN
from storage.clock_tables import supervised
from storage.database import ReadTx, WriteTx
from storage.tables import tickets

_SAME = (
    "ticket",
    "grid_id",
    "note",
    "listed_at",
    "responsible_id",
    "due_on",
    "next_update_on",
    "reminded_on",
    "struck_by",
    "struck_at",
    "version",
)


async def candidates(tx: ReadTx) -> list[int]:
    """Open tickets that have never stood on the list and may belong there; the rule decides."""
    many = sa.or_(tickets.c.overdue >= OVERDUE, tickets.c.reworks >= REWORKS, tickets.c.supporters >= REPORTERS - 1)
    never = ~sa.exists().where(supervised.c.ticket == tickets.c.number)
    stmt = sa.select(tickets.c.number).where(tickets.c.state.in_(list(OPEN)), many, never)
    return [row.number for row in await tx.rows(stmt.order_by(tickets.c.number).limit(200))]


async def put_on(tx: WriteTx, case: Case) -> bool:
    """挂牌; False when it stands there already. What was struck off may be listed again."""
    if await tx.execute(tx.insert_ignoring(supervised).values(**_columns(case))) == 1:
        return True
    again = (supervised.c.ticket == case.ticket, supervised.c.state == State.STRUCK)
    return await tx.execute(sa.update(supervised).where(*again).values(**_columns(case))) == 1


async def of_ticket(tx: ReadTx, number: int) -> Case | None:
    """The case of a ticket, listed or struck off."""
    row = await tx.one(sa.select(supervised).where(supervised.c.ticket == number))
    return None if row is None else _case(row)


async def listed(tx: ReadTx, *grid_ids: int) -> list[Case]:
    """What stands on the list in these grids, the one due first on top."""
    return await select(tx, supervised.c.state == State.LISTED, supervised.c.grid_id.in_(grid_ids))


async def due(tx: ReadTx, today: date) -> list[Case]:
    """Listed cases whose next word is due and of which nobody has been reminded on this day."""
    quiet = sa.or_(supervised.c.reminded_on.is_(None), supervised.c.reminded_on < today)
    return await select(tx, supervised.c.state == State.LISTED, supervised.c.next_update_on <= today, quiet)


async def select(tx: ReadTx, *where: sa.ColumnElement[bool]) -> list[Case]:
    """Cases by any condition on ``tables.supervised``, the one due first on top."""
    stmt = sa.select(supervised).where(*where).order_by(supervised.c.due_on, supervised.c.ticket)
    return [_case(row) for row in await tx.rows(stmt)]


async def save(tx: WriteTx, before: Case, after: Case) -> bool:
    """Write what changed; False when somebody else was faster, and then nothing is written."""
    same = (supervised.c.ticket == before.ticket, supervised.c.version == before.version)
    values = {**_columns(after), "version": before.version + 1}
    return await tx.execute(sa.update(supervised).where(*same).values(**values)) == 1


def _columns(case: Case) -> dict[str, Any]:
    return {**{name: getattr(case, name) for name in _SAME}, "reason": case.reason, "state": case.state}


def _case(row: sa.Row[Any]) -> Case:
    fields = row._mapping
    return Case(**{name: fields[name] for name in _SAME}, reason=Reason(row.reason), state=State(row.state))
