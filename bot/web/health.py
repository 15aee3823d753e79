"""``/health``: whether the program can do its work; ``/health/live``: whether it is there at all."""

import time
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bot.app import House
from storage import waiting
from storage.database import StorageFault

log = structlog.get_logger()

SKEW = 120.0
"""Seconds: a clock that is further off makes deadlines and reminders wrong."""
REMEMBERED = 3600.0
"""Seconds for which a jump of the clock is shown."""


class Steady:
    """Whether the wall clock goes with the machine's own. A jump: it was set, or the machine slept."""

    def __init__(self, now: Callable[[], datetime], machine: Callable[[], float] = time.monotonic) -> None:
        """``machine``: seconds that nobody can set."""
        self._now, self._machine = now, machine
        self._last = now(), machine()
        self._jump, self._at = 0.0, 0.0

    def look(self) -> float:
        """By how many seconds the clock jumped within the last hour, 0 when it did not."""
        now, machine = self._now(), self._machine()
        jump = (now - self._last[0]).total_seconds() - (machine - self._last[1])
        self._last = now, machine
        if abs(jump) > SKEW:
            self._jump, self._at = jump, machine
            log.error("clock_jumped", seconds=round(jump))
        return self._jump if machine - self._at < REMEMBERED else 0.0


def routes(house: House) -> APIRouter:
    """Both pages."""
    steady = Steady(lambda: house.context().now)
    router = APIRouter()

    @router.get("/health/live")
    async def live() -> dict[str, bool]:
        return {"ok": True}

    @router.get("/health")
    async def health() -> JSONResponse:
        """Not well: the database cannot be read, messages do not leave, a channel has answered nothing for a while
        (``deaf``: since when), or the clock is behind what the channels say.
        """
        deaf = {watch.channel: watch.deaf_since.isoformat() for watch in house.inbox.watches if watch.deaf_since}
        clock = {"jumped": round(steady.look()), "behind": round(house.inbox.behind())}
        try:
            async with house.database.read() as tx:
                found = await waiting.in_outbox(tx)
                stuck = await waiting.stuck(tx, house.context().now)
        except (StorageFault, sa.exc.SQLAlchemyError):
            return JSONResponse({"ok": False, "database": False}, status_code=503)
        counts = {state: sum(n for (s, _), n in found.items() if s == state) for state in waiting.LIVE}
        ok = not deaf and not stuck and clock["behind"] <= SKEW
        body = {"ok": ok, "database": True, "outbox": counts, "stuck": stuck, "deaf": deaf, "clock": clock}
        return JSONResponse(body, status_code=200 if ok else 503)

    return router
