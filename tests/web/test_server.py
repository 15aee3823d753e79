"""What is served to whom: the simulator in the demo only, and there only to its own page."""

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from bot.app import house
from bot.web.guard import Guard
from bot.web.server import CannotListen, PortTaken, build_app, demo_config, part
from tests.web.conftest import World


def _client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080")


async def test_health_counts_what_waits(world: World) -> None:
    await world.chats.say("wang", "group-1", "3栋2单元电梯又坏了")
    async with _client(build_app(world.home)) as client:
        waiting = (await client.get("/health")).json()
        await world.settle()
        done = (await client.get("/health")).json()
    assert waiting == {
        "ok": True,
        "database": True,
        "outbox": {"pending": 3, "claimed": 0, "sending": 0, "unknown": 0, "failed": 0},
        "stuck": 0,
        "deaf": {},
        "clock": {"jumped": 0, "behind": 0},
    }
    assert done["outbox"]["pending"] == 0


async def test_health_says_when_the_database_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.home.database.write("break") as tx:
        await tx.conn.exec_driver_sql("ALTER TABLE outbox RENAME TO gone")
    async with _client(build_app(world.home)) as client:
        answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (503, {"ok": False, "database": False})


async def test_without_demo_there_is_no_simulator(world: World) -> None:
    router = APIRouter()

    @router.get("/hook")
    async def hook() -> str:
        return "ok"

    async with _client(build_app(world.home, routers=[router])) as client:
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/docs")).status_code == 404
        assert (await client.get("/openapi.json")).status_code == 404
        assert (await client.get("/hook")).json() == "ok"


async def test_a_part_without_demo_adds_no_face_and_tells_its_address(world: World) -> None:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    world.home.faces.clear()
    async with part(demo=False, port=0, ready=told.set_result)(world.home) as run, asyncio.TaskGroup() as group:
        assert run is not None
        assert world.home.faces == {}
        running = group.create_task(run())
        url = await asyncio.wait_for(told, 20)
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}health")).json()["ok"] is True
            assert (await client.get(url)).status_code == 404
        running.cancel()
        running.cancel()
    assert url.startswith("http://127.0.0.1:")


async def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    other = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    try:
        async with house(demo_config(f"sqlite:///{tmp_path / 'x.db'}", port=port)) as home:
            with pytest.raises(PortTaken, match=f"端口 {port} 已经被别的程序占用") as taken:
                await part(demo=False)(home).__aenter__()
            with pytest.raises(CannotListen, match=r"不能在 192\.0\.2\.1"):
                await part(demo=False, host="192.0.2.1")(home).__aenter__()
    finally:
        other.close()
        await other.wait_closed()
    assert "\n" not in str(taken.value)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:8080"}, 200),
        ({"host": "localhost:8080", "origin": "http://localhost:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9090"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example"}, 403),
        ({"host": ""}, 403),
    ],
)
async def test_only_its_own_page_may_talk_to_the_demo(headers: dict[str, str], status: int) -> None:
    app = FastAPI()
    app.add_middleware(Guard)
    app.add_api_route("/", lambda: "ok")
    async with _client(app) as client:
        answer = await client.get("/", headers=headers)
    assert answer.status_code == status
    assert status == 403 or "frame-ancestors 'none'" in answer.headers["content-security-policy"]
