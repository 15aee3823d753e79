"""``make bench``: ratios measured side by side in one run. Machines are shared and noisy; only the ratios mean anything.

quiet    an update's JSON → the decision to stay silent; floor: ``json.loads`` + ``jieba.lcut``; peer: python-telegram-bot's
         own ``de_json`` + ``process_update`` with an empty handler, which classifies nothing.
request  a message → ticket, history, invitation and outbox committed (SQLite, synchronous=FULL); floor: the very same rows
         put in by bare sqlite3, one transaction a ticket. In batches: a hundred requests of one group at once.
memory   resident set of a process after 100,000 messages, one in a hundred a request.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench import quiet, request

ROUNDS = 5


def _memory(messages: int) -> float:
    command = [sys.executable, "-m", "tests.bench.memory", str(messages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own module
    return float(json.loads(done.stdout.splitlines()[-1])["mib"])


def main() -> None:
    """Measure, interleaved, and print medians and ratios."""
    parser = argparse.ArgumentParser(description="benchmarks of 党小栖")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--messages", type=int, default=100_000, help="for the memory figure")
    options = parser.parse_args()
    table = Table(title="ratios are medians over interleaved rounds")
    for name in ("what", "per second and core", "compared with", "per second", "ratio", "aim"):
        table.add_column(name, justify="left" if name in ("what", "compared with") else "right")
    ours, floors, peers = [], [], []
    bench = quiet.Quiet()
    for _ in range(options.rounds):
        floors.append(bench.floor())
        ours.append(bench.ours())
        peers.append(asyncio.run(bench.peer()))
    _row(table, "quiet path", ours, "json.loads + jieba.lcut", floors, "≥ 0.6")
    _row(table, "quiet path", ours, "PTB de_json + process_update", peers, "≥ 1.0")
    single, bare, batch = [], [], []
    with TemporaryDirectory() as folder:
        for n in range(options.rounds):
            one, base = asyncio.run(request.singly(Path(folder) / f"one{n}.db"))
            single.append(one)
            bare.append(base)
            batch.append(asyncio.run(request.in_batches(Path(folder) / f"many{n}.db")))
    _row(table, "request path, one by one", single, "same rows, bare sqlite3", bare, "≥ 0.25")
    table.add_row("request path, batches of 100", f"{statistics.median(batch):,.0f}", "-", "-", "-", "≥ 1,000 /s")
    table.add_row(
        f"memory after {options.messages:,} messages",
        f"{_memory(options.messages):.0f} MiB",
        "-",
        "-",
        "-",
        "≤ 200 MiB",
    )
    Console(width=120).print(table)


def _row(table: Table, what: str, ours: list[float], other: str, theirs: list[float], aim: str) -> None:
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    table.add_row(
        what, f"{statistics.median(ours):,.0f}", other, f"{statistics.median(theirs):,.0f}", f"{ratio:.2f}", aim
    )


if __name__ == "__main__":
    main()
