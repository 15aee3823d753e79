"""The database as most verbs need it: opened at this program's version, or one line about why not."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.call import Call
from bot.config import Config
from storage.database import Database, StorageFault
from storage.schema import NewerDatabase, is_current, migrate

UNREACHABLE = (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, CommandError)
"""Everything a database that is not there may raise while it is opened."""


def is_missing(config: Config) -> bool:
    """Whether there is no database file yet. Looking into it would already make one."""
    url = make_url(config.storage.url)
    return url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists())


@asynccontextmanager
async def opened(call: Call, config: Config, *, create: bool = False) -> AsyncIterator[Database]:
    """The database at this program's version. ``create``: it is made or brought up to date where needed."""
    if not create and is_missing(config):
        raise call.stop("database.missing")
    try:
        database = Database(config.storage.url)
    except (OSError, SQLAlchemyError) as error:
        raise call.stop("database.unreachable", error=type(error).__name__) from None
    try:
        try:
            if create:
                await migrate(database)
            elif not await is_current(database):
                raise call.stop("database.old")
        except NewerDatabase:
            raise call.stop("database.newer") from None
        except UNREACHABLE as error:
            raise call.stop("database.unreachable", error=type(error).__name__) from None
        try:
            yield database
        except (StorageFault, SQLAlchemyError) as error:
            raise call.stop("database.failed", error=type(error.__cause__ or error).__name__) from None
    finally:
        await database.close()
