"""Grids in memory, on both engines: many are read together, and each is what it would be alone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from domain.roster import AvoidReason, Grid
from storage import grids, leaves, people, schema
from storage.database import Database
from storage.tables import areas, members
from tests.simulate.district import Size, build

TODAY = date(2026, 11, 20)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Six grids, three of them below a community whose secretary is on leave, as is a volunteer."""
    found = Database(database_url, busy_seconds=5)
    try:
        await schema.migrate(found)
        await build(found, Size(6, 36, 12), TODAY, 1)
        async with found.write("above") as tx:
            tx.add(areas, {"id": 1001, "kind": "street", "code": "J", "name": "示范街道"})
            tx.add(areas, {"id": 1002, "parent_id": 1001, "kind": "community", "code": "S", "name": "示范社区"})
            for number, area, role in ((1001, 1001, "street"), (1002, 1002, "secretary")):
                row = {"id": number, "area_id": area, "role": role, "name": f"成员{number}", "capacity": 0}
                tx.add(members, {**row, "active": True})
            await tx.execute(sa.update(areas).where(areas.c.id.in_([1, 2, 3])).values(parent_id=1002))
            for member in (1002, 2):
                await leaves.add(tx, member, datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))
            await people.avoid(tx, 3, 1, AvoidReason.OWN)
        yield found
    finally:
        await found.close()


async def _forget(database: Database) -> None:
    async with database.write("forget") as tx:
        await grids.changed(tx)


async def _alone(database: Database, number: int) -> Grid:
    await _forget(database)
    async with database.read() as tx:
        return await grids.by_id(tx, number)


async def test_grids_read_together_are_what_each_is_alone(database: Database) -> None:
    alone = [await _alone(database, number) for number in range(1, 7)]
    await _forget(database)
    async with database.read() as tx:
        await grids.load(tx, range(1, 7))
        assert [await grids.by_id(tx, number) for number in range(1, 7)] == alone
    assert [[m.id for m in grid.above] for grid in alone] == [[1002, 1001]] * 3 + [[]] * 3
    assert [len(grid.leaves) for grid in alone] == [2, 1, 1, 0, 0, 0]
    assert [len(grid.avoids) for grid in alone] == [1, 0, 0, 0, 0, 0]
    assert {len(grid.members) for grid in alone} == {3}


async def test_many_grids_take_as_many_statements_as_one(database: Database) -> None:
    counts = []
    for wanted in ([1], [1, 2, 3, 4, 5, 6]):
        await _forget(database)
        async with database.read() as tx:
            said: list[str] = []

            def heard(*args: object, said: list[str] = said) -> None:
                said.append(str(args[2]))

            engine = tx.conn.engine.sync_engine
            sa.event.listen(engine, "before_cursor_execute", heard)
            await grids.load(tx, wanted)
            sa.event.remove(engine, "before_cursor_execute", heard)
            counts.append(len(said))
    assert counts[0] == counts[1] > 5


async def test_a_grid_that_is_not_there(database: Database) -> None:
    async with database.read() as tx:
        with pytest.raises(LookupError, match="99"):
            await grids.load(tx, [1, 99])
