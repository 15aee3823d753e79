"""The one table of what falls due. Each job is a full, idempotent pass: “do what is due as of now”.

What is due stands in rows; the clock only rings the bell, so that a restart, a pause or several processes can neither lose
nor double anything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from handlers import (
    announcing,
    calendars,
    danger,
    delivered,
    dispatching,
    figures,
    ladders,
    leaves,
    pauses,
    questions,
    supervising,
    tickets,
    visit_knocks,
    visit_reminders,
    visit_rounds,
    whistles,
)
from handlers.context import Context
from storage import conversation, intake, outbox, retention
from storage import tickets as ticket_rows
from storage.database import WriteTx

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """``every``: how often the bell rings; losing a bell costs latency only."""

    name: str
    every: timedelta
    run: Callable[[Context, WriteTx], Awaitable[None]]


async def forget(cx: Context, tx: WriteTx) -> None:
    """What was only kept for a while: talk in memory, buttons, waits, dead letters."""
    cx.recent.sweep(cx.now)
    await conversation.sweep(tx, cx.now)
    await intake.sweep(tx, cx.now)


async def forget_albums(cx: Context, tx: WriteTx) -> None:
    """Photos of albums that turned out to be talk: ids, for ten seconds."""
    await ticket_rows.forget_album_parts(tx, cx.now - timedelta(seconds=10))


async def recover_sends(cx: Context, tx: WriteTx) -> None:
    """What a sender left behind that is gone: another process of the same database, or this one before it was killed.

    The one place where a lease is taken back while the program runs.
    """
    if unknown := await outbox.recover(tx, cx.now, everything=False):
        log.warning("sends_of_unknown_outcome", count=unknown)


async def forget_old(cx: Context, tx: WriteTx) -> None:
    """What has been kept as long as it may be (docs/隐私.md)."""
    await retention.forget(tx, cx.now)


JOBS: tuple[Job, ...] = (
    Job("ring_again", timedelta(seconds=5), danger.ring_again),
    Job("pass_on_overdue", timedelta(seconds=10), dispatching.pass_on_overdue),
    Job("dispatch_waiting", timedelta(minutes=1), dispatching.dispatch_waiting),
    Job("remind_unconfirmed", timedelta(minutes=1), tickets.remind_unconfirmed),
    Job("end_long_pauses", timedelta(minutes=10), pauses.end_long_pauses),
    Job("remind_deadlines", timedelta(minutes=1), ladders.remind),
    Job("remind_whistles", timedelta(minutes=1), whistles.remind),
    Job("keep_supervised", timedelta(minutes=1), supervising.keep_list),
    Job("warn_of_year", timedelta(hours=6), calendars.warn_of_year),
    Job("forget_unanswered", timedelta(minutes=1), questions.forget_unanswered),
    Job("send_notices", timedelta(seconds=5), announcing.send_notices),
    Job("tell_delivered", timedelta(seconds=10), delivered.tell_delivered),
    Job("tell_digests", timedelta(seconds=30), figures.tell_digests),
    Job("remind_visits", timedelta(minutes=1), visit_reminders.remind_visits),
    Job("end_rounds", timedelta(minutes=1), visit_rounds.end_rounds),
    Job("tell_silent", timedelta(minutes=1), visit_knocks.tell_silent),
    Job("remind_stand_ins", timedelta(minutes=1), leaves.remind_stand_ins),
    Job("recover_sends", timedelta(seconds=10), recover_sends),
    Job("forget_albums", timedelta(seconds=5), forget_albums),
    Job("forget", timedelta(minutes=1), forget),
    Job("forget_old", timedelta(hours=6), forget_old),
)
