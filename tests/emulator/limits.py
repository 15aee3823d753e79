"""Telegram's sending limits: 1/s per chat, 20/min per group shared by sends and edits, 30/s overall."""

import math
from collections import deque

from tests.emulator.answer import ApiError, Call
from tests.emulator.clock import Clock

SENDS = frozenset({"sendMessage", "sendPhoto", "sendDocument", "sendMediaGroup"})
EDITS = frozenset({"editMessageText", "editMessageReplyMarkup"})


class Limits:
    """Off until ``on`` is set. ``early`` lists the calls made before a retry_after had passed, limits on or off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.on = False
        self.per_chat, self.per_group, self.overall = 1, 20, 30
        self.early: list[Call] = []
        self._chat: dict[int, deque[float]] = {}
        self._group: dict[int, deque[float]] = {}
        self._all: deque[float] = deque()
        self._until: dict[int | None, float] = {}

    def refused(self, call: Call, retry_after: int) -> None:
        """Remember a 429, wherever it came from."""
        self._until[call.chat_id] = self._clock.now() + retry_after

    def check(self, call: Call) -> None:
        """Refuse the call with 429 when it comes too soon; count it otherwise."""
        if call.method not in SENDS and call.method not in EDITS:
            return
        now, chat = self._clock.now(), call.chat_id
        if self._until.get(chat, 0) > now + 0.05:
            self.early.append(call)
        if not self.on or chat is None:
            return
        weight = len(call.params.get("media", "1"))
        windows: list[tuple[deque[float], int, float]] = [(self._all, self.overall, 1)]
        if call.method in SENDS:
            windows.append((self._chat.setdefault(chat, deque()), self.per_chat, 1))
        if chat < 0:
            windows.append((self._group.setdefault(chat, deque()), self.per_group, 60))
        for times, most, span in windows:
            while times and times[0] <= now - span:
                times.popleft()
            if len(times) + (weight if span == 60 else 1) > most and times:
                wait = max(1, math.ceil(times[0] + span - now))
                self.refused(call, wait)
                raise ApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        for times, _, span in windows:
            times.extend([now] * (weight if span == 60 else 1))
