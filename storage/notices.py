"""Notices of grid leaders and the people above them. A notice to several grids is one row each, bound by the first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.incoming import Chat
from domain.notice import State
from domain.outgoing import Kind, SendState
from storage.database import ReadTx, WriteTx
from storage.tables import notices, outbox

_WAITING = (SendState.PENDING, SendState.CLAIMED, SendState.SENDING)


@dataclass(frozen=True, slots=True)
class Target:
    """One grid a notice goes to: the buildings it names, and the groups it is for (none for all of them)."""

    grid_id: int
    areas: tuple[str, ...] = ()
    chats: tuple[Chat, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to one grid. ``sent`` counts how often it went out: the slot of the next time."""

    id: int
    target: Target
    author_id: int
    words: str
    state: State
    repeat: str
    urgent: bool
    reason: str
    next_at: datetime | None
    sent: int
    reported: int
    first_id: int | None

    @property
    def number(self) -> int:
        """What the author calls it: the number of the first row written with it."""
        return self.first_id or self.id

    @property
    def grid_id(self) -> int:
        """The grid it goes to."""
        return self.target.grid_id


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice in one group, at the time it was said that ``slot`` counts (from 0)."""

    slot: int
    chat: Chat
    grid_id: int
    state: SendState


async def insert(
    tx: WriteTx,
    author_id: int,
    targets: Sequence[Target],
    words: str,
    *,
    repeat: str,
    urgent: bool,
    next_at: datetime | None,
    at: datetime,
) -> int:
    """A draft for one or several grids; the number of the whole."""
    first: int | None = None
    for target in targets:
        row = {
            "grid_id": target.grid_id,
            "author_id": author_id,
            "words": words,
            "areas": list(target.areas),
            "chats": [[chat.channel, chat.bot, chat.id] for chat in target.chats],
            "state": State.DRAFT,
            "repeat": repeat,
            "urgent": urgent,
            "next_at": next_at,
            "sent": 0,
            "created_at": at,
            "first_id": first,
        }
        number: int = await tx.value(sa.insert(notices).values(**row).returning(notices.c.id))
        first = first or number
    if first is None:
        raise ValueError("a notice needs a grid")
    return first


async def of_number(tx: ReadTx, number: int) -> list[Notice]:
    """All rows of a notice, the first one first."""
    return await _select(tx, (notices.c.id == number) | (notices.c.first_id == number))


async def due(tx: ReadTx, now: datetime) -> list[Notice]:
    """What is to be said now."""
    return await _select(tx, notices.c.state == State.SCHEDULED, notices.c.next_at <= now)


async def planned(tx: ReadTx, author_id: int, grid_ids: Iterable[int], since: datetime) -> list[Notice]:
    """What is still to be said: by this author, or in these grids; drafts only if written since then. First rows only."""
    mine = (notices.c.author_id == author_id) | notices.c.grid_id.in_(list(grid_ids))
    draft = (notices.c.state == State.DRAFT) & (notices.c.created_at >= since)
    found = await _select(tx, mine, (notices.c.state == State.SCHEDULED) | draft)
    return list({row.number: row for row in reversed(found)}.values())[::-1]


async def save(tx: WriteTx, notice: Notice, state: State, next_at: datetime | None, **changes: object) -> bool:
    """Write how it goes on (``sent``, ``repeat``, ``reason``); False when somebody else was faster, and then nothing is
    written.
    """
    same = (notices.c.id == notice.id, notices.c.state == notice.state, notices.c.sent == notice.sent)
    values = {"state": state, "next_at": next_at, **changes}
    return await tx.execute(sa.update(notices).where(*same).values(**values)) == 1


async def settled(tx: ReadTx) -> list[int]:
    """Numbers of notices that went out, wait nowhere any more, and whose author has not heard of it."""
    number = sa.func.coalesce(notices.c.first_id, notices.c.id)
    told = notices.c.sent > notices.c.reported
    busy = sa.select(number).join(outbox, outbox.c.notice == notices.c.id).where(told, outbox.c.state.in_(_WAITING))
    rows = await tx.rows(sa.select(number.label("number")).where(told, number.not_in(busy)).distinct())
    return sorted(row.number for row in rows)


async def deliveries(tx: ReadTx, rows: Sequence[Notice], *, last: bool = False) -> list[Delivery]:
    """What became of it in each group, the times its author has not heard about; or only the last time."""
    since = {row.id: row.sent - 1 if last else row.reported for row in rows}
    mine = (outbox.c.notice.in_(list(since)), outbox.c.kind == Kind.NOTICE, outbox.c.state != SendState.SUPERSEDED)
    found = await tx.rows(sa.select(outbox).where(*mine).order_by(outbox.c.grid_id, outbox.c.id))
    return [
        Delivery(slot, Chat(row.channel, row.bot, row.chat_id), row.grid_id, _state(row))
        for row in found
        if (slot := int(row.key.split(":")[2])) >= since[row.notice]  # the key: see ``handlers/announcing.py``
    ]


async def mark_reported(tx: WriteTx, rows: Sequence[Notice]) -> None:
    """The author has heard what became of it so far."""
    for row in rows:
        await tx.execute(sa.update(notices).where(notices.c.id == row.id).values(reported=row.sent))


async def _select(tx: ReadTx, *where: sa.ColumnElement[bool]) -> list[Notice]:
    return [_notice(row) for row in await tx.rows(sa.select(notices).where(*where).order_by(notices.c.id))]


def _state(row: sa.Row[Any]) -> SendState:
    """A group that 党小栖 was taken out of did not get it; that is not the author's doing."""
    return SendState.FAILED if row.error == "left" else SendState(row.state)


def _notice(row: sa.Row[Any]) -> Notice:
    chats = tuple(Chat(channel, bot, chat_id) for channel, bot, chat_id in row.chats)
    return Notice(
        id=row.id,
        target=Target(row.grid_id, tuple(row.areas), chats),
        author_id=row.author_id,
        words=row.words,
        state=State(row.state),
        repeat=row.repeat,
        urgent=row.urgent,
        reason=row.reason,
        next_at=row.next_at,
        sent=row.sent,
        reported=row.reported,
        first_id=row.first_id,
    )
