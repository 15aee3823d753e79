"""Nothing vanishes silently: what could not be read or delivered is said to the grid leader, without its text."""

from datetime import datetime

from domain.incoming import Chat, ChatKind, Incoming
from domain.outgoing import Kind as Said
from domain.outgoing import SendState
from domain.roster import Grid, Member
from domain.screen import plain
from domain.ticket import State
from handlers import access, cards, dispatching, notify
from handlers.context import Context
from storage import calls, grids, members, outbox, tickets
from storage.database import WriteTx
from storage.outbox import Row
from storage.tables import outbox as outbox_table


async def dead_letter(cx: Context, tx: WriteTx, event: Incoming) -> None:
    """A message broke the program three times: the leader is told where to read it in the group, or whom to ask."""
    for grid in await _concerned(tx, event):
        values = {"grid": grid.name, "at": cx.when(event.at)}
        if event.chat_kind is ChatKind.GROUP:
            text = cx.said.say("alarm.dead_letter", message=event.message_id, **values)
        else:
            who = plain(event.sender.name, 30) or cx.said.say("alarm.somebody")
            text = cx.said.say("alarm.dead_letter_private", who=who, **values)
        for leader in _leaders(cx, grid):
            key = f"dead:{notify.event_key(event)}:{leader.id}"
            notify.to_member(cx, tx, leader, Said.STAFF, key, text, near=event.chat, urgent=True, grid_id=grid.id)


async def deaf(cx: Context, tx: WriteTx, channel: str, bot: str, since: datetime) -> None:
    """No word has come from a channel for a while: the leaders with groups there hear it, where sending still works."""
    for grid in await _with_groups(tx, channel, bot):
        for leader in _leaders(cx, grid):
            text = cx.said.say("alarm.deaf", grid=grid.name, since=cx.by(since))
            notify.to_member(cx, tx, leader, Said.STAFF, _deaf_key(channel, bot, since, leader), text, grid_id=grid.id)


async def hears_again(cx: Context, tx: WriteTx, channel: str, bot: str, since: datetime) -> None:
    """It is over. Whoever was not told yet (nothing could be sent either) need not hear of it at all."""
    for grid in await _with_groups(tx, channel, bot):
        for leader in _leaders(cx, grid):
            key = _deaf_key(channel, bot, since, leader)
            if await outbox.cancel(tx, outbox_table.c.key == key) or not await outbox.select(
                tx, outbox_table.c.key == key, outbox_table.c.state != SendState.CANCELLED
            ):
                continue
            text = cx.said.say("alarm.hears_again", grid=grid.name, since=cx.by(since))
            notify.to_member(cx, tx, leader, Said.STAFF, f"{key}:over", text, grid_id=grid.id)


def _deaf_key(channel: str, bot: str, since: datetime, leader: Member) -> str:
    return f"deaf:{channel}:{bot}:{since:%Y%m%d%H%M%S}:{leader.id}"


async def _with_groups(tx: WriteTx, channel: str, bot: str) -> list[Grid]:
    known = [await grids.by_id(tx, grid_id) for grid_id in await grids.all_ids(tx)]
    return [grid for grid in known if any((chat.channel, chat.bot) == (channel, bot) for chat in grid.groups)]


async def _concerned(tx: WriteTx, event: Incoming) -> list[Grid]:
    """Whose matter it may be: the grid of the group or of this person; every grid when nobody knows where he lives."""
    if event.chat_kind is ChatKind.GROUP:
        grid = await grids.of_group(tx, event.chat)
        return [] if grid is None else [grid]
    found = await grids.of_account(tx, event.chat.channel, event.chat.bot, event.sender.id)
    if found is not None and found[1] is None:
        return [await grids.by_id(tx, i) for i in await grids.below(tx, found[0].area_id)]
    home = found[1] if found is not None else await access.grid_of_resident(tx, event)
    return [home] if home is not None else [await grids.by_id(tx, i) for i in await grids.all_ids(tx)]


def _leaders(cx: Context, grid: Grid) -> list[Member]:
    """The grid leaders; the next one up where none of them can be written to."""
    found = [leader for leader in grid.acting(cx.now) if leader.reachable]
    return found or [c.member for c in grid.seniors(cx.now) if c.member.reachable][:1]


async def undelivered(cx: Context, tx: WriteTx, row: Row, error: str) -> None:
    """A channel refused a message for good. Whoever was to be asked is passed over at once; the leader hears of it."""
    grid = await grids.by_id(tx, row.grid_id) if row.grid_id is not None else None
    member = _member_at(grid, row.chat) if grid else None
    if error == "unreachable" and member is not None and grid is not None:
        await members.unbind(tx, member, row.chat)
        await grids.changed(tx)
        grid = await grids.by_id(tx, grid.id)
    if row.ticket is not None and member is not None and grid is not None:
        if row.kind is Said.INVITATION:
            await _ask_somebody_else(cx, tx, grid, row.ticket, member)
        elif row.kind is Said.ALERT:
            await calls.hurry(tx, row.ticket, cx.now)
    if grid is None or row.key.startswith("undelivered:"):
        return
    ticket = await tickets.get(tx, row.ticket) if row.ticket is not None else None
    what = cards.title(cx, ticket, public=False) if ticket else cx.said.say("alarm.a_message")
    person = grid.member(member)
    whom = person.name if person else cx.said.say("alarm.resident")
    for leader in grid.acting(cx.now):
        if leader.id != member:
            text = cx.said.say("alarm.undelivered", what=what, whom=whom)
            key = f"undelivered:{row.id}:{leader.id}"
            notify.to_member(
                cx, tx, leader, Said.STAFF, key, text,
                near=row.chat, urgent=row.night, ticket=row.ticket, grid_id=grid.id,
            )  # fmt: skip


async def _ask_somebody_else(cx: Context, tx: WriteTx, grid: Grid, number: int, member: int) -> None:
    invitation = await calls.current(tx, number)
    ticket = await tickets.get(tx, number)
    if ticket is not None and ticket.state is State.DISPATCHED and ticket.assignee_id == member:
        await dispatching.take_back(cx, tx, grid, ticket, "cancelled")
        await cards.show(cx, tx, grid, await dispatching.invite_next(cx, tx, grid, ticket))
    elif invitation is not None and invitation.member_id == member:
        await dispatching.pass_on(cx, tx, number, "expired")


def _member_at(grid: Grid, chat: Chat) -> int | None:
    people = [*grid.members.values(), *grid.above]
    return next((m.id for m in people if chat in m.chats), None)
