"""Transactions on SQLite and PostgreSQL.

One write transaction at a time per SQLite file (``BEGIN IMMEDIATE``, synchronous=FULL, because a message is confirmed to the
channel after our commit). New rows are collected in the transaction and written with many-row inserts before anything is
read or the transaction commits: only requests reach the database, and a batch of them costs a handful of statements.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql import Executable
from typing_extensions import override

from storage import onehop
from storage.tables import counters, metadata

_T = TypeVar("_T")
_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError, sa.exc.NotSupportedError)
"""Errors of a statement, not of the database: a bug or a hostile value, which waiting does not heal."""

_Batch = tuple[sa.Table, str, list[dict[str, Any]]]
_ORDER = {table.name: place for place, table in enumerate(metadata.sorted_tables)}


class StorageFault(Exception):
    """The database did not do its work (full disk, lock, lost connection). Nothing was changed; try again later."""


class ReadTx:
    """A consistent look at the database."""

    def __init__(self, conn: AsyncConnection, cache: dict[object, Any]) -> None:
        """``cache`` outlives the transaction; what stands in it is checked against the ``roster`` counter."""
        self.conn = conn
        self.cache = cache
        self.memo: dict[object, Any] = {}

    async def rows(self, stmt: Executable, values: Mapping[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """All rows. ``values`` are for the parameters of a statement that is built once because it is needed often."""
        return (await unbroken(self.conn.execute(stmt, values))).all()

    async def one(self, stmt: Executable) -> sa.Row[Any] | None:
        """The first row or nothing."""
        return (await unbroken(self.conn.execute(stmt))).first()

    async def value(self, stmt: Executable) -> Any:
        """The first column of the first row, or None."""
        row = await self.one(stmt)
        return None if row is None else row[0]


class WriteTx(ReadTx):
    """The open write transaction a use case works in. It never commits; whoever opened it does."""

    def __init__(self, conn: AsyncConnection, cache: dict[object, Any]) -> None:
        """Nothing is written before the first flush."""
        super().__init__(conn, cache)
        self._new: dict[object, _Batch] = {}
        self.fresh: dict[object, dict[str, Any]] = {}

    @property
    def is_sqlite(self) -> bool:
        """The engines differ in two places only: locking reads and upserts."""
        return self.conn.dialect.name == "sqlite"

    def add(self, table: sa.Table, row: Mapping[str, Any], *, or_ignore: bool = False) -> dict[str, Any]:
        """A new row, returned so that it can still be changed while it waits in ``fresh``.

        With ``or_ignore`` a row whose unique key exists is left as it is.
        """
        waiting = dict(row)
        self._batch(table, row, "ignore" if or_ignore else "add").append(waiting)
        return waiting

    def put(self, table: sa.Table, row: Mapping[str, Any]) -> None:
        """A row that takes the place of the one with the same primary key."""
        self._batch(table, row, "put").append(dict(row))

    def _batch(self, table: sa.Table, row: Mapping[str, Any], how: str) -> list[dict[str, Any]]:
        # One statement takes rows of the same columns only.
        name = (table.name, how, frozenset(row))
        return self._new.setdefault(name, (table, how, []))[2]

    async def next_number(self, name: str) -> int:
        """The next number of a counter, without gaps: it is kept with the transaction or not at all."""
        last: int | None = self.memo.get(("counter", name))
        if last is None and self.is_sqlite:
            last = self.memo.get(("seen", name))  # the only writer has read it in this very transaction
        if last is None:
            stmt = sa.select(counters.c.value).where(counters.c.name == name).with_for_update()
            last = int((await unbroken(self.conn.execute(stmt))).scalar_one())
        self.memo["counter", name] = last + 1
        row = {"name": name, "value": last + 1}
        waiting = self._batch(counters, row, "put")
        waiting[:] = [*(other for other in waiting if other["name"] != name), row]
        return last + 1

    async def flush(self, *, last: bool = False) -> None:
        """Write what was added, parents before children. ``last``: nothing follows but the commit."""
        if not self._new:
            return
        waiting, self._new, self.fresh = self._new, {}, {}
        batches = sorted(waiting.values(), key=lambda item: _ORDER[item[0].name])
        if self.is_sqlite:
            await unbroken(_in_one_hop(self.conn, batches, commit=last))
            return
        for table, how, rows in batches:
            await unbroken(self.conn.execute(_insert(table, how, rows[0], sqlite_engine=False), rows))

    def insert_ignoring(self, table: sa.Table) -> Any:
        """INSERT … ON CONFLICT DO NOTHING on either engine."""
        return (sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)).on_conflict_do_nothing()

    def upsert(self, table: sa.Table, row: Mapping[str, Any], keys: Sequence[str]) -> Any:
        """INSERT … ON CONFLICT (keys) DO UPDATE on either engine."""
        insert = (sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)).values(**row)
        changed = {name: insert.excluded[name] for name in row if name not in keys}
        return insert.on_conflict_do_update(index_elements=list(keys), set_=changed)

    @override
    async def rows(self, stmt: Executable, values: Mapping[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """All rows, including those added before."""
        await self.flush()
        return await super().rows(stmt, values)

    @override
    async def one(self, stmt: Executable) -> sa.Row[Any] | None:
        """The first row, including those added before."""
        await self.flush()
        return await super().one(stmt)

    async def execute(self, stmt: Executable) -> int:
        """A change; the number of rows it touched."""
        await self.flush()
        return int((await unbroken(self.conn.execute(stmt))).rowcount)


def _insert(table: sa.Table, how: str, row: Mapping[str, Any], *, sqlite_engine: bool) -> Any:
    if how == "add":
        return sa.insert(table)
    insert = sqlite.insert(table) if sqlite_engine else postgresql.insert(table)
    if how == "ignore":
        return insert.on_conflict_do_nothing()
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in row if name not in keys}
    return insert.on_conflict_do_update(index_elements=keys, set_=changed)


_DIALECT = sqlite.dialect(paramstyle="named")
_Sql = tuple[str, tuple[tuple[str, Callable[[Any], Any] | None], ...]]
_SQL: dict[object, _Sql] = {}


def _sql(table: sa.Table, how: str, row: Mapping[str, Any]) -> _Sql:
    """The text of an insert and how each value is made ready for it, compiled once."""
    name = (table.name, how, frozenset(row))
    if name not in _SQL:
        stmt = _insert(table, how, row, sqlite_engine=True)
        text = str(stmt.compile(dialect=_DIALECT, column_keys=list(row)))
        ready = tuple((c, table.c[c].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)) for c in row)
        _SQL[name] = (text, ready)
    return _SQL[name]


async def _in_one_hop(conn: AsyncConnection, batches: Sequence[_Batch], *, commit: bool) -> None:
    """All inserts of a transaction in one visit to the driver's thread; the commit, if it comes next, in the same."""
    work = []
    for table, how, rows in batches:
        text, ready = _sql(table, how, rows[0])
        work.append((text, [{c: row[c] if make is None else make(row[c]) for c, make in ready} for row in rows]))
    connection: Any = (await conn.get_raw_connection()).dbapi_connection

    def run(raw: sqlite3.Connection) -> None:
        for text, rows in work:
            raw.executemany(text, rows)

    try:
        await cast("onehop.Connection", connection).visit(run, commit=commit)
    except sqlite3.IntegrityError as error:
        raise sa.exc.IntegrityError("flush", None, error) from error
    except sqlite3.Error as error:
        raise StorageFault("flush") from error


