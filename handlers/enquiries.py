"""Asking 党小栖: how a ticket stands, what is stored about me, what is in my hands."""

import json

from domain.ticket import OPEN, State, Ticket
from handlers import access, cards, explaining, joining, misheard, notify
from handlers.context import Ask, Context
from storage import calls, grids, tickets
from storage.database import WriteTx
from storage.tables import tickets as table

_SHOWN = 10


async def mine(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """进度: one ticket by number, or one's own open ones."""
    if ask.number is not None:
        ticket = await access.ticket(tx, ask, public=True)
        grid = await grids.by_id(tx, ticket.grid_id)
        alone = access.is_private(ask) and access.is_reporter(ask, ticket)
        lines = [joining.standing(cx, grid, ticket, public=not alone)]
        if access.is_private(ask):
            lines += await _history(cx, tx, ticket)
        notify.reply(cx, tx, ask.event, "\n".join(lines))
        return
    own = await tickets.select(
        tx, table.c.channel == ask.who.channel, table.c.reporter == ask.who.account, limit=_SHOWN
    )
    live = [t for t in own if t.is_open or t.state is State.SOLVED] or own[:1]
    if not access.is_private(ask):
        live = [t for t in live if not t.private]
    if not live:
        notify.reply(cx, tx, ask.event, cx.said.say("reply.nothing_open"))
        return
    public = not access.is_private(ask)
    lines = [joining.standing(cx, await grids.by_id(tx, t.grid_id), t, public=public) for t in live]
    notify.reply(cx, tx, ask.event, "\n\n".join(lines))


async def _history(cx: Context, tx: WriteTx, ticket: Ticket) -> list[str]:
    lines = []
    for event in await tickets.history(tx, ticket.number):
        note = (
            cx.said.say("history.note", note=event.note) if event.action in ("progress", "solved", "explained") else ""
        )
        lines.append(
            cx.said.say("history.line", at=cx.when(event.at), what=cx.said.say(f"history.{event.action}"), note=note)
        )
    return lines


async def human(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """转人工: always works, for everybody."""
    grid = access.require_grid(ask)
    if await tickets.seen(tx, ask.event.chat, [ask.event.message_id]):
        return
    await misheard.to_human(cx, tx, ask, grid)


async def my_data(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """我的数据: everything that is stored about whoever asks (个保法 45), as text and JSON, in private only."""
    own = await tickets.select(tx, table.c.channel == ask.who.channel, table.c.reporter == ask.who.account, limit=50)
    if not own:
        notify.reply(cx, tx, ask.event, cx.said.say("reply.no_data"))
        return
    for part, ticket in enumerate(reversed(own)):
        data = {
            "number": ticket.number,
            "state": ticket.state,
            "words": ticket.words,
            "place": ticket.place.shown(),
            "code": ticket.code,
            "name": ticket.reporter.name,
            "created_at": ticket.created_at.isoformat(),
            "rating": ticket.rating,
            "photos": len(ticket.photos),
        }
        text = cx.said.say("reply.data", json=json.dumps(data, ensure_ascii=False, indent=1))
        notify.reply(cx, tx, ask.event, text[:4000], part=str(part))


async def privacy(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """隐私: who, why, what, how long (个保法 17), in words for reading."""
    notify.reply(cx, tx, ask.event, cx.said.say("reply.privacy"))


async def work(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """工单: what is in this member's hands; a number shows it with its buttons; the grid leader sees the grid's."""
    member = access.require_member(ask)
    if ask.number is not None:
        ticket = await access.ticket(tx, ask)
        text = "\n".join([cards.work_text(cx, ticket, reason=ticket.reason), *await _history(cx, tx, ticket)])
        buttons = cards.work_buttons(ticket) if ticket.assignee_id == member.id and ticket.is_open else []
        if ask.leads and ticket.is_open:
            buttons = [*buttons, explaining.leader_buttons()]
        notify.reply(cx, tx, ask.event, text[:4000], buttons=buttons, subject_id=ticket.number)
        return
    asked = await calls.of_member(tx, member.id)
    where = table.c.assignee_id == member.id
    if asked:
        where |= table.c.number.in_(asked)
    if ask.leads and ask.grid is not None:
        where |= table.c.grid_id == ask.grid.id
    found = await tickets.select(tx, where, table.c.state.in_(list(OPEN)), limit=50)
    if not found:
        notify.reply(cx, tx, ask.event, cx.said.say("reply.no_work"))
        return
    lines = []
    for ticket in found:
        key = "work.line_asked" if ticket.number in asked else "work.line"
        by = cx.by(ticket.closing_due_at)
        lines.append(cx.said.say(key, title=cards.title(cx, ticket, public=False), by=by, number=ticket.number))
    notify.reply(cx, tx, ask.event, "\n".join(lines)[:4000])
