"""Chat groups: which grid they belong to, where they went."""

from datetime import datetime

import sqlalchemy as sa

from domain.incoming import Chat
from storage.database import ReadTx, WriteTx
from storage.tables import groups, tickets
from storage.types import YES


async def register(tx: WriteTx, chat: Chat, grid_id: int, title: str) -> None:
    """This group belongs to this grid from now on."""
    row = {**_row(chat), "grid_id": grid_id, "title": title, "became": "", "active": True}
    await tx.execute(tx.upsert(groups, row, ["channel", "bot", "chat_id"]))


async def leave(tx: WriteTx, chat: Chat) -> None:
    """党小栖 is no longer in this group."""
    await tx.execute(sa.update(groups).where(*_is(chat)).values(active=False))


async def mute(tx: WriteTx, grid_id: int, until: datetime | None) -> None:
    """静默: the groups of a grid hear nothing but danger until then."""
    await tx.execute(sa.update(groups).where(groups.c.grid_id == grid_id).values(muted_until=until))


async def move(tx: WriteTx, old: Chat, new: Chat) -> None:
    """The group got a new id. Its open tickets answer there, to no message, because message ids begin anew; the old row
    stays so that late calls find the way.
    """
    row = await tx.one(sa.select(groups).where(*_is(old)))
    if row is None:
        return
    await register(tx, new, row.grid_id, row.title)
    await tx.execute(sa.update(groups).where(*_is(old)).values(active=False, became=new.id))
    of_old = (tickets.c.channel == old.channel, tickets.c.bot == old.bot, tickets.c.chat_id == old.id)
    await tx.execute(sa.update(tickets).where(*of_old).values(chat_id=new.id, message_id=""))


async def titled(tx: ReadTx, *grid_ids: int) -> list[tuple[int, Chat, str]]:
    """The groups of some grids: grid, chat, and what the group is called."""
    stmt = sa.select(groups).where(groups.c.grid_id.in_(grid_ids), groups.c.active == YES)
    rows = await tx.rows(stmt.order_by(groups.c.grid_id, groups.c.channel, groups.c.chat_id))
    return [(row.grid_id, Chat(row.channel, row.bot, row.chat_id), row.title) for row in rows]


async def current(tx: ReadTx, chat: Chat) -> Chat:
    """Where a group is found now, whatever it was called when somebody chose it."""
    became = await tx.value(sa.select(groups.c.became).where(*_is(chat)))
    return await current(tx, Chat(chat.channel, chat.bot, became)) if became else chat


def _row(chat: Chat) -> dict[str, str]:
    return {"channel": chat.channel, "bot": chat.bot, "chat_id": chat.id}


def _is(chat: Chat) -> tuple[sa.ColumnElement[bool], ...]:
    return groups.c.channel == chat.channel, groups.c.bot == chat.bot, groups.c.chat_id == chat.id
