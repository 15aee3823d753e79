"""The one look every batch takes: is the roster unchanged, how far are we, who is waited for or asked, what is known already.

Five small questions in one statement, because a statement costs more in the way there and back than in the database.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from domain.incoming import Chat
from storage.database import ReadTx, unbroken
from storage.tables import counters, offsets, prompts, questions, ticket_sources
from storage.types import Time

FILTER_DAYS = 7
"""After a week without updates Telegram restarts its ids at a random value, possibly lower: an older offset filters nothing."""


def _part(what: str, table: sa.Table, columns: Sequence[sa.ColumnElement[str]], *where: sa.ColumnElement[bool]) -> Any:
    padded = [*columns, *[sa.literal_column("''")] * (4 - len(columns))]
    named = [column.label(name) for column, name in zip(padded, "abcd", strict=True)]
    return sa.select(sa.literal_column(f"'{what}'").label("what"), *named).select_from(table).where(*where)


_LOOK = sa.union_all(
    _part("counter", counters, [counters.c.name, sa.cast(counters.c.value, sa.Text)]),
    _part(
        "offset",
        offsets,
        [sa.cast(offsets.c.event, sa.Text)],
        offsets.c.channel == sa.bindparam("channel"),
        offsets.c.bot == sa.bindparam("line"),
        offsets.c.at > sa.bindparam("since", type_=Time),
    ),
    _part(
        "prompt",
        prompts,
        [prompts.c.channel, prompts.c.bot, prompts.c.chat_id, prompts.c.account],
        prompts.c.expires_at > sa.bindparam("now", type_=Time),
    ),
    _part("question", questions, [sa.cast(questions.c.id, sa.Text)]),
    _part(
        "source",
        ticket_sources,
        [ticket_sources.c.channel, ticket_sources.c.bot, ticket_sources.c.chat_id, ticket_sources.c.message_id],
        ticket_sources.c.message_id.in_(sa.bindparam("messages", expanding=True)),
    ),
)


async def glance(
    tx: ReadTx, channel: str, line: str | None, messages: Sequence[tuple[Chat, str]], now: datetime
) -> int | None:
    """Look, and keep what was seen for this transaction; the last event of this line that is still a filter for repeats."""
    values = {
        "channel": channel,
        "line": line or "",
        "since": now - timedelta(days=FILTER_DAYS),
        "now": now,
        "messages": [message for _, message in messages],
    }
    waited_for: set[tuple[Chat, str]] = set()
    known = dict.fromkeys(messages, False)
    last: int | None = None
    asked = False
    rows: Sequence[Any] = (await unbroken(tx.conn.execute(_LOOK, values))).all()
    for what, a, b, c, d in rows:
        if what == "counter":
            tx.memo["seen", a] = int(b)
        elif what == "offset":
            last = int(a)
        elif what == "prompt":
            waited_for.add((Chat(a, b, c), d))
        elif what == "question":
            asked = True
        else:
            known[Chat(a, b, c), d] = True
    tx.memo["waited_for"] = waited_for
    tx.memo["sources"] = known
    if not asked:
        tx.memo["questions"] = {}
    return last if line is not None else None
