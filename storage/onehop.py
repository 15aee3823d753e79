"""SQLite through aiosqlite with one visit to the driver's thread for a statement instead of four.

SQLAlchemy's own cursor for aiosqlite goes there and back to make a cursor, to execute, to fetch and to close it: 27 visits for
one ticket, and they were most of what a ticket cost (docs/decisions/0005). Everything else stays SQLAlchemy's.
"""

import sqlite3
from collections import deque
from types import ModuleType
from typing import Any

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
        driver: Any = self._connection
        raw = driver._conn

        def run() -> tuple[tuple[Any, int, Any], list[Any]]:
            cursor = how(raw, operation, parameters)
            rows = cursor.fetchall() if cursor.description else []
            outcome = (cursor.description, cursor.rowcount, cursor.lastrowid)
            cursor.close()
            return outcome, rows

        async with self._adapt_connection._execute_mutex:
            self._outcome, rows = await driver._execute(run)
            self._rows = deque(rows)


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()

    _cursor_cls = _Cursor  # type: ignore[assignment]  # SQLAlchemy names its own subclass


class _Driver(AsyncAdapt_aiosqlite_dbapi):
    @override
    def connect(self, *arg: Any, **kw: Any) -> AsyncAdapt_aiosqlite_connection:
        return _Connection(self, super().connect(*arg, **kw)._connection)


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
