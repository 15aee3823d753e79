"""``backup`` and ``restore``: a sealed copy of the database, and the way back."""

import asyncio
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy.engine import make_url

from bot.app import read_clock
from bot.backups import making, sealing
from bot.cli import call as calls
from bot.cli.auditing import note
from bot.cli.database import UNREACHABLE, is_missing, opened
from bot.cli.stop import Stop
from bot.config import Config
from storage import snapshots
from storage.audit import Act
from storage.database import Database, StorageFault
from storage.schema import NewerDatabase, is_current
from storage.snapshot import Contents, SnapshotFault

app = typer.Typer()

Force = Annotated[bool, typer.Option("--force")]


@app.command()
def backup(
    ctx: typer.Context, backup_file: Annotated[Path | None, typer.Argument()] = None, force: Force = False
) -> None:
    """Make a copy while the program goes on, open it again, say what is in it."""
    call = calls.of(ctx)
    config, now = call.config(), read_clock()
    path = backup_file or making.folder_of(config) / making.name_at(config, now)
    if path.exists() and not force:
        raise call.stop("backup.exists", 2, path=path)
    if is_missing(config):
        raise call.stop("database.missing")
    asyncio.run(_note(call, config))
    try:
        made = making.make(config, path, now)
    except SnapshotFault as fault:
        raise _stop(call, fault, path) from None
    except OSError as error:
        raise call.stop("cannot_write", 2, path=path, error=error.strerror or "") from None
    call.print(call.say("backup.made", path=path, size=f"{made.size / 1e6:.1f}", **_told(call, made.contents)))


@app.command()
def restore(ctx: typer.Context, backup_file: Annotated[Path, typer.Argument()], force: Force = False) -> None:
    """Put a copy in the database's place; what was there is kept beside it."""
    call = calls.of(ctx)
    config = call.config()
    url = config.storage.url
    try:
        if snapshots.occupied(url) and not force:
            raise call.stop("backup.occupied", 2)
        place = _place(config)
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".dangxiaoqi-work-", dir=place) as work:
            plain = Path(work) / "plain"
            label = sealing.unseal(backup_file, plain, config.secrets.keys)
            if label.engine != snapshots.engine_of(url):
                raise SnapshotFault("other_engine")
            contents = snapshots.look(label.engine, plain)
            kept = snapshots.put_back(url, plain, f"before_restore_{read_clock():%Y%m%d%H%M%S%f}")
    except SnapshotFault as fault:
        raise _stop(call, fault, backup_file) from None
    except OSError as error:
        raise call.stop("backup.io", 2, path=error.filename or backup_file, error=error.strerror or "") from None
    asyncio.run(_ready(call, config, label.made_at))
    made_at = datetime.fromisoformat(label.made_at).astimezone(ZoneInfo(config.community.zone))
    call.print(call.say("backup.restored", at=f"{made_at:%Y-%m-%d %H:%M}", **_told(call, contents)))
    if kept:
        call.print(call.say("backup.kept", name=kept))
    call.print(call.say("backup.next"))


async def _note(call: calls.Call, config: Config) -> None:
    """Before the copy, so that it holds the row itself. A database of another version has no such table, or not ours."""
    database = Database(config.storage.url)
    try:
        if await is_current(database):
            await note(database, Act.BACKUP)
    except NewerDatabase:
        return
    except (StorageFault, *UNREACHABLE) as error:
        raise call.stop("database.unreachable", error=type(error).__name__) from None
    finally:
        await database.close()


async def _ready(call: calls.Call, config: Config, made_at: str) -> None:
    """Up to date, and with a row that says that what comes behind it was not always there."""
    async with opened(call, config, create=True) as database:
        await note(database, Act.RESTORE, made_at)


def _place(config: Config) -> Path:
    """A folder on the disk of the database, so that the copy only has to be renamed."""
    url = make_url(config.storage.url)
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").absolute().parent
    return making.folder_of(config)


def _told(call: calls.Call, contents: Contents) -> dict[str, object]:
    rows = [call.say(f"backup.rows_{name}", count=count) for name, count in contents.rows.items()]
    return {"rows": "、".join(rows), "revision": contents.revision}


def _stop(call: calls.Call, fault: SnapshotFault, path: Path) -> Stop:
    return call.stop(f"backup.{fault.code}", path=path, detail=fault.detail)
