"""What the grid leader decides about a ticket: 派单, 不予受理."""

from domain import refusal
from domain import ticket as rules
from domain.outgoing import Kind as Said
from domain.screen import plain
from domain.ticket import RefusalCode
from handlers import access, cards, danger, dispatching, lines, notify
from handlers.context import Ask, Context
from storage import calls, grids, tickets
from storage.database import WriteTx


async def reassign(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """派单 by the grid leader, who keeps the clocks: to somebody on the roster, by name."""
    access.require_leader(ask)
    ticket = await access.ticket(tx, ask)
    grid = await grids.by_id(tx, ticket.grid_id)
    if not ticket.is_open:
        raise refusal.AlreadyClosed(number=ticket.number)
    name = ask.words.strip()
    if not name:
        await lines.wait_for(cx, tx, ask, "reassign", ticket, "prompt.reassign")
        return
    found = [m for m in grid.members.values() if name in (m.name, m.public_name, str(m.id))]
    if len(found) != 1:
        raise refusal.NoSuchMember(name=plain(name, 20), names="、".join(m.name for m in grid.members.values()))
    member = found[0]
    if grid.away(member.id, cx.now) is not None:
        raise refusal.OnLeave(name=member.name)
    if member.id in dispatching.concerned(cx, grid, ticket):
        raise refusal.Avoids(name=member.name)
    me = access.require_member(ask)
    await dispatching.relieve(cx, tx, grid, ticket, ticket.assignee_id, but=(me.id, member.id))
    reason = dispatching.CHOSEN
    ticket = await tickets.save(tx, rules.assign(ticket, member.id, reason, ask.who, cx.now))
    if member.id != me.id:
        await dispatching.await_answer(cx, tx, ticket, member.id, reason)
    if ticket.is_danger:
        await danger.heard(cx, tx, grid, ticket, me)
    text = cx.said.say("work.assigned", card=cards.work_text(cx, ticket, reason=reason), number=ticket.number)
    sent = cards.tell(
        cx,
        tx,
        grid,
        ticket,
        member,
        f"assigned:{ticket.number}:{ticket.version}",
        text,
        buttons=[[("take", "take", ""), ("hand_back", "hand_back", "")]],
        kind=Said.INVITATION,
    )
    notify.reply(
        cx, tx, ask.event, cx.said.say("done.assigned" if sent else "done.assigned_unreachable", name=member.name)
    )
    await cards.show(cx, tx, grid, ticket)


async def refuse(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """不予受理 by the grid leader: with a reason code; the resident reads one plain sentence and where to go."""
    access.require_leader(ask)
    ticket = await access.ticket(tx, ask)
    word = ask.words.strip()
    code = next((c for c in RefusalCode if word in (c.value, cx.said.say(f"refusal_name.{c.value}"))), None)
    if code is None:
        buttons = [[(f"refusal.{c.value}", "refuse", c.value)] for c in RefusalCode if c is not RefusalCode.DUPLICATE]
        text = cx.said.say("prompt.refuse", number=ticket.number)
        notify.reply(cx, tx, ask.event, text, buttons=buttons, subject_id=ticket.number, part="?")
        return
    ticket = await tickets.save(tx, rules.refuse(ticket, code, ask.who, cx.now))
    grid = await grids.by_id(tx, ticket.grid_id)
    await dispatching.relieve(cx, tx, grid, ticket, ticket.assignee_id, but=(access.require_member(ask).id,))
    await calls.close_alert(tx, ticket.number, "heard")
    cards.tell_end(cx, tx, ticket, "solved.refused", sentence=cx.said.say(f"refusal_code.{code}"))
    notify.reply(cx, tx, ask.event, cx.said.say("done.refused", number=ticket.number))
    await cards.show(cx, tx, grid, ticket)
