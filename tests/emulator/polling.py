"""getUpdates as Telegram's server does it: confirm on arrival, one poller only, a few odd rules against hasty clients."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.emulator.answer import ApiError, Call
from tests.emulator.backlog import Entry
from tests.emulator.state import State

Gone = Callable[[], Awaitable[None]]  # returns when the caller has hung up

TERMINATED = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
LONGEST = 50


class HungUpError(Exception):
    """The caller closed the connection while it was waiting."""


class Poller:
    """The one place of a bot where updates are fetched."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: asyncio.Future[None] | None = None
        self.hasty_rules = False  # same offset within 0.5 s → limit 1; within 3 s → timeout at least 3
        self.scale = 1.0  # real seconds per second of long polling
        self._last_offset: int | None = None
        self._last_start = 0.0
        self.conflicts = 0

    async def get_updates(self, call: Call, gone: Gone) -> list[Entry]:
        """The next batch; waits up to ``timeout`` for one."""
        state, params = self._state, call.params
        if state.hook.url:
            raise ApiError(409, HOOKED)
        if self._waiting is not None and not self._waiting.done():
            self.conflicts += 1
            self._waiting.set_exception(ApiError(409, TERMINATED))
        if "allowed_updates" in params:
            state.backlog.allowed = frozenset(params["allowed_updates"])
        offset = params.get("offset", 0)
        limit = min(max(params.get("limit", 100), 1), 100)
        timeout = min(max(params.get("timeout", 0), 0), LONGEST)
        if self.hasty_rules:
            limit, timeout = self._slow_down(offset, limit, timeout)
        state.backlog.confirm(offset)
        call.applied = True
        batch = state.backlog.batch(limit)
        if not batch and timeout > 0:
            await self._wait(timeout * self.scale, gone)
            batch = state.backlog.batch(limit)
        return batch

    def _slow_down(self, offset: int, limit: int, timeout: int) -> tuple[int, int]:
        """The server's defence against a client that asks the same thing again and again."""
        now = self._state.clock.now()
        if offset == self._last_offset:
            if timeout < 3 and now < self._last_start + 3:
                timeout = 3
            if now < self._last_start + 0.5:
                limit = 1
        self._last_offset, self._last_start = offset, now
        return limit, timeout

    async def _wait(self, seconds: float, gone: Gone) -> None:
        """Until an update is queued, another poller comes, the caller goes, or time is over."""
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wakers = self._state.backlog.wakers

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        wakers.append(wake)
        self._waiting = ready
        leaving = asyncio.ensure_future(gone())
        try:
            await asyncio.wait({ready, leaving}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
            elif leaving.done():
                raise HungUpError
        finally:
            wakers.remove(wake)
            leaving.cancel()
            if self._waiting is ready:
                self._waiting = None
            ready.cancel()
