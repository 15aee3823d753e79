"""Every column that is sealed at rest, for when a key is changed. What is sealed passes through here and is never opened."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from storage.database import ReadTx, WriteTx
from storage.visit_tables import visit_plans

COLUMNS: Final[Mapping[sa.Table, tuple[str, ...]]] = {visit_plans: ("person", "contact", "note")}
"""Table and columns; each table is numbered by ``id``."""


async def rows(tx: ReadTx, table: sa.Table, after: int, limit: int) -> Sequence[sa.Row[Any]]:
    """The next rows behind the number ``after``: ``id`` and the sealed columns."""
    columns = [table.c.id, *(table.c[name] for name in COLUMNS[table])]
    return await tx.rows(sa.select(*columns).where(table.c.id > after).order_by(table.c.id).limit(limit))


async def replace(tx: WriteTx, table: sa.Table, number: int, column: str, old: str, new: str) -> None:
    """``new`` where still ``old`` stands: what somebody wrote meanwhile is newer than both."""
    await tx.execute(sa.update(table).where(table.c.id == number, table.c[column] == old).values({column: new}))
