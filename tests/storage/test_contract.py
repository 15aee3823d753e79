"""One contract, two engines: what the program relies on, on real SQLite and real PostgreSQL."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from domain.incoming import Chat
from domain.outgoing import Kind, SendState
from storage import conversation, grids, outbox, schema
from storage.database import Database, StorageFault
from storage.tables import counters, metadata
from storage.tables import outbox as outbox_table
from tests.community import settle

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
CHAT = Chat("web", "web", "g")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, busy_seconds=1)
    try:
        await schema.migrate(found)
        yield found
    finally:
        await found.close()


async def _value(database: Database, name: str) -> int:
    async with database.read() as tx:
        return int(await tx.value(sa.select(counters.c.value).where(counters.c.name == name)))


async def test_migrated_schema_is_the_schema_of_the_program(database: Database) -> None:
    assert await schema.differs(database) == []
    assert await schema.is_current(database)
    await schema.migrate(database)
    assert await schema.is_current(database)


async def test_a_newer_database_is_left_alone(database: Database) -> None:
    async with database.write("newer") as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.NewerDatabase):
        await schema.migrate(database)
    with pytest.raises(schema.NewerDatabase):
        await schema.is_current(database)


async def test_an_error_undoes_the_whole_transaction(database: Database) -> None:
    async def broken() -> None:
        async with database.write("broken") as tx:
            await tx.next_number("ticket")
            tx.add(counters, {"name": "x", "value": 1})
            await tx.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await broken()
    assert await _value(database, "ticket") == 0
    async with database.read() as tx:
        assert await tx.value(sa.select(sa.func.count()).select_from(counters)) == 3


async def test_two_counters_in_one_transaction(database: Database) -> None:
    async with database.write("count") as tx:
        assert [await tx.next_number(name) for name in ("ticket", "audit", "ticket")] == [1, 1, 2]
    assert [await _value(database, name) for name in ("ticket", "audit")] == [2, 1]


async def test_numbers_have_no_gaps_whoever_counts(database: Database) -> None:
    async def count() -> list[int]:
        found = []
        for _ in range(10):
            async with database.write("count") as tx:
                found += [await tx.next_number("ticket"), await tx.next_number("ticket")]
        return found

    numbers = await asyncio.gather(count(), count(), count())
    assert sorted(n for part in numbers for n in part) == list(range(1, 61))


async def test_rows_of_different_columns_are_all_kept(database: Database) -> None:
    async with database.write("rows") as tx:
        tx.add(counters, {"name": "a", "value": 1})
        tx.add(counters, {"name": "a", "value": 2}, or_ignore=True)
        tx.put(counters, {"name": "b", "value": 3})
        tx.put(counters, {"name": "b", "value": 4})
        row = tx.add(counters, {"name": "c", "value": 5})
        row["value"] = 6
    assert [await _value(database, name) for name in "abc"] == [1, 4, 6]


async def test_a_unique_key_that_exists_is_an_integrity_error(database: Database) -> None:
    async def again() -> None:
        async with database.write("again") as tx:
            tx.add(counters, {"name": "ticket", "value": 1})

    with pytest.raises(sa.exc.IntegrityError):
        await again()
    assert await _value(database, "ticket") == 0


async def test_cancelled_at_any_moment_leaves_no_lock_and_no_half_transaction(database: Database) -> None:
    """Found by a demo that was stopped in the middle of a write: nothing could be written any more."""
    chance = random.Random(1)

    async def work() -> None:
        while True:
            async with database.write("work") as tx:
                number = await tx.next_number("ticket")
                tx.add(counters, {"name": f"n{number}", "value": number})
                await tx.execute(sa.update(counters).where(counters.c.name == "roster").values(value=number))

    for _ in range(60):
        task = asyncio.ensure_future(work())
        await asyncio.sleep(chance.uniform(0.0005, 0.01))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        async with database.write("check") as tx:
            last = await tx.value(sa.select(counters.c.value).where(counters.c.name == "ticket"))
            assert await tx.value(sa.select(sa.func.count()).select_from(counters)) == last + 3


async def test_grids_are_read_again_after_a_change(database: Database) -> None:
    await settle(database, "web", "web", {"小陈": "chen"}, "g")
    async with database.read() as tx:
        first = await grids.of_group(tx, CHAT)
    async with database.read() as tx:
        assert await grids.of_group(tx, CHAT) is first
    assert first is not None
    assert [m.name for m in first.leaders()] == ["小陈"]
    assert [m.name for m in first.above] == ["何书记"]
    async with database.write("change") as tx:
        await tx.execute(sa.text("UPDATE members SET name = '小程' WHERE name = '小陈'"))
        await grids.changed(tx)
    async with database.read() as tx:
        again = await grids.of_group(tx, CHAT)
    assert again is not None
    assert [m.name for m in again.leaders()] == ["小程"]


async def _say(database: Database, key: str, kind: Kind = Kind.REPLY) -> None:
    async with database.write("say") as tx:
        outbox.add(tx, key=key, chat=CHAT, kind=kind, body={"text": key}, now=NOW)


async def _state(database: Database, key: str) -> tuple[str, bool]:
    async with database.read() as tx:
        row = await tx.one(sa.select(outbox_table).where(outbox_table.c.key == key))
    assert row is not None
    return row.state, row.resent


async def test_a_message_is_said_once_however_often_it_is_written(database: Database) -> None:
    await _say(database, "once")
    await _say(database, "once")
    async with database.write("claim") as tx:
        rows = await outbox.claim(tx, "me", NOW)
    assert [row.key for row in rows] == ["once"]


async def test_two_pumps_never_share_a_row_or_a_chat(database: Database) -> None:
    for n in range(4):
        await _say(database, f"m{n}")
    async with database.write("claim") as tx:
        mine = await outbox.claim(tx, "me", NOW, limit=2)
    async with database.write("claim") as tx:
        theirs = await outbox.claim(tx, "you", NOW, limit=2)
    assert [r.key for r in mine] == ["m0", "m1"]
    assert theirs == []


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        (Kind.RECEIPT, [("pending", False), ("pending", False), ("pending", False)]),
        (Kind.CARD, [("pending", True), ("unknown", True)]),
        (Kind.NOTICE, [("unknown", False)]),
        (Kind.REMINDER, [("unknown", False)]),
    ],
)
async def test_what_becomes_of_an_unknown_send(database: Database, kind: Kind, states: list[tuple[str, bool]]) -> None:
    """The table of docs/可靠性.md: harmless kinds again, assignments once and marked, broadcasts never."""
    await _say(database, "it", kind)
    for wanted in states:
        async with database.write("claim") as tx:
            (row,) = await outbox.claim(tx, "me", NOW)
        async with database.write("begin") as tx:
            assert await outbox.begin(tx, row, "me", NOW)
        async with database.write("settle") as tx:
            assert await outbox.settle(tx, row, "me", SendState.UNKNOWN, NOW)
        assert await _state(database, "it") == wanted


async def test_a_sender_that_is_gone(database: Database) -> None:
    """Claimed but not begun goes out again; begun is of unknown outcome; a late settle of the old sender changes nothing."""
    await _say(database, "begun", Kind.CARD)
    async with database.write("claim") as tx:
        (row,) = await outbox.claim(tx, "old", NOW)
    async with database.write("begin") as tx:
        await outbox.begin(tx, row, "old", NOW)
    async with database.write("recover") as tx:
        assert await outbox.recover(tx, NOW + timedelta(seconds=30), everything=False) == 0
        assert await outbox.recover(tx, NOW + timedelta(minutes=5), everything=False) == 1
    assert await _state(database, "begun") == ("pending", True)
    async with database.write("late") as tx:
        assert not await outbox.settle(tx, row, "old", SendState.SENT, NOW)


async def test_later_holds_one_chat_only(database: Database) -> None:
    await _say(database, "here")
    async with database.write("other") as tx:
        other = Chat("web", "web", "h")
        outbox.add(tx, key="there", chat=other, kind=Kind.REPLY, body={"text": "x"}, now=NOW)
        await outbox.wait(tx, CHAT, NOW + timedelta(seconds=30))
    async with database.write("claim") as tx:
        assert [r.key for r in await outbox.claim(tx, "me", NOW)] == ["there"]
    async with database.write("claim") as tx:
        assert [r.key for r in await outbox.claim(tx, "me", NOW + timedelta(seconds=31))] == ["here"]


async def test_a_line_is_waited_for_until_it_comes(database: Database) -> None:
    async with database.write("expect") as tx:
        await conversation.expect(tx, CHAT, "wang", "solve", 7, NOW + timedelta(hours=1))
        assert await conversation.expected(tx, CHAT, "wang", NOW) == ("solve", 7)
    async with database.read() as tx:
        assert await conversation.expected(tx, CHAT, "wang", NOW + timedelta(hours=2)) is None
    async with database.write("come") as tx:
        await conversation.stop_expecting(tx, CHAT, "wang")
        assert await conversation.expected(tx, CHAT, "wang", NOW) is None


async def test_the_daily_cap_counts_and_stops(database: Database) -> None:
    async with database.write("count") as tx:
        found = [await conversation.count_today(tx, CHAT, NOW.date(), "asked", 2) for _ in range(3)]
        assert found == [True, True, False]
        assert await conversation.count_today(tx, CHAT, NOW.date(), "noticed", 2)


def test_every_table_that_grows_knows_its_grid_or_its_chat() -> None:
    for table in metadata.sorted_tables:
        names = set(table.c.keys())
        small = {
            "counters",
            "areas",
            "members",
            "leaves",
            "pairings",
            "keyboards",
            "tries",
            "offsets",
            "accounts",
            "visit_feeds",
        }
        small |= {"cover_asks", "avoids", "member_skills", "duty_times"}
        small |= {"audit"}  # one chain for the whole program, read only to be checked
        by_ticket = {"ticket", "occurrence_id", "plan_id"}
        assert table.name in small or names & ({"grid_id", "chat_id"} | by_ticket), table.name


async def test_a_database_that_cannot_be_reached_is_a_storage_fault() -> None:
    database = Database("postgresql://root@127.0.0.1:1/none")
    with pytest.raises(StorageFault):
        async with database.read():
            pass
    await database.close()
