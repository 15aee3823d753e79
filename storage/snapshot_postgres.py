"""Copies of a PostgreSQL database: ``pg_dump`` and ``pg_restore`` of the schema ``public``, which must be installed here."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import URL

from storage.snapshot import COUNTED, Contents, SnapshotFault

_COPY = re.compile(r"COPY public\.\"?(\w+)\"? ")


def take(url: URL, target: Path) -> None:
    """One transaction's view of the database in pg_dump's own format."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", "--schema=public", f"--file={target}")


def look(copy: Path) -> Contents:
    """Read the whole archive as the SQL it will be played back as, and count on the way."""
    revision, rows = "", dict.fromkeys(COUNTED, 0)
    seen: set[str] = set()
    for table, line in _data(copy):
        seen.add(table)
        if table == "alembic_version" and line is not None:
            revision = line
        elif table in rows and line is not None:
            rows[table] += 1
    if not revision:
        raise SnapshotFault("damaged")
    return Contents(revision, {name: count for name, count in rows.items() if name in seen})


def _data(copy: Path) -> Iterator[tuple[str, str | None]]:
    """Every table once with nothing, then with each of its rows."""
    command = [_tool("pg_restore"), "--data-only", "--file=-", str(copy)]
    with subprocess.Popen(  # noqa: S603 - our own words, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace"
    ) as child:
        table = ""
        for line in child.stdout or ():
            if table:
                if line == "\\.\n":
                    table = ""
                else:
                    yield table, line.rstrip("\n")
            elif found := _COPY.match(line):
                table = found[1]
                yield table, None
    if child.returncode:
        raise SnapshotFault("damaged")


def occupied(url: URL) -> bool:
    """Whether anything of ours stands in it."""
    return _ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") != "0"


def put_back(url: URL, copy: Path, stamp: str) -> str:
    """The old tables move to a schema of their own; the copy is played back whole or not at all."""
    if _ask(url, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") != "1":
        raise SnapshotFault("running")
    kept = re.sub(r"\W", "_", stamp)
    filled = occupied(url)
    _ask(url, f'BEGIN; ALTER SCHEMA public RENAME TO "{kept}"; CREATE SCHEMA public; COMMIT')
    try:
        _run(
            "pg_restore", url, "--schema=public", "--single-transaction", "--exit-on-error",
            "--no-owner", "--no-privileges", str(copy),
        )  # fmt: skip
    except BaseException:
        _ask(url, f'BEGIN; DROP SCHEMA public CASCADE; ALTER SCHEMA "{kept}" RENAME TO public; COMMIT')
        raise
    if filled:
        return kept
    _ask(url, f'DROP SCHEMA "{kept}" CASCADE')
    return ""


def _ask(url: URL, sql: str) -> str:
    return _run(
        "psql", url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1", f"-c{sql}"
    ).strip()


def _run(tool: str, url: URL, *words: str) -> str:
    """A tool of PostgreSQL's on this database. The password travels in the environment, where other users cannot read it."""
    plain = url.set(drivername="postgresql", password=None, query={})
    env = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    command = [_tool(tool), f"--dbname={plain.render_as_string()}", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - as above
    if done.returncode:
        raise SnapshotFault("tool_failed", (done.stderr.strip().splitlines() or [""])[0][:200])
    return done.stdout


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SnapshotFault("no_tools", name)
    return found
