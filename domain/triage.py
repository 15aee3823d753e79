"""分拣: what a message wants from us, if anything (types first)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domain.category import Urgency
from domain.place import Place


class Act(StrEnum):
    """What is done about a message."""

    ALERT = "alert"
    TICKET = "ticket"
    ASK = "ask"
    ANSWER = "answer"
    ATTACH = "attach"
    THANK = "thank"
    SILENT = "silent"


class Intent(StrEnum):
    """What the writer wants."""

    REQUEST = "request"
    INQUIRY = "inquiry"
    FOLLOWUP = "followup"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    WISH = "wish"
    OFFER = "offer"
    NOTICE = "notice"
    CHAT = "chat"


class Earlier(NamedTuple):
    """A message of the same group within the last minutes; ``mine``: by the same writer."""

    mine: bool
    text: str


class Heard(NamedTuple):
    """One message and the little of its surroundings that a rule may look at."""

    text: str
    before: tuple[Earlier, ...] = ()
    forwarded: bool = False
    addressed: bool = False
    has_photo: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the rule's name, the words that made it fire and what they weighed, so that a person can check a verdict."""

    rule: str
    words: tuple[str, ...] = ()
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision. ``codes`` is best first; with ``ASK`` it holds the (at most three) choices to offer.

    ``runner_up``: the code that came next, for whoever asks why.
    """

    act: Act
    intent: Intent
    code: str
    codes: tuple[str, ...]
    urgency: Urgency
    place: Place
    confidence: float
    reasons: tuple[Reason, ...]
    runner_up: str = ""
