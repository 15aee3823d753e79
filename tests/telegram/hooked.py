"""The program with its webhook: our router in a FastAPI application under uvicorn on loopback, Telegram pushing to it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from bot.app import house
from bot.config import Telegram
from bot.telegram.face import connect
from bot.telegram.webhook import PATH
from tests.community import RESIDENTS, STAFF, settle
from tests.emulator import Emulator
from tests.telegram.stage import MORNING, url_of
from tests.telegram_house import World, settings

SECRET = "a-secret-of-the-tests-only-0123456789-abcdef"  # noqa: S105 - worthless outside the tests


@dataclass
class Hooked(World):
    """A world whose updates are pushed."""

    address: str = ""

    async def post(self, body: Any, *, given: str | None = SECRET) -> int:
        """What somebody posts to our address; the status he gets."""
        headers = {} if given is None else {"X-Telegram-Bot-Api-Secret-Token": given}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.post(self.address, content=content, headers=headers, timeout=10)).status_code

    async def heard(self) -> None:
        """Telegram has got rid of everything; everything due is said."""
        await self.em.drained()
        await self.step()

    def hold_back(self) -> None:
        """Telegram keeps its updates for itself; the test delivers them in its own way."""
        self.em.pusher.stop()
        self.em.state.hook.url = ""

    def waiting(self) -> list[dict[str, Any]]:
        """The updates Telegram has kept."""
        return [entry.body for entry in self.em.backlog.pending()]


@asynccontextmanager
async def hooked(folder: Path, *, offline: bool = False) -> AsyncIterator[Hooked]:
    """A world at ten in the morning. ``offline``: Telegram cannot be reached when the program starts."""
    async with Emulator(privacy=False) as em:
        em.clock.set(MORNING)
        people = {name: em.user(name, started=name in STAFF) for name in (*RESIDENTS, *STAFF)}
        group = em.group("示范小区居民群", list(people.values()), bot_admin=True)
        sock = socket.create_server(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{sock.getsockname()[1]}{PATH}"
        config = settings(em, url_of(folder))
        assert config.telegram is not None
        # Telegram wants https, and so does the configuration; the emulator pushes to loopback without a certificate.
        values = {
            **dict(config.telegram),
            "mode": "webhook",
            "webhook_url": address,
            "webhook_secret": SecretStr(SECRET),
        }
        config = config.model_copy(update={"telegram": Telegram.model_construct(**values)})

        def now() -> datetime:
            return datetime.fromtimestamp(em.clock.now(), UTC)

        async with house(config, now=now) as home:
            chats = {name: str(people[name].id) for name in STAFF}
            await settle(home.database, "telegram", str(em.bot.id), chats, str(group.id))
            if offline:
                await em.go_offline()
            async with connect(config, home.database, home.said, home.inbox, home.faces, now) as line:
                assert line.routes is not None
                app = FastAPI()
                app.include_router(line.routes)
                server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
                serving = asyncio.ensure_future(server.serve(sockets=[sock]))
                try:
                    yield Hooked(em, home, line, group, people, address)
                finally:
                    await em.pusher.close()
                    server.should_exit = True
                    await serving
        assert em.violations == []
