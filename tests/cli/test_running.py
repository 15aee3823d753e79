"""``demo`` and ``run`` as processes: they come up, answer, say why they cannot, and go quietly."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import httpx
import pytest

from tests.cli.desk import Desk

HERE = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def start(desk: Desk, *words: str) -> Process:
    code = "from bot.cli import main; main()"
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    call = [sys.executable, "-c", code, "--config", str(desk.config), *words]
    return await asyncio.create_subprocess_exec(*call, cwd=desk.folder, env=env, stdout=PIPE, stderr=PIPE)


async def healthy(port: int, child: Process) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(300):
            assert child.returncode is None
            try:
                answer = await client.get(f"http://127.0.0.1:{port}/health")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                assert answer.json()["ok"]
                return
    raise AssertionError("never healthy")


@pytest.mark.parametrize("verb", ["demo", "run"])
async def test_it_comes_up_refuses_a_second_and_goes(desk: Desk, verb: str) -> None:
    port = free_port()
    with desk.config.open("a", encoding="utf-8") as file:
        file.write(f"[web]\nport = {port}\n")
    words = ("demo", "--port", str(port)) if verb == "demo" else ("run",)
    child = await start(desk, *words)
    try:
        await healthy(port, child)
        second = await start(desk, *words)
        out, err = await second.communicate()
        assert second.returncode == 1
        assert str(port) in err.decode()
        assert "Traceback" not in (out + err).decode()
        child.send_signal(signal.SIGTERM)
        out, err = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == 0, err.decode()
    assert "Traceback" not in err.decode()
    assert (f":{port}/" in out.decode()) is (verb == "demo")
    assert (desk.folder / "data.db").exists() is (verb == "run")
