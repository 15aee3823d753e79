"""What goes out: the kinds of message, how urgent each is and what happens when nobody knows whether it arrived."""

from dataclasses import dataclass
from enum import StrEnum


class Op(StrEnum):
    """What the face is asked to do."""

    SEND = "send"
    EDIT = "edit"
    REACT = "react"
    ANSWER = "answer"


class OnUnknown(StrEnum):
    """The rule for a send without an answer (docs/可靠性.md; exactly-once sending does not exist in the Bot API)."""

    RETRY = "retry"
    ONCE_MARKED = "once_marked"
    HOLD = "hold"


class SendState(StrEnum):
    """States of an outbox row."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of message is treated. ``priority``: smaller goes first. ``night``: may arrive in quiet hours."""

    priority: int
    on_unknown: OnUnknown
    night: bool
    seconds: int | None = None


_HOUR = 3600


class Kind(StrEnum):
    """Every message of the program is of one of these kinds."""

    HOTLINE = "hotline"
    ALERT = "alert"
    CLICK = "click"
    RECEIPT = "receipt"
    REPLY = "reply"
    CARD = "card"
    INVITATION = "invitation"
    PROGRESS = "progress"
    CARD_EDIT = "card_edit"
    REMINDER = "reminder"
    STAFF = "staff"
    NOTICE = "notice"


# Source of the rules: design "Sending", table "when the outcome is unknown". A click must be answered in seconds or it is
# useless; an edit is worthless once a newer one exists, which the pump sees for itself.
MANNERS: dict[Kind, Manner] = {
    Kind.HOTLINE: Manner(0, OnUnknown.ONCE_MARKED, night=True),
    Kind.ALERT: Manner(0, OnUnknown.ONCE_MARKED, night=True),
    Kind.CLICK: Manner(1, OnUnknown.RETRY, night=True, seconds=15),
    Kind.RECEIPT: Manner(1, OnUnknown.RETRY, night=True, seconds=_HOUR),
    Kind.REPLY: Manner(1, OnUnknown.ONCE_MARKED, night=True, seconds=24 * _HOUR),
    Kind.CARD: Manner(2, OnUnknown.ONCE_MARKED, night=False),
    Kind.INVITATION: Manner(2, OnUnknown.ONCE_MARKED, night=False),
    Kind.PROGRESS: Manner(2, OnUnknown.ONCE_MARKED, night=False),
    Kind.CARD_EDIT: Manner(3, OnUnknown.RETRY, night=True),
    Kind.REMINDER: Manner(3, OnUnknown.HOLD, night=False),
    Kind.STAFF: Manner(3, OnUnknown.ONCE_MARKED, night=False),
    Kind.NOTICE: Manner(4, OnUnknown.HOLD, night=False, seconds=12 * _HOUR),
}
