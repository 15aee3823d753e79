"""Messages about a ticket that exists: an answer to its card, 还没修好, 我家也没水, the place that comes a moment later."""

from dataclasses import replace

from domain import matching
from domain.incoming import ChatKind, Incoming
from domain.place import Place
from domain.roster import Grid
from domain.screen import bare
from domain.ticket import State, Ticket
from domain.triage import Intent, Verdict
from handlers import access, joining, notify, reports
from handlers import tickets as ticket_cases
from handlers.context import Ask, Context
from storage import outbox, tickets
from storage.database import WriteTx

FOLLOWUP = "COM06"


async def replied_to(tx: WriteTx, ask: Ask) -> Ticket | None:
    """The ticket a reply is about: an answer to our card, or to a message of the ticket."""
    if not ask.event.reply_to:
        return None
    row = await outbox.key_of(tx, ask.event.chat, ask.event.reply_to)
    if row is not None and row.ticket is not None:
        return await tickets.get(tx, row.ticket)
    return await tickets.of_message(tx, ask.event.chat, ask.event.reply_to)


def is_polite(cx: Context, event: Incoming) -> bool:
    """“好的”, “谢谢”: an answer that wants none."""
    return bare(event.text) in cx.said.say("reply.courtesies").split()


async def answers_card(cx: Context, tx: WriteTx, ask: Ask) -> bool:
    """What the reporter answers to his own card belongs to the ticket; so does a photo, whoever shows it."""
    event = ask.event
    known = await replied_to(tx, ask)
    if known is None or not known.is_open:
        return False
    if event.text:
        if not matching.is_by(known, ask.who) or (is_polite(cx, event) and not known.is_paused):
            return False
    elif not event.attachments or known.private:
        return False
    place = cx.ear_of(access.require_grid(ask)).place(event.text) if event.text else Place()
    await joining.join(cx, tx, ask, known, place)
    joining.received(cx, tx, ask, known)
    return True


async def attach(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, verdict: Verdict) -> None:
    """Find the ticket that is meant; what names a matter of its own and finds none becomes a report."""
    known = await replied_to(tx, ask) or await _meant(tx, ask, grid, verdict)
    own_matter = verdict.code not in ("", FOLLOWUP)
    if known is None:
        if own_matter:
            await reports.report(cx, tx, ask, grid, verdict)
        elif ask.event.addressed:
            notify.reply(cx, tx, ask.event, cx.said.say("reply.nothing_open"))
    elif matching.is_by(known, ask.who) and known.is_open and known.created_at >= cx.now - cx.policy.join:
        await joining.join(cx, tx, ask, known, verdict.place)
        joining.received(cx, tx, ask, known)
    elif not matching.is_by(known, ask.who) and own_matter:
        if known.is_open:
            await reports.also(cx, tx, ask, grid, known)
        else:
            await reports.report(cx, tx, ask, grid, verdict)
    elif _says_unsolved(cx, ask, known, verdict):
        await ticket_cases.reopen(cx, tx, replace(ask, number=known.number, words=ask.event.text))
    else:
        await joining.urge(cx, tx, ask, grid, known)


def _says_unsolved(cx: Context, ask: Ask, known: Ticket, verdict: Verdict) -> bool:
    """“还在漏” after the volunteer said 办好了, by whoever reported it: the same as pressing 没解决."""
    return (
        known.state is State.SOLVED
        and matching.is_by(known, ask.who)
        and verdict.intent is Intent.FOLLOWUP
        and any(word in ask.event.text for word in cx.said.say("reply.unsolved").split())
    )


async def _meant(tx: WriteTx, ask: Ask, grid: Grid, verdict: Verdict) -> Ticket | None:
    """The newest of one's own that fits; else the neighbours' ticket of this kind or place."""
    live = list(reversed(await tickets.open_in(tx, grid.id)))
    codes = {verdict.code, *verdict.codes} - {"", FOLLOWUP}
    for known in live:
        if (
            matching.is_by(known, ask.who)
            and (not codes or known.code in codes)
            and matching.fits(known.place, verdict.place)
        ):
            return known
    if ask.event.chat_kind is not ChatKind.GROUP:
        return None
    for known in live:
        if known.private:
            continue
        here = known.place.same_spot(verdict.place) and matching.fits(known.place, verdict.place)
        if (known.code in codes and (here or not verdict.place)) or (not codes and here):
            return known
    return None
