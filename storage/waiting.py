"""What waits and for how long, for whoever watches from outside: counts only, never whose or about what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from domain import whistle
from domain.ladder import RunState
from domain.notice import State as NoticeState
from domain.outgoing import Op, SendState
from storage.clock_tables import ladder_runs, whistles
from storage.database import ReadTx
from storage.tables import alerts, dead_letters, invitations, notices, outbox
from storage.visit_tables import visit_knocks

LIVE: Final = (SendState.PENDING, SendState.CLAIMED, SendState.SENDING, SendState.UNKNOWN, SendState.FAILED)
"""What a watcher must know of the outbox. What was sent is only history, and long."""

LATE = timedelta(minutes=2)
"""Every bell rings at least once a minute."""
STUCK = timedelta(minutes=10)
MOST_TRIES = 10
"""Tries of one message after which it counts as stuck: about four minutes of a server in trouble."""

_ALERTED = sa.select(alerts.c.ticket).where(alerts.c.state == "open")
_SENDS = (outbox.c.state == SendState.PENDING, outbox.c.op != Op.EDIT)  # an edit waits for its card, however long

_DUE: Mapping[str, tuple[sa.Column[datetime], tuple[sa.ColumnElement[bool], ...]]] = {
    "sends": (outbox.c.not_before, _SENDS),
    "invitations": (invitations.c.due_at, (invitations.c.state == "asked",)),
    "alerts": (alerts.c.escalate_at, (alerts.c.state == "open",)),
    "notices": (notices.c.next_at, (notices.c.state == NoticeState.SCHEDULED,)),
    # An alert is a ladder of its own: until somebody answers it the other one waits.
    "deadlines": (ladder_runs.c.next_at, (ladder_runs.c.state != RunState.DONE, ladder_runs.c.ticket.not_in(_ALERTED))),
    "whistles": (whistles.c.remind_at, (whistles.c.state.in_((whistle.State.ASKED, whistle.State.CALLED)),)),
    "knocks": (visit_knocks.c.tell_at, ()),
}
"""Everything that falls due: when, and which rows still count."""
_BY_DAY = frozenset({"deadlines", "whistles"})
"""What falls due in the staff's quiet hours waits for the morning."""


@dataclass(frozen=True, slots=True)
class Late:
    """Rows of one sort that fell due more than ``LATE`` ago and were not done; ``seconds`` of the longest waiting one."""

    count: int
    seconds: float


async def in_outbox(tx: ReadTx, *, since: datetime | None = None) -> dict[tuple[str, str], int]:
    """How many rows there are of each state and kind; ``since``: without those that were settled before."""
    stmt = sa.select(outbox.c.state, outbox.c.kind, sa.func.count().label("n")).where(outbox.c.state.in_(LIVE))
    if since is not None:
        stmt = stmt.where(outbox.c.settled_at.is_(None) | (outbox.c.settled_at > since))
    rows = await tx.rows(stmt.group_by(outbox.c.state, outbox.c.kind))
    return {(row.state, row.kind): row.n for row in rows}


async def stuck(tx: ReadTx, now: datetime) -> int:
    """Messages that should have left long ago, or were tried again and again."""
    old = (outbox.c.not_before < now - STUCK) | (outbox.c.attempt >= MOST_TRIES)
    return int(await tx.value(sa.select(sa.func.count()).select_from(outbox).where(*_SENDS, old)))


async def late(tx: ReadTx, now: datetime, *, quiet: bool) -> dict[str, Late]:
    """Every sort of thing that falls due, also those of which nothing is late. ``quiet``: in the staff's quiet hours."""
    found = {}
    for name, (due_at, where) in _DUE.items():
        if quiet and name in _BY_DAY:
            found[name] = Late(0, 0.0)
            continue
        stmt = sa.select(sa.func.count().label("n"), sa.func.min(due_at).label("since"))
        row = await tx.one(stmt.where(due_at < now - LATE, *where))
        count, since = (row.n, row.since) if row is not None else (0, None)
        found[name] = Late(count, (now - since).total_seconds() if since else 0.0)
    return found


async def set_aside(tx: ReadTx) -> int:
    """Dead letters of the last seven days."""
    return int(await tx.value(sa.select(sa.func.count()).select_from(dead_letters)))
