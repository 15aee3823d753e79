"""How far volunteers have come where nobody opened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.knock import Knock
from storage.database import ReadTx, WriteTx
from storage.visit_tables import visit_knocks


async def of(tx: ReadTx, *visits: int) -> list[Knock]:
    """The knocks of these visits."""
    return await _select(tx, sa.select(visit_knocks).where(visit_knocks.c.occurrence_id.in_(visits)))


async def silent(tx: WriteTx, now: datetime) -> list[Knock]:
    """Those the leader has to hear of. Locked, so that another process leaves them alone."""
    stmt = sa.select(visit_knocks).where(visit_knocks.c.tell_at <= now)
    return await _select(tx, stmt.with_for_update(skip_locked=True))


async def save(tx: WriteTx, found: Knock) -> None:
    """The newest word counts; a later try of the same visit takes the place of the former one."""
    row = {
        "occurrence_id": found.visit,
        "member_id": found.member_id,
        "step": found.step,
        "tried_on": found.tried_on,
        "tell_at": found.tell_at,
    }
    await tx.execute(tx.upsert(visit_knocks, row, ["occurrence_id"]))


async def _select(tx: ReadTx, stmt: sa.Select[Any]) -> list[Knock]:
    rows: Sequence[sa.Row[Any]] = await tx.rows(stmt.order_by(visit_knocks.c.occurrence_id))
    return [Knock(row.occurrence_id, row.member_id, row.step, row.tried_on, row.tell_at) for row in rows]
