"""Rounds of visits, and how those of an emergency are forgotten."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.visit_round import KEPT, Kind, Round, Stage
from storage.database import ReadTx, WriteTx
from storage.tables import outbox
from storage.visit_tables import occurrences, visit_asks, visit_knocks, visit_rounds, visits


async def draft(
    tx: WriteTx, grid_id: int, author_id: int, kind: Kind, category: str, *, ends_at: datetime, now: datetime
) -> int:
    """A round that has not begun; its number."""
    row = {
        "grid_id": grid_id,
        "author_id": author_id,
        "kind": kind,
        "category": category,
        "state": Stage.DRAFT,
        "created_at": now,
        "ends_at": ends_at,
        "asked": 0,
        "answered": 0,
    }
    await tx.flush()
    return int(await tx.value(sa.insert(visit_rounds).values(**row).returning(visit_rounds.c.id)))


async def get(tx: ReadTx, number: int) -> Round | None:
    """A round by its number."""
    row = await tx.one(sa.select(visit_rounds).where(visit_rounds.c.id == number))
    return None if row is None else _round(row)


async def open_in(tx: ReadTx, grid_id: int) -> list[Round]:
    """What is going on in a grid."""
    here = (visit_rounds.c.grid_id == grid_id, visit_rounds.c.state == Stage.OPEN)
    return [_round(row) for row in await tx.rows(sa.select(visit_rounds).where(*here).order_by(visit_rounds.c.id))]


async def over(tx: WriteTx, now: datetime) -> list[Round]:
    """Open ones whose time is up. Locked, so that another process leaves them alone."""
    due = (visit_rounds.c.state == Stage.OPEN, visit_rounds.c.ends_at <= now)
    stmt = sa.select(visit_rounds).where(*due).order_by(visit_rounds.c.id)
    return [_round(row) for row in await tx.rows(stmt.with_for_update(skip_locked=True))]


async def move(tx: WriteTx, found: Round, stage: Stage, **values: object) -> bool:
    """Another stage; False when somebody else was faster."""
    mine = (visit_rounds.c.id == found.id, visit_rounds.c.state == found.stage)
    return await tx.execute(sa.update(visit_rounds).where(*mine).values(state=stage, **values)) == 1


async def forget(tx: WriteTx, now: datetime) -> None:
    """Destroy who was visited in an emergency that is over, and what was said to whom; the counts stay."""
    old = (
        visit_rounds.c.kind == Kind.EMERGENCY,
        visit_rounds.c.state == Stage.ENDED,
        visit_rounds.c.erased_at.is_(None),
    )
    stmt = sa.select(visit_rounds.c.id).where(*old, visit_rounds.c.ends_at < now - KEPT)
    ids = [row.id for row in await tx.rows(stmt)]
    if not ids:
        return
    numbers = sa.select(occurrences.c.id).where(occurrences.c.round_id.in_(ids))
    keys = sa.select(visit_asks.c.key).where(visit_asks.c.occurrence_id.in_(numbers))
    told = [outbox.c.key.startswith(f"round_over:{number}:") for number in ids]
    told += [outbox.c.key.startswith(f"visit:{row.id}:") for row in await tx.rows(numbers)]
    await tx.execute(sa.delete(outbox).where(sa.or_(outbox.c.key.in_(keys), outbox.c.replaces.in_(keys), *told)))
    for table in (visit_asks, visit_knocks, visits):
        await tx.execute(sa.delete(table).where(table.c.occurrence_id.in_(numbers)))
    await tx.execute(sa.delete(occurrences).where(occurrences.c.round_id.in_(ids)))
    await tx.execute(sa.update(visit_rounds).where(visit_rounds.c.id.in_(ids)).values(erased_at=now))


def _round(row: sa.Row[Any]) -> Round:
    return Round(
        row.id,
        row.grid_id,
        row.author_id,
        Kind(row.kind),
        row.category,
        Stage(row.state),
        row.ends_at,
        row.asked,
        row.answered,
    )
