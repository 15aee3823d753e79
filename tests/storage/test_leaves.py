"""Standing in on both engines: however many press at once, one of them does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from domain.cover import CoverState
from storage import leaves, schema
from storage.database import Database
from tests.community import Community, settle

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url)
    try:
        await schema.migrate(found)
        await settle(found, "web", "web", {}, None)
        yield found
    finally:
        await found.close()


async def _asked(database: Database, absent: int, asked: list[int]) -> int:
    async with database.write("ask") as tx:
        number = await leaves.add(tx, absent, NOW, NOW + timedelta(days=3))
        leaves.ask(tx, number, Community().grid_id, NOW)
        leaves.ask_members(tx, number, asked)
    return number


async def test_the_first_who_presses_stands_in(database: Database) -> None:
    number = await _asked(database, 2, [3, 4, 5])

    async def press(member_id: int) -> bool:
        async with database.write("take") as tx:
            return await leaves.take(tx, number, member_id)

    took = dict(zip((3, 4, 5), await asyncio.gather(press(3), press(4), press(5)), strict=True))
    assert sum(took.values()) == 1
    async with database.read() as tx:
        found = await leaves.cover(tx, number)
        assert found is not None
        assert (found.state, took[found.stand_in_id or 0]) == (CoverState.TAKEN, True)
        assert await leaves.open_covers(tx) == []
        assert [c.number for c in await leaves.held_by(tx, found.stand_in_id or 0, NOW, NOW + timedelta(days=1))] == [number]  # fmt: skip


async def test_a_no_is_said_once_and_a_rung_is_rung_once(database: Database) -> None:
    number = await _asked(database, 2, [3, 4])
    async with database.write("no") as tx:
        assert [await leaves.decline(tx, number, 3), await leaves.decline(tx, number, 3)] == [True, False]
        assert await leaves.asked(tx, number) == {3: True, 4: False}
        assert (await leaves.asked_of(tx, 3), [c.number for c in await leaves.asked_of(tx, 4)]) == ([], [number])

    async def ring() -> bool:
        async with database.write("ring") as tx:
            found = await leaves.cover(tx, number)
            assert found is not None
            return found.rung == 0 and await leaves.ring(tx, found, 1, CoverState.ASKED)

    assert sum(await asyncio.gather(ring(), ring(), ring())) == 1


async def test_a_new_leave_ends_the_one_it_reaches_into(database: Database) -> None:
    first = await _asked(database, 2, [3])
    async with database.write("again") as tx:
        await leaves.take(tx, first, 3)
        await leaves.add(tx, 2, NOW + timedelta(days=1), NOW + timedelta(days=9))
        found = await leaves.cover(tx, first)
        assert found is not None
        assert (found.to_at, found.stand_in_id) == (NOW + timedelta(days=1), 3)
        await leaves.ask_anew(tx, found, NOW)
        found = await leaves.cover(tx, first)
        assert found is not None
        assert (found.state, found.stand_in_id, found.turn) == (CoverState.ASKED, None, 1)
        await leaves.close(tx, first)
        assert await leaves.of_absent(tx, 2, NOW) == []
