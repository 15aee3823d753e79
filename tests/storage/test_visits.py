"""Visits on both engines: numbers of days become cadences, two processes ring once, an emergency leaves only its counts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic import command

from domain.calendar import Calendar
from domain.outgoing import Kind as Said
from domain.visit import Outcome, State
from domain.visit_round import KEPT, Kind, Stage
from handlers.context import Context, Policy
from handlers.visit_reminders import remind_visits, ring
from storage import knocks, retention, rounds, schema, visits
from storage.database import Database
from storage.tables import outbox as outbox_table
from storage.visit_tables import occurrences, visit_asks, visit_plans, visit_rounds
from storage.visit_tables import visits as visit_table
from tests.community import STAFF, give_visits, settle
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

ZONE = Calendar(ZoneInfo("Asia/Shanghai"), lambda _: True)
DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, busy_seconds=5)
    try:
        await schema.migrate(found)
        yield found
    finally:
        await found.close()


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear.load()


def context(ear: Ear, now: datetime = NOW) -> Context:
    return Context(now, Sentences.load(), Policy(), ZONE, ear, load_categories())


async def rows(database: Database, stmt: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    async with database.read() as tx:
        return await tx.rows(stmt)


async def households(database: Database) -> None:
    await settle(database, "web", "web", {name: f"c{n}" for n, name in enumerate(STAFF)}, None)
    doors = [["3栋2单元501", "solo_elder", "老李", "吴姐"], ["2栋1单元301", "hardship", "老周"]]
    await give_visits(database, DAY, doors)


async def test_two_processes_ring_once(database: Database, ear: Ear) -> None:
    await households(database)

    async def one_pass() -> None:
        async with database.write("pass") as tx:
            await remind_visits(context(ear), tx)

    await asyncio.gather(one_pass(), one_pass(), one_pass())
    await one_pass()
    assert [row.key for row in await rows(database, sa.select(outbox_table).order_by(outbox_table.c.key))] == [
        "visit:1:0:1:2",
        "visit:2:0:1:3",
    ]


async def test_a_pass_costs_the_same_however_many_households_sleep(database: Database, ear: Ear) -> None:
    """Nothing is due: three looks, whatever stands in the tables."""
    await households(database)
    async with database.write("first") as tx:
        await remind_visits(context(ear), tx)
    counted = 0

    def count(*_: object) -> None:
        nonlocal counted
        counted += 1

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        async with database.write("second") as tx:
            await tx.execute(sa.update(outbox_table).values(state="sent"))
            counted = 0
            await remind_visits(context(ear), tx)
            assert counted == 3
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)


async def test_what_an_emergency_leaves(database: Database, ear: Ear) -> None:
    await households(database)
    async with database.write("round") as tx:
        number = await rounds.draft(tx, 3, 1, Kind.EMERGENCY, "", ends_at=NOW + timedelta(hours=24), now=NOW)
        found = await rounds.get(tx, number)
        assert found is not None
        assert await rounds.move(tx, found, Stage.OPEN, asked=2)
        for plan in await visits.plans_of_grid(tx, 3):
            visits.add(tx, plan, f"rnd:{number}", found.window(DAY, ZONE), round_id=number)
        seen = await visits.of_round(tx, number)
        await ring(context(ear), tx, seen, at_once=True, urgent=True)
        visits.record(tx, seen[0].id, 2, Outcome.OK, visited_on=DAY, at=NOW, note="x")
    async with database.write("end") as tx:
        found = await rounds.get(tx, number)
        assert found is not None
        assert await rounds.move(tx, found, Stage.ENDED, answered=1, ends_at=NOW)
        assert not await rounds.move(tx, found, Stage.ENDED)  # another process was faster
        await tx.execute(sa.update(outbox_table).values(state="sent"))
    async with database.write("early") as tx:
        await retention.forget(tx, NOW + KEPT)
    assert len(await rows(database, sa.select(occurrences))) == 2
    async with database.write("late") as tx:
        await retention.forget(tx, NOW + KEPT + timedelta(minutes=1))
    for table in (occurrences, visit_asks, visit_table, outbox_table):
        assert await rows(database, sa.select(table)) == [], table.name
    kept = (await rows(database, sa.select(visit_rounds)))[0]
    assert (kept.asked, kept.answered, kept.erased_at is not None) == (2, 1, True)
    assert len(await rows(database, sa.select(visit_plans))) == 2


async def test_numbers_of_days_become_cadences(database_url: str) -> None:
    database = Database(database_url)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(lambda c: command.upgrade(schema._config(c), "0001"))
        async with database.engine.begin() as connection:
            await connection.run_sync(_old_data)
        await schema.migrate(database)
        plans = await rows(database, sa.select(visit_plans).order_by(visit_plans.c.id))
        assert [row.cadence for row in plans] == ["week", "month", "quarter", "14d", "365d"]
        assert [row.next_on for row in plans][:2] == [date(2026, 11, 21), date(2026, 11, 6)]
        assert all(row.next_on is not None and row.paused == "" for row in plans)
        async with database.read() as tx:
            month, week = await visits.some(tx, [1, 2])
            assert [a.key for a in await visits.asked_of(tx, [1])] == ["visit:1:0:0:7", "visit:1:0:1:7"]
            assert await knocks.of(tx, 1) == []
        assert (week.rung, week.wakes_on, week.window.to_on) == (3, date(2026, 11, 22), date(2026, 11, 21))
        assert (month.state, month.wakes_on, month.due_on) == (State.DONE, None, date(2026, 11, 5))
        assert await schema.differs(database) == []
    finally:
        await database.close()


def _old_data(connection: sa.Connection) -> None:
    """A grid with five households as a former version kept them."""
    old = sa.MetaData()
    old.reflect(connection, only=["areas", "members", "visit_plans", "occurrences", "outbox"])

    def put(table: str, **values: object) -> None:
        connection.execute(sa.insert(old.tables[table]).values(**values))

    put("areas", id=1, kind="grid", code="G", name="G")
    put("members", id=7, area_id=1, role="volunteer", name="x", capacity=1, active=1)
    for number, days in enumerate((7, 30, 92, 14, 365), 1):
        put("areas", id=10 + number, kind="household", code=f"H{number}", name="H", parent_id=1, grid_id=1)
        put(
            "visit_plans", id=number, grid_id=1, household_id=10 + number, category="honor", every_days=days,
            starts_on="2026-11-06", consent_on="2026-01-01", active=1,
        )  # fmt: skip
    due = {"grid_id": 1, "revision": 0}
    put("occurrences", id=1, plan_id=1, period="2026-W47", due_on="2026-11-20", state="open", rung=2, **due)
    put("occurrences", id=2, plan_id=2, period="2026-11", due_on="2026-11-05", state="done", rung=1, **due)
    for key in ("visit:1:0:0:7", "visit:1:0:1:7", "visit:2:0:0:7", "visit:missed:1:1:7", "reply:visit:a:b:c:d"):
        put(
            "outbox", key=key, channel="web", bot="web", chat_id="c", op="send", kind=Said.REMINDER, priority=3, night=0,
            body="{}", created_at="2026", not_before="2026", state="sent", attempt=1, resent=0,
        )  # fmt: skip
