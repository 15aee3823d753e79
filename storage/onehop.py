"""SQLite through aiosqlite with one visit to the driver's thread for a statement instead of four.

SQLAlchemy's own cursor for aiosqlite goes there and back to make a cursor, to execute, to fetch and to close it: 27 visits for
one ticket, and they were most of what a ticket cost (docs/decisions/0005). A transaction begins with its first statement and
not before, in the same visit. Everything else stays SQLAlchemy's.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_cursor
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from sqlalchemy.engine.interfaces import DBAPIModule
from typing_extensions import override

DRIVER = "sqlite+onehop"
_BEGINNINGS: Final = frozenset({"BEGIN", "BEGIN IMMEDIATE"})
_T = TypeVar("_T")


class _Cursor(AsyncAdapt_dbapi_cursor):
    """Holds the outcome of one statement; sqlite3's own cursor never leaves its thread."""

    __slots__ = ("_outcome",)

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        """No visit: there is nothing to do before a statement is known."""
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows = deque()
        self._outcome: tuple[Any, int, Any] = (None, -1, None)

    @property
    @override
    def description(self) -> Any:
        return self._outcome[0]

    @property
    @override
    def rowcount(self) -> int:
        return self._outcome[1]

    @property
    @override
    def lastrowid(self) -> Any:
        return self._outcome[2]

    @override
    async def _async_soft_close(self) -> None:
        """Closed as soon as it had run."""

    @override
    def close(self) -> None:
        self._rows.clear()

    @override
    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._visit(sqlite3.Connection.execute, operation, () if parameters is None else parameters)

    @override
    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._visit(sqlite3.Connection.executemany, operation, seq_of_parameters)

    async def _visit(self, how: Any, operation: Any, parameters: Any) -> None:
        connection: Any = self._adapt_connection
        if operation in _BEGINNINGS:
            connection.begin_with_next(operation)
            return

        def run(raw: sqlite3.Connection) -> tuple[tuple[Any, int, Any], list[Any]]:
            cursor = how(raw, operation, parameters)
            rows = cursor.fetchall() if cursor.description else []
            outcome = (cursor.description, cursor.rowcount, cursor.lastrowid)
            cursor.close()
            return outcome, rows

        self._outcome, rows = await connection.visit(run)
        self._rows = deque(rows)


class Connection(AsyncAdapt_aiosqlite_connection):
    """Begins a transaction together with its first statement, and may end it together with its last."""

    __slots__ = ("_beginning",)

    _cursor_cls = _Cursor  # type: ignore[assignment]  # SQLAlchemy names its own subclass

    def __init__(self, dbapi: Any, connection: Any) -> None:
        """Nothing has begun."""
        super().__init__(dbapi, connection)
        self._beginning = ""

    def begin_with_next(self, operation: str) -> None:
        """The transaction is wanted; it begins when something is to be read or written."""
        self._beginning = operation

    async def visit(self, run: Callable[[sqlite3.Connection], _T], *, commit: bool = False) -> _T:
        """Do some work in the driver's thread."""
        driver: Any = self._connection
        raw = driver._conn

        def all_of_it() -> _T:
            if self._beginning:
                raw.execute(self._beginning)
                self._beginning = ""
            done = run(raw)
            if commit:
                raw.commit()
            return done

        async with self._execute_mutex:
            found: _T = await driver._execute(all_of_it)
            return found

    @override
    def commit(self) -> None:
        self._beginning = ""
        if self._connection.in_transaction:
            super().commit()

    @override
    def rollback(self) -> None:
        self._beginning = ""
        if self._connection.in_transaction:
            super().rollback()


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    @override
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        return Connection(self, super().connect(*arg, **kw)._connection)


class OneHopDialect(SQLiteDialect_aiosqlite):
    """SQLAlchemy's dialect for aiosqlite with our cursor."""

    driver = "onehop"
    supports_statement_cache = True

    @classmethod
    @override
    def import_dbapi(cls) -> DBAPIModule:  # type: ignore[override]
        modules: tuple[ModuleType, ModuleType] = (aiosqlite, sqlite3)
        return _Driver(*modules)


registry.register("sqlite.onehop", __name__, "OneHopDialect")
