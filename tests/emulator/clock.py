"""The emulator's clock: message dates, expiry and rate limits follow it, so a test can skip a day in no time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970. Ticks like its source until it is set; a set clock stands still until it is moved."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._shift = 0.0
        self._still: float | None = None

    def now(self) -> float:
        """The present moment."""
        return self._source() + self._shift if self._still is None else self._still

    def set(self, at: float | datetime) -> None:
        """Stop at this moment."""
        self._still = at.timestamp() if isinstance(at, datetime) else float(at)

    def advance(self, seconds: float) -> None:
        """Move on (or back, when negative), ticking or not."""
        if self._still is None:
            self._shift += seconds
        else:
            self._still += seconds

    def run(self) -> None:
        """Tick again from where it stands."""
        if self._still is not None:
            self._shift, self._still = self._still - self._source(), None

    @property
    def today(self) -> datetime:
        """The present moment as an aware datetime."""
        return datetime.fromtimestamp(self.now(), UTC)
