"""The ticket (工单): its states and what may happen to it.

Every function takes a ticket and returns the changed ticket with the event to keep, or raises a ``Refusal``. State names
follow 发现/提报 → 待受理 → 待派单 → 已派单 → 办理中 → 已办结(待回访) → 已回访 → 归档 (接诉即办工作条例 and its peers); 待确认 is a
``Question``, which is not a ticket yet.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain import refusal
from domain.calendar import Calendar
from domain.category import Urgency
from domain.deadline import Template
from domain.incoming import Chat, ChatKind
from domain.place import Place
from domain.triage import Verdict

MAX_REWORKS = 2
"""不满意或未解决退回重办至多两次，再则督办 (济南 27)."""


TO_SENIORS = frozenset({"COM05"})
"""转人工, and complaints about 党小栖 or the community's own work: never to those complained of (济南 32)."""


class State(StrEnum):
    """Where a ticket stands."""

    TO_ACCEPT = "to_accept"
    TO_DISPATCH = "to_dispatch"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    SOLVED = "solved"
    CONFIRMED = "confirmed"
    ARCHIVED = "archived"
    REFUSED = "refused"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"


OPEN = frozenset({State.TO_ACCEPT, State.TO_DISPATCH, State.DISPATCHED, State.IN_PROGRESS})
ENDED = frozenset({State.CONFIRMED, State.ARCHIVED, State.REFUSED, State.ANSWERED, State.WITHDRAWN, State.DISMISSED})


class Action(StrEnum):
    """What happened to a ticket, as its history names it."""

    OPENED = "opened"
    DISPATCHED = "dispatched"
    TAKEN = "taken"
    DECLINED = "declined"
    PASSED_ON = "passed_on"
    HANDED_BACK = "handed_back"
    REASSIGNED = "reassigned"
    PROGRESS = "progress"
    ADDED = "added"
    CORRECTED = "corrected"
    SUPPORTED = "supported"
    URGED = "urged"
    EXTENDED = "extended"
    PAUSED = "paused"
    RESUMED = "resumed"
    NUDGED = "nudged"
    RUNG = "rung"
    PROMISED = "promised"
    OVERDUE = "overdue"
    WHISTLED = "whistled"
    WHISTLE_ANSWERED = "whistle_answered"
    SUPERVISED = "supervised"
    STRUCK_OFF = "struck_off"
    SOLVED = "solved"
    CONFIRMED = "confirmed"
    REMINDED = "reminded"
    REOPENED = "reopened"
    RATED = "rated"
    UNRATED = "unrated"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    EXPLAINED = "explained"
    ALERTED = "alerted"
    ACKNOWLEDGED = "acknowledged"
    UNHEARD = "unheard"
    RECODED = "recoded"
    DISMISSED = "dismissed"
    POINTED_OUT = "pointed_out"


class RefusalCode(StrEnum):
    """Reason codes of 不予受理; each has a plain sentence and a destination in ``texts/said/refusal_codes.toml``."""

    EMERGENCY_LINE = "EMERGENCY_LINE"
    LEGAL_CHANNEL = "LEGAL_CHANNEL"
    IN_PETITION = "IN_PETITION"
    DUPLICATE = "DUPLICATE"
    SECRET_PRIVACY = "SECRET_PRIVACY"  # noqa: S105 - a reason code
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    ILLEGAL = "ILLEGAL"


class Rating(StrEnum):
    """满意 / 一般 / 不满意. Silence is 未评价 and never counts as satisfied."""

    GOOD = "good"
    FAIR = "fair"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Who:
    """Whoever does something: a resident by channel account, or a member of the roster, or 党小栖 itself (``bot``)."""

    channel: str
    account: str
    name: str = ""
    member_id: int | None = None

    @property
    def mark(self) -> str:
        """How the history names this person: by role and id, never by name."""
        return f"member:{self.member_id}" if self.member_id is not None else "bot" if not self.account else "resident"


