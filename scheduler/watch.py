"""The watchdog of a channel that we ask for its messages: silence on the line is not the silence of a quiet group.

Every answer counts, an empty one too. None for a minute and a half means that we are deaf: that is said once, shown on
``/health``, and the loop that listens is begun anew with everything it holds; that we hear again is said once as well.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime

import structlog

from handlers import alarms
from handlers.context import Context
from storage.database import Database, StorageFault

log = structlog.get_logger()

Listen = Callable[[], Coroutine[object, object, None]]


class Stuck(Exception):
    """A loop that listens could not even be stopped: only a new process helps."""


class Watch:
    """One per line (channel and bot). ``deaf_since`` is None while the channel answers; ``gaps``: places where update ids
    were missing: somebody else took them, or they were lost.
    """

    deaf_after = 90.0
    """Seconds without an answer. A call may be held for 50 by the channel, and be given up 15 later."""
    every = 5.0
    grace = 8.0
    """Seconds the loop has to finish its transaction before it is begun anew."""

    def __init__(
        self, database: Database, context: Callable[[], Context], wake: Callable[[], None], channel: str, bot: str
    ) -> None:
        """``wake`` tells the pump that there may be something to say."""
        self._database = database
        self._context = context
        self._wake = wake
        self.channel = channel
        self._bot = bot
        self._heard = 0.0
        self._heard_at: datetime | None = None
        self._told = False
        self.deaf_since: datetime | None = None
        self.restarts = 0
        self.gaps = 0

    def heard(self) -> None:
        """The channel has answered."""
        self._heard = asyncio.get_running_loop().time()
        self._heard_at = self._context().now

    def silent(self) -> float:
        """Seconds since the channel has answered."""
        return asyncio.get_running_loop().time() - self._heard

    async def keep(self, listen: Listen) -> None:
        """Run this loop until cancelled; begin it anew when it hears nothing.

        Raises:
            Stuck: it cannot be stopped.

        """
        self._heard_at = self._heard_at or self._context().now
        while True:
            begun = self._heard = asyncio.get_running_loop().time()
            listening = asyncio.ensure_future(listen())
            try:
                while not listening.done() and await self._hears(begun):
                    _ = await asyncio.wait([listening], timeout=self.every)
            finally:
                listening.cancel()
                _ = await asyncio.wait([listening], timeout=self.grace)
            if not listening.done():
                raise Stuck
            if not listening.cancelled():
                return listening.result()
            self.restarts += 1
            log.warning("listening_anew", channel=self.channel, times=self.restarts)

    async def _hears(self, begun: float) -> bool:
        """Whether the loop may go on; says once that we are deaf, and once that we hear again."""
        now = asyncio.get_running_loop().time()
        if now - self._heard > self.deaf_after:
            if self.deaf_since is None:
                self.deaf_since = self._heard_at
                log.error("deaf", channel=self.channel, seconds=round(now - self._heard))
            if not self._told:
                self._told = await self._tell(deaf=True)
            return False
        if self.deaf_since is not None and self._heard > begun and await self._tell(deaf=False):
            log.info("hears_again", channel=self.channel, restarts=self.restarts)
            self.deaf_since, self._told = None, False
        return True

    async def _tell(self, *, deaf: bool) -> bool:
        if self.deaf_since is None:
            return False
        try:
            async with self._database.write("watch") as tx:
                say = alarms.deaf if deaf else alarms.hears_again
                await say(self._context(), tx, self.channel, self._bot, self.deaf_since)
        except StorageFault:
            log.exception("storage_fault_in_watch")
            return False
        self._wake()
        return True
