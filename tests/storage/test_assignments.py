"""What a proposal is made from and what applying it leaves behind, on both engines."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from alembic import command

from domain.assignment import VERSION, solve
from domain.place import Place
from domain.roster import Grid, PairRole
from domain.suggestion import Ask, Preset, Step, Suggestion, avoided, fingerprint, suggest, terms_of
from storage import assignments, grids, schema
from storage.assignments import Run
from storage.database import Database
from storage.tables import assignment_runs, members, pairings
from storage.visit_tables import visit_plans
from tests.community import SINCE, Community, give_visits, settle

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
TODAY = date(2026, 11, 20)
CHATS = {name: f"{n}" for n, name in enumerate(("小陈", "老李", "老周", "小马", "吴姐"), 1)}
HOMES = [
    ("3栋2单元501", "solo_elder", "老李", "吴姐"),
    ("3栋2单元502", "solo_elder", "老李"),
    ("3栋1单元101", "hardship", "小陈"),
    ("1栋1单元101", "hardship"),
]
RUN = Run({"preset": "fair"}, "2026Q4", VERSION, "小陈", NOW)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, busy_seconds=1)
    try:
        await schema.migrate(found)
        await settle(found, "web", "web", CHATS, "g")
        await give_visits(found, SINCE, HOMES)
        yield found
    finally:
        await found.close()


async def look(database: Database, *, visited: bool = True) -> tuple[Grid, Ask]:
    async with database.read() as tx:
        grid = await grids.by_id(tx, Community().grid_id)
        homes = await assignments.homes(tx, grid, visited=visited)
        return grid, Ask(homes, terms_of(Preset.FAIR, TODAY, keep=False), TODAY, avoided(grid, homes))


async def propose(database: Database, avoid: frozenset[tuple[int, int]] = frozenset()) -> Suggestion:
    grid, ask = await look(database)
    return suggest(grid, replace(ask, avoid=avoid), solve)


async def apply(database: Database, found: Suggestion) -> int:
    async with database.write("suggest") as tx:
        return await assignments.apply(tx, found, RUN, TODAY)


async def test_the_question_holds_every_household_or_the_visited_ones(database: Database) -> None:
    async with database.write("less") as tx:
        await tx.execute(sa.update(visit_plans).where(visit_plans.c.household_id == 103).values(active=False))
    assert (await look(database))[1].homes == {100, 101, 102}
    assert (await look(database, visited=False))[1].homes == {100, 101, 102, 103}


async def test_households_looked_after_from_outside_the_grid_are_left_alone(database: Database) -> None:
    """The secretary belongs to the area above; no proposal reaches beyond its grid."""
    async with database.write("above") as tx:
        row = {"area_id": 103, "member_id": Community().members["何书记"], "role": "first", "from_on": SINCE}
        tx.add(pairings, row)
        await grids.changed(tx)
    assert (await look(database))[1].homes == {100, 101, 102}


async def test_rows_are_closed_and_opened_and_never_changed(database: Database) -> None:
    async with database.read() as tx:
        before = {row.id: row for row in await tx.rows(sa.select(pairings))}
    must_not = (Community().members["老李"], 100)
    found = await propose(database, frozenset({must_not}))
    number = await apply(database, found)
    async with database.read() as tx:
        after = {row.id: row for row in await tx.rows(sa.select(pairings))}
        run = await tx.one(sa.select(assignment_runs).where(assignment_runs.c.id == number))
    closed = {(c.household, c.was) for c in found.changes if c.closes}
    assert must_not[::-1] in closed
    for row in before.values():
        ends = TODAY if (row.area_id, row.member_id) in closed else None
        assert after[row.id]._asdict() == {**row._asdict(), "to_on": ends}
    fresh = {(r.area_id, r.role, r.member_id, r.from_on, r.run_id) for i, r in after.items() if i not in before}
    steps = (Step.MOVED, Step.NEW)
    assert fresh == {(c.household, c.role, c.member, TODAY, number) for c in found.changes if c.step in steps}
    assert run is not None
    assert (run.grid_id, run.input_hash, run.objective) == (found.grid_id, found.fingerprint, found.objective)
    assert (run.params, run.epoch, run.solver_version, run.applied_by, run.at) == (
        RUN.params,
        RUN.epoch,
        VERSION,
        "小陈",
        NOW,
    )


async def test_the_next_ticket_asks_whom_the_proposal_named(database: Database) -> None:
    found = await propose(database)
    (new,) = [c for c in found.changes if c.household == 103 and c.role is PairRole.FIRST]
    await apply(database, found)
    grid, ask = await look(database)
    place = Place("1栋", "1单元", "101")
    assert grid.candidates(place, NOW, TODAY, load={}, seed="1")[0].member.id == new.member
    assert fingerprint(grid, ask) != found.fingerprint


async def test_an_error_leaves_no_half_of_a_proposal(database: Database) -> None:
    found = await propose(database)
    twice = replace(found, changes=(*found.changes, *(c for c in found.changes if c.step is Step.NEW)))
    with pytest.raises(sa.exc.IntegrityError):
        await apply(database, twice)
    async with database.read() as tx:
        assert await tx.rows(sa.select(assignment_runs)) == []
        assert await tx.rows(sa.select(pairings.c.id).where(pairings.c.from_on == TODAY)) == []


async def test_who_has_left_is_not_proposed(database: Database) -> None:
    async with database.write("leaves") as tx:
        await tx.execute(sa.update(members).where(members.c.name == "老李").values(active=False))
        await grids.changed(tx)
    found = await propose(database)
    gone = Community().members["老李"]
    moved = {c.household for c in found.changes if c.was == gone and c.step is Step.MOVED and c.closes}
    assert moved == {100, 101}
    assert all(c.member != gone for c in found.changes)


async def test_pairings_of_an_older_database_are_kept(database_url: str) -> None:
    found = Database(database_url)
    try:
        async with found.engine.begin() as connection:
            await connection.run_sync(lambda conn: command.upgrade(schema._config(conn), "0001"))
            for text in (
                "INSERT INTO areas (id, kind, code, name) VALUES (1, 'grid', 'G01', 'x')",
                "INSERT INTO members (id, area_id, role, name, capacity, active) VALUES (1, 1, 'volunteer', 'y', 8, 1)",
                "INSERT INTO pairings (id, area_id, member_id, role, from_on) VALUES (1, 1, 1, 'first', '2026-01-01')",
            ):
                await connection.execute(sa.text(text))
        await schema.migrate(found)
        async with found.read() as tx:
            (row,) = await tx.rows(sa.select(pairings))
        assert (row.area_id, row.from_on, row.source, row.run_id, row.reason) == (1, SINCE, None, None, None)
    finally:
        await found.close()
