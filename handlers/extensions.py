"""延期: once, before the deadline. The handler asks, the grid leader decides, the resident reads why."""

from domain import clock, refusal
from domain.screen import plain, screened
from handlers import access, cards, notify
from handlers.context import Ask, Context
from storage import grids, tickets
from storage.database import WriteTx


async def extend(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """By the grid leader it is decided; by whoever handles the ticket it is asked for."""
    ticket = await access.ticket(tx, ask) if ask.leads else await access.handled(tx, ask)
    if not ask.words:
        raise refusal.WordsNeeded
    note = plain(ask.words, 200)
    change = clock.extend(ticket, note, ask.who, cx.now, cx.calendar, cx.policy.template)
    if not ask.leads:
        await _ask_leader(cx, tx, ask, note)
        return
    ticket = await tickets.save(tx, change)
    grid = await grids.by_id(tx, ticket.grid_id)
    by = cx.by(ticket.closing_due_at)
    cards.tell_end(cx, tx, ticket, "solved.extended", by=by, note=screened(note))
    notify.reply(cx, tx, ask.event, cx.said.say("done.extended", by=by))
    if ticket.assignee_id != access.require_member(ask).id:
        text = cx.said.say("work.extended", title=cards.title(cx, ticket, public=False), by=by)
        cards.tell(cx, tx, grid, ticket, grid.member(ticket.assignee_id), f"extended:{ticket.number}", text)
    await cards.show(cx, tx, grid, ticket)


async def _ask_leader(cx: Context, tx: WriteTx, ask: Ask, note: str) -> None:
    ticket = await access.handled(tx, ask)
    me = access.require_member(ask)
    if ticket.assignee_id != me.id:
        raise refusal.NotYourTicket(number=ticket.number)
    grid = await grids.by_id(tx, ticket.grid_id)
    senior = next((c.member for c in grid.seniors(cx.now) if c.member.reachable), None)
    text = cx.said.say(
        "work.extend_asked",
        title=cards.title(cx, ticket, public=False),
        name=me.name,
        by=cx.by(ticket.closing_due_at),
        note=note,
        number=ticket.number,
    )
    buttons: list[list[notify.Button]] = [[("extend", "extend", note), ("extend_no", "extend_no", note)]]
    key = f"extend_asked:{notify.event_key(ask.event)}"
    asked = cards.tell(cx, tx, grid, ticket, senior, key, text, buttons=buttons)
    notify.reply(cx, tx, ask.event, cx.said.say("done.extend_asked" if asked else "done.extend_unasked"))


async def decline(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """不同意: the deadline stays; whoever asked hears it. Once it has been extended there is nothing left to decline."""
    access.require_leader(ask)
    ticket = await access.ticket(tx, ask)
    _ = clock.extend(ticket, ask.words, ask.who, cx.now, cx.calendar, cx.policy.template)
    grid = await grids.by_id(tx, ticket.grid_id)
    text = cx.said.say(
        "work.extend_declined", title=cards.title(cx, ticket, public=False), by=cx.by(ticket.closing_due_at)
    )
    key = f"extend_declined:{notify.event_key(ask.event)}"
    cards.tell(cx, tx, grid, ticket, grid.member(ticket.assignee_id), key, text)
    notify.reply(cx, tx, ask.event, cx.said.say("done.extend_declined"))
