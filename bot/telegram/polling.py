"""Our own getUpdates loop: Telegram hears “got it” only with the next poll, after our commit.

python-telegram-bot's loop puts a batch into a memory queue and confirms it before the handlers have run: killed 20 times it
lost 444 of 600 messages. Telegram keeps unconfirmed updates for 24 hours, so the channel itself is our inbox.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import structlog

from bot.telegram.updates import ALLOWED, Me, translate
from scheduler.inbox import Inbox
from storage.database import StorageFault

log = structlog.get_logger()

BATCH = 100
SLOWEST = 30.0


@dataclass
class Hearing:
    """Whether Telegram is heard: for ``/health`` and the log."""

    since: datetime | None = None
    trouble: str = ""
    gaps: int = 0
    last: int | None = None
    tries: int = field(default=0, repr=False)


class Poller:
    """One poller per token. Never drops pending updates, never sends a negative offset."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, me: Me, inbox: Inbox, now: Callable[[], datetime], seconds: int
    ) -> None:
        """``url``: the whole address of getUpdates; ``seconds``: how long Telegram may hold the call."""
        self._client = client
        self._url = url
        self._me = me
        self._inbox = inbox
        self._now = now
        self._seconds = seconds
        self._offset: int | None = None  # without one the server starts at the oldest unconfirmed update
        self.hearing = Hearing()

    async def run(self) -> None:
        """Until cancelled. Nothing Telegram or the network does ends it."""
        while True:
            pause = await self.once()
            if pause:
                await asyncio.sleep(pause)

    async def once(self) -> float:
        """One poll and its batch; how long to wait before the next one."""
        try:
            updates = await self._poll()
        except _Later as later:
            self._trouble(later.reason)
            return later.seconds
        except (httpx.HTTPError, ValueError) as error:
            return self._back_off(type(error).__name__)
        try:
            await self._take_in(updates)
        except StorageFault:
            log.exception("storage_fault_at_intake")
            return self._back_off("storage")
        if self.hearing.trouble:
            log.info("telegram_heard_again")
        self.hearing.since, self.hearing.trouble, self.hearing.tries = self._now(), "", 0
        return 0.0

    async def _take_in(self, updates: list[Any]) -> None:
        if not updates:
            return
        now = self._now()
        events = [event for raw in updates if (event := translate(raw, self._me, now)) is not None]
        await self._inbox.take_in(events)
        numbers = [u["update_id"] for u in updates if isinstance(u, dict) and isinstance(u.get("update_id"), int)]
        if not numbers:
            return
        last = self.hearing.last
        if last is not None and numbers[0] > last + 1:
            self.hearing.gaps += 1
            log.warning("update_ids_missing", after=last, next=numbers[0])
        self.hearing.last = numbers[-1]
        self._offset = numbers[-1] + 1

    async def _poll(self) -> list[Any]:
        form: dict[str, Any] = {"limit": BATCH, "timeout": self._seconds, "allowed_updates": json.dumps(ALLOWED)}
        if self._offset is not None:
            form["offset"] = self._offset
        answer = await self._client.post(self._url, data=form, timeout=httpx.Timeout(10, read=self._seconds + 15))
        if answer.status_code == 409:
            raise _Later("another_poller", 5.0)
        if answer.status_code in (401, 404):
            # Seen once in a while from healthy servers; ending here would leave the group unheard for ever.
            raise _Later("token_refused", self._slower())
        body = answer.json()
        if answer.status_code == 429:
            raise _Later("too_fast", float(body.get("parameters", {}).get("retry_after", 5)))
        if answer.status_code != 200 or not body.get("ok"):
            raise _Later(f"status_{answer.status_code}", self._slower())
        found = body["result"]
        if not isinstance(found, list):
            raise _Later("no_list", self._slower())
        return found

    def _slower(self) -> float:
        self.hearing.tries += 1
        return float(min(SLOWEST, 0.5 * 2 ** min(self.hearing.tries, 6)))

    def _back_off(self, reason: str) -> float:
        self._trouble(reason)
        return self._slower()

    def _trouble(self, reason: str) -> None:
        if reason != self.hearing.trouble:
            log.warning("telegram_not_heard", reason=reason)
        self.hearing.trouble = reason


class _Later(Exception):
    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
