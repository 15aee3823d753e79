"""What the tests of the Telegram face share: a world at ten in the morning, a look into its tables, a locked database."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from storage.tables import dead_letters, outbox, ticket_events, tickets, tries
from tests.community import RESIDENTS
from tests.telegram_house import World, telegram_world

ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=ZONE)
NIGHT = datetime(2026, 11, 20, 22, 30, tzinfo=ZONE)
REQUEST = "3栋1单元的电梯坏了，按了没反应"
OTHER = "2栋1单元的楼道灯不亮了，晚上看不见路"
HALF = "\ud83d"
"""Half an emoji: JSON can carry it, no database takes it. A message with it breaks the handler that must store it."""


@asynccontextmanager
async def morning(url: str, *, at: datetime = MORNING, **options: Any) -> AsyncIterator[World]:
    """The sample community in its group, the program polling."""
    async with telegram_world(url, at=at, residents=RESIDENTS, **options) as world:
        yield world


async def select(world: World, table: sa.Table, *where: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    """Rows of a table, in the order they were written."""
    async with world.home.database.read() as tx:
        return await tx.rows(sa.select(table).where(*where).order_by(*table.primary_key))


async def count(world: World, table: sa.Table = tickets) -> int:
    """How many rows a table has."""
    return len(await select(world, table))


async def outgoing(world: World, *where: sa.ColumnElement[bool]) -> Sequence[sa.Row[Any]]:
    """Rows of the outbox."""
    return await select(world, outbox, *where)


async def traces(world: World) -> tuple[int, int, int, int, int]:
    """How much is on disk of everything that a repeat could double."""
    tables = (tickets, ticket_events, outbox, dead_letters, tries)
    return tuple([await count(world, table) for table in tables])  # type: ignore[return-value]  # five of them


async def hurry(world: World) -> sqlite3.Connection:
    """Let the program wait milliseconds, not seconds, for a lock; and another program's connection that can take it."""
    database = world.home.database
    path = make_url(str(database.url)).database
    assert path is not None

    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=10")
        cursor.close()

    sa.event.listen(database.engine.sync_engine, "connect", connected, insert=True)
    async with database.write("patience") as tx:
        await tx.conn.exec_driver_sql("PRAGMA busy_timeout=10")
    return sqlite3.connect(path, isolation_level=None)


@asynccontextmanager
async def locked(world: World) -> AsyncIterator[None]:
    """Another program holds the database's write lock and does not let go: no transaction can be written."""
    other = await hurry(world)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


def on_disk(folder: Path) -> bytes:
    """Every byte of the database and of its log."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("*.db*")))


def url_of(folder: Path) -> str:
    """A database of its own for one test."""
    return f"sqlite:///{folder}/telegram.db"
