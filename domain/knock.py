"""没见到: what to do when nobody opens (敲门无人应答), one step after the other. Nobody is called by a machine: people are told.

Knock twice → phone → emergency contact → neighbour or property company → after 30 minutes the grid leader (design “domain”
reference, section 3).
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

STEPS = ("knock", "phone", "contact", "neighbour", "wait")
"""In this order; each has a sentence. ``wait``: everything was tried."""

SILENCE = timedelta(minutes=30)
"""So long after the last word of the volunteer the grid leader hears of it."""


@dataclass(frozen=True, slots=True)
class Knock:
    """How far somebody has come. ``tell_at``: when the leader is told; nothing when he was, or when it is ``over``."""

    visit: int
    member_id: int
    step: int
    tried_on: date
    tell_at: datetime | None

    @property
    def name(self) -> str:
        """The step he is at."""
        return STEPS[min(self.step, len(STEPS) - 1)]

    @property
    def over(self) -> bool:
        """Whether the person was found, or the visit recorded."""
        return self.step >= len(STEPS)

    @property
    def told(self) -> bool:
        """Whether the leader knows and nobody was found yet."""
        return self.tell_at is None and not self.over


def begin(visit: int, member_id: int, today: date, now: datetime) -> Knock:
    """Nobody opens."""
    return Knock(visit, member_id, 0, today, now + SILENCE)


def next_step(found: Knock, now: datetime) -> Knock:
    """没人应: on to the next step. The 30 minutes count from here, unless the leader has been told already."""
    step = min(found.step + 1, len(STEPS) - 1)
    return replace(found, step=step, tell_at=None if found.told else now + SILENCE)


def tell(found: Knock) -> Knock:
    """The leader is told, once."""
    return replace(found, tell_at=None)


def end(found: Knock) -> Knock:
    """联系上了, or the visit was recorded."""
    return replace(found, step=len(STEPS), tell_at=None)
