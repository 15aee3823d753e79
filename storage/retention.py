"""How long what is stored stays: docs/隐私.md names the terms, this module keeps them (个保法 19, 47).

Tickets are not deleted but made nameless: the figures of a grid stay, what somebody said and who he was does not.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from domain.outgoing import SendState
from domain.ticket import ENDED, State
from storage import audit, rounds
from storage.clock_tables import supervised, whistles
from storage.database import WriteTx
from storage.tables import corrections, outbox, supporters, ticket_events, tickets
from storage.visit_tables import visits

WORDS = timedelta(days=730)
PHOTOS = timedelta(days=180)
VISIT_NOTES = timedelta(days=365)
DISMISSED = timedelta(days=90)
"""A leader said that it was no request: the words stay as an example for this long, and then they go like other talk."""
SENT = timedelta(days=90)
"""What was said is in the outbox as long as a card may still be edited or a delivery looked up, and then no longer."""


async def forget(tx: WriteTx, now: datetime) -> None:
    """Everything whose time is up, as of now."""
    ended = tickets.c.state.in_(list(ENDED))
    was_talk = sa.and_(tickets.c.state == State.DISMISSED, tickets.c.closed_at < now - DISMISSED)
    over = sa.and_(ended, sa.or_(tickets.c.closed_at < now - WORDS, was_talk), tickets.c.words != "")
    old = sa.select(tickets.c.number).where(over)
    await tx.execute(sa.delete(supporters).where(supporters.c.ticket.in_(old)))
    await tx.execute(sa.update(ticket_events).where(ticket_events.c.ticket.in_(old)).values(note=""))
    await tx.execute(sa.update(whistles).where(whistles.c.ticket.in_(old)).values(tried=""))
    await tx.execute(sa.update(supervised).where(supervised.c.ticket.in_(old)).values(note=""))
    nameless: dict[str, object] = {
        "words": "",
        "reporter": "",
        "reporter_name": "",
        "why": None,
        "done": "",
        "room": "",
        "photos": [],
    }
    await tx.execute(sa.update(tickets).where(over).values(**nameless))
    await tx.execute(sa.delete(corrections).where(corrections.c.at < now - WORDS))
    await tx.execute(
        sa.update(tickets).where(ended, tickets.c.closed_at < now - PHOTOS, tickets.c.photos != []).values(photos=[])
    )
    since = (now - VISIT_NOTES).date()
    await tx.execute(sa.update(visits).where(visits.c.visited_on < since, visits.c.note != "").values(note=""))
    await rounds.forget(tx, now)
    await audit.forget(tx, now)
    live = sa.select(tickets.c.number).where(~ended)
    await tx.execute(
        sa.delete(outbox).where(
            outbox.c.settled_at < now - SENT,
            outbox.c.state.not_in([SendState.PENDING, SendState.CLAIMED, SendState.SENDING]),
            sa.or_(outbox.c.ticket.is_(None), outbox.c.ticket.not_in(live)),
        )
    )
