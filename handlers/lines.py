"""A line that is missing is asked for and waited for; a short answer says that it came."""

from datetime import timedelta

from domain.ticket import Ticket
from handlers import access, notify
from handlers.context import Ask, Context
from storage import conversation
from storage.database import WriteTx

_PRIVATE = timedelta(hours=2)
_GROUP = timedelta(minutes=10)
"""How long 党小栖 waits for the one line it asked for. In a group people soon talk of something else."""


async def wait_for(cx: Context, tx: WriteTx, ask: Ask, action: str, ticket: Ticket, key: str) -> None:
    """Ask for the one line that is missing; the next thing this person writes in this chat is it."""
    until = cx.now + (_PRIVATE if access.is_private(ask) else _GROUP)
    await conversation.expect(tx, ask.event.chat, ask.who.account, action, ticket.number, until)
    text = cx.said.say(key, number=ticket.number)
    if ask.event.click and not access.is_private(ask):
        notify.click(cx, tx, ask.event, text)
    else:
        notify.reply(cx, tx, ask.event, text, part="?")


def answer(cx: Context, tx: WriteTx, ask: Ask, key: str, ticket: Ticket, *, counted: bool = False) -> None:
    """A press gets its short answer; typed words get a receipt on the message, because the card already shows the change.

    ``counted``: the card counts it, so that thirty neighbours are not answered thirty times where no emoji is possible.
    """
    text = cx.said.say(key, number=ticket.number)
    if ask.event.click:
        notify.click(cx, tx, ask.event, text)
    else:
        notify.react(cx, tx, ask.event, cx.said.say("emoji.done"), instead="" if counted else text)
