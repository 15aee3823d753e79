"""The channel's side of the inbox: how far we are, what broke, what was set aside."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.incoming import Incoming
from storage.database import ReadTx, WriteTx
from storage.glance import FILTER_DAYS
from storage.tables import dead_letters, offsets, tries


def keep_offset(tx: WriteTx, channel: str, line: str, event: int, now: datetime) -> None:
    """Up to here everything is on disk, written in the same transaction."""
    tx.put(offsets, {"channel": channel, "bot": line, "event": event, "at": now})


async def count_try(tx: WriteTx, event: Incoming, now: datetime) -> int:
    """One more try at this event, counted before the try so that an event that kills the process is counted too."""
    where = (tries.c.channel == event.chat.channel, tries.c.bot == event.chat.bot, tries.c.event == event.event)
    count = (await tx.value(sa.select(tries.c.count).where(*where)) or 0) + 1
    row = {"channel": event.chat.channel, "bot": event.chat.bot, "event": event.event, "count": count, "at": now}
    await tx.execute(tx.upsert(tries, row, ["channel", "bot", "event"]))
    return count


async def forget_try(tx: WriteTx, event: Incoming) -> None:
    """It went well after all, or was set aside."""
    where = (tries.c.channel == event.chat.channel, tries.c.bot == event.chat.bot, tries.c.event == event.event)
    await tx.execute(sa.delete(tries).where(*where))


async def tried(tx: ReadTx, channel: str, bot: str) -> bool:
    """Whether some event was being tried alone when the program stopped: then the next batch is tried alone too."""
    stmt = sa.select(sa.func.count()).select_from(tries).where(tries.c.channel == channel, tries.c.bot == bot)
    return bool(await tx.value(stmt))


async def set_aside(tx: WriteTx, event: Incoming, error: str, now: datetime) -> None:
    """A dead letter: ids and the class of the error; never the text and never the error's words, which may quote it."""
    row: dict[str, Any] = {
        "channel": event.chat.channel,
        "bot": event.chat.bot,
        "chat_id": event.chat.id,
        "event": event.event,
        "message_id": event.message_id,
        "kind": event.kind,
        "error": error,
        "at": now,
    }
    tx.add(dead_letters, row, or_ignore=True)


async def sweep(tx: WriteTx, now: datetime) -> None:
    """Dead letters and tries are kept for a week."""
    await tx.execute(sa.delete(dead_letters).where(dead_letters.c.at < now - timedelta(days=FILTER_DAYS)))
    await tx.execute(sa.delete(tries).where(tries.c.at < now - timedelta(days=FILTER_DAYS)))
