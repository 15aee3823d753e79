"""Faults a test asks for: each waits for a matching call, spoils it, and is used up."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.emulator.answer import ApiError, Call

Kind = Literal[
    "request_lost",  # nothing applied, connection closed
    "reply_lost",  # applied, then the connection is closed without an answer
    "reset",  # nothing applied, TCP reset
    "reset_after",  # applied, then TCP reset
    "hang",  # no answer until released; then it goes on as if nothing had been
    "hang_after",  # the same, but applied before the wait
    "truncated_json",  # applied, half an answer
    "truncated_body",  # applied, the connection ends in the middle of the announced length
    "non_json_502",  # not applied, a proxy's page
    "slow",  # applied, the answer comes byte by byte
    "429",
    "500",  # not applied, unless applied=True
    "502",
    "401",
    "403",
    "404",
    "409",
    "duplicate_updates",  # getUpdates: the previous batch comes once more in front of this one
    "doubled_updates",  # getUpdates: every update of this batch twice
    "shuffled_updates",  # getUpdates: chats change places, order inside a chat stays
    "oversize_batch",  # getUpdates: more than the limit
    "unparsable_update",  # getUpdates: one that no library can read is queued in front
    "unknown_update",  # getUpdates: one of a kind this API version does not know
]
KINDS: frozenset[str] = frozenset(get_args(Kind))
REFUSALS = {
    "401": "Unauthorized",
    "403": "Forbidden: bot was kicked from the group chat",
    "404": "Not Found",
    "409": "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
}


@dataclass(eq=False)
class Fault:
    """One kind of trouble. ``hits`` are the calls it met; ``hit`` can be awaited."""

    kind: Kind
    method: str = "*"
    count: int = 1
    after: int = 0  # so many matching calls pass unharmed first
    rate: float = 1.0  # share of matching calls it meets
    applied: bool = False  # only for 5xx: did the effect happen?
    retry_after: int = 1
    seconds: float = 0.005  # for "slow": between two pieces
    when: Callable[[Call], bool] | None = None
    seed: int = 1
    hits: list[Call] = field(default_factory=list)
    hit: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    released: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def __post_init__(self) -> None:
        """A misspelt fault would be a test that proves nothing."""
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}, known: {sorted(KINDS)}")
        self._random = random.Random(self.seed)

    def release(self) -> None:
        """Let a hanging call go on."""
        self.released.set()

    @property
    def spent(self) -> bool:
        """Will meet no further call."""
        return self.count <= 0

    def meets(self, call: Call) -> bool:
        """Does it strike this call? Counts as it goes."""
        if self.spent or self.method not in ("*", call.method) or (self.when is not None and not self.when(call)):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.rate < 1 and self._random.random() >= self.rate:
            return False
        self.count -= 1
        self.hits.append(call)
        self.hit.set()
        return True

    @property
    def before(self) -> bool:
        """Strikes before the effect, so that there is none."""
        if self.kind in ("500", "502"):
            return not self.applied
        return self.kind in ("request_lost", "reset", "non_json_502", "429", "401", "403", "404", "409")

    @property
    def error(self) -> ApiError | None:
        """The refusal it stands for."""
        if self.kind == "429":
            words = f"Too Many Requests: retry after {self.retry_after}"
            return ApiError(429, words, retry_after=self.retry_after)
        return ApiError(int(self.kind), REFUSALS[self.kind]) if self.kind in REFUSALS else None


class Faults:
    """The faults waiting for calls, oldest first."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Queue a fault."""
        self._waiting.append(fault)
        return fault

    def take(self, call: Call) -> Fault | None:
        """The first fault that strikes this call."""
        for fault in self._waiting:
            if fault.meets(call):
                if fault.spent:
                    self._waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """No more trouble."""
        for fault in self._waiting:
            fault.release()
        self._waiting.clear()

    def __len__(self) -> int:
        """How many still wait."""
        return len(self._waiting)
