"""What members set about themselves and exchange, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from domain.place import Place
from domain.roster import AreaKind, AvoidReason, Duty, Pairing, PairRole
from domain.swap import SwapState
from storage import grids, people, schema, swaps
from storage.database import Database
from storage.tables import pairings
from tests.community import SINCE, Community, settle

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
TODAY = date(2026, 11, 20)
GRID = Community().grid_id


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url)
    try:
        await schema.migrate(found)
        await settle(found, "web", "web", {}, None)
        if not found.is_sqlite:  # the sample community brings its own ids
            async with found.write("ids") as tx:
                for table in ("areas", "pairings"):
                    await tx.execute(sa.text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1000)"))
        yield found
    finally:
        await found.close()


async def test_what_a_member_says_is_what_the_grid_knows(database: Database) -> None:
    async with database.write("say") as tx:
        await people.set_skills(tx, 2, ["law", "medical", "law"])
        await people.set_duty(tx, 2, [Duty(0, 540, 720), Duty(6, 0, 60)])
        await people.set_week_cap(tx, 2, 3)
        grid = await grids.by_id(tx, GRID)
        home = await people.area_of(tx, grid, Place("3栋", "2单元", "501"))
        assert home is not None
        await people.avoid(tx, 2, home, AvoidReason.OWN)
        await people.avoid(tx, 2, home, AvoidReason.RELATIVE)
    async with database.read() as tx:
        grid = await grids.by_id(tx, GRID)
    member = grid.members[2]
    assert (member.skills, member.week_cap) == (frozenset({"law", "medical"}), 3)
    assert member.duty == (Duty(0, 540, 720), Duty(6, 0, 60))
    assert [(a.member_id, a.reason) for a in grid.avoids] == [(2, AvoidReason.RELATIVE)]
    assert [a.kind for a in grid.above_of(home)] == [
        AreaKind.HOUSEHOLD,
        AreaKind.STAIR,
        AreaKind.BUILDING,
        AreaKind.GRID,
    ]
    async with database.write("unsay") as tx:
        await people.set_skills(tx, 2, [])
        await people.set_duty(tx, 2, [])
        assert [await people.stop_avoiding(tx, 2, home), await people.stop_avoiding(tx, 2, home)] == [True, False]
        grid = await grids.by_id(tx, GRID)
    assert (grid.members[2].skills, grid.members[2].duty, grid.avoids) == (frozenset(), (), ())


async def test_a_place_is_found_or_refused_and_a_household_made_once(database: Database) -> None:
    async with database.write("places") as tx:
        grid = await grids.by_id(tx, GRID)
        once = await people.area_of(tx, grid, Place("3栋", "2单元", "501"))
        grid = await grids.by_id(tx, GRID)
        assert await people.area_of(tx, grid, Place("3栋", "2单元", "501")) == once
        found = [
            await people.area_of(tx, grid, place)
            for place in (Place("3栋"), Place("3栋", "2单元"), Place("3栋", "9单元"), Place("3栋", "9单元", "501"), Place("9栋"), Place())
        ]  # fmt: skip
    assert [i is not None for i in found] == [True, True, False, False, False, False]


async def test_an_exchange_is_agreed_once_and_leaves_its_history(database: Database) -> None:
    async with database.write("ask") as tx:
        number = await swaps.ask(tx, GRID, 2, 3, [6], [5], NOW)
        assert [s.number for s in await swaps.asked_of(tx, 3)] == [number]
        assert [s.gives for s in await swaps.asked_by(tx, 2)] == [(6,)]

    async def agree() -> bool:
        async with database.write("agree") as tx:
            if not await swaps.settle(tx, number, SwapState.AGREED):
                return False
            closed = [Pairing(6, 2, PairRole.FIRST, SINCE), Pairing(5, 3, PairRole.FIRST, SINCE)]
            opened = [Pairing(6, 3, PairRole.FIRST, TODAY), Pairing(5, 2, PairRole.FIRST, TODAY)]
            await swaps.exchange(tx, closed, opened, TODAY)
            return True

    assert sorted(await asyncio.gather(agree(), agree(), agree())) == [False, False, True]
    async with database.read() as look:
        rows = await look.rows(sa.select(pairings).where(pairings.c.area_id.in_([5, 6])).order_by(pairings.c.id))
    assert [(r.area_id, r.member_id, r.to_on) for r in rows if r.role == PairRole.FIRST] == [
        (6, 2, TODAY),
        (5, 3, TODAY),
        (6, 3, None),
        (5, 2, None),
    ]
    with pytest.raises(RuntimeError):
        async with database.write("again") as tx:
            await swaps.exchange(tx, [Pairing(6, 2, PairRole.FIRST, SINCE)], [], TODAY)
