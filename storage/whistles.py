"""Whistles (吹哨) and the units they call."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.whistle import Answer, Kind, State, Unit, Wanted, Whistle
from storage.clock_tables import whistle_units, whistles
from storage.database import ReadTx, WriteTx
from storage.tables import tickets

_OPEN = (State.ASKED, State.CALLED)


async def blow(
    tx: WriteTx, ticket: int, grid_id: int, by_id: int, wanted: Wanted, asked_at: datetime, remind_at: datetime
) -> Whistle | None:
    """A new whistle that the street has to confirm; None where one is open already."""
    row = {
        "ticket": ticket,
        "grid_id": grid_id,
        "kind": wanted.kind,
        "by_id": by_id,
        "tried": wanted.tried,
        "wanted_on": wanted.wanted_on,
        "state": State.ASKED,
        "asked_at": asked_at,
        "remind_at": remind_at,
    }
    if await tx.execute(tx.insert_ignoring(whistles).values(**row)) != 1:
        return None
    found = await tx.one(sa.select(whistles.c.id).where(whistles.c.ticket == ticket, whistles.c.state.in_(_OPEN)))
    if found is None:
        raise RuntimeError("the whistle just written is not there")
    for unit in wanted.units:
        tx.add(whistle_units, {"whistle_id": found.id, "ticket": ticket, "unit": unit, "answer": "", "mark": ""})
    return await of_ticket(tx, ticket)


async def of_ticket(tx: ReadTx, ticket: int) -> Whistle | None:
    """The newest whistle of a ticket."""
    found = await _select(tx, whistles.c.ticket == ticket)
    return found[-1] if found else None


async def due(tx: ReadTx, now: datetime) -> list[Whistle]:
    """Where somebody has to be asked again, oldest first."""
    return await _select(tx, whistles.c.state.in_(_OPEN), whistles.c.remind_at <= now)


async def save(tx: WriteTx, before: Whistle, after: Whistle, at: datetime) -> bool:
    """Write what changed; False when somebody else was faster, and then nothing is written."""
    same = (whistles.c.id == before.id, whistles.c.state == before.state, whistles.c.remind_at == before.remind_at)
    if before.remind_at is None:
        same = (whistles.c.id == before.id, whistles.c.state == before.state, whistles.c.remind_at.is_(None))
    values = {
        "state": after.state,
        "confirmed_by": after.confirmed_by,
        "confirmed_at": after.confirmed_at,
        "remind_at": after.remind_at,
    }
    if await tx.execute(sa.update(whistles).where(*same).values(**values)) != 1:
        return False
    for old, new in zip(before.units, after.units, strict=True):
        if old != new:
            mine = (whistle_units.c.whistle_id == before.id, whistle_units.c.unit == new.name)
            changed = {"answer": new.answer or "", "answered_at": at, "mark": new.mark or ""}
            await tx.execute(sa.update(whistle_units).where(*mine).values(**changed))
    return True


async def end(tx: WriteTx, ticket: int) -> None:
    """The ticket has come to its end: nobody is wanted any more."""
    mine = (whistles.c.ticket == ticket, whistles.c.state.in_(_OPEN))
    await tx.execute(sa.update(whistles).where(*mine).values(state=State.ENDED, remind_at=None))


async def share(tx: ReadTx, grid_id: int, since: datetime) -> tuple[int, int]:
    """How many tickets of a grid were whistled, of how many that were opened since then."""
    opened = sa.select(tickets.c.number).where(tickets.c.grid_id == grid_id, tickets.c.created_at >= since)
    whistled = sa.select(sa.func.count(sa.distinct(whistles.c.ticket))).where(whistles.c.ticket.in_(opened))
    return int(await tx.value(whistled)), int(await tx.value(sa.select(sa.func.count()).select_from(opened.subquery())))


async def _select(tx: ReadTx, *where: sa.ColumnElement[bool]) -> list[Whistle]:
    rows = await tx.rows(sa.select(whistles).where(*where).order_by(whistles.c.id))
    if not rows:
        return []
    here = whistle_units.c.whistle_id.in_([row.id for row in rows])
    units = await tx.rows(sa.select(whistle_units).where(here).order_by(whistle_units.c.unit))
    return [_whistle(row, [u for u in units if u.whistle_id == row.id]) for row in rows]


def _whistle(row: sa.Row[Any], units: Sequence[sa.Row[Any]]) -> Whistle:
    wanted_on: date = row.wanted_on
    return Whistle(
        id=row.id,
        ticket=row.ticket,
        grid_id=row.grid_id,
        kind=Kind(row.kind),
        by_id=row.by_id,
        tried=row.tried,
        wanted_on=wanted_on,
        units=tuple(
            Unit(u.unit, Answer(u.answer) if u.answer else None, Answer(u.mark) if u.mark else None) for u in units
        ),
        asked_at=row.asked_at,
        state=State(row.state),
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        remind_at=row.remind_at,
    )
