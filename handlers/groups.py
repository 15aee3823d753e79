"""党小栖 comes into a group, leaves it, and the group changes its id."""

from domain.incoming import Chat, Incoming
from domain.outgoing import Kind as Said
from handlers import notify
from handlers.context import Context
from storage import grids, groups, outbox
from storage.database import WriteTx


async def added(cx: Context, tx: WriteTx, event: Incoming) -> None:
    """Say who 党小栖 is and what is not stored; an unknown group is told how it is registered."""
    grid = await grids.of_group(tx, event.chat)
    key = "group.hello" if grid is not None else "group.unregistered"
    notify.reply(cx, tx, event, cx.said.say(key, grid=grid.name if grid else ""))


async def removed(cx: Context, tx: WriteTx, event: Incoming) -> None:
    """Taken out of the group: nothing is sent there any more, the grid leader hears it."""
    grid = await grids.of_group(tx, event.chat)
    if grid is None:
        return
    await groups.leave(tx, event.chat)
    await grids.changed(tx)
    await outbox.drop_chat(tx, event.chat, cx.now)
    for leader in grid.acting(cx.now):
        text = cx.said.say("group.removed", grid=grid.name)
        key = f"removed:{notify.event_key(event)}:{leader.id}"
        notify.to_member(cx, tx, leader, Said.STAFF, key, text, near=event.chat)


async def migrated(cx: Context, tx: WriteTx, event: Incoming) -> None:
    """The group has a new id: grid, open tickets and waiting messages move along, the old id stays as an alias."""
    if not event.new_chat_id or await grids.of_group(tx, event.chat) is None:
        return
    new = Chat(event.chat.channel, event.chat.bot, event.new_chat_id)
    await groups.move(tx, event.chat, new)
    await outbox.move(tx, event.chat, new)
    await grids.changed(tx)
