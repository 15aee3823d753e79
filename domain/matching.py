"""Is it the same matter? Rules for +1, 催办 and the parts of one report."""

from datetime import datetime

from domain.incoming import Chat
from domain.place import Place
from domain.ticket import Ticket, Who


def is_by(ticket: Ticket, who: Who) -> bool:
    """Whether this person reported it."""
    return (ticket.reporter.channel, ticket.reporter.account) == (who.channel, who.account)


def fits(known: Place, said: Place) -> bool:
    """Whether two descriptions may mean one place: nothing stated in both differs."""
    pairs = ((known.building, said.building), (known.unit, said.unit), (known.room, said.room), (known.spot, said.spot))
    return all(not a or not b or a == b for a, b in pairs)


def is_part(ticket: Ticket, who: Who, code: str, place: Place, since: datetime) -> bool:
    """A second message of the same person, minutes later, about the same kind of thing at a place that fits."""
    return (
        ticket.is_open
        and is_by(ticket, who)
        and ticket.code == code
        and ticket.created_at >= since
        and fits(ticket.place, place)
    )


def is_shared(ticket: Ticket, code: str, place: Place) -> bool:
    """A neighbour's message about the same kind of thing at the same place: 我家也是. Private kinds are never shared.

    Two different rooms are two matters: a burst pipe in 501 is not the one in 301, and a wrong merge loses a person.
    """
    here = ticket.place.same_spot(place) and fits(ticket.place, place)
    return ticket.is_open and not ticket.private and ticket.code == code and here


def is_same_danger(ticket: Ticket, chat: Chat, code: str, place: Place, since: datetime) -> bool:
    """The same danger reported again: one announcement per group and kind in ten minutes (domain reference 13)."""
    return (
        ticket.is_danger
        and ticket.is_open
        and ticket.code == code
        and ticket.chat == chat
        and ticket.created_at >= since
        and fits(ticket.place, place)
    )
