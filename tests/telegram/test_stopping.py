"""The end: every part is asked once, has time to finish, and an error of one ends the program with its reason."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from bot.app import _together
from storage.database import Database
from storage.schema import migrate
from storage.tables import outbox
from tests.community import RESIDENTS, STAFF, settle
from tests.emulator import Emulator
from tests.telegram.stage import REQUEST, url_of

HERE = Path(__file__).parents[2]


class Part:
    """Runs until it is cancelled, then needs a moment."""

    def __init__(self, last: float = 0.02, fails: Exception | None = None) -> None:
        self.cancelled = 0
        self.done = False
        self._last, self._fails = last, fails

    async def run(self) -> None:
        if self._fails is not None:
            raise self._fails
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled += 1
            try:
                await asyncio.sleep(self._last)
                self.done = True
            except asyncio.CancelledError:
                self.cancelled += 1
                raise


async def nothing() -> None:
    """A part that has nothing more to do."""


async def test_each_part_is_cancelled_once_and_finishes() -> None:
    stop, parts = asyncio.Event(), [Part(), Part()]
    running = asyncio.ensure_future(_together(stop, [nothing, *(part.run for part in parts)]))
    await asyncio.sleep(0.01)
    assert not running.done()
    stop.set()
    await running
    assert [(part.cancelled, part.done) for part in parts] == [(1, True), (1, True)]


async def test_the_error_of_a_part_is_the_reason() -> None:
    part = Part()

    async def fails() -> None:
        await asyncio.sleep(0.01)
        raise LookupError("reason")

    with pytest.raises(LookupError, match="reason"):
        await _together(asyncio.Event(), [part.run, fails])
    assert (part.cancelled, part.done) == (1, True)


async def test_a_part_that_does_not_end_is_not_waited_for() -> None:
    stop, part = asyncio.Event(), Part(last=5)
    stop.set()
    started = time.monotonic()
    await _together(stop, [part.run], grace=0.05)
    assert time.monotonic() - started < 1
    assert not part.done


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_program_leaves_in_order(tmp_path: Path, number: signal.Signals) -> None:
    # In the middle of a long poll and of a message whose answer is late.
    async with Emulator(privacy=False) as em:
        people = {name: em.user(name, started=name in STAFF) for name in (*RESIDENTS, *STAFF)}
        group = em.group("示范小区居民群", list(people.values()), bot_admin=True)
        database = Database(url_of(tmp_path))
        try:
            await migrate(database)
            await settle(database, "telegram", str(em.bot.id), {n: str(people[n].id) for n in STAFF}, str(group.id))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            path = tmp_path / "config.toml"
            path.write_text(
                f'[community]\nregion = "other"\n[storage]\nurl = {json.dumps(url_of(tmp_path))}\n'
                f'[telegram]\ntoken = "{em.token}"\nbase_url = "{em.base_url}"\nbase_file_url = "{em.base_file_url}"\n'
                f"poll_seconds = 50\nper_minute = 0\n[web]\nport = {port}\n"
                '[manners]\nquiet_from = "03:00"\nquiet_to = "03:00"\n',
                encoding="utf-8",
            )
            path.chmod(0o600)
            late = em.fault("hang_after", "sendMessage")
            people["王阿姨"].says(group, REQUEST)
            code = "from bot.cli import main; main()"
            env = {**os.environ, "PYTHONPATH": str(HERE)}
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, "--config", str(path), "run", cwd=tmp_path, env=env, stderr=asyncio.subprocess.PIPE
            )  # fmt: skip
            try:
                await asyncio.wait_for(late.hit.wait(), 20)
                await em.until(lambda: len(em.backlog) == 0)
                child.send_signal(number)
                started = time.monotonic()
                asyncio.get_running_loop().call_later(0.2, late.release)
                _, shown = await asyncio.wait_for(child.communicate(), 10)
                assert time.monotonic() - started < 10
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
            assert child.returncode == 0, shown.decode()
            assert "Traceback" not in shown.decode()
            async with database.read() as tx:
                rows = await tx.rows(outbox.select().where(outbox.c.op == "send"))
            assert {row.state for row in rows} <= {"sent", "pending"}
            assert not [row for row in rows if row.resent]
        finally:
            await database.close()
