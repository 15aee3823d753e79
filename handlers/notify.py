"""How anything is said: composed from ``texts/``, written to the outbox in the same transaction. Nothing is sent here."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.incoming import Chat, ChatKind, Incoming, Kind
from domain.outgoing import MANNERS, Op
from domain.outgoing import Kind as Said
from domain.roster import Member
from domain.ticket import Ticket
from handlers.context import Context
from storage import outbox
from storage.conversation import Keyboard, add_keyboard
from storage.database import WriteTx
from storage.tables import outbox as outbox_table

Button = tuple[str, str, str]
"""A button: sentence key of its label, action, argument of the action."""

BUTTON_LIFE = timedelta(days=60)


def body(
    cx: Context,
    tx: WriteTx,
    text: str,
    *,
    buttons: Sequence[Sequence[Button]] = (),
    subject: str = "ticket",
    subject_id: int = 0,
    audience: str = "",
    reply_to: str = "",
) -> dict[str, Any]:
    """The body of a message. The channel only sees a random token and the position of each button."""
    found: dict[str, Any] = {"text": text}
    if buttons:
        token = secrets.token_urlsafe(16)
        flat = [button for row in buttons for button in row]
        keyboard = Keyboard(token, subject, subject_id, tuple((b[1], b[2]) for b in flat), audience)
        add_keyboard(tx, keyboard, cx.now + BUTTON_LIFE)
        place = iter(range(len(flat)))
        found["buttons"] = [
            [{"label": label(cx, b[0]), "data": f"{token}:{next(place)}"} for b in row] for row in buttons
        ]
    if reply_to:
        found["reply_to"] = reply_to
    return found


def label(cx: Context, name: str) -> str:
    """What stands on a button: a word of its own, a number, the name of a category or of a refusal reason."""
    kind, _, code = name.partition(".")
    if kind == "category":
        return cx.category_name(code)
    if kind == "number":
        return cx.said.say("button.number", number=code)
    if kind == "visit":
        return cx.said.say("visits.code", number=code)
    return cx.said.say(f"refusal_name.{code}" if kind == "refusal" else f"button.{name}")


def not_before(cx: Context, kind: Said, *, staff: bool, urgent: bool = False) -> datetime:
    """Now, or the end of the quiet hours for what can wait (P0 and P1 cannot: 静默时段除外)."""
    if urgent or MANNERS[kind].night:
        return cx.now
    quiet = cx.policy.staff_quiet if staff else cx.policy.quiet
    return quiet.next_allowed(cx.calendar, cx.now)


def event_key(event: Incoming) -> str:
    """A name for this event that a redelivery repeats."""
    at = event.click or event.message_id
    return f"{event.chat.channel}:{event.chat.bot}:{event.chat.id}:{event.kind}:{at}"


def reply_key(event: Incoming, part: str = "") -> str:
    """The name of our answer to this event."""
    return f"reply{part}:{event_key(event)}"


def reply(
    cx: Context,
    tx: WriteTx,
    event: Incoming,
    text: str,
    *,
    buttons: Sequence[Sequence[Button]] = (),
    subject: str = "ticket",
    subject_id: int = 0,
    part: str = "",
) -> None:
    """Answer whoever asked, where he asked: a press is answered on the button, a message by a message."""
    if event.kind is Kind.BUTTON and not buttons and not part:
        click(cx, tx, event, text)
        return
    answers = event.chat_kind is ChatKind.GROUP and event.kind in (Kind.MESSAGE, Kind.EDIT)
    where = event.message_id if answers else ""
    content = body(
        cx, tx, text, buttons=buttons, subject=subject, subject_id=subject_id, audience=event.sender.id, reply_to=where
    )
    key = reply_key(event, part)
    outbox.add(tx, key=key, chat=event.chat, thread=event.thread, kind=Said.REPLY, body=content, now=cx.now)


def click(cx: Context, tx: WriteTx, event: Incoming, text: str = "") -> None:
    """Take the spinner off a pressed button, with a short word where one is needed (200 characters at most)."""
    if event.click:
        content = {"click": event.click, "text": text[:200]}
        key = f"click:{event_key(event)}"
        outbox.add(tx, key=key, chat=event.chat, kind=Said.CLICK, op=Op.ANSWER, body=content, now=cx.now)


def react(cx: Context, tx: WriteTx, event: Incoming, emoji: str, *, instead: str = "") -> None:
    """A receipt without noise: an emoji on the message itself.

    ``instead``: what is said where the group takes no emoji. Nothing, where a card answers the message anyway.
    """
    content = {"message_id": event.message_id, "emoji": emoji, "instead": instead}
    key = f"react:{event_key(event)}:{emoji}"
    outbox.add(
        tx, key=key, chat=event.chat, thread=event.thread, kind=Said.RECEIPT, op=Op.REACT, body=content, now=cx.now
    )


def without_emoji(cx: Context, tx: WriteTx, row: outbox.Row) -> None:
    """The group takes no emoji: the receipt is a short answer, by day, unless the card is receipt enough."""
    if text := str(row.body.get("instead", "")):
        content = {"text": text, "reply_to": row.body["message_id"]}
        start = not_before(cx, Said.PROGRESS, staff=False)
        outbox.add(
            tx, key=f"{row.key}:said", chat=row.chat, thread=row.thread, kind=Said.PROGRESS, body=content, now=cx.now,
            not_before=start,
        )  # fmt: skip


def to_chat(
    cx: Context,
    tx: WriteTx,
    chat: Chat,
    kind: Said,
    key: str,
    content: dict[str, Any],
    *,
    thread: str = "",
    urgent: bool = False,
    staff: bool = False,
    ticket: int | None = None,
    grid_id: int | None = None,
    notice: int | None = None,
    at: datetime | None = None,
    expires_at: datetime | None = None,
) -> None:
    """A message to a chat, at the earliest time it may arrive there, and not after ``expires_at``."""
    start = at or not_before(cx, kind, staff=staff, urgent=urgent)
    outbox.add(
        tx,
        key=key,
        chat=chat,
        thread=thread,
        kind=kind,
        body=content,
        now=cx.now,
        not_before=start,
        expires_at=expires_at,
        ticket=ticket,
        grid_id=grid_id,
        notice=notice,
        urgent=urgent,
    )


def member_chat(member: Member, near: Chat | None = None) -> Chat | None:
    """Where a member is written to: on the channel the matter came from, if he is there, else where he is."""
    if near is not None:
        for chat in member.chats:
            if (chat.channel, chat.bot) == (near.channel, near.bot):
                return chat
    return member.chats[0] if member.chats else None


def to_member(
    cx: Context,
    tx: WriteTx,
    member: Member,
    kind: Said,
    key: str,
    text: str,
    *,
    buttons: Sequence[Sequence[Button]] = (),
    subject: str = "ticket",
    subject_id: int = 0,
    near: Chat | None = None,
    photos: Sequence[str] = (),
    urgent: bool = False,
    ticket: int | None = None,
    grid_id: int | None = None,
) -> bool:
    """A private message to somebody on the roster; False when he has never opened a private chat."""
    chat = member_chat(member, near)
    if chat is None:
        return False
    content = body(cx, tx, text, buttons=buttons, subject=subject, subject_id=subject_id)
    to_chat(cx, tx, chat, kind, key, content, urgent=urgent, staff=True, ticket=ticket, grid_id=grid_id)
    if near is not None and (chat.channel, chat.bot) == (near.channel, near.bot):
        for nth, ref in enumerate(photos):  # a row each: a half-sent message cannot be told from a sent one
            photo = {"photo": ref}
            to_chat(cx, tx, chat, kind, f"{key}:photo{nth}", photo, urgent=urgent, staff=True, grid_id=grid_id)
    return True


def to_person(
    cx: Context,
    tx: WriteTx,
    ticket: Ticket,
    kind: Said,
    key: str,
    text: str,
    *,
    buttons: Sequence[Sequence[Button]] = (),
) -> None:
    """A private word to whoever reported a ticket. A channel that cannot open a private chat answers with a failure, which
    the pump reports; nothing is lost, the volunteer simply finds the person another way.
    """
    chat = Chat(ticket.reporter.channel, ticket.chat.bot, ticket.reporter.account)
    content = body(cx, tx, text, buttons=buttons, subject_id=ticket.number, audience=ticket.reporter.account)
    to_chat(cx, tx, chat, kind, key, content, urgent=ticket.is_danger, ticket=ticket.number, grid_id=ticket.grid_id)


async def replace_pressed(cx: Context, tx: WriteTx, event: Incoming, content: dict[str, Any], version: int) -> bool:
    """Turn the message whose button was pressed into what comes next; False when it was no press of a message of ours."""
    row = await outbox.key_of(tx, event.chat, event.message_id) if event.kind is Kind.BUTTON else None
    if row is None:
        return False
    await change(cx, tx, row.key, content, version, ticket=row.ticket)
    return True


async def change(
    cx: Context, tx: WriteTx, key: str, content: dict[str, Any], version: int, *, ticket: int | None = None
) -> bool:
    """Change a message that was or will be sent: a card is edited, not posted again. False when there is none (any more)."""
    if await outbox.rewrite(tx, key, content):
        return True
    found = await outbox.chat_of(tx, key)
    if found is None:
        return False
    await outbox.supersede_edits(tx, key)
    _edit(cx, tx, key, found[0], content, version, ticket=ticket)
    return True


async def end(cx: Context, tx: WriteTx, keys: Sequence[str], text: str, version: int) -> None:
    """Messages that ask for nothing any more: those that wait are not sent, the others show a word and no buttons."""
    if not keys:
        return
    await outbox.cancel(tx, outbox_table.c.key.in_(keys))
    sent = await outbox.arriving(tx, keys)
    if sent:
        await outbox.supersede_edits(tx, *sent)
    for key, chat in sent.items():
        _edit(cx, tx, key, chat, body(cx, tx, text), version)


def _edit(
    cx: Context,
    tx: WriteTx,
    key: str,
    chat: Chat,
    content: dict[str, Any],
    version: int,
    *,
    ticket: int | None = None,
) -> None:
    outbox.add(
        tx,
        key=f"{key}:v{version}",
        chat=chat,
        kind=Said.CARD_EDIT,
        op=Op.EDIT,
        body=content,
        now=cx.now,
        replaces=key,
        ticket=ticket,
    )


async def take_back(cx: Context, tx: WriteTx, key: str, text: str, version: int) -> None:
    """What was asked is asked no more: not sent if there is time, else replaced by a word that it is over."""
    if not await outbox.unsay(tx, key):
        await change(cx, tx, key, body(cx, tx, text), version)
