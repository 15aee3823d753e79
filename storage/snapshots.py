"""Copies of the whole database while it is in use (备份), and how one is put back: the same steps on either engine.

Everything here blocks: whoever lives in an event loop calls it in a thread.
"""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from storage import schema, snapshot_postgres, snapshot_sqlite
from storage.snapshot import Contents, SnapshotFault


def engine_of(url: str) -> str:
    """``sqlite`` or ``postgresql``: a copy of the one is no use to the other."""
    return make_url(url).get_backend_name()


def take(url: str, target: Path) -> None:
    """A consistent copy, as of one moment, beside whoever writes meanwhile. It is readable: seal it.

    Raises:
        SnapshotFault: ``no_tools``, ``tool_failed`` or ``unreadable``.

    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        snapshot_sqlite.take(_file(parsed), target)
    else:
        snapshot_postgres.take(parsed, target)


def look(engine: str, copy: Path) -> Contents:
    """Open a copy, check all of it and count.

    Raises:
        SnapshotFault: ``damaged``, or ``newer`` where it was written by a newer program.

    """
    read: Callable[[Path], Contents] = snapshot_sqlite.look if engine == "sqlite" else snapshot_postgres.look
    found = read(copy)
    if not schema.knows(found.revision):
        raise SnapshotFault("newer")
    return found


def occupied(url: str) -> bool:
    """Whether there is a database already."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _file(parsed).exists()
    return snapshot_postgres.occupied(parsed)


def put_back(url: str, copy: Path, stamp: str) -> str:
    """Make ``copy`` the database. What was there is kept beside it; returns under which name, empty where nothing was.

    ``copy`` lies on the same disk as an SQLite database and is moved. ``stamp`` makes the name of what is kept.

    Raises:
        SnapshotFault: ``running``, ``no_tools`` or ``tool_failed``; the database is what it was.

    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return snapshot_sqlite.put_back(_file(parsed), copy, stamp)
    return snapshot_postgres.put_back(parsed, copy, stamp)


def _file(url: URL) -> Path:
    return Path(url.database or "").absolute()
