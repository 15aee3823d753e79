"""What most verbs need: the configuration, the database, somewhere to print."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import typer
from alembic.util import CommandError
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.cli.stop import Stop
from bot.config import Config, ConfigFault, load
from storage.database import Database, StorageFault
from storage.schema import NewerDatabase, is_current, migrate
from texts.sentences import Sentences

UNREACHABLE = (SQLAlchemyError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, CommandError)
"""Everything a database that is not there may raise while it is opened."""


@dataclass(frozen=True)
class Call:
    """One call of the program. ``path`` is the configuration file, whether or not there is one."""

    path: Path
    given: bool
    said: Sentences
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def say(self, key: str, **values: object) -> str:
        """A sentence of ``cli.toml``."""
        return self.said.say(f"cli.{key}", **values)

    def stop(self, key: str, code: int = 1, **values: object) -> Stop:
        """The end of this call, to be raised."""
        return Stop(self.say(key, **values), code)

    def config(self) -> Config:
        """The configuration, checked."""
        try:
            return load(self.path, self.said)
        except ConfigFault as fault:
            raise Stop(str(fault)) from None
        except OSError as error:
            raise self.stop("no_config", path=self.path, error=error.strerror or "") from None

    def settings(self) -> Config:
        """The configuration where there is one, else what a new community starts with."""
        return self.config() if self.given or self.path.exists() else Config()

    def progress(self) -> Progress:
        """A bar on standard error, where somebody watches it."""
        console = Console(stderr=True)
        return Progress(console=console, transient=True, disable=not console.is_terminal)

    def print(self, text: str, *, style: str = "") -> None:
        """A line for people. Never read as markup: a name may hold brackets."""
        self.console.print(text, style=style or None, markup=False)


def of(ctx: typer.Context) -> Call:
    """The call a command belongs to."""
    root = ctx.find_root()
    source = root.get_parameter_source("config")
    return Call(root.obj, source is not None and source.name != "DEFAULT", Sentences.load())


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
