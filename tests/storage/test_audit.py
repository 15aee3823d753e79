"""The audit log: a chain that nobody can change unseen, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from storage import audit, schema
from storage.audit import Act
from storage.audit_tables import audit as rows
from storage.database import Database, WriteTx
from storage.tables import counters

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, busy_seconds=20)
    await schema.migrate(found)
    yield found
    await found.close()


async def _note(database: Database, times: int, at: datetime = NOW) -> None:
    for number in range(times):
        async with database.write("act") as tx:
            await audit.note(tx, at, Act.EXPORT, audit.member(1), f"{number}")


async def _verify(database: Database) -> audit.Verified:
    async with database.read() as tx:
        return await audit.verify(tx)


async def _unguarded(tx: WriteTx) -> None:
    """What somebody with the keys to the database can do all the same."""
    names = ("audit_no_update", "audit_no_delete") if tx.is_sqlite else ("audit_kept",)
    for name in names:
        await tx.execute(sa.text(f"DROP TRIGGER {name}" + ("" if tx.is_sqlite else " ON audit")))


async def test_the_chain_does_not_fork_whoever_writes(database: Database) -> None:
    await asyncio.gather(*(_note(database, 15) for _ in range(4)))
    found = await _verify(database)
    assert (found.rows, found.last, found.broken) == (60, 60, None)
    async with database.read() as tx:
        assert await tx.value(sa.select(sa.func.count(rows.c.previous.distinct()))) == 60


async def test_an_act_that_is_undone_leaves_no_row_and_no_gap(database: Database) -> None:
    async def undone() -> None:
        async with database.write("act") as tx:
            await audit.note(tx, NOW, Act.EXPORT, audit.PROGRAM)
            await tx.flush()
            raise RuntimeError

    await _note(database, 2)
    with pytest.raises(RuntimeError):
        await undone()
    async with database.write("two") as tx:
        await audit.note(tx, NOW, Act.IMPORT, audit.PROGRAM)
        await audit.note(tx, NOW, Act.KEYS, audit.PROGRAM)
    found = await _verify(database)
    assert (found.rows, found.broken) == (4, None)


@pytest.mark.parametrize("sql", ["UPDATE audit SET ref = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 3"])
async def test_the_database_refuses(database: Database, sql: str) -> None:
    async def change() -> None:
        async with database.write("change") as tx:
            await tx.execute(sa.text(sql))

    await _note(database, 3)
    with pytest.raises(sa.exc.IntegrityError):
        await change()
    assert (await _verify(database)).rows == 3


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("UPDATE audit SET ref = 'x' WHERE id = 4", 4),
        ("UPDATE audit SET actor = 'member:2' WHERE id = 1", 1),
        ("UPDATE audit SET previous = hash WHERE id = 7", 7),
        ("DELETE FROM audit WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id <= 5", 6),
        ("DELETE FROM audit WHERE id = 9", 9),
        ("DELETE FROM audit", 1),
    ],
)
async def test_the_first_broken_row_is_named(database: Database, sql: str, broken: int) -> None:
    await _note(database, 9)
    assert (await _verify(database)).broken is None
    async with database.write("break") as tx:
        await _unguarded(tx)
        await tx.execute(sa.text(sql))
    assert (await _verify(database)).broken == broken


async def test_after_three_years_the_front_goes_and_the_rest_holds(database: Database) -> None:
    await _note(database, 4)
    await _note(database, 3, NOW + timedelta(days=400))
    for days, left in ((1096, 7), (1097, 4), (1098, 4), (1600, 2)):
        async with database.write("forget") as tx:
            await audit.forget(tx, NOW + timedelta(days=days))
        found = await _verify(database)
        assert (found.rows, found.broken) == (left, None), days
    await _note(database, 2, NOW + timedelta(days=1601))
    assert (await _verify(database)).broken is None
    async with database.read() as tx:
        assert await tx.value(sa.select(counters.c.value).where(counters.c.name == "audit")) == 11
