"""Make a copy, open it again, keep the newest ones."""

import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url

from bot.backups import sealing
from bot.config import Config
from storage import snapshots
from storage.snapshot import Contents, SnapshotFault

_NAME = re.compile(r"dangxiaoqi-(\d{8}-\d{6})\.backup")
_WORK = ".dangxiaoqi-work-"
"""Folders in which a copy is readable for as long as it takes to seal it."""
_LEFT = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Made:
    """A copy that was opened and is in order. ``size`` in bytes."""

    path: Path
    size: int
    contents: Contents


def folder_of(config: Config) -> Path:
    """Where the configuration says, by default next to the database."""
    if config.backup.folder:
        return Path(config.backup.folder)
    url = make_url(config.storage.url)
    beside = Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else Path("data")
    return beside / "backups"


def name_at(config: Config, now: datetime) -> str:
    """The name of a copy made at this moment; names sort as they were made."""
    return f"dangxiaoqi-{_local(config, now):%Y%m%d-%H%M%S}.backup"


def kept(config: Config) -> list[Path]:
    """Copies in the folder that bear a name of ours, oldest first."""
    folder = folder_of(config)
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: path.name)


def is_due(config: Config, now: datetime) -> bool:
    """Whether today's copy (before its hour: yesterday's) is not there. The files say so: a restart forgets nothing."""
    local = _local(config, now)
    slot = datetime.combine(local.date(), config.backup.at)
    if local < slot:
        slot -= timedelta(days=1)
    done = [found[1] for path in kept(config) if (found := _NAME.fullmatch(path.name))]
    return not done or done[-1] < f"{slot:%Y%m%d-%H%M%S}"


def make(config: Config, path: Path, now: datetime) -> Made:
    """A sealed copy at ``path``, which is there whole or not at all. It blocks, and takes the place of a file that is there.

    Raises:
        SnapshotFault: ``no_key`` or what ``storage.snapshots`` says.
        OSError: the place cannot be written.

    """
    keys = config.secrets.keys
    if not keys:
        raise SnapshotFault("no_key")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(path.parent, now)
    engine = snapshots.engine_of(config.storage.url)
    with TemporaryDirectory(prefix=_WORK, dir=path.parent) as work:
        plain, sealed, again = (Path(work) / name for name in ("plain", "sealed", "again"))
        snapshots.take(config.storage.url, plain)
        sealing.seal(plain, sealed, keys[0], sealing.Label(engine, now.isoformat()))
        plain.unlink()
        sealing.unseal(sealed, again, keys)
        contents = snapshots.look(engine, again)
        sealed.replace(path)
    _sync(path.parent)
    return Made(path, path.stat().st_size, contents)


def prune(config: Config) -> int:
    """Take away all but the newest; how many."""
    old = kept(config)[: -config.backup.keep]
    for path in old:
        path.unlink()
    return len(old)


def _sweep(folder: Path, now: datetime) -> None:
    """What a copy left readable when it was killed half way. A recent one may belong to somebody who is at it."""
    for left in folder.glob(f"{_WORK}*"):
        if left.stat().st_mtime < (now - _LEFT).timestamp():
            shutil.rmtree(left, ignore_errors=True)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _local(config: Config, now: datetime) -> datetime:
    return now.astimezone(ZoneInfo(config.community.zone)).replace(tzinfo=None)
