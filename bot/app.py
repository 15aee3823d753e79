"""The one place that knows everything: builds the house from a configuration and runs it."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

import structlog

from bot.config import Config
from bot.triage.versions import Store
from bot.workdays import calendar_of
from domain.roster import Grid
from handlers.context import Context
from handlers.recent import Recent
from scheduler import clock
from scheduler.delivery import Face, Pump
from scheduler.inbox import Inbox
from scheduler.meter import Meter
from storage.database import Database
from storage.schema import migrate
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

log = structlog.get_logger()

GRACE = 9.0
"""Seconds the parts have to end in order; whoever stopped the program waits ten."""


def read_clock() -> datetime:
    """The only clock of the program."""
    return datetime.now(UTC)  # noqa: TID251 - here and nowhere else


@dataclass
class House:
    """The running parts. Faces add themselves to ``faces`` before anything is sent."""

    config: Config
    database: Database
    said: Sentences
    context: Callable[[], Context]
    faces: dict[tuple[str, str], Face] = field(default_factory=dict)
    meter: Meter = field(default_factory=Meter)
    inbox: Inbox = field(init=False)
    pump: Pump = field(init=False)

    def __post_init__(self) -> None:
        """Wire inbox and pump: what the one commits, the other sends."""
        self.pump = Pump(self.database, self.faces, self.context, self.meter, owner=f"{os.getpid()}")
        self.inbox = Inbox(self.database, self.context, self.pump.wake, self.meter)

    async def pass_once(self) -> None:
        """Ring every bell once."""
        await clock.pass_once(self.database, self.context, self.pump.wake, self.meter)


@asynccontextmanager
async def house(config: Config, *, now: Callable[[], datetime] = read_clock) -> AsyncIterator[House]:
    """Open the database (bringing it up to date) and build the parts; close everything at the end.

    Raises:
        storage.schema.NewerDatabase: the database belongs to a newer program.

    """
    said = Sentences.load()
    calendar = calendar_of(config)
    model, usable = Store.of(config).usable()
    if not usable:
        log.warning("weights_unusable")
    ear = Ear.load(caution=config.manners.point, model=model)

    @cache
    def ear_at(point: str) -> Ear:
        """An ear as a leader tuned it for his grid: loaded when it is first wanted, shared by all grids at that point."""
        return Ear.load(caution=point, model=model)

    categories = load_categories()
    foreign = config.telegram is not None and config.community.region == "CN"
    policy = config.policy(sensitive_ok=not foreign)
    recent = Recent()
    # Dictionary and rules never die, so the collector need not look through them again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    ears: dict[int, tuple[Grid, Ear]] = {}

    def context() -> Context:
        return Context(now(), said, policy, calendar, ear, categories, recent, ears=ears, ear_at=ear_at)

    database = Database(config.storage.url)
    try:
        await migrate(database)
        yield House(config, database, said, context)
    finally:
        await database.close()


Part = Callable[[House], AbstractAsyncContextManager[Callable[[], Coroutine[object, object, None]] | None]]
"""A face: opened with the house, closed before it; what it yields runs until the program stops."""


async def serve(config: Config, parts: Sequence[Part], *, now: Callable[[], datetime] = read_clock) -> None:
    """Run the house with these faces until SIGINT or SIGTERM comes, or a part gives up (its error goes to the caller)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with house(config, now=now) as home, AsyncExitStack() as stack:
        runs = [await stack.enter_async_context(part(home)) for part in parts]
        if home.database.is_sqlite:  # one program, one sender: a lease that is not over belongs to nobody any more
            await home.pump.recover()
        bells = clock.start(home.database, home.context, home.pump.wake, home.meter)
        stack.callback(bells.shutdown, wait=False)
        await _together(stop, [home.pump.run, *(run for run in runs if run)])
        log.info("stopped")


async def _together(
    stop: asyncio.Event, runs: Sequence[Callable[[], Coroutine[object, object, None]]], grace: float = GRACE
) -> None:
    """Run all parts until the stop, or until one fails; then each is cancelled once and has ``grace`` seconds to end.

    Nothing is confirmed or half done when a part is cancelled: it finishes its transaction and the call it has begun. A
    second cancellation would cut exactly that short. A part that ends by itself leaves the others running.
    """
    tasks = [asyncio.ensure_future(run()) for run in runs]
    asked = asyncio.ensure_future(stop.wait())
    try:
        live: set[asyncio.Future[Any]] = {asked, *tasks}
        while asked in live and len(live) > 1:
            done, live = await asyncio.wait(live, return_when=asyncio.FIRST_COMPLETED)
            if any(task.cancelled() or task.exception() is not None for task in done):
                break
    finally:
        for task in (asked, *tasks):
            task.cancel()
        _, late = await asyncio.wait([asked, *tasks], timeout=grace)
        if late:
            log.warning("parts_still_running", count=len(late))
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error