BOT = Who("", "")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a ticket's history."""

    ticket: int
    at: datetime
    by: str
    action: Action
    was: State
    now: State
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that somebody sees through. Times are aware UTC; ``number`` is what people call it (12号).

    ``word_at``: when the clocks were set, or the last word of progress was given or asked for. ``paused_at``: since when the
    clocks stand still because the resident is waited for. ``overdue``: deadlines for closing that were missed.
    """

    number: int
    grid_id: int
    chat: Chat
    chat_kind: ChatKind
    message_id: str
    reporter: Who
    words: str
    code: str
    urgency: Urgency
    place: Place
    private: bool
    created_at: datetime
    response_due_at: datetime
    closing_due_at: datetime
    state: State = State.TO_DISPATCH
    thread: str = ""
    assignee_id: int | None = None
    reason: str = ""
    why: Verdict | None = None
    responded_at: datetime | None = None
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    reminded_at: datetime | None = None
    done: str = ""
    rating: Rating | None = None
    urges: int = 0
    supporters: int = 0
    reworks: int = 0
    extended: bool = False
    word_at: datetime | None = None
    paused_at: datetime | None = None
    overdue: int = 0
    version: int = 1
    photos: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.state in OPEN

    @property
    def is_danger(self) -> bool:
        """Whether life may be in danger (P0)."""
        return self.urgency is Urgency.P0

    @property
    def is_paused(self) -> bool:
        """Whether it waits for the resident (等居民)."""
        return self.is_open and self.paused_at is not None


Change = tuple[Ticket, Event]


def change(ticket: Ticket, who: Who, action: Action, at: datetime, note: str = "", **fields: Any) -> Change:
    """The ticket with these fields, and the line of its history."""
    after = replace(ticket, **fields)
    return after, Event(ticket.number, at, who.mark, action, ticket.state, after.state, note)


def require_open(ticket: Ticket) -> None:
    """Refuse what only an open ticket allows."""
    if not ticket.is_open:
        raise refusal.AlreadyClosed(number=ticket.number)


def open_ticket(
    number: int,
    *,
    grid_id: int,
    chat: Chat,
    chat_kind: ChatKind,
    message_id: str,
    thread: str,
    reporter: Who,
    words: str,
    code: str,
    urgency: Urgency,
    place: Place,
    private: bool,
    why: Verdict | None,
    at: datetime,
    calendar: Calendar,
    template: Template,
    to_accept: bool = False,
) -> Change:
    """A request becomes a ticket; its clocks start now (条例 13: the deadline stands on the ticket)."""
    due = template.of(urgency, code)
    ticket = Ticket(
        number=number,
        grid_id=grid_id,
        chat=chat,
        chat_kind=chat_kind,
        message_id=message_id,
        thread=thread,
        reporter=reporter,
        words=words,
        code=code,
        urgency=urgency,
        place=place,
        private=private,
        why=why,
        created_at=at,
        response_due_at=due.response.after(at, calendar),
        closing_due_at=due.closing.after(at, calendar),
        word_at=at,
        state=State.TO_ACCEPT if to_accept else State.TO_DISPATCH,
    )
    return ticket, Event(number, at, reporter.mark, Action.OPENED, ticket.state, ticket.state)


def dispatch(ticket: Ticket, reason: str, at: datetime) -> Change:
    """派单: somebody is being asked; ``reason`` is kept and shown."""
    require_open(ticket)
    return change(ticket, BOT, Action.DISPATCHED, at, reason, state=State.DISPATCHED, assignee_id=None, reason=reason)


def await_dispatch(ticket: Ticket, at: datetime) -> Change:
    """待派单 again: everybody was asked and nobody can be reached at the moment."""
    require_open(ticket)
    return change(ticket, BOT, Action.UNHEARD, at, state=State.TO_DISPATCH, assignee_id=None)


def take(ticket: Ticket, member_id: int, who: Who, at: datetime) -> Change:
    """接单: this person sees it through. The first human answer is what the response clock waits for."""
    require_open(ticket)
    if ticket.state is State.IN_PROGRESS:
        raise refusal.AlreadyTaken(number=ticket.number)
    return change(
        ticket,
        who,
        Action.TAKEN,
        at,
        state=State.IN_PROGRESS,
        assignee_id=member_id,
        responded_at=ticket.responded_at or at,
    )


def assign(ticket: Ticket, member_id: int, reason: str, who: Who, at: datetime) -> Change:
    """指派: to the grid leader when nobody else is left, or by the leader to somebody. Not an answer to the resident yet."""
    require_open(ticket)
    action = Action.REASSIGNED if who.member_id is not None else Action.PASSED_ON
    note = f"{reason}|member:{member_id}"
    return change(ticket, who, action, at, note, state=State.DISPATCHED, assignee_id=member_id, reason=reason)


def hand_back(ticket: Ticket, note: str, who: Who, at: datetime, *, before: bool) -> Change:
    """退单: cannot be done by this person; the grid leader decides. Once per ticket, then it stays (潍坊 22)."""
    require_handled(ticket, who)
    if before:
        raise refusal.HandedBackOnce(number=ticket.number)
    return change(ticket, who, Action.HANDED_BACK, at, note)


def progress(ticket: Ticket, note: str, who: Who, at: datetime) -> Change:
    """进展: a line of what was done so far; whoever reports it has taken the ticket."""
    require_handled(ticket, who)
    state, responded_at = State.IN_PROGRESS, ticket.responded_at or at
    return change(ticket, who, Action.PROGRESS, at, note, state=state, responded_at=responded_at, word_at=at)


def solve(ticket: Ticket, note: str, who: Who, at: datetime) -> Change:
    """办结: the handler says it is solved; only the resident can say that it really is."""
    require_handled(ticket, who)
    return change(
        ticket,
        who,
        Action.SOLVED,
        at,
        note,
        state=State.SOLVED,
        done=note,
        solved_at=at,
        reminded_at=None,
        responded_at=ticket.responded_at or at,
    )


def explain(ticket: Ticket, note: str, who: Who, at: datetime) -> Change:
    """按规定不能办，已说明: an honest outcome of its own, never counted as solved."""
    require_handled(ticket, who)
    return change(
        ticket,
        who,
        Action.EXPLAINED,
        at,
        note,
        state=State.ANSWERED,
        done=note,
        closed_at=at,
        responded_at=ticket.responded_at or at,
    )


def require_handled(ticket: Ticket, who: Who) -> None:
    """Refuse what only the handler of an open ticket may do."""
    require_open(ticket)
    if who.member_id is None or ticket.assignee_id != who.member_id:
        raise refusal.NotYourTicket(number=ticket.number)


def _require_reporter(ticket: Ticket, who: Who) -> None:
    if (who.channel, who.account) != (ticket.reporter.channel, ticket.reporter.account):
        raise refusal.NotYourTicket(number=ticket.number)


def _not_solved(ticket: Ticket) -> refusal.Refusal:
    too_early = refusal.NotYetSolved if ticket.is_open else refusal.AlreadyClosed
    return too_early(number=ticket.number)


def confirm(ticket: Ticket, who: Who, at: datetime) -> Change:
    """已解决: said by whoever reported it."""
    _require_reporter(ticket, who)
    if ticket.state is not State.SOLVED:
        raise _not_solved(ticket)
    return change(ticket, who, Action.CONFIRMED, at, state=State.CONFIRMED, closed_at=at)


def reopen(ticket: Ticket, who: Who, at: datetime, calendar: Calendar, template: Template) -> Change:
    """没解决: back to the same person (济南 27) with clocks of its own; at most twice, then it is supervised."""
    _require_reporter(ticket, who)
    if ticket.state not in (State.SOLVED, State.CONFIRMED):
        raise _not_solved(ticket)
    if ticket.reworks >= MAX_REWORKS:
        raise refusal.ReworkedTwice(number=ticket.number)
    due = template.of(ticket.urgency, ticket.code)
    return change(
        ticket,
        who,
        Action.REOPENED,
        at,
        state=State.IN_PROGRESS if ticket.assignee_id is not None else State.TO_DISPATCH,
        reworks=ticket.reworks + 1,
        rating=None,
        reminded_at=None,
        solved_at=None,
        closed_at=None,
        responded_at=None,
        paused_at=None,
        word_at=at,
        response_due_at=due.response.after(at, calendar),
        closing_due_at=due.closing.after(at, calendar),
    )


def rate(ticket: Ticket, rating: Rating, who: Who, at: datetime) -> Change:
    """评价: once, by the reporter, after the confirmation; it changes nothing else."""
    _require_reporter(ticket, who)
    if ticket.rating is not None:
        raise refusal.AlreadyRated(number=ticket.number)
    if ticket.state is State.SOLVED:
        raise refusal.ConfirmFirst(number=ticket.number)
    if ticket.state is not State.CONFIRMED:
        raise _not_solved(ticket)
    return change(ticket, who, Action.RATED, at, rating.value, rating=rating, state=State.ARCHIVED)


def withdraw(ticket: Ticket, who: Who, at: datetime) -> Change:
    """撤回 by whoever reported it: what was written and shown is erased, the number and what happened stay."""
    _require_reporter(ticket, who)
    if ticket.state in ENDED and ticket.state is not State.DISMISSED:
        raise refusal.AlreadyClosed(number=ticket.number)
    return change(ticket, who, Action.WITHDRAWN, at, state=State.WITHDRAWN, closed_at=at, words="", why=None, photos=())


def refuse(ticket: Ticket, code: RefusalCode, who: Who, at: datetime) -> Change:
    """不予受理: always with a reason code and a destination."""
    require_open(ticket)
    return change(
        ticket,
        who,
        Action.REFUSED,
        at,
        code.value,
        state=State.REFUSED,
        done=code.value,
        closed_at=at,
        responded_at=ticket.responded_at or at,
    )


def urge(ticket: Ticket, who: Who, at: datetime) -> Change:
    """催办: joins the open ticket, never makes a new one."""
    if ticket.state in ENDED:
        raise refusal.AlreadyClosed(number=ticket.number)
    return change(ticket, who, Action.URGED, at, urges=ticket.urges + 1)


def support(ticket: Ticket, who: Who, at: datetime) -> Change:
    """我家也是 (+1)."""
    require_open(ticket)
    if (who.channel, who.account) == (ticket.reporter.channel, ticket.reporter.account):
        raise refusal.AlreadyCounted(number=ticket.number)
    return change(ticket, who, Action.SUPPORTED, at, supporters=ticket.supporters + 1)


def add(ticket: Ticket, words: str, place: Place, photos: tuple[str, ...], who: Who, at: datetime) -> Change:
    """补充: words, a place or photos that belong to the same matter."""
    if ticket.state in ENDED:
        raise refusal.AlreadyClosed(number=ticket.number)
    return change(
        ticket,
        who,
        Action.ADDED,
        at,
        place=ticket.place.merged(place),
        words=f"{ticket.words}\n{words}".strip() if words else ticket.words,
        photos=(*ticket.photos, *photos)[:10],
    )


def correct(ticket: Ticket, was: str, words: str, place: Place, who: Who, at: datetime) -> Change:
    """The writer edited his message: what he says now takes the place of what it ``was``; unknown, it is added."""
    require_open(ticket)
    known = ticket.words
    words = known.replace(was, words, 1) if was and was in known else f"{known}\n{words}"
    return change(ticket, who, Action.CORRECTED, at, words=words, place=place or ticket.place)


def acknowledge(ticket: Ticket, member_id: int, who: Who, at: datetime) -> Change:
    """知悉: a human has heard the alert and takes charge."""
    require_open(ticket)
    return change(
        ticket,
        who,
        Action.ACKNOWLEDGED,
        at,
        state=State.IN_PROGRESS,
        assignee_id=ticket.assignee_id if ticket.state is State.IN_PROGRESS else member_id,
        reason=ticket.reason or "alert|",
        responded_at=ticket.responded_at or at,
    )


def note(ticket: Ticket, action: Action, words: str, at: datetime, who: Who = BOT) -> Change:
    """A line of history that changes no state."""
    return change(ticket, who, action, at, words)
