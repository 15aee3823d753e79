"""党小栖 was spoken to and understood nothing: say so once, the second time fetch a human. 转人工 always works."""

from datetime import timedelta

from domain import matching
from domain.category import Urgency
from domain.place import Place
from domain.roster import Grid
from domain.triage import Act, Intent, Reason, Verdict
from handlers import access, joining, notify, opening
from handlers.context import Ask, Context
from storage import conversation, tickets
from storage.database import WriteTx

HUMAN = "COM05"
_GROUP = timedelta(minutes=30)
_PRIVATE = timedelta(hours=24)
"""How long a first misunderstanding is remembered. In private it also remembers the grid a link led here from."""


async def answer(cx: Context, tx: WriteTx, ask: Ask, grid: Grid) -> None:
    """First time: a short hint. Second time soon after: a ticket for the grid leader. Staff know whom to ask."""
    event = ask.event
    if ask.member is not None and access.is_private(ask):
        notify.reply(cx, tx, event, cx.said.say("reply.misheard_member"))
        return
    before = await conversation.expected(tx, event.chat, event.sender.id, cx.now)
    if before is not None and before[0] == "misheard":
        await conversation.stop_expecting(tx, event.chat, event.sender.id)
        await to_human(cx, tx, ask, grid)
        return
    until = cx.now + (_PRIVATE if access.is_private(ask) else _GROUP)
    await conversation.expect(tx, event.chat, event.sender.id, "misheard", grid.id, until)
    notify.reply(cx, tx, event, cx.said.say("reply.misheard"))


async def to_human(cx: Context, tx: WriteTx, ask: Ask, grid: Grid) -> None:
    """转人工: goes to the grid leader, who decides what it is. Asked for twice it is still one ticket, urged."""
    for known in await tickets.open_in(tx, grid.id):
        if known.code == HUMAN and known.is_open and matching.is_by(known, ask.who):
            await joining.urge(cx, tx, ask, grid, known)
            return
    reasons = (Reason("to_human"),)
    place = cx.ear_of(grid).place(ask.event.text)
    verdict = Verdict(Act.TICKET, Intent.REQUEST, HUMAN, (HUMAN,), Urgency.P2, place or Place(), 1.0, reasons)
    event = ask.event if ask.event.text else ask.event._replace(text=cx.said.say("reply.unread"))
    await opening.submit(cx, tx, grid, event, ask.who, verdict, to_accept=True)
