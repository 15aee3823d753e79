"""The request path: from a message to everything committed."""

import itertools
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from bot.app import House, house
from bot.config import Config
from bot.telegram.updates import translate
from domain.incoming import Incoming
from storage import grids
from storage.tables import accounts, areas, groups, members, metadata, pairings
from tests.bench.talk import ME, update

SINGLE = 200
BATCH = 100
BATCHES = 6
GROUPS = 20
"""Grids the requests are spread over: a grid has a handful of open tickets at a time, not hundreds."""

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
_FILLED = ("tickets", "ticket_events", "ticket_sources", "invitations", "keyboards", "outbox")


@asynccontextmanager
async def _home(path: Path) -> AsyncIterator[House]:
    """A house with twenty grids, one group and two members of staff each; one message in each has been heard."""
    config = Config.model_validate({"storage": {"url": f"sqlite:///{path}"}})
    async with house(config, now=lambda: NOW) as home:
        async with home.database.write("grids") as tx:
            for n in range(1, GROUPS + 1):
                row = {"id": n, "kind": "grid", "code": f"G{n}", "name": f"第{n}网格"}
                tx.add(areas, row)
            for n in range(1, GROUPS + 1):
                for member, role in ((2 * n, "leader"), (2 * n + 1, "volunteer")):
                    row = {"id": member, "area_id": n, "role": role, "name": f"成员{member}", "capacity": 10}
                    tx.add(members, {**row, "active": True})
                    row = {"channel": "telegram", "bot": ME.bot, "account": f"9{member}", "member_id": member}
                    tx.add(accounts, {**row, "chat_id": f"9{member}"})
                tx.add(pairings, {"area_id": n, "member_id": 2 * n + 1, "role": "first", "from_on": NOW.date()})
                row = {"channel": "telegram", "bot": ME.bot, "chat_id": str(-1000 - n), "grid_id": n}
                tx.add(groups, {**row, "active": True})
            await grids.changed(tx)
        await home.inbox.take_in(_events(itertools.count(1), [f"{n % 3 + 1}栋1单元电梯又坏了" for n in range(GROUPS)]))
        async with home.database.write("empty") as tx:
            for name in (*reversed(_FILLED), "supporters"):
                await tx.conn.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 - names of ours
        yield home


def _events(number: Iterator[int], texts: list[str]) -> list[Incoming]:
    """These texts, from group to group, by ever new people."""
    at = int(NOW.timestamp())
    raw = [update(next(number), text, -1001 - n % GROUPS, at) for n, text in enumerate(texts)]
    return [event for r in raw if (event := translate(r, ME, NOW)) is not None]


def _requests(count: int) -> list[str]:
    return [f"{k % 3 + 1}栋{k % 2 + 1}单元{k + 301}家里水管爆了" for k in range(count)]


async def singly(path: Path) -> tuple[float, float]:
    """Tickets per second one by one, and the same rows by bare sqlite3, one transaction each."""
    async with _home(path) as home:
        events = _events(itertools.count(1000), _requests(SINGLE))
        start = time.perf_counter()
        for event in events:
            await home.inbox.take_in([event])
        took = time.perf_counter() - start
        rows = await _rows(home)
    return SINGLE / took, _bare(path.with_suffix(".bare.db"), rows)


async def in_batches(path: Path) -> float:
    """Tickets per second when a hundred requests come in one batch."""
    async with _home(path) as home:
        events = _events(itertools.count(1000), _requests(BATCH * BATCHES))
        start = time.perf_counter()
        for first in range(0, len(events), BATCH):
            await home.inbox.take_in(events[first : first + BATCH])
        took = time.perf_counter() - start
        async with home.database.read() as tx:
            made = await tx.value(sa.select(sa.func.count()).select_from(metadata.tables["tickets"]))
    assert made == BATCH * BATCHES, f"{made} tickets of {BATCH * BATCHES} requests"
    return BATCH * BATCHES / took


async def _rows(home: House) -> dict[str, list[tuple[object, ...]]]:
    """Everything the requests left behind, as the database holds it."""
    async with home.database.read() as tx:
        found = {}
        for name in _FILLED:
            columns = ",".join(metadata.tables[name].c.keys())  # an upgraded table has the newer ones at its end
            result = await tx.conn.exec_driver_sql(f"SELECT {columns} FROM {name}")  # noqa: S608 - names of ours
            found[name] = [tuple(row) for row in result.all()]
    assert len(found["tickets"]) == SINGLE, f"{len(found['tickets'])} tickets of {SINGLE} requests"
    return found


def _bare(path: Path, rows: dict[str, list[tuple[object, ...]]]) -> float:
    """The floor: the same rows in the same tables, one fsynced transaction a ticket, nothing else."""
    engine = sa.create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    parts = {name: [found[n::SINGLE] for n in range(SINGLE)] for name, found in rows.items()}
    inserts = {name: f"INSERT INTO {name} VALUES ({','.join('?' * len(found[0]))})" for name, found in rows.items()}  # noqa: S608
    start = time.perf_counter()
    for n in range(SINGLE):
        connection.execute("BEGIN IMMEDIATE")
        for name, part in parts.items():
            connection.executemany(inserts[name], part[n])
        connection.execute("COMMIT")
    took = time.perf_counter() - start
    connection.close()
    return SINGLE / took
