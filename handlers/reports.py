"""A report: part of what this person just said, the same a neighbour said, or something new."""

from domain import matching, refusal
from domain.incoming import ChatKind
from domain.roster import Grid
from domain.ticket import Ticket
from domain.triage import Act, Verdict
from handlers import joining, notify, opening
from handlers.context import Ask, Context
from storage import tickets
from storage.database import WriteTx


async def report(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, verdict: Verdict) -> None:
    """Exactly one ticket comes of it, or it joins one."""
    known = await _known(cx, tx, ask, grid, verdict)
    if known is None:
        await opening.submit(cx, tx, grid, ask.event, ask.who, verdict)
    elif known.is_danger or matching.is_by(known, ask.who):
        await joining.join(cx, tx, ask, known, verdict.place)
        joining.received(cx, tx, ask, known)
    else:
        await also(cx, tx, ask, grid, known)


async def also(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, known: Ticket) -> None:
    """A neighbour says the same: +1 without a word in the group. Said twice it is still one."""
    try:
        await joining.support(cx, tx, ask, grid, known)
    except refusal.AlreadyCounted:
        tickets.add_source(tx, known.number, ask.event, "support", cx.now)
    notify.react(cx, tx, ask.event, cx.said.say("emoji.received"))


async def _known(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, verdict: Verdict) -> Ticket | None:
    is_danger = verdict.act is Act.ALERT
    since = cx.now - (cx.policy.danger_join if is_danger else cx.policy.join)
    for known in reversed(await tickets.open_in(tx, grid.id)):
        if is_danger:
            if matching.is_same_danger(known, ask.event.chat, verdict.code, verdict.place, since):
                return known
        elif matching.is_part(known, ask.who, verdict.code, verdict.place, since) or (
            ask.event.chat_kind is ChatKind.GROUP and matching.is_shared(known, verdict.code, verdict.place)
        ):
            return known
    return None
