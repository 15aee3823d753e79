"""Tickets, their history and the messages they are made of."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.category import Urgency
from domain.incoming import Chat, ChatKind, Incoming
from domain.place import Place
from domain.ticket import OPEN, Action, Change, Event, Rating, State, Ticket, Who
from storage.database import ReadTx, WriteTx
from storage.tables import album_parts, supporters, ticket_events, ticket_sources, tickets
from storage.verdicts import packed, unpacked

_SEEN = sa.select(ticket_sources.c.message_id).where(
    *(ticket_sources.c[name] == sa.bindparam(name) for name in ("channel", "bot", "chat_id")),
    ticket_sources.c.message_id.in_(sa.bindparam("messages", expanding=True)),
)
_LIVE = (
    sa.select(tickets)
    .where(tickets.c.grid_id == sa.bindparam("grid"), tickets.c.state.in_([*OPEN, State.SOLVED]))
    .order_by(tickets.c.number)
)


async def next_number(tx: WriteTx) -> int:
    """The number of the next ticket."""
    return await tx.next_number("ticket")


def insert(tx: WriteTx, change: Change, source: Incoming, part: str = "original") -> None:
    """A new ticket with its first event and the message it comes from."""
    ticket, event = change
    tx.fresh["ticket", ticket.number] = tx.add(tickets, {"number": ticket.number, **_columns(ticket)})
    _add_event(tx, event)
    add_source(tx, ticket.number, source, part, event.at)
    _remember(tx, ticket)


async def save(tx: WriteTx, change: Change) -> Ticket:
    """A changed ticket and its event. Another version in between is a lost race and raises ``RuntimeError``."""
    ticket, event = change
    after = replace(ticket, version=ticket.version + 1)
    if row := tx.fresh.get(("ticket", ticket.number)):
        row.update(_columns(after))  # still waiting to be written: one insert instead of an insert and updates
        _add_event(tx, event)
        _remember(tx, after)
        return after
    stmt = sa.update(tickets).where(tickets.c.number == ticket.number, tickets.c.version == ticket.version)
    if await tx.execute(stmt.values(**_columns(after))) != 1:
        raise RuntimeError(f"ticket {ticket.number} changed meanwhile")
    _add_event(tx, event)
    _remember(tx, after)
    return after


def _remember(tx: WriteTx, ticket: Ticket) -> None:
    found = tx.memo.get(("open", ticket.grid_id))
    if found is not None:
        found[ticket.number] = ticket


def _add_event(tx: WriteTx, event: Event) -> None:
    tx.add(
        ticket_events,
        {
            "ticket": event.ticket,
            "at": event.at,
            "by": event.by,
            "action": event.action,
            "was": event.was,
            "now": event.now,
            "note": event.note,
        },
    )


def add_source(tx: WriteTx, number: int, source: Incoming, part: str, at: datetime) -> None:
    """This message belongs to this ticket."""
    tx.memo.setdefault("sources", {})[source.chat, source.message_id] = True
    row = {**_chat(source.chat), "message_id": source.message_id, "ticket": number, "part": part, "at": at}
    tx.add(ticket_sources, {**row, "album": source.album})


async def get(tx: ReadTx, number: int) -> Ticket | None:
    """A ticket by its number."""
    row = await tx.one(sa.select(tickets).where(tickets.c.number == number))
    return None if row is None else _ticket(row)


async def of_message(tx: ReadTx, chat: Chat, message_id: str) -> Ticket | None:
    """The ticket a message belongs to, if it does."""
    where = (*_in(ticket_sources, chat), ticket_sources.c.message_id == message_id)
    row = await tx.one(sa.select(tickets).join(ticket_sources).where(*where))
    return None if row is None else _ticket(row)


async def seen(tx: ReadTx, chat: Chat, message_ids: Iterable[str]) -> set[str]:
    """Which of these messages have already become part of a ticket."""
    known: dict[tuple[Chat, str], bool] = tx.memo.setdefault("sources", {})
    new = [m for m in message_ids if (chat, m) not in known]
    if new:
        found = {row.message_id for row in await tx.rows(_SEEN, {**_chat(chat), "messages": new})}
        known.update({(chat, m): m in found for m in new})
    return {m for m in message_ids if known[chat, m]}


async def of_album(tx: ReadTx, chat: Chat, album: str) -> Ticket | None:
    """The ticket an album belongs to, if its words have come."""
    where = (*_in(ticket_sources, chat), ticket_sources.c.album == album)
    row = await tx.one(sa.select(tickets).join(ticket_sources).where(*where).limit(1))
    return None if row is None else _ticket(row)


async def open_in(tx: ReadTx, grid_id: int) -> list[Ticket]:
    """All tickets of a grid that are not at their end (and those waiting for the resident's yes), oldest first.

    Read once per transaction; what the transaction itself opens or changes is kept up to date.
    """
    found: dict[int, Ticket] | None = tx.memo.get(("open", grid_id))
    if found is None:
        rows = await tx.rows(_LIVE, {"grid": grid_id})
        found = tx.memo["open", grid_id] = {row.number: _ticket(row) for row in rows}
    return [t for t in found.values() if t.is_open or t.state is State.SOLVED]


async def waiting(tx: ReadTx) -> list[Ticket]:
    """Tickets nobody is being asked about, oldest first, for the pass that asks again."""
    stmt = sa.select(tickets).where(tickets.c.state.in_([State.TO_DISPATCH, State.TO_ACCEPT]))
    return [_ticket(row) for row in await tx.rows(stmt.order_by(tickets.c.number).limit(200))]


async def solved_before(tx: ReadTx, at: datetime) -> list[Ticket]:
    """Tickets that have waited since then for the resident's yes or the rating, oldest first."""
    since = sa.func.coalesce(tickets.c.closed_at, tickets.c.solved_at)
    stmt = sa.select(tickets).where(tickets.c.state.in_([State.SOLVED, State.CONFIRMED]), since <= at)
    return [_ticket(row) for row in await tx.rows(stmt.order_by(tickets.c.number).limit(200))]


async def select(tx: ReadTx, *where: sa.ColumnElement[bool], limit: int = 1000) -> list[Ticket]:
    """Tickets by any condition on ``tables.tickets``, newest first."""
    rows = await tx.rows(sa.select(tickets).where(*where).order_by(tickets.c.number.desc()).limit(limit))
    return [_ticket(row) for row in rows]


async def count(tx: ReadTx, *where: sa.ColumnElement[bool]) -> int:
    """How many tickets there are of a kind. There is no way to group them by person."""
    return int(await tx.value(sa.select(sa.func.count()).select_from(tickets).where(*where)))


async def history(tx: ReadTx, number: int) -> list[Event]:
    """What happened to a ticket, oldest first."""
    rows = await tx.rows(sa.select(ticket_events).where(ticket_events.c.ticket == number).order_by(ticket_events.c.id))
    return [
        Event(row.ticket, row.at, row.by, Action(row.action), State(row.was), State(row.now), row.note) for row in rows
    ]


async def add_supporter(tx: WriteTx, number: int, who: Who, at: datetime) -> bool:
    """我家也是, once per person; False when this person was counted before."""
    row = {"ticket": number, "channel": who.channel, "account": who.account, "at": at}
    return await tx.execute(tx.insert_ignoring(supporters).values(**row)) == 1


async def take_album_parts(tx: WriteTx, chat: Chat, album: str) -> list[tuple[str, str]]:
    """Photos of an album that came before its words: (message id, reference). They are removed from the waiting table."""
    where = (*_in(album_parts, chat), album_parts.c.album == album)
    rows = await tx.rows(sa.select(album_parts.c.message_id, album_parts.c.ref).where(*where))
    if rows:
        await tx.execute(sa.delete(album_parts).where(*where))
    return [(row.message_id, row.ref) for row in rows]


def keep_album_part(tx: WriteTx, source: Incoming, ref: str, at: datetime) -> None:
    """A photo whose album has no words yet: ids only, for seconds."""
    row = {**_chat(source.chat), "album": source.album, "message_id": source.message_id, "ref": ref, "at": at}
    tx.add(album_parts, row, or_ignore=True)


async def forget_album_parts(tx: WriteTx, before: datetime) -> None:
    """Albums without a request leave no trace."""
    await tx.execute(sa.delete(album_parts).where(album_parts.c.at < before))


def _chat(chat: Chat) -> dict[str, str]:
    return {"channel": chat.channel, "bot": chat.bot, "chat_id": chat.id}


def _in(table: sa.Table, chat: Chat) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.channel == chat.channel, table.c.bot == chat.bot, table.c.chat_id == chat.id


_SAME = (
    "grid_id",
    "thread",
    "message_id",
    "words",
    "code",
    "private",
    "assignee_id",
    "reason",
    "created_at",
    "response_due_at",
    "closing_due_at",
    "responded_at",
    "solved_at",
    "closed_at",
    "reminded_at",
    "done",
    "urges",
    "supporters",
    "reworks",
    "extended",
    "word_at",
    "paused_at",
    "overdue",
    "version",
)


def _columns(ticket: Ticket) -> dict[str, Any]:
    return {
        **{name: getattr(ticket, name) for name in _SAME},
        **_chat(ticket.chat),
        "chat_kind": ticket.chat_kind,
        "reporter": ticket.reporter.account,
        "reporter_name": ticket.reporter.name,
        "urgency": ticket.urgency,
        "building": ticket.place.building,
        "unit": ticket.place.unit,
        "room": ticket.place.room,
        "spot": ticket.place.spot,
        "state": ticket.state,
        "rating": ticket.rating,
        "photos": list(ticket.photos),
        "why": packed(ticket.why),
    }


def _ticket(row: sa.Row[Any]) -> Ticket:
    fields = row._mapping
    return Ticket(
        **{name: fields[name] for name in _SAME},
        number=row.number,
        chat=Chat(row.channel, row.bot, row.chat_id),
        chat_kind=ChatKind(row.chat_kind),
        reporter=Who(row.channel, row.reporter, row.reporter_name),
        urgency=Urgency(row.urgency),
        place=Place(row.building, row.unit, row.room, row.spot),
        state=State(row.state),
        rating=None if row.rating is None else Rating(row.rating),
        photos=tuple(row.photos),
        why=unpacked(row.why),
    )
