"""The watchdog: no answer at all for a while is said once, the loop is begun anew, and that we hear again is said once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from bot.web.server import build_app
from scheduler.watch import Stuck, Watch
from tests.telegram.stage import REQUEST, count, locked, morning, outgoing, url_of
from tests.telegram_house import World


@asynccontextmanager
async def watched(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    """The poller runs under a watchdog in a hurry, the pump beside it."""
    for name, seconds in (("every", 0.02), ("deaf_after", 0.4), ("grace", 0.4)):
        monkeypatch.setattr(Watch, name, seconds)
    [watch] = world.home.inbox.watches
    running = [asyncio.ensure_future(world.line.run()), asyncio.ensure_future(world.home.pump.run())]
    try:
        yield watch
    finally:
        for task in running:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def health(world: World) -> tuple[int, dict[str, str]]:
    app = build_app(world.home)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        answer = await client.get("/health")
    return answer.status_code, answer.json()["deaf"]


def told(world: World) -> list[str]:
    return [m.text for m in world.em.said(world.people["小陈"]) if "听" in m.text]


async def test_a_line_that_hangs_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.fault("hang", "getUpdates", count=3)
        with capture_logs() as log:
            async with watched(world, monkeypatch) as watch:
                await world.em.until(lambda: len(told(world)) == 1)
                assert (await health(world))[0] == 503
                assert "telegram" in (await health(world))[1]
                world.people["王阿姨"].says(world.group, REQUEST)
                await world.em.until(lambda: len(told(world)) == 2)
                assert await health(world) == (200, {})
                assert watch.restarts == 3
                await world.em.until(lambda: len(world.em.backlog) == 0)
                await asyncio.sleep(0.6)  # quiet, and answered all the same
        assert await count(world) == 1
        assert [entry["event"] for entry in log if entry["event"] in ("deaf", "hears_again")] == ["deaf", "hears_again"]
        assert len(told(world)) == 2


async def test_where_nothing_can_be_sent_either_nobody_is_told_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with morning(url_of(tmp_path)) as world:
        await world.em.go_offline()
        with capture_logs() as log:
            async with watched(world, monkeypatch) as watch:
                await world.em.until(lambda: watch.restarts == 2)
                await world.em.go_online()
                await world.em.until(lambda: watch.deaf_since is None)
        assert [entry["event"] for entry in log if entry["event"] in ("deaf", "hears_again")] == ["deaf", "hears_again"]
        await world.wait(120)
        assert told(world) == []
        assert {row.state for row in await outgoing(world)} <= {"cancelled"}


async def test_a_database_that_takes_nothing_is_no_deafness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with morning(url_of(tmp_path)) as world:
        async with locked(world):
            world.people["王阿姨"].says(world.group, REQUEST)
            async with watched(world, monkeypatch) as watch:
                monkeypatch.setattr(Watch, "deaf_after", 1.5)
                await asyncio.sleep(2)  # a poll each second, and each is answered
                assert (watch.deaf_since, watch.restarts) == (None, 0)
        await world.step()
        assert await count(world) == 1


async def test_deaf_with_a_locked_database_is_told_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.fault("hang", "getUpdates", count=4)
        async with watched(world, monkeypatch) as watch:
            async with locked(world):
                await world.em.until(lambda: watch.restarts == 2)
                assert (await health(world))[0] == 503
            await world.em.until(lambda: len(told(world)) == 2)


async def test_an_error_of_the_loop_ends_it_and_one_that_does_not_stop_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails() -> None:
        raise LookupError("reason")

    async def holds() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(2)
                return

    async with morning(url_of(tmp_path)) as world:
        [watch] = world.home.inbox.watches
        with pytest.raises(LookupError, match="reason"):
            await watch.keep(fails)
        for name, seconds in (("every", 0.02), ("deaf_after", 0.1), ("grace", 0.1)):
            monkeypatch.setattr(Watch, name, seconds)
        with pytest.raises(Stuck):
            await watch.keep(holds)
        await asyncio.sleep(2.1)
