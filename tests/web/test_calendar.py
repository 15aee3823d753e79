"""A volunteer's calendar over real HTTP: right link, wrong links, a link that has ended, and nothing but numbers inside."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio

from bot.app import house
from bot.web.server import demo_config, open_chats, part
from tests.web.conftest import World


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    config = demo_config(f"sqlite:///{tmp_path / 'web.db'}")
    config = config.model_copy(update={"web": config.web.model_copy(update={"public_url": "https://wg.example.cn"})})
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with house(config) as home:
        world = World(home, await open_chats(home), [])
        await home.pass_once()
        await world.settle()
        async with part(demo=False, port=0, ready=told.set_result)(home) as run, asyncio.TaskGroup() as group:
            assert run is not None
            running = group.create_task(run())
            async with httpx.AsyncClient(base_url=await asyncio.wait_for(told, 20)) as client:
                yield world, client
            running.cancel()


async def path_of(world: World, who: str) -> str:
    await world.say(who, "日历", who)
    found = re.search(r"https://wg\.example\.cn(/calendar/\d+/[\w-]{32}\.ics)", world.last(who).text)
    assert found is not None
    return found[1]


async def test_the_right_link_shows_numbers_and_nothing_else(served: tuple[World, httpx.AsyncClient]) -> None:
    world, client = served
    answer = await client.get(await path_of(world, "li"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    lines = answer.text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert "SUMMARY:走访 1 户" in lines
    assert not [word for word in ("3栋", "301", "独居", "老李", "V1") if word in answer.text]
    again = await client.get(await path_of(world, "li"))
    uids = [line for line in lines if line.startswith("UID:")]
    assert uids == [line for line in again.text.split("\r\n") if line.startswith("UID:")]
    assert len(uids) == len(set(uids)) > 0


async def test_what_is_recorded_leaves_the_calendar(served: tuple[World, httpx.AsyncClient]) -> None:
    world, client = served
    path = await path_of(world, "li")
    before = (await client.get(path)).text.count("BEGIN:VEVENT")
    await world.say("li", "走访 1 正常", "li")
    assert (await client.get(path)).text.count("BEGIN:VEVENT") == before - 1


async def test_links_that_lead_nowhere_look_all_the_same(served: tuple[World, httpx.AsyncClient]) -> None:
    world, client = served
    first = await path_of(world, "li")
    other = await path_of(world, "zhou")
    second = await path_of(world, "li")
    number = first.split("/")[2]
    wrong = [
        first,
        f"/calendar/{number}/{'x' * 32}.ics",
        f"/calendar/{number}/{other.split('/')[3]}",
        "/calendar/99/x.ics",
    ]
    answers = [await client.get(path) for path in wrong]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, b"")}
    assert (await client.get(second)).status_code == 200
    await world.say("li", "日历 停", "li")
    assert (await client.get(second)).status_code == 404
    assert (await client.get(other)).status_code == 200


async def test_other_paths_are_no_calendars(served: tuple[World, httpx.AsyncClient]) -> None:
    _, client = served
    for path in ("/calendar/", "/calendar/1", "/calendar/0/x.ics", "/calendar/abc/x.ics", "/calendar/1/x"):
        assert (await client.get(path)).status_code in (404, 422)
    assert (await client.post("/calendar/1/x.ics")).status_code == 405
