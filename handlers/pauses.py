"""等居民: the clocks of an ordinary matter stand still while the resident is waited for; any answer of his lets them run on."""

from datetime import timedelta

from domain import clock, refusal
from domain.incoming import Chat, ChatKind
from domain.outgoing import Kind as Said
from domain.screen import plain, screened
from domain.ticket import BOT, Ticket
from handlers import access, cards, joining, lines, notify
from handlers.context import Ask, Context
from storage import conversation, grids, tickets
from storage.database import WriteTx
from storage.tables import tickets as table

_ANSWER = timedelta(hours=24)
"""So long the next thing the resident writes to 党小栖 in private is taken for his answer."""


async def wait(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """等居民, with a line of what is asked: whoever reported it reads the question, the clocks stand still."""
    ticket = await access.handled(tx, ask)
    change = clock.pause(ticket, plain(ask.words, 200), ask.who, cx.now)
    if not ask.words:
        await lines.wait_for(cx, tx, ask, "pause", ticket, "prompt.pause")
        return
    ticket = await tickets.save(tx, change)
    await _ask_resident(cx, tx, ticket, screened(plain(ask.words, 200)))
    notify.reply(cx, tx, ask.event, cx.said.say("done.paused", number=ticket.number))
    await cards.show(cx, tx, await grids.by_id(tx, ticket.grid_id), ticket)


async def _ask_resident(cx: Context, tx: WriteTx, ticket: Ticket, question: str) -> None:
    key = f"asked:{ticket.number}:{ticket.version}"
    buttons: list[list[notify.Button]] = [[("answer", "answer", "")]]
    text = cx.said.say("pause.ask", title=cards.title_there(cx, ticket), question=question, number=ticket.number)
    alone = cards.is_hushed(ticket)
    if alone or ticket.chat_kind is ChatKind.PRIVATE:
        chat = Chat(ticket.reporter.channel, ticket.chat.bot, ticket.reporter.account) if alone else ticket.chat
        account = ticket.reporter.account
        await conversation.expect(tx, chat, account, "answer", ticket.number, cx.now + _ANSWER)
    if alone:
        notify.to_person(cx, tx, ticket, Said.PROGRESS, key, text, buttons=buttons)
        return
    content = notify.body(
        cx,
        tx,
        text,
        buttons=buttons,
        subject_id=ticket.number,
        audience=ticket.reporter.account,
        reply_to=ticket.message_id,
    )
    number, grid_id = ticket.number, ticket.grid_id
    notify.to_chat(
        cx, tx, ticket.chat, Said.PROGRESS, key, content, thread=ticket.thread, ticket=number, grid_id=grid_id
    )


async def answer(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The resident answers: by button the next line counts, in private the next line at once."""
    ticket = await access.ticket(tx, ask, public=True)
    if not access.is_reporter(ask, ticket):
        raise refusal.NotYourTicket(number=ticket.number)
    if not ticket.is_open:
        raise refusal.AlreadyClosed(number=ticket.number)
    if not ask.words and not ask.event.attachments:
        await lines.wait_for(cx, tx, ask, "answer", ticket, "prompt.answer")
        return
    grid = await grids.by_id(tx, ticket.grid_id)
    await joining.join(cx, tx, ask, ticket, cx.ear_of(grid).place(ask.words), words=plain(ask.words, 2000))
    lines.answer(cx, tx, ask, "done.added", ticket)


async def end_long_pauses(cx: Context, tx: WriteTx) -> None:
    """Job: nobody has answered for a week. The clock runs on and the handler hears it, so that nothing is parked for ever."""
    since = cx.now - timedelta(days=clock.LONGEST_PAUSE_DAYS)
    for ticket in await tickets.select(tx, table.c.paused_at <= since):
        if not ticket.is_paused:
            continue
        after = await tickets.save(tx, clock.resume(ticket, BOT, cx.now, cx.calendar, cx.policy.template))
        grid = await grids.by_id(tx, after.grid_id)
        text = cx.said.say("pause.over", title=cards.title(cx, after, public=False), by=cx.by(after.closing_due_at))
        key = f"pause_over:{after.number}:{after.version}"
        cards.tell(cx, tx, grid, after, grid.member(after.assignee_id), key, text)
        await cards.show(cx, tx, grid, after)