async def unbroken(work: Awaitable[_T]) -> _T:
    """Let a call to the database come to its end even when whoever waits for it is cancelled.

    A statement that is cancelled half way can leave a connection that holds SQLite's write lock: of the first 19 tasks
    cancelled at random moments four did, and nothing could be written any more (tests/storage/test_contract.py).
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError, Exception):
                await asyncio.shield(task)
        raise


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    conn = engine.connect()
    try:
        await unbroken(_begin(conn))
        try:
            yield conn
        except BaseException:
            await unbroken(conn.rollback())
            raise
        await unbroken(conn.commit())
    finally:
        if conn.sync_connection is not None:
            await unbroken(conn.close())


async def _begin(conn: AsyncConnection) -> None:
    _ = await conn.start()
    _ = await conn.begin()  # ended through the connection


class Database:
    """The engines and the one place where transactions begin and end."""

    def __init__(self, url: str, *, busy_seconds: float = 5.0) -> None:
        """``url``: ``sqlite:///path`` or ``postgresql://…``; drivers are chosen here. ``faults``: how often which transaction
        was not done.
        """
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        parsed = parsed.set(drivername=onehop.DRIVER if self.is_sqlite else "postgresql+asyncpg")
        self.url = parsed
        self._cache: dict[object, Any] = {}
        self.faults: Counter[str] = Counter()
        self._lock = asyncio.Lock()
        if self.is_sqlite:
            if parsed.database:
                Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            args: dict[str, Any] = {
                "connect_args": {"timeout": busy_seconds, "isolation_level": None},
                "pool_reset_on_return": None,  # every transaction here is ended by whoever began it
            }
            self._writer = create_async_engine(parsed, pool_size=1, max_overflow=0, **args)
            self._reader = create_async_engine(parsed, pool_size=2, max_overflow=2, **args)
            _prepare_sqlite(self._writer, write=True)
            _prepare_sqlite(self._reader, write=False)
        else:
            self._writer = self._reader = create_async_engine(parsed, pool_size=5, max_overflow=5)

    @asynccontextmanager
    async def write(self, name: str) -> AsyncIterator[WriteTx]:
        """One write transaction, committed at the end, rolled back on any error. ``name`` is for errors and metrics.

        Raises:
            StorageFault: the database did not do its work.

        """
        with self._faulty(name):
            async with self._turn(), _transaction(self._writer) as conn:
                tx = WriteTx(conn, self._cache)
                yield tx
                await tx.flush(last=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        """A look that changes nothing.

        Raises:
            StorageFault: the database did not do its work.

        """
        with self._faulty("read"):
            async with _transaction(self._reader) as conn:
                yield ReadTx(conn, self._cache)

    @contextmanager
    def _faulty(self, name: str) -> Iterator[None]:
        try:
            yield
        except _OURS:
            raise
        except StorageFault:
            self.faults[name] += 1
            raise
        except (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError) as error:
            self.faults[name] += 1
            raise StorageFault(name) from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        # SQLite has one writer; waiting here in order of arrival is fairer than the pool's and the file's time-outs.
        if not self.is_sqlite:
            yield
            return
        async with self._lock:
            yield

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for migrations."""
        return self._writer

    async def close(self) -> None:
        """Give back all connections; a connection left open keeps a crashed process alive (aiosqlite#369)."""
        await self._reader.dispose()
        await self._writer.dispose()


def _prepare_sqlite(engine: AsyncEngine, *, write: bool) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            *(() if write else ("query_only=ON",)),
        ):
            cursor.execute(f"PRAGMA {pragma}")
            cursor.fetchall()
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A transaction that reads before it writes would otherwise fail at once when another one wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
