"""Is the database itself well, and does its roster reach anybody: for ``dangxiaoqi doctor``. Looks only."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from domain.roster import AreaKind, Role
from storage.database import Database, ReadTx
from storage.tables import accounts, areas, groups, members, outbox
from storage.types import YES


async def version(database: Database) -> str:
    """Which database this is, in its own words."""
    question = "SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version"
    async with database.read() as tx:
        found = (await tx.conn.exec_driver_sql(question)).scalar_one()
    return f"{'SQLite' if database.is_sqlite else 'PostgreSQL'} {found}"


async def damages(database: Database) -> int:
    """How many faults SQLite finds in its file, 20 at most. PostgreSQL looks after its files itself.

    Raises:
        storage.database.StorageFault: so damaged that it cannot even be looked through.

    """
    if not database.is_sqlite:
        return 0
    async with database.read() as tx:
        whole = (await tx.conn.exec_driver_sql("PRAGMA integrity_check(20)")).scalars().all()
        strays = (await tx.conn.exec_driver_sql("PRAGMA foreign_key_check")).all()
    return len([line for line in whole if line != "ok"]) + len(strays[:20])


def file_of(database: Database) -> Path | None:
    """SQLite's file."""
    name = database.url.database
    return Path(name) if database.is_sqlite and name else None


def log_bytes(file: Path) -> int:
    """How long SQLite's write-ahead log has become."""
    log = file.with_name(f"{file.name}-wal")
    return log.stat().st_size if log.exists() else 0


async def newest(tx: ReadTx) -> datetime | None:
    """When the newest message was written, by the clock of that moment."""
    found: datetime | None = await tx.value(sa.select(outbox.c.created_at).order_by(outbox.c.id.desc()).limit(1))
    return found


async def unled(tx: ReadTx) -> Sequence[str]:
    """Codes of the grids none of whose leaders can be reached in private."""
    bound = sa.exists().where(accounts.c.member_id == members.c.id)
    led = (members.c.area_id == areas.c.id, members.c.role == Role.LEADER, members.c.active == YES)
    return await _grids(tx, ~sa.exists().where(*led, bound))


async def without_group(tx: ReadTx) -> Sequence[str]:
    """Codes of the grids no group of which is registered."""
    return await _grids(tx, ~sa.exists().where(groups.c.grid_id == areas.c.id, groups.c.active == YES))


async def unbound(tx: ReadTx) -> int:
    """How many volunteers have not used their bind code yet."""
    bound = sa.exists().where(accounts.c.member_id == members.c.id)
    stmt = sa.select(sa.func.count()).select_from(members)
    return int(await tx.value(stmt.where(members.c.role == Role.VOLUNTEER, members.c.active == YES, ~bound)))


async def _grids(tx: ReadTx, *where: sa.ColumnElement[bool]) -> Sequence[str]:
    stmt = sa.select(areas.c.code).where(areas.c.kind == AreaKind.GRID, *where).order_by(areas.c.code)
    return [row.code for row in await tx.rows(stmt)]
