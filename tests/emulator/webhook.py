"""Webhook delivery: order kept per chat, chats in parallel, a refused update blocks its chat and is tried again."""

import asyncio
import re
from collections import deque
from urllib.parse import urlsplit

import httpx

from tests.emulator.answer import ApiError, Call
from tests.emulator.backlog import Entry
from tests.emulator.spec import Json
from tests.emulator.state import Hook, State

RETRY_AFTER_MOST = 3600.0


def retry_delay(failures: int) -> float:
    """Seconds before the next try: 1, 2, 4 … then a minute or two."""
    return float(min(2 ** (failures - 1), 60 if failures < 10 else 120))


class Pusher:
    """Pushes updates while a webhook is set."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.scale = 0.01  # real seconds per second of retry delay
        self.repeats = 1  # deliver everything so many times
        self.attempts: list[tuple[int, int | None]] = []  # (update id, HTTP status or None)
        self.delays: list[float] = []  # seconds Telegram would have waited
        self._queues: dict[int, deque[Entry]] = {}
        self._queued: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(40)

    def set_webhook(self, call: Call) -> bool:
        """Switch from polling to pushing; what is pending is pushed."""
        state, params = self._state, call.params
        url, secret = params["url"], params.get("secret_token")
        if not url:
            return self.delete_webhook(call)
        if urlsplit(url).scheme not in ("https", "http"):  # loopback tests have no certificate
            raise ApiError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        if "allowed_updates" in params:
            state.backlog.allowed = frozenset(params["allowed_updates"])
        if params.get("drop_pending_updates"):
            state.backlog.clear()
        state.hook = Hook(url, secret, params.get("max_connections", 40))
        self._slots = asyncio.Semaphore(state.hook.max_connections)
        if self.wake not in state.backlog.wakers:
            state.backlog.wakers.append(self.wake)
        self.wake()
        return True

    def delete_webhook(self, call: Call) -> bool:
        """Back to polling; what was not taken is still there."""
        self._state.hook = Hook()
        self.stop()
        if call.params.get("drop_pending_updates"):
            self._state.backlog.clear()
        return True

    def info(self, _: Call) -> Json:
        """getWebhookInfo; the pending count also works while polling."""
        hook, backlog = self._state.hook, self._state.backlog
        body: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(backlog)}
        if hook.url:
            body["max_connections"] = hook.max_connections
        if hook.last_error is not None:
            body |= {"last_error_message": hook.last_error, "last_error_date": hook.last_error_date}
        if backlog.allowed:
            body["allowed_updates"] = sorted(backlog.allowed)
        return body

    def wake(self) -> None:
        """Sort new updates into the queues of their chats and start a worker for each idle chat."""
        if not self._state.hook.url:
            return
        for entry in self._state.backlog.pending():
            if entry.id in self._queued:
                continue
            self._queued.add(entry.id)
            key = entry.chat or 0
            if key in self._queues:
                self._queues[key].append(entry)
                continue
            self._queues[key] = deque([entry])
            task = asyncio.ensure_future(self._work(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self, key: int) -> None:
        """Deliver one chat's updates in order."""
        queue = self._queues[key]
        while queue:
            entry, failures = queue[0], 0
            times = self.repeats
            while times > 0 and entry.id in self._state.backlog:  # not expired or dropped meanwhile
                status, wait = await self._post(entry)
                if status is not None and 200 <= status < 300:
                    times -= 1
                    continue
                failures += 1
                delay = retry_delay(failures) if wait is None else min(wait, RETRY_AFTER_MOST)
                self.delays.append(delay)
                await asyncio.sleep(delay * self.scale)
            self._state.backlog.remove([entry.id])
            self._queued.discard(entry.id)
            queue.popleft()
        del self._queues[key]

    async def _post(self, entry: Entry) -> tuple[int | None, float | None]:
        """One attempt: the status (None without an answer) and the Retry-After the receiver asked for."""
        hook = self._state.hook
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=10, trust_env=False, limits=httpx.Limits(max_connections=100))
        headers = {"Content-Type": "application/json"}
        if hook.secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret
        status, wait = None, None
        async with self._slots:
            try:
                answer = await self._client.post(hook.url, content=entry.raw, headers=headers)
            except httpx.HTTPError as problem:
                words = f"Connection failed: {type(problem).__name__}"
            else:
                status, words = (
                    answer.status_code,
                    f"Wrong response from the webhook: {answer.status_code} {answer.reason_phrase}",
                )
                after = answer.headers.get("retry-after", "")
                wait = float(after) if after.isdigit() else None
        self.attempts.append((entry.id, status))
        if status is None or not 200 <= status < 300:
            hook.last_error, hook.last_error_date = words, self._state.world.date
        return status, wait

    def stop(self) -> None:
        """Stop pushing."""
        for task in tuple(self._tasks):
            task.cancel()
        self._queues.clear()
        self._queued.clear()

    async def close(self) -> None:
        """Stop, and close the connections."""
        tasks = tuple(self._tasks)
        self.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
