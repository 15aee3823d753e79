"""What is seen from outside, on both engines: what is late, and what only waits for the morning; who cannot be reached."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from domain import whistle
from domain.incoming import Chat
from domain.outgoing import Kind
from domain.whistle import Wanted
from storage import fitness, outbox, schema, waiting, whistles
from storage.database import Database
from storage.waiting import Late
from tests.community import settle
from tests.storage.test_clock_rows import a_ticket

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
CHAT = Chat("web", "web", "g")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, busy_seconds=1)
    try:
        await schema.migrate(found)
        await settle(found, "web", "web", {"小陈": "c"}, "g")
        yield found
    finally:
        await found.close()


async def test_late_and_held_for_the_morning(database: Database) -> None:
    ticket = await a_ticket(database)
    async with database.write("blow") as tx:
        wanted = Wanted(whistle.Kind.ENFORCEMENT, ("城管",), date(2026, 11, 25), "劝过")
        assert await whistles.blow(tx, ticket.number, 3, 1, wanted, NOW, NOW + timedelta(hours=1))
        on_time, late = NOW + timedelta(minutes=61), NOW + timedelta(minutes=63)
        assert (await waiting.late(tx, on_time, quiet=False))["whistles"] == Late(0, 0)
        assert (await waiting.late(tx, late, quiet=False))["whistles"] == Late(1, 180)
        assert (await waiting.late(tx, late, quiet=True))["whistles"] == Late(0, 0)
        await whistles.end(tx, ticket.number)
        assert (await waiting.late(tx, late, quiet=False))["whistles"] == Late(0, 0)


async def test_messages_by_state_and_kind(database: Database) -> None:
    async with database.write("say") as tx:
        for number, kind in enumerate((Kind.CARD, Kind.CARD, Kind.REPLY)):
            outbox.add(tx, key=f"k{number}", chat=CHAT, kind=kind, body={}, now=NOW)
        assert await waiting.in_outbox(tx) == {("pending", "card"): 2, ("pending", "reply"): 1}
        assert await waiting.in_outbox(tx, since=NOW) == {("pending", "card"): 2, ("pending", "reply"): 1}
        assert await waiting.stuck(tx, NOW + timedelta(minutes=9)) == 0
        assert await waiting.stuck(tx, NOW + timedelta(minutes=11)) == 3
        assert await waiting.set_aside(tx) == 0
        assert await fitness.newest(tx) == NOW


async def test_who_cannot_be_reached(database: Database) -> None:
    assert await fitness.damages(database) == 0
    assert (await fitness.version(database)).split()[0] == ("SQLite" if database.is_sqlite else "PostgreSQL")
    async with database.read() as tx:
        assert list(await fitness.unled(tx)) == []
        assert list(await fitness.without_group(tx)) == []
        assert await fitness.unbound(tx) == 4
