"""Our own getUpdates loop: Telegram hears “got it” only with the next poll, after our commit.

python-telegram-bot's loop puts a batch into a memory queue and confirms it before the handlers have run: killed 20 times it
lost 444 of 600 messages. Telegram keeps unconfirmed updates for 24 hours, so the channel itself is our inbox.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import structlog
from telegram.error import TelegramError

from bot.telegram.updates import ALLOWED, Me, is_update_id, translate
from scheduler.inbox import Inbox
from scheduler.watch import Watch
from storage.database import StorageFault

log = structlog.get_logger()

BATCH = 100
SLOWEST = 30.0


@dataclass
class Hearing:
    """What the last polls came to, for the log."""

    since: datetime | None = None
    trouble: str = ""
    last: int | None = None
    tries: int = field(default=0, repr=False)


class Poller:
    """One poller per token. Never drops pending updates, never sends a negative offset."""

    patience = 15.0
    """Seconds beyond its own time after which a call that hangs is given up."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        me: Me,
        inbox: Inbox,
        now: Callable[[], datetime],
        seconds: int,
        introduce: Callable[[], Awaitable[None]],
        watch: Watch,
    ) -> None:
        """``url``: the whole address of getUpdates; ``seconds``: how long Telegram may hold the call.

        ``introduce`` fills in who we are where that could not be asked at the start; before it nothing is fetched, because
        without our name nobody can say whether we are spoken to. ``watch`` begins the loop anew when nothing answers it.
        """
        self._client = client
        self._introduce = introduce
        self._watch = watch
        self._url = url
        self._me = me
        self._inbox = inbox
        self._now = now
        self._seconds = seconds
        self._offset: int | None = None  # without one the server starts at the oldest unconfirmed update
        self.hearing = Hearing()

    async def run(self) -> None:
        """Until cancelled. Nothing Telegram or the network does ends it."""
        await self._watch.keep(self._listen)

    async def _listen(self) -> None:
        """With connections of its own, so that a loop that is begun anew does not wait on what made the last one deaf."""
        usual = self._client
        try:
            async with httpx.AsyncClient() as self._client:
                while True:
                    pause = await self.once()
                    if pause:
                        await asyncio.sleep(pause)
        finally:
            self._client = usual

    async def once(self) -> float:
        """One poll and its batch; how long to wait before the next one."""
        try:
            if not self._me.username:
                await self._introduce()
            updates = await self._poll()
            self._watch.heard()
        except _Later as later:
            self._trouble(later.reason)
            return later.seconds
        except (httpx.HTTPError, TelegramError, ValueError) as error:
            return self._back_off(type(error).__name__)
        try:
            await self._take_in(updates)
        except StorageFault:
            log.exception("storage_fault_at_intake")
            return self._back_off("storage")
        if updates and not self._count(updates):
            return self._back_off("no_ids")
        if self.hearing.trouble:
            log.info("telegram_heard_again")
        self.hearing.since, self.hearing.trouble, self.hearing.tries = self._now(), "", 0
        return 0.0

    async def _take_in(self, updates: list[Any]) -> None:
        now = self._now()
        await self._inbox.take_in([event for raw in updates if (event := translate(raw, self._me, now)) is not None])

    def _count(self, updates: list[Any]) -> bool:
        """All of it is on disk: the next poll may say so. Numbers that are missing were taken by somebody else, or lost."""
        numbers = sorted({u["update_id"] for u in updates if isinstance(u, dict) and is_update_id(u.get("update_id"))})
        for number in numbers:
            last = self.hearing.last
            if last is not None and number > last + 1:
                self._watch.gaps += 1
                log.warning("update_ids_missing", after=last, next=number)
            self.hearing.last = number
        if numbers:
            self._offset = numbers[-1] + 1
        return bool(numbers)

    async def _poll(self) -> list[Any]:
        form: dict[str, Any] = {"limit": BATCH, "timeout": self._seconds, "allowed_updates": json.dumps(ALLOWED)}
        if self._offset is not None:
            form["offset"] = self._offset
        answer = await self._client.post(
            self._url, data=form, timeout=httpx.Timeout(10, read=self._seconds + self.patience)
        )
        if answer.status_code == 409:
            raise _Later("another_poller", 5.0)
        if answer.status_code in (401, 404):
            # Seen once in a while from healthy servers; ending here would leave the group unheard for ever.
            raise _Later("token_refused", self._slower())
        body = answer.json()
        if not isinstance(body, dict):
            raise _Later("no_answer", self._slower())
        if answer.status_code == 429:
            raise _Later("too_fast", _seconds(body))
        if answer.status_code != 200 or not body.get("ok"):
            raise _Later(f"status_{answer.status_code}", self._slower())
        found = body.get("result")
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


def _seconds(body: dict[str, Any]) -> float:
    """How long Telegram asks us to wait."""
    asked = body.get("parameters")
    found = asked.get("retry_after") if isinstance(asked, dict) else None
    return float(found) if isinstance(found, int | float) and found > 0 else 5.0


class _Later(Exception):
    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds
