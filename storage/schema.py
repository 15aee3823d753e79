"""The schema and its versions (Alembic), on the same engine the program uses, so that a step is applied whole or not at all."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.database import Database
from storage.tables import metadata

HERE = Path(__file__).parent / "migrations"


class NewerDatabase(Exception):
    """The database was written by a newer program; this one does not touch it."""


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


async def migrate(database: Database) -> None:
    """Bring the database to this program's version; an empty one is created.

    Raises:
        NewerDatabase: nothing was changed.

    """
    async with database.engine.begin() as connection:
        await connection.run_sync(_migrate)


def _migrate(connection: sa.Connection) -> None:
    _require_known(connection)
    command.upgrade(_config(connection), "head")


def _require_known(connection: sa.Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and not knows(current):
        raise NewerDatabase(current)


def knows(revision: str) -> bool:
    """Whether this program can read a database of this version, or bring it up to date."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


async def is_current(database: Database) -> bool:
    """Whether the database is at this program's version.

    Raises:
        NewerDatabase: it is ahead of this program.

    """

    def look(connection: sa.Connection) -> bool:
        _require_known(connection)
        current = MigrationContext.configure(connection).get_current_revision()
        return current == ScriptDirectory.from_config(_config()).get_current_head()

    async with database.engine.connect() as connection:
        return await connection.run_sync(look)


async def differs(database: Database) -> list[object]:
    """What the tables of the program and of the database differ in: empty, or a migration is missing."""

    def look(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.engine.connect() as connection:
        return await connection.run_sync(look)
