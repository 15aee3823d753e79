"""A request becomes a ticket: written with its parts, acknowledged, dispatched, shown."""

from collections.abc import Iterable
from dataclasses import replace

from domain import ticket as rules
from domain.category import Urgency
from domain.incoming import Attachment, Incoming, Kind
from domain.place import Place
from domain.roster import Grid
from domain.screen import plain
from domain.ticket import Ticket, Who
from domain.triage import Verdict
from handlers import cards, danger, dispatching, notify
from handlers.context import Context
from storage import conversation, tickets
from storage.database import WriteTx

LONGEST = 4096


async def submit(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    event: Incoming,
    who: Who,
    verdict: Verdict,
    *,
    to_accept: bool = False,
    private: bool = False,
) -> Ticket:
    """A new ticket. Danger is called out first; everything else gets a receipt, an invitation and its card.

    ``private``: never shown in a group although its kind might be, such as what was seen on a visit.
    """
    ticket = await _write(cx, tx, grid, event, who, verdict, to_accept=to_accept, private=private)
    await _close_question(cx, tx, event, who, verdict)
    if ticket.is_danger:
        await danger.call(cx, tx, grid, ticket, event)
        return ticket
    notify.react(cx, tx, event, cx.said.say("emoji.received"))
    ticket = await dispatching.invite_next(cx, tx, grid, ticket, fresh=True)
    cards.post(cx, tx, grid, ticket)
    return ticket


async def _close_question(cx: Context, tx: WriteTx, event: Incoming, who: Who, verdict: Verdict) -> None:
    """Asked what he meant, he said it again in full instead of pressing a button: the question is answered."""
    asked = await conversation.question_of(tx, event.chat, who)
    if asked is not None and verdict.code in asked.codes and await conversation.erase_question(tx, asked.id):
        key = notify.reply_key(event._replace(kind=Kind.MESSAGE, click="", message_id=asked.message_id), "?")
        await notify.change(cx, tx, key, notify.body(cx, tx, cx.said.say("question.taken")), 1)


async def _write(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    event: Incoming,
    who: Who,
    verdict: Verdict,
    *,
    to_accept: bool,
    private: bool,
) -> Ticket:
    place, photos, parts = await _with_parts(cx, tx, grid, event, verdict.place)
    category = cx.categories.get(verdict.code)
    change = rules.open_ticket(
        await tickets.next_number(tx),
        grid_id=grid.id,
        chat=event.chat,
        chat_kind=event.chat_kind,
        message_id=event.message_id,
        thread=event.thread,
        reporter=replace(who, name=plain(who.name, 30)),
        words=event.text[:LONGEST],
        code=verdict.code,
        urgency=Urgency.P2 if verdict.urgency in (Urgency.NONE, Urgency.I) else verdict.urgency,
        place=place,
        private=private or (category.private if category else False),
        why=verdict,
        at=cx.now,
        calendar=cx.calendar,
        template=cx.policy.template,
        to_accept=to_accept,
    )
    ticket = replace(change[0], photos=tuple(photos)[:10])
    tickets.insert(tx, (ticket, change[1]), event)
    for part in parts:
        tickets.add_source(tx, ticket.number, part, "part", cx.now)
    return ticket


async def _with_parts(
    cx: Context, tx: WriteTx, grid: Grid, event: Incoming, place: Place
) -> tuple[Place, list[str], list[Incoming]]:
    """What the same person showed or said in the minutes before: a photo, or a bare place (“3栋的”)."""
    photos = photo_refs(event.attachments)
    parts: dict[str, Incoming] = {}
    mine = [
        old
        for old in cx.recent.before(event, cx.policy.join)
        if old.sender.id == event.sender.id and old.kind is Kind.MESSAGE
    ]
    seen = await tickets.seen(tx, event.chat, [old.message_id for old in mine]) if mine else set()
    for old in mine:
        if old.message_id in seen:
            continue  # belongs to another ticket already
        if old.attachments and not old.text:
            photos += photo_refs(old.attachments)
            parts[old.message_id] = old
        elif old.text and not place and (said := cx.ear_of(grid).only_place(old.text)):
            place = said
            parts[old.message_id] = old
    if event.album:
        for message_id, ref in await tickets.take_album_parts(tx, event.chat, event.album):
            photos += [] if ref in photos else [ref]
            parts.setdefault(message_id, event._replace(message_id=message_id))
    parts.pop(event.message_id, None)
    return place, photos, list(parts.values())


def photo_refs(attachments: Iterable[Attachment]) -> list[str]:
    """The channel's references of the photos among the attachments."""
    return [a.ref for a in attachments if a.kind == "photo"]
