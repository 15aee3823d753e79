"""The outbox: every word 党小栖 says is a row here, written with the change it speaks of, before anybody sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.incoming import Chat
from domain.outgoing import MANNERS, Kind, OnUnknown, Op, SendState
from storage.database import ReadTx, WriteTx
from storage.tables import chat_pace, outbox

LEASE = timedelta(seconds=60)
"""Longer than the longest call of a face, so that a lease that is over means a sender that is gone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One claimed row, as the pump hands it to a face."""

    id: int
    key: str
    chat: Chat
    thread: str
    op: Op
    kind: Kind
    body: Mapping[str, Any]
    target: str
    attempt: int
    resent: bool
    night: bool
    ticket: int | None
    grid_id: int | None


def add(
    tx: WriteTx,
    *,
    key: str,
    chat: Chat,
    kind: Kind,
    body: Mapping[str, Any],
    now: datetime,
    op: Op = Op.SEND,
    thread: str = "",
    replaces: str = "",
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    ticket: int | None = None,
    grid_id: int | None = None,
    notice: int | None = None,
    urgent: bool = False,
) -> None:
    """Say something once: a second row with the same key changes nothing. Keys hold no time and nothing a retry changes."""
    manner = MANNERS[kind]
    start = max(not_before or now, now)
    if expires_at is None and manner.seconds is not None:
        expires_at = start + timedelta(seconds=manner.seconds)
    tx.add(
        outbox,
        {
            "key": key,
            "channel": chat.channel,
            "bot": chat.bot,
            "chat_id": chat.id,
            "thread": thread,
            "op": op,
            "kind": kind,
            "priority": manner.priority,
            "night": manner.night or urgent,
            "body": dict(body),
            "replaces": replaces,
            "ticket": ticket,
            "grid_id": grid_id,
            "notice": notice,
            "created_at": now,
            "not_before": start,
            "expires_at": expires_at,
            "state": SendState.PENDING,
            "attempt": 0,
            "resent": False,
        },
        or_ignore=True,
    )


async def rewrite(tx: WriteTx, key: str, body: Mapping[str, Any]) -> bool:
    """Change a message that nobody has begun to send; False when it is too late for that."""
    mine = (outbox.c.key == key, outbox.c.state == SendState.PENDING, outbox.c.attempt == 0)
    return await tx.execute(sa.update(outbox).where(*mine).values(body=dict(body))) == 1


async def unsay(tx: WriteTx, key: str) -> bool:
    """Take back a message that nobody has begun to send, with its photos; False when it is too late for that."""
    mine = (outbox.c.state == SendState.PENDING, outbox.c.attempt == 0)
    await cancel(tx, *mine, outbox.c.key.startswith(f"{key}:photo", autoescape=True))
    return await cancel(tx, *mine, outbox.c.key == key) == 1


async def supersede_edits(tx: WriteTx, *replaces: str) -> None:
    """Only the newest edit of a message is worth sending."""
    waiting = (outbox.c.replaces.in_(replaces), outbox.c.op == Op.EDIT, outbox.c.state == SendState.PENDING)
    await tx.execute(sa.update(outbox).where(*waiting).values(state=SendState.SUPERSEDED))


async def cancel(tx: WriteTx, *where: sa.ColumnElement[bool]) -> int:
    """Take back what is waiting and no longer wanted."""
    stmt = sa.update(outbox).where(outbox.c.state == SendState.PENDING, *where)
    return await tx.execute(stmt.values(state=SendState.CANCELLED))


async def forget_unsent(tx: WriteTx, key: str) -> None:
    """Take back a message that nobody has begun to send as if it had never been said: its key may be used again."""
    mine = (outbox.c.key == key, outbox.c.state == SendState.PENDING, outbox.c.attempt == 0)
    await tx.execute(sa.delete(outbox).where(*mine))


async def arriving(tx: ReadTx, keys: Sequence[str]) -> dict[str, Chat]:
    """Those of these messages that have arrived or still may, and where: neither taken back nor given up."""
    gone = [SendState.CANCELLED, SendState.SUPERSEDED, SendState.EXPIRED, SendState.FAILED]
    stmt = sa.select(outbox.c.key, outbox.c.channel, outbox.c.bot, outbox.c.chat_id)
    rows = await tx.rows(stmt.where(outbox.c.key.in_(keys), outbox.c.state.not_in(gone)).order_by(outbox.c.id))
    return {row.key: Chat(row.channel, row.bot, row.chat_id) for row in rows}


async def chat_of(tx: ReadTx, key: str) -> tuple[Chat, str] | None:
    """Where a message was sent to and what the channel called it, once it is sent."""
    row = await tx.one(sa.select(outbox).where(outbox.c.key == key))
    return None if row is None else (Chat(row.channel, row.bot, row.chat_id), row.provider_id)


async def key_of(tx: ReadTx, chat: Chat, provider_id: str) -> sa.Row[Any] | None:
    """The row behind a message of ours that somebody replies to."""
    where = (outbox.c.channel == chat.channel, outbox.c.bot == chat.bot, outbox.c.chat_id == chat.id)
    stmt = sa.select(outbox.c.key, outbox.c.ticket, outbox.c.kind).where(*where, outbox.c.provider_id == provider_id)
    return await tx.one(stmt.where(outbox.c.op == Op.SEND).limit(1))


async def claim(tx: WriteTx, owner: str, now: datetime, limit: int = 20) -> list[Row]:
    """Take up to ``limit`` due rows for a minute. A chat somebody else is sending to is left alone, so order is kept.

    ``now`` must be read after the transaction began: a lease computed before waiting for the lock may already be over.
    """
    late = (outbox.c.state == SendState.PENDING, outbox.c.expires_at <= now)
    await tx.execute(sa.update(outbox).where(*late).values(state=SendState.EXPIRED, settled_at=now))
    busy = sa.alias(outbox)
    card = sa.alias(outbox)

    def same_chat(other: Any) -> sa.ColumnElement[bool]:
        return sa.and_(
            other.c.channel == outbox.c.channel, other.c.bot == outbox.c.bot, other.c.chat_id == outbox.c.chat_id
        )

    stmt = (
        sa.select(outbox, card.c.provider_id.label("target"), card.c.state.label("target_state"))
        .outerjoin(card, card.c.key == outbox.c.replaces)
        .where(
            outbox.c.state == SendState.PENDING,
            outbox.c.not_before <= now,
            ~sa.exists().where(same_chat(busy), busy.c.state.in_([SendState.CLAIMED, SendState.SENDING])),
            ~sa.exists().where(same_chat(chat_pace), chat_pace.c.not_before > now),
            (outbox.c.op != Op.EDIT) | card.c.state.not_in([SendState.PENDING]),
        )
        .order_by(outbox.c.priority, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=outbox)
    )
    found: list[Row] = []
    orphans: list[int] = []
    for row in await tx.rows(stmt):
        if row.op == Op.EDIT and not row.target:
            orphans.append(row.id)
            continue
        found.append(_row(row, row.target or ""))
    if orphans:  # the message to edit never arrived, or nobody knows its id
        done = sa.update(outbox).where(outbox.c.id.in_(orphans))
        await tx.execute(done.values(state=SendState.SUPERSEDED, settled_at=now))
    if found:
        mine = sa.update(outbox).where(outbox.c.id.in_([row.id for row in found]))
        await tx.execute(mine.values(state=SendState.CLAIMED, lease_owner=owner, lease_until=now + LEASE))
    return found


async def begin(tx: WriteTx, row: Row, owner: str, now: datetime) -> bool:
    """Write down that the next act is the network call; False when the row is not ours any more."""
    mine = (outbox.c.id == row.id, outbox.c.state == SendState.CLAIMED, outbox.c.lease_owner == owner)
    values = {"state": SendState.SENDING, "attempt": row.attempt + 1, "lease_until": now + LEASE}
    return await tx.execute(sa.update(outbox).where(*mine).values(**values)) == 1


async def settle(
    tx: WriteTx,
    row: Row,
    owner: str,
    state: SendState,
    now: datetime,
    *,
    provider_id: str = "",
    error: str = "",
    not_before: datetime | None = None,
) -> bool:
    """Write down what came of the call. Only the sender that made it may, for the attempt it made."""
    mine = (outbox.c.id == row.id, outbox.c.lease_owner == owner, outbox.c.attempt == row.attempt + 1)
    values: dict[str, Any] = {"state": state, "error": error, "lease_owner": "", "lease_until": None, "settled_at": now}
    if provider_id:
        values["provider_id"] = provider_id
    if state is SendState.PENDING:
        values |= {"not_before": not_before or now, "settled_at": None}
    if state is SendState.UNKNOWN:
        values |= _after_unknown(row.kind, resent=row.resent)
        if values["state"] is SendState.PENDING:
            values["not_before"] = not_before or now
    return await tx.execute(sa.update(outbox).where(*mine).values(**values)) == 1


async def release(tx: WriteTx, rows: Sequence[Row], owner: str, not_before: datetime) -> None:
    """Give back rows that were claimed but not begun."""
    mine = (outbox.c.id.in_([r.id for r in rows]), outbox.c.lease_owner == owner, outbox.c.state == SendState.CLAIMED)
    stmt = sa.update(outbox).where(*mine)
    await tx.execute(stmt.values(state=SendState.PENDING, lease_owner="", lease_until=None, not_before=not_before))


async def recover(tx: WriteTx, now: datetime, *, everything: bool) -> int:
    """Senders that are gone: what never reached the network is sent again, the rest is of unknown outcome.

    ``everything`` at the start of a program that is the only sender of its database; otherwise only leases that are over.
    """
    gone = sa.true() if everything else outbox.c.lease_until < now
    back = sa.update(outbox).where(outbox.c.state == SendState.CLAIMED, gone)
    await tx.execute(back.values(state=SendState.PENDING, lease_owner="", lease_until=None))
    stmt = sa.select(outbox.c.id, outbox.c.kind, outbox.c.resent).where(outbox.c.state == SendState.SENDING, gone)
    rows = await tx.rows(stmt)
    for row in rows:
        values = {"state": SendState.UNKNOWN, "lease_owner": "", "lease_until": None, "settled_at": now}
        values |= _after_unknown(Kind(row.kind), resent=row.resent)
        await tx.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**values))
    return len(rows)


async def wait(tx: WriteTx, chat: Chat, until: datetime) -> None:
    """The channel said “later” for this chat (429); other chats go on."""
    row = {"channel": chat.channel, "bot": chat.bot, "chat_id": chat.id, "not_before": until}
    await tx.execute(tx.upsert(chat_pace, row, ["channel", "bot", "chat_id"]))


async def move(tx: WriteTx, old: Chat, new: Chat) -> None:
    """A group got a new id: what is waiting goes there, answering nothing, because message ids begin anew.

    Messages of the old chat cannot be changed from the new one: they give up their keys, so that the next change of a card
    is a new card, and a change that was waiting becomes it.
    """
    mine = (outbox.c.channel == old.channel, outbox.c.bot == old.bot, outbox.c.chat_id == old.id)
    live = outbox.c.state.in_([SendState.PENDING, SendState.CLAIMED])
    waiting = await tx.rows(sa.select(outbox).where(*mine, live).order_by(outbox.c.id))
    gone = sa.update(outbox).where(*mine, ~live, outbox.c.op == Op.SEND)
    await tx.execute(gone.values(key=outbox.c.key + f"@{old.id}"))
    newest = {row.replaces or row.key: row for row in waiting}  # of a card and its changes only the last one counts
    for row in waiting:
        values: dict[str, Any] = {"state": SendState.SUPERSEDED, "error": "moved", "key": f"{row.key}@{old.id}"}
        await tx.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**values))
    for key, row in newest.items():
        body = {name: value for name, value in row.body.items() if name != "reply_to"}
        values = {"chat_id": new.id, "body": body, "key": key, "replaces": "", "state": row.state, "error": ""}
        if row.op == Op.EDIT:
            values |= {"op": Op.SEND, "kind": Kind.CARD}
        if row.op != Op.REACT:
            await tx.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**values))


async def drop_chat(tx: WriteTx, chat: Chat, now: datetime) -> None:
    """Nothing more can be said in this chat."""
    mine = (outbox.c.channel == chat.channel, outbox.c.bot == chat.bot, outbox.c.chat_id == chat.id)
    live = sa.update(outbox).where(*mine, outbox.c.state == SendState.PENDING)
    await tx.execute(live.values(state=SendState.CANCELLED, error="left", settled_at=now))


async def next_due(tx: ReadTx) -> datetime | None:
    """When the earliest waiting row may be sent."""
    found: datetime | None = await tx.value(
        sa.select(outbox.c.not_before).where(outbox.c.state == SendState.PENDING).order_by(outbox.c.not_before).limit(1)
    )
    return found


async def select(tx: ReadTx, *where: sa.ColumnElement[bool], limit: int = 200) -> Sequence[sa.Row[Any]]:
    """Rows by any condition on ``tables.outbox``, newest first: for the leader, the console and tests."""
    return await tx.rows(sa.select(outbox).where(*where).order_by(outbox.c.id.desc()).limit(limit))


def _after_unknown(kind: Kind, *, resent: bool) -> dict[str, Any]:
    rule = MANNERS[kind].on_unknown
    if rule is OnUnknown.RETRY:
        return {"state": SendState.PENDING, "settled_at": None}
    if rule is OnUnknown.ONCE_MARKED and not resent:
        return {"state": SendState.PENDING, "resent": True, "settled_at": None}
    return {"state": SendState.UNKNOWN}


def _row(row: sa.Row[Any], target: str) -> Row:
    return Row(
        id=row.id,
        key=row.key,
        chat=Chat(row.channel, row.bot, row.chat_id),
        thread=row.thread,
        op=Op(row.op),
        kind=Kind(row.kind),
        body=row.body,
        target=target,
        attempt=row.attempt,
        resent=row.resent,
        night=row.night,
        ticket=row.ticket,
        grid_id=row.grid_id,
    )
