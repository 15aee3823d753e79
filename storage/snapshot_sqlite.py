"""Copies of an SQLite file: ``VACUUM INTO``, which sees one moment and lets writers go on."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.snapshot import COUNTED, Contents, SnapshotFault


def take(source: Path, target: Path) -> None:
    """A whole file without free pages or journal. ``target`` must not exist."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise SnapshotFault("unreadable", str(error)[:200]) from None


def look(copy: Path) -> Contents:
    """Every page and every reference, then the version and the numbers of rows."""
    try:
        with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not whole or connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise SnapshotFault("damaged")
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            known = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = {
                name: int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0])  # noqa: S608 - our own names
                for name in COUNTED
                if name in known
            }
    except (sqlite3.Error, TypeError):
        raise SnapshotFault("damaged") from None
    return Contents(str(revision), rows)


def put_back(target: Path, copy: Path, stamp: str) -> str:
    """The copy takes the file's place in one step; the file that was there lies beside it, whole."""
    kept = ""
    if target.exists():
        _close(target)
        kept = f"{target}.{stamp}"
    for end in ("", "-wal", "-shm"):  # a journal left by the old file would be played into the new one
        old = Path(f"{target}{end}")
        if old.exists():
            old.rename(f"{target}.{stamp}{end}")
    copy.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return kept


def _close(target: Path) -> None:
    """Fold the journal into the file, which works only while nobody else has it open."""
    try:
        with closing(sqlite3.connect(target, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise SnapshotFault("running") from None
    except sqlite3.DatabaseError:
        pass  # what is there is damaged: that is why somebody restores. It is kept as it is
