"""What a volunteer does with a ticket: 接单, 不接, 退单, 进展, and 知悉 of a danger."""

from domain import clock, refusal
from domain import ticket as rules
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member, Role
from domain.screen import plain
from domain.ticket import Action, State, Ticket
from handlers import access, cards, danger, dispatching, lines, notify, supervising
from handlers.context import Ask, Context
from storage import calls, grids, tickets
from storage.database import WriteTx


async def take(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """接单: whoever was asked, or the grid leader, sees it through; whoever reported it sees so on the card."""
    member = access.require_member(ask)
    ticket = await access.offered(tx, ask) if ask.number is None else await access.ticket(tx, ask)
    if not ticket.is_open:
        raise refusal.AlreadyClosed(number=ticket.number)
    if ticket.state is State.IN_PROGRESS:
        raise refusal.AlreadyTaken(number=ticket.number)
    invitation = await calls.current(tx, ticket.number)
    asked = invitation is not None and invitation.member_id == member.id
    if not asked and not ask.leads and ticket.assignee_id != member.id:
        raise refusal.NotInvited(number=ticket.number)
    former = ticket.assignee_id
    ticket = await tickets.save(tx, rules.take(ticket, member.id, ask.who, cx.now))
    grid = await grids.by_id(tx, ticket.grid_id)
    if asked:
        await calls.close(tx, ticket.number, "taken")
    else:
        await dispatching.relieve(cx, tx, grid, ticket, former, but=(member.id,))
    if ticket.is_danger:
        await danger.heard(cx, tx, grid, ticket, member)
    await _hand_over(cx, tx, ask, grid, ticket, member)
    if ask.event.click:
        notify.click(cx, tx, ask.event, cx.said.say("done.taken_short", number=ticket.number))
    await cards.show(cx, tx, grid, ticket)


async def _hand_over(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, ticket: Ticket, member: Member) -> None:
    """The working card with the buttons for what comes next, in place of the message that was pressed."""
    text = cx.said.say("done.taken", card=cards.work_text(cx, ticket, reason=ticket.reason), number=ticket.number)
    content = notify.body(cx, tx, text, buttons=cards.work_buttons(ticket), subject_id=ticket.number)
    if not await notify.replace_pressed(cx, tx, ask.event, content, ticket.version):
        key = f"work:{ticket.number}:{ticket.version}"
        cards.tell(cx, tx, grid, ticket, member, key, text, buttons=cards.work_buttons(ticket), kind=Said.REPLY)


async def decline(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """不接: needs no reason (志愿服务条例: dispatch is an invitation); the next one is asked."""
    member = access.require_member(ask)
    ticket = await access.offered(tx, ask)
    invitation = await calls.current(tx, ticket.number)
    if invitation is None or invitation.member_id != member.id:
        raise refusal.NotInvited(number=ticket.number)
    await dispatching.pass_on(cx, tx, ticket.number, "declined")
    notify.reply(cx, tx, ask.event, cx.said.say("done.declined", number=ticket.number))


async def hand_back(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """退单: taken, but it cannot be done by this person; the grid leader decides who does it (once, then it stays)."""
    access.require_member(ask)
    ticket = await access.handled(tx, ask)
    if ask.role is not Role.VOLUNTEER:
        raise refusal.LeaderOnly
    before = any(e.action is Action.HANDED_BACK for e in await tickets.history(tx, ticket.number))
    change = rules.hand_back(ticket, plain(ask.words, 200), ask.who, cx.now, before=before)
    if not ask.words:
        await lines.wait_for(cx, tx, ask, "hand_back", ticket, "prompt.hand_back")
        return
    grid = await grids.by_id(tx, ticket.grid_id)
    ticket = await tickets.save(tx, change)
    await calls.close(tx, ticket.number, "declined")
    seniors = grid.seniors(cx.now, barred=dispatching.concerned(cx, grid, ticket))
    candidate = next((c for c in seniors if c.member.reachable), None)
    if candidate is None:
        ticket = await tickets.save(tx, rules.await_dispatch(ticket, cx.now))
    else:
        ticket = await dispatching.give(cx, tx, grid, ticket, candidate, note=plain(ask.words, 200))
    notify.reply(cx, tx, ask.event, cx.said.say("done.handed_back", number=ticket.number))
    await cards.show(cx, tx, grid, ticket)


async def progress(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """进展: one line for the history and for whoever reported it."""
    ticket = await access.handled(tx, ask)
    if not ask.words:
        await lines.wait_for(cx, tx, ask, "progress", ticket, "prompt.progress")
        return
    before, waited = ticket.state, ticket.is_paused
    ticket = await tickets.save(tx, rules.progress(ticket, plain(ask.words, 500), ask.who, cx.now))
    if waited:  # he has reached the resident another way, or need not wait any more
        ticket = await tickets.save(tx, clock.resume(ticket, ask.who, cx.now, cx.calendar, cx.policy.template))
    await supervising.told(cx, tx, ticket, plain(ask.words, 200))
    notify.reply(cx, tx, ask.event, cx.said.say("done.progress", number=ticket.number))
    if ticket.state is not before:  # whoever reports progress has taken it
        await calls.close(tx, ticket.number, "taken")
    if waited or ticket.state is not before:
        await cards.show(cx, tx, await grids.by_id(tx, ticket.grid_id), ticket)


async def acknowledge(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """知悉: a human has heard it. The ladder stops; the card says that somebody answered, never that help is there."""
    member = access.require_member(ask)
    ticket = await access.ticket(tx, ask)
    grid = await grids.by_id(tx, ticket.grid_id)
    if not await danger.heard(cx, tx, grid, ticket, member):
        raise refusal.AlreadyAcknowledged(number=ticket.number)
    ticket = await tickets.save(tx, rules.acknowledge(ticket, member.id, ask.who, cx.now))
    await _hand_over(cx, tx, ask, grid, ticket, member)
    await cards.show(cx, tx, grid, ticket)
