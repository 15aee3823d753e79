"""The web part of the house: ``/health`` and calendars always, metrics and the demo only where they are asked for; one port."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import time
from functools import partial

import uvicorn
from fastapi import APIRouter, FastAPI
from typing_extensions import override

from bot.app import House, Part
from bot.config import Config, Manners, StorageSection, Visits, Web
from bot.web import calendar, health, metrics, page, sample
from bot.web.chats import BOT, CHANNEL, Chats
from bot.web.face import WebFace
from bot.web.guard import Guard
from bot.web.player import Player


class CannotListen(Exception):
    """The page cannot be opened at this address; the message is one Chinese line."""


class PortTaken(CannotListen):
    """Another program listens on the port."""


def demo_config(storage_url: str, *, host: str = "127.0.0.1", port: int = 8080) -> Config:
    """A configuration in which the demo answers at once, day and night: no quiet hours, visits from midnight on.

    The chats live in memory: give a database of its own, best one that is thrown away afterwards.
    """
    midnight = time(0)
    manners = Manners(
        quiet_from=midnight, quiet_to=midnight, staff_quiet_from=midnight, staff_quiet_to=midnight, questions_per_day=20
    )
    return Config(
        storage=StorageSection(url=storage_url),
        web=Web(host=host, port=port),
        manners=manners,
        visits=Visits(remind_at=midnight),
    )


def part(
    *,
    demo: bool,
    host: str = "",
    port: int | None = None,
    routers: Callable[[House], Sequence[APIRouter]] = lambda _: (),
    ready: Callable[[str], None] = lambda _: None,
) -> Part:
    """The web face as a part of ``bot.app.serve``.

    ``demo``: the chats and their page; without it nothing but ``/health``, ``/metrics``, calendars and the ``routers`` is served. ``host`` and
    ``port`` are taken from the configuration unless given; port 0 takes any free one. ``ready`` is told the address.

    Raises:
        PortTaken: when the part is opened.
        CannotListen: likewise, for any other reason.

    """

    @asynccontextmanager
    async def opened(house: House) -> AsyncIterator[Callable[[], Coroutine[object, object, None]]]:
        listener = _listen(house, host or house.config.web.host, house.config.web.port if port is None else port)
        try:
            chats = await open_chats(house) if demo else None
            player = Player(chats, sample.read_day()) if chats else None
            if demo:
                await house.pass_once()  # today's visits stand there from the first look, not after the first minute
            app = build_app(house, chats=chats, player=player, routers=routers(house))
            name, number = listener.getsockname()[:2]
            url = f"http://{f'[{name}]' if ':' in name else name}:{number}/"
            yield partial(_run, app, listener, player, partial(ready, url))
        finally:
            house.faces.pop((CHANNEL, BOT), None)
            listener.close()

    return opened


async def open_chats(house: House) -> Chats:
    """The sample community with its chats, and the face that speaks there."""
    cx = house.context()
    await sample.load(house.database, cx.calendar.today(cx.now))
    community = sample.read()
    chats = Chats(
        partial(house.inbox.take_in, order="none"),
        lambda: house.context().now,
        community.people,
        [(community.group_id, community.title)],
    )
    house.faces[CHANNEL, BOT] = WebFace(chats)
    return chats


def build_app(
    house: House, *, chats: Chats | None = None, player: Player | None = None, routers: Sequence[APIRouter] = ()
) -> FastAPI:
    """The application: ``/health``, ``/metrics``, volunteers' calendars, the routers, and with ``chats`` the demo page at ``/``."""
    app = FastAPI(title="dangxiaoqi", docs_url=None, redoc_url=None, openapi_url=None)
    for router in (health.routes(house), metrics.routes(house), calendar.routes(house), *routers):
        app.include_router(router)
    if chats is not None and player is not None:
        app.add_middleware(Guard)
        page.mount(app, house, chats, player)
    return app


def _listen(house: House, host: str, port: int) -> socket.socket:
    """Bind before anything else, so that a port that is taken is told at once and in words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(house.said.say("page.port_taken", port=port)) from None
        text = house.said.say("page.cannot_listen", host=host, port=port, error=error.strerror or error)
        raise CannotListen(text) from None
    listener.setblocking(False)
    return listener


class _Server(uvicorn.Server):
    """uvicorn without hands on the signals (the house stops its parts itself), which says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @override
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _run(app: FastAPI, listener: socket.socket, player: Player | None, ready: Callable[[], None]) -> None:
    """Serve until cancelled; open pages are let go within two seconds."""
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2, server_header=False)
    server = _Server(config, ready)
    async with asyncio.TaskGroup() as group:
        if player is not None:
            group.create_task(player.run())
        await _serve(server, listener)


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    """The house cancels its parts once and its task group cancels them again: pages are let go all the same."""
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        while not serving.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(serving)
