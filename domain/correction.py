"""纠正: what a grid leader says against the triage - another kind, no request at all, a request that was left unheard.

A correction changes the ticket, stands in its history, and is a labelled example as long as the words of the ticket are kept.
It has no words of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain import refusal
from domain.calendar import Calendar
from domain.category import Category, Urgency
from domain.clock import PAUSABLE
from domain.deadline import Length, Template
from domain.evaluation import Labelled
from domain.place import Place
from domain.screen import screened
from domain.ticket import Action, Change, State, Ticket, Who, change, require_open
from domain.triage import Act, Heard, Intent

_ERASED = frozenset({State.WITHDRAWN, State.DISMISSED})


class Kind(StrEnum):
    """What is corrected."""

    CODE = "code"
    NOT_REQUEST = "not_request"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Correction:
    """What the triage said (``was_…``) and what the leader says. The text is the ticket's, and goes when that goes."""

    ticket: int
    grid_id: int
    kind: Kind
    was_act: Act
    was_code: str
    code: str
    at: datetime


def recode(
    ticket: Ticket, category: Category, who: Who, at: datetime, calendar: Calendar, template: Template
) -> Change:
    """改类: the ticket is of this kind. While it is open its class of urgency and its clocks follow; what was hidden stays so."""
    if ticket.state in _ERASED:
        raise refusal.AlreadyClosed(number=ticket.number)
    if ticket.code == category.code:
        raise refusal.SameCategory(number=ticket.number)
    note = f"{ticket.code}|{category.code}"
    private = ticket.private or category.private
    urgency = category.urgency if category.urgency not in (Urgency.NONE, Urgency.I) else Urgency.P2
    old, new = template.of(ticket.urgency, ticket.code), template.of(urgency, category.code)
    if not ticket.is_open or (urgency is ticket.urgency and new == old):
        return change(ticket, who, Action.RECODED, at, note, code=category.code, private=private)

    def due(term: Length) -> datetime:
        """From the report; where that hour is over already, from now on."""
        end = term.after(ticket.created_at, calendar)
        return end if end > at else term.after(at, calendar)

    return change(
        ticket,
        who,
        Action.RECODED,
        at,
        note,
        code=category.code,
        private=private,
        urgency=urgency,
        response_due_at=due(new.response),
        closing_due_at=due(new.closing),
        word_at=at,
        paused_at=ticket.paused_at if urgency in PAUSABLE else None,
    )


def dismiss(ticket: Ticket, who: Who, at: datetime) -> Change:
    """不是诉求, says the leader: nobody has to do anything. Its own outcome, never counted as solved."""
    require_open(ticket)
    return change(ticket, who, Action.DISMISSED, at, state=State.DISMISSED, closed_at=at)


def find_category(word: str, categories: Mapping[str, Category]) -> Category | None:
    """The category that is meant by a code (``noi01``), its name, or a part of its name that no other has."""
    word = word.strip()
    found = categories.get(word.upper())
    if found is not None or not word:
        return found
    exact = [c for c in categories.values() if c.name == word]
    parts = exact or [c for c in categories.values() if word in c.name]
    return parts[0] if len(parts) == 1 else None


MEANT: Mapping[str, tuple[Intent, Act]] = {
    "question": (Intent.INQUIRY, Act.ANSWER),
    "wish": (Intent.WISH, Act.TICKET),
    "archive": (Intent.PRAISE, Act.THANK),
    "followup": (Intent.FOLLOWUP, Act.ATTACH),
}
"""What a message of a kind of category wants; everything else is a request."""


def example(
    correction: Correction, words: str, place: Place, categories: Mapping[str, Category], names: Iterable[str] = ()
) -> Labelled:
    """A corrected ticket as a labelled message, without numbers of persons and without the ``names`` of the roster."""
    text = screened(words)
    for name in sorted(names, key=len, reverse=True):
        if len(name) > 1:
            text = text.replace(name, MASK)
    row, heard = f"c-{correction.ticket}", Heard(text)
    if correction.kind is Kind.NOT_REQUEST:
        return Labelled(row, heard, Intent.CHAT, (), Urgency.NONE, place, Act.SILENT)
    category = categories.get(correction.code)
    if category is None:
        return Labelled(row, heard, Intent.REQUEST, (), Urgency.P2, place, Act.TICKET)
    intent, act = MEANT.get(category.kind, (Intent.REQUEST, Act.TICKET))
    if category.urgency is Urgency.P0:
        act = Act.ALERT
    return Labelled(row, heard, intent, (category.code,), category.urgency, place, act)


MASK = "某某"
"""What stands where a name of the roster stood."""
