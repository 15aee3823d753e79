"""The drill (恢复演练): a community's years of tickets are copied, the database is lost, and put back. Seconds of each step.

``python -m tests.bench.recovery``, as the program's own verbs with a configuration of their own.
"""

import argparse
import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.bench import request
from tests.cli.desk import Desk


def main() -> None:
    """Fill, copy, lose, put back, check."""
    parser = argparse.ArgumentParser(description="the recovery drill")
    parser.add_argument("--times", type=int, default=100, help="how often the tickets of ten busy minutes are repeated")
    options = parser.parse_args()
    out = Console(highlight=False)
    with TemporaryDirectory() as folder:
        desk = Desk.at(Path(folder))
        asyncio.run(request.in_batches(Path(folder) / "data.db"))
        filled = _repeat(Path(folder) / "data.db", options.times)
        size = (Path(folder) / "data.db").stat().st_size / 1e6
        copy = Path(folder) / "a.backup"
        steps = []
        start = time.perf_counter()
        out.print(desk.ok("backup", copy).strip())
        steps.append(("backup", time.perf_counter() - start))
        for file in Path(folder).glob("data.db*"):
            file.unlink()
        start = time.perf_counter()
        desk.ok("restore", copy)
        desk.ok("migrate")
        steps.append(("restore, migrate", time.perf_counter() - start))
        with closing(sqlite3.connect(Path(folder) / "data.db")) as connection:
            (tickets,) = connection.execute("SELECT count(*) FROM tickets").fetchone()
        assert tickets == filled
        for name, seconds in steps:
            out.print(f"{name}: {seconds:.1f} s for {tickets:,} tickets, {size:.0f} MB")


def _repeat(path: Path, times: int) -> int:
    """The same tickets and their histories again under other numbers; how many there are then."""
    with closing(sqlite3.connect(path)) as connection:
        (last,) = connection.execute("SELECT max(number) FROM tickets").fetchone()
        for table, own, shifted in (("tickets", None, "number"), ("ticket_events", "id", "ticket")):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != own]
            chosen = ", ".join(f"{name} + ? * {last}" if name == shifted else name for name in columns)
            insert = (
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {shifted} <= {last}"  # noqa: S608
            )
            for n in range(1, times):
                connection.execute(insert, (n,))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return int(connection.execute("SELECT count(*) FROM tickets").fetchone()[0])


if __name__ == "__main__":
    main()
