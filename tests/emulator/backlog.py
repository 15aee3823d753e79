"""The queue of updates: contiguous ids, confirmed by offset, kept 24 hours, at most 64 KiB each, 4 MiB per answer."""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.emulator.clock import Clock
from tests.emulator.spec import Json

DAY = 24 * 3600
KEPT = 100_000
UPDATE_BYTES = 64 * 1024
ANSWER_BYTES = 4 * 1024 * 1024
QUIET_WEEK = 7 * DAY
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One queued update."""

    id: int
    kind: str
    chat: int | None
    body: Json
    raw: bytes
    at: float


class Backlog:
    """Telegram as a durable buffer. Nothing leaves it but by confirmation, age or an explicit drop."""

    def __init__(self, clock: Clock, check: Callable[[Json], None], seed: int = 1) -> None:
        self._clock, self._check, self._random = clock, check, random.Random(seed)
        self._entries: dict[int, Entry] = {}  # in order of id
        self.next_id = self._random.randrange(100_000_000, 999_000_000)
        self._last_push = clock.now()
        self.allowed: frozenset[str] | None = None
        self.wakers: list[Callable[[], None]] = []
        self.expired: list[int] = []
        self.oversize: list[Json] = []
        self.last_batch: list[Entry] = []  # for the fault "delivered twice"
        self.total = 0

    def wants(self, kind: str) -> bool:
        """Would an update of this kind be queued at all?"""
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT

    def push(self, kind: str, body: Json, chat: int | None) -> int | None:
        """Queue an update; None when Telegram would not keep it."""
        return self._append(kind, {kind: body}, chat, self._check) if self.wants(kind) else None

    def inject(self, body: Json, chat: int | None = None) -> int | None:
        """Queue an update exactly as given, however broken. Only its id is ours."""
        return self._append(next(iter(body), "nothing"), body, chat, lambda _: None)

    def _append(self, kind: str, body: Json, chat: int | None, check: Callable[[Json], None]) -> int | None:
        now = self._clock.now()
        self.expire()
        if not self._entries and now - self._last_push > QUIET_WEEK:
            self.restart_ids()
        update: Json = {"update_id": self.next_id, **body}
        check(update)
        # Half a surrogate pair has no UTF-8; escaped it is what a client library makes of it, and may break a program.
        raw = json.dumps(update, ensure_ascii=False).encode(errors="backslashreplace")
        if len(raw) > UPDATE_BYTES:
            self.oversize.append(update)
            return None
        self._entries[self.next_id] = Entry(self.next_id, kind, chat, update, raw, now)
        self.next_id += 1
        self.total += 1
        self._last_push = now
        for wake in tuple(self.wakers):
            wake()
        return self.next_id - 1

    def restart_ids(self, at: int | None = None) -> None:
        """Go on at another id, as after a week of silence: random, possibly lower. The queue must be empty."""
        if self._entries:
            raise ValueError("ids restart only while nothing is queued")
        self.next_id = self._random.randrange(100_000_000, 999_000_000) if at is None else at

    def skip_ids(self, count: int) -> None:
        """Leave a gap: somebody else used the token, or updates were lost before us."""
        self.next_id += count

    def expire(self) -> None:
        """Forget what is older than 24 hours or more than Telegram keeps."""
        limit = self._clock.now() - DAY
        while self._entries:
            first = next(iter(self._entries.values()))
            if first.at >= limit and len(self._entries) <= KEPT:
                return
            del self._entries[first.id]
            self.expired.append(first.id)

    def pending(self) -> list[Entry]:
        """What nobody has confirmed."""
        self.expire()
        return list(self._entries.values())

    def __contains__(self, number: int) -> bool:
        """Is this update still waiting?"""
        self.expire()
        return number in self._entries

    def __len__(self) -> int:
        """``pending_update_count``."""
        self.expire()
        return len(self._entries)

    def confirm(self, offset: int) -> None:
        """Apply an offset: everything below it is gone. Runs when the request arrives, before any answer.

        A negative offset counts from the end and discards the rest. An offset far outside the queue is ignored.
        """
        self.expire()
        head = next(iter(self._entries), self.next_id)
        if offset < 0:
            offset = max(self.next_id + offset, head)
        elif offset == 0 or offset > self.next_id + 10 or offset < head - KEPT:
            return
        while self._entries and (first := next(iter(self._entries))) < offset:
            del self._entries[first]

    def batch(self, limit: int) -> list[Entry]:
        """The oldest updates that fit into one answer."""
        taken: list[Entry] = []
        size = 0
        for entry in self._entries.values():
            size += len(entry.raw)
            if len(taken) >= limit or (taken and size > ANSWER_BYTES):
                break
            taken.append(entry)
        return taken

    def remove(self, ids: Iterable[int]) -> None:
        """Delivered by webhook."""
        for number in ids:
            self._entries.pop(number, None)

    def clear(self) -> None:
        """``drop_pending_updates``."""
        self._entries.clear()
