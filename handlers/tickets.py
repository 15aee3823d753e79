"""How a ticket ends, and what residents do with it. Buttons, commands and typed words all end here."""

from typing import Any

from domain import clock, refusal
from domain import ticket as rules
from domain.outgoing import Kind as Said
from domain.roster import Grid
from domain.screen import plain, screened
from domain.ticket import MAX_REWORKS, Rating, State, Ticket
from handlers import access, cards, correcting, danger, dispatching, joining, lines, notify
from handlers.context import Ask, Context
from storage import calls, grids, tickets
from storage.database import WriteTx


async def solve(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """办结: with one line of what was done. Whoever reported it is asked whether it is so."""
    ticket = await access.handled(tx, ask)
    if not ask.words:
        await lines.wait_for(cx, tx, ask, "solve", ticket, "prompt.solve")
        return
    ticket = await tickets.save(tx, rules.solve(ticket, plain(ask.words, 200), ask.who, cx.now))
    await calls.close(tx, ticket.number, "taken")
    grid = await grids.by_id(tx, ticket.grid_id)
    notify.reply(cx, tx, ask.event, cx.said.say("done.solved", number=ticket.number))
    await cards.show(cx, tx, grid, ticket)
    _ask_reporter(cx, tx, ticket)


def _solved_key(ticket: Ticket) -> str:
    """The message that asks whether it is solved: the reminder, once there is one, because it is the one people see."""
    which = "solved_again" if ticket.reminded_at else "solved"
    return f"{which}:{ticket.number}:{ticket.reworks}"


async def _show_solved(cx: Context, tx: WriteTx, key: str, ticket: Ticket, content: dict[str, Any]) -> None:
    """What becomes of the question; where it cannot be changed any more (the group has moved) it is said anew."""
    if not await notify.change(cx, tx, key, content, ticket.version, ticket=ticket.number):
        notify.to_chat(
            cx,
            tx,
            ticket.chat,
            Said.PROGRESS,
            key,
            content,
            thread=ticket.thread,
            ticket=ticket.number,
            grid_id=ticket.grid_id,
        )


def _ask_reporter(cx: Context, tx: WriteTx, ticket: Ticket) -> None:
    """The one further message a ticket may cause in the group: is it really solved?"""
    note = screened(ticket.done)
    if cards.is_hushed(ticket):
        text = cx.said.say("solved.ask_private", number=ticket.number)
    else:
        text = cx.said.say("solved.ask", title=cards.title_there(cx, ticket), note=note, number=ticket.number)
    _ask_yes_or_no(cx, tx, ticket, _solved_key(ticket), text)


def _ask_yes_or_no(cx: Context, tx: WriteTx, ticket: Ticket, key: str, text: str) -> None:
    if cards.is_delicate(ticket):  # the group hears nothing more of it
        yes_or_no = [[("confirm", "confirm", ""), ("reopen", "reopen", "")]]
        notify.to_person(cx, tx, ticket, Said.PROGRESS, key, text, buttons=yes_or_no)
        return
    content = notify.body(
        cx,
        tx,
        text,
        buttons=[[("confirm", "confirm", ""), ("reopen", "reopen", "")]],
        subject_id=ticket.number,
        audience=ticket.reporter.account,
        reply_to=ticket.message_id,
    )
    thread, number = ticket.thread, ticket.number
    notify.to_chat(
        cx, tx, ticket.chat, Said.PROGRESS, key, content, thread=thread, ticket=number, grid_id=ticket.grid_id
    )


async def explain(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """按规定不能办，已说明: an outcome of its own, with the explanation for whoever reported it."""
    ticket = await access.handled(tx, ask)
    if not ask.words:
        await lines.wait_for(cx, tx, ask, "explain", ticket, "prompt.explain")
        return
    ticket = await tickets.save(tx, rules.explain(ticket, plain(ask.words, 200), ask.who, cx.now))
    await calls.close(tx, ticket.number, "taken")
    grid = await grids.by_id(tx, ticket.grid_id)
    notify.reply(cx, tx, ask.event, cx.said.say("done.explained", number=ticket.number))
    cards.tell_end(cx, tx, ticket, "solved.explained", note=screened(ticket.done))
    await cards.show(cx, tx, grid, ticket)


async def confirm(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """已解决: the resident's yes closes it; the same message then asks for the rating, once."""
    ticket = await _confirm(cx, tx, await access.own(tx, ask, State.SOLVED), ask)
    lines.answer(cx, tx, ask, "done.confirmed", ticket)


async def _confirm(cx: Context, tx: WriteTx, solved: Ticket, ask: Ask) -> Ticket:
    ticket = await tickets.save(tx, rules.confirm(solved, ask.who, cx.now))
    grid = await grids.by_id(tx, ticket.grid_id)
    content = notify.body(
        cx,
        tx,
        cx.said.say(
            "solved.closed" if cards.is_delicate(ticket) else "solved.rate",
            title=cards.title_there(cx, ticket),
            number=ticket.number,
        ),
        buttons=[]
        if cards.is_delicate(ticket)
        else [[("good", "rate", "good"), ("fair", "rate", "fair"), ("bad", "rate", "bad")]],
        subject_id=ticket.number,
        audience=ticket.reporter.account,
    )
    await _show_solved(cx, tx, _solved_key(ticket), ticket, content)
    text = cx.said.say("work.confirmed", title=cards.title(cx, ticket, public=False))
    cards.tell(
        cx, tx, grid, ticket, grid.member(ticket.assignee_id), f"confirmed:{ticket.number}:{ticket.reworks}", text
    )
    await cards.show(cx, tx, grid, ticket)
    return ticket


async def reopen(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """没解决: back to the same person with new clocks; the third time it goes to the grid leader to be supervised."""
    ticket = await access.own(tx, ask, State.SOLVED, State.CONFIRMED)
    grid = await grids.by_id(tx, ticket.grid_id)
    if ticket.reworks >= MAX_REWORKS and ticket.state in (State.SOLVED, State.CONFIRMED):
        _ask_to_supervise(cx, tx, grid, ticket)
    key = _solved_key(ticket)
    ticket = await tickets.save(tx, rules.reopen(ticket, ask.who, cx.now, cx.calendar, cx.policy.template))
    content = notify.body(cx, tx, cx.said.say("solved.reopened", title=cards.title_there(cx, ticket)))
    await _show_solved(cx, tx, key, ticket, content)
    lines.answer(cx, tx, ask, "done.reopened", ticket)
    handler = grid.member(ticket.assignee_id)
    if handler is not None and grid.away(handler.id, cx.now):
        handler = None  # nobody on leave is asked to go again
    text = cx.said.say("work.reopened", card=cards.work_text(cx, ticket, reason=ticket.reason))
    if ask.words:
        text += "\n" + cx.said.say("work.reopened_words", words=plain(ask.words, 200))
    told = {handler.id} if handler else set()
    cards.tell(
        cx,
        tx,
        grid,
        ticket,
        handler,
        f"reopened:{ticket.number}:{ticket.reworks}",
        text,
        buttons=cards.work_buttons(ticket),
    )
    if handler is None:
        ticket = await dispatching.invite_next(cx, tx, grid, ticket)
    for leader in grid.acting(cx.now)[:1]:
        if leader.id not in told:
            cards.tell(cx, tx, grid, ticket, leader, f"reopened:{ticket.number}:{ticket.reworks}:leader", text)
    await cards.show(cx, tx, grid, ticket)


def _ask_to_supervise(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket) -> None:
    text = cx.said.say("work.supervise", title=cards.title(cx, ticket, public=False), number=ticket.number)
    for leader in grid.acting(cx.now):
        cards.tell(cx, tx, grid, ticket, leader, f"supervise:{ticket.number}:{leader.id}", text)


async def rate(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """满意 / 一般 / 不满意, once. Nobody asks twice."""
    ticket = await access.own(tx, ask, State.CONFIRMED)
    rating = RATINGS.get(ask.words.strip())
    if rating is None:
        raise refusal.UnknownChoice(choices=" ".join(k for k in RATINGS if not k.isascii()))
    if ticket.state is State.SOLVED and rating is not Rating.BAD:  # whoever is content says that it is solved
        ticket = await _confirm(cx, tx, ticket, ask)
    ticket = await tickets.save(tx, rules.rate(ticket, rating, ask.who, cx.now))
    content = notify.body(cx, tx, cx.said.say("solved.thanks", title=cards.title_there(cx, ticket)))
    await _show_solved(cx, tx, _solved_key(ticket), ticket, content)
    lines.answer(cx, tx, ask, "done.rated", ticket)


RATINGS = {
    "满意": Rating.GOOD,
    "一般": Rating.FAIR,
    "不满意": Rating.BAD,
    **{rating.value: rating for rating in Rating},
}


async def withdraw(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """撤回/不是诉求: by whoever reported it; whoever was asked is told, and the words that were no request are erased.

    Said by the leader about somebody else's ticket it is his judgement (``correcting.dismiss``).
    """
    if ask.leads and ask.number is not None and not access.is_reporter(ask, await access.ticket(tx, ask)):
        await correcting.dismiss(cx, tx, ask)
        return
    ticket = await access.own(tx, ask, State.TO_ACCEPT, State.TO_DISPATCH, State.DISPATCHED, State.IN_PROGRESS)
    grid = await grids.by_id(tx, ticket.grid_id)
    was_open = ticket.is_open
    await dispatching.take_back(cx, tx, grid, ticket, "withdrawn")
    cx.recent.forget(ticket.chat, ticket.message_id)
    ticket = await tickets.save(tx, rules.withdraw(ticket, ask.who, cx.now))
    if was_open and ticket.is_danger:
        await danger.called_off(cx, tx, grid, ticket, "withdrawn")
    elif was_open:
        text = cx.said.say("work.withdrawn", title=cards.title(cx, ticket, public=False))
        cards.tell(cx, tx, grid, ticket, grid.member(ticket.assignee_id), f"taken_back:{ticket.number}", text)
    lines.answer(cx, tx, ask, "done.withdrawn", ticket)
    await cards.show(cx, tx, grid, ticket)


async def support(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """我家也是."""
    ticket = await access.ticket(tx, ask, public=True)
    ticket = await joining.support(cx, tx, ask, await grids.by_id(tx, ticket.grid_id), ticket)
    lines.answer(cx, tx, ask, "done.supported", ticket, counted=True)


async def add(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """补充: by button the next line counts, typed the words behind the number."""
    ticket = await (
        access.own(tx, ask, *rules.OPEN, State.SOLVED) if ask.number is None else access.ticket(tx, ask, public=True)
    )
    if ticket.state in rules.ENDED:
        raise refusal.AlreadyClosed(number=ticket.number)
    if not ask.words and not ask.event.attachments:
        await lines.wait_for(cx, tx, ask, "add", ticket, "prompt.add")
        return
    place = cx.ear_of(await grids.by_id(tx, ticket.grid_id)).place(ask.words)
    await joining.join(cx, tx, ask, ticket, place, words=plain(ask.words, 2000))
    lines.answer(cx, tx, ask, "done.added", ticket)


async def urge(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """催办: one's own newest, or by number any that everybody sees - neighbours wait for it too."""
    ticket = await (
        access.own(tx, ask, *rules.OPEN, State.SOLVED) if ask.number is None else access.ticket(tx, ask, public=True)
    )
    await joining.urge(cx, tx, ask, await grids.by_id(tx, ticket.grid_id), ticket)


async def remind_unconfirmed(cx: Context, tx: WriteTx) -> None:
    """Job: whoever has not answered a day after 办结 is reminded once; a week later the ticket is filed as 未评价."""
    for ticket in await tickets.solved_before(tx, cx.now - cx.policy.archive_solved):
        await _archive(cx, tx, ticket)
    for ticket in await tickets.solved_before(tx, cx.now - cx.policy.remind_solved):
        if ticket.state is State.SOLVED and ticket.reminded_at is None:
            await _remind(cx, tx, ticket)


async def _archive(cx: Context, tx: WriteTx, solved: Ticket) -> None:
    ticket = await tickets.save(tx, clock.archive(solved, cx.now))
    content = notify.body(cx, tx, cx.said.say("solved.unrated", title=cards.title_there(cx, ticket)))
    await notify.change(cx, tx, _solved_key(ticket), content, ticket.version, ticket=ticket.number)
    await cards.show(cx, tx, await grids.by_id(tx, ticket.grid_id), ticket)


async def _remind(cx: Context, tx: WriteTx, solved: Ticket) -> None:
    ticket = await tickets.save(tx, clock.remind(solved, cx.now))
    title = cards.title_there(cx, ticket)
    asked = cx.said.say("solved.asked", title=title)
    await notify.change(cx, tx, _solved_key(solved), notify.body(cx, tx, asked), ticket.version, ticket=ticket.number)
    text = cx.said.say("solved.remind", title=title, number=ticket.number)
    _ask_yes_or_no(cx, tx, ticket, _solved_key(ticket), text)
