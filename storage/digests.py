"""Which morning digests have been made."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from domain.roster import AreaKind
from storage.database import ReadTx, WriteTx
from storage.tables import areas, digests


async def owed(tx: ReadTx, today: date, limit: int) -> Sequence[tuple[int, date | None]]:
    """Grids whose digest of today has not been made, and the day of their last one."""
    stmt = sa.select(areas.c.id, digests.c.day).join_from(areas, digests, isouter=True)
    late = (digests.c.day.is_(None)) | (digests.c.day < today)
    rows = await tx.rows(stmt.where(areas.c.kind == AreaKind.GRID, late).order_by(areas.c.id).limit(limit))
    return [(row.id, row.day) for row in rows]


async def done(tx: WriteTx, grid_id: int, today: date) -> None:
    """The digest of today was made, whether there was anything to say or not."""
    await tx.execute(tx.upsert(digests, {"grid_id": grid_id, "day": today}, ["grid_id"]))
