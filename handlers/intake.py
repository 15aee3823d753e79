"""From a message to a ticket - or to silence, which is the answer to ninety-nine of a hundred messages."""

from dataclasses import replace

from domain import matching
from domain.category import Urgency
from domain.incoming import ChatKind, Incoming
from domain.place import Place
from domain.roster import Grid
from domain.triage import Act, Heard, Verdict
from handlers import followups, joining, misheard, notify, questions, reports
from handlers.context import Ask, Context
from handlers.opening import photo_refs
from storage import tickets
from storage.database import WriteTx


def _is_vague(verdict: Verdict) -> bool:
    """Whether the words alone state no matter of their own."""
    return verdict.act in (Act.SILENT, Act.ASK) or (verdict.act is Act.ANSWER and not verdict.code)


async def hear(cx: Context, tx: WriteTx, ask: Ask, grid: Grid) -> None:
    """What somebody writes: a danger, a request, a part of one, a question - or talk that is none of our business."""
    event = ask.event
    if await tickets.seen(tx, event.chat, [event.message_id]):
        return
    verdict = listen(cx, grid, event) if event.text else None
    answers = verdict is None or _is_vague(verdict) or (bool(event.reply_to) and verdict.act is not Act.ALERT)
    if answers and await followups.answers_card(cx, tx, ask):
        return
    if verdict is None and event.addressed and not event.attachments:
        await misheard.answer(cx, tx, ask, grid)  # nothing but our name
        return
    if verdict is None or (verdict.act is Act.SILENT and not event.addressed):
        await _without_words(cx, tx, ask, grid)
        return
    if _is_vague(verdict) and followups.is_polite(cx, event):
        notify.react(cx, tx, event, cx.said.say("emoji.thanks"))
        return
    match verdict.act:
        case Act.ANSWER if not verdict.code:
            await misheard.answer(cx, tx, ask, grid)
        case Act.ALERT | Act.TICKET | Act.ANSWER:
            await reports.report(cx, tx, ask, grid, verdict)
        case Act.ATTACH:
            await followups.attach(cx, tx, ask, grid, verdict)
        case Act.ASK:
            await questions.ask_about(cx, tx, ask, grid, verdict)
        case Act.THANK:
            notify.react(cx, tx, event, cx.said.say("emoji.thanks"))
        case _:
            await misheard.answer(cx, tx, ask, grid)


def listen(cx: Context, grid: Grid, event: Incoming) -> Verdict:
    """The verdict of the ear, with the last minutes of the chat. A muted group still hears danger."""
    key = (event.chat, event.message_id, event.text)
    if (known := cx.verdicts.pop(key, None)) is not None:
        return known
    heard = Heard(
        event.text,
        before=cx.recent.earlier(event),
        forwarded=event.forwarded and event.chat_kind is ChatKind.GROUP,  # in private it is shown to us on purpose
        addressed=event.addressed,
        has_photo=bool(event.attachments),
    )
    verdict = cx.ear_of(grid).classify(heard)
    muted = grid.muted_until is not None and cx.now < grid.muted_until
    if muted and not event.addressed and verdict.urgency is not Urgency.P0:
        return replace(verdict, act=Act.SILENT)
    return verdict


async def _without_words(cx: Context, tx: WriteTx, ask: Ask, grid: Grid) -> None:
    """A photo joins what its sender just reported; an album waits seconds for its words; of others nothing is kept.

    What is spoken into a private chat cannot be read: a human has to listen to this person.
    """
    event = ask.event
    refs = photo_refs(event.attachments)
    if not refs:
        if event.attachments and not event.text and event.chat_kind is ChatKind.PRIVATE:
            await misheard.to_human(cx, tx, ask, grid)
        return
    known = await tickets.of_album(tx, event.chat, event.album) if event.album else None
    if known is None and not event.text:
        since = cx.now - cx.policy.join
        live = [t for t in await tickets.open_in(tx, grid.id) if t.is_open and t.created_at >= since]
        known = next((t for t in reversed(live) if matching.is_by(t, ask.who)), None)
    if known is not None and known.is_open:
        await joining.join(cx, tx, ask, known, Place(), words="")
    elif event.chat_kind is ChatKind.PRIVATE and not event.text and not event.album:
        notify.reply(cx, tx, event, cx.said.say("reply.photo_only"))
    elif event.album:
        for ref in refs:
            tickets.keep_album_part(tx, event, ref, cx.now)
