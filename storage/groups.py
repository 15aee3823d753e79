"""Chat groups: which grid they belong to, where they went."""

from datetime import datetime

import sqlalchemy as sa

from domain.incoming import Chat
from storage.database import WriteTx
from storage.tables import groups, tickets


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


def _row(chat: Chat) -> dict[str, str]:
    return {"channel": chat.channel, "bot": chat.bot, "chat_id": chat.id}


def _is(chat: Chat) -> tuple[sa.ColumnElement[bool], ...]:
    return groups.c.channel == chat.channel, groups.c.bot == chat.bot, groups.c.chat_id == chat.id
