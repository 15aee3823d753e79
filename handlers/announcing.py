"""Saying notices when their time has come: once, by day, not more than the group can bear - or asking the author instead."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain import notice as rules
from domain.incoming import Chat
from domain.notice import State
from domain.outgoing import MANNERS
from domain.outgoing import Kind as Said
from domain.repeat import Repeat
from domain.roster import Grid
from handlers import addressing, notify, previews, repeats
from handlers.context import Context
from handlers.notify import Button
from storage import conversation, grids, notices
from storage.database import WriteTx
from storage.notices import Notice

_DAYS_AHEAD = 14
"""How far a notice may be put off by the daily cap before it is given up and its author told."""


@dataclass(slots=True)
class _Tally:
    """What became of one notice in this pass, over all its grids, for the word to its author."""

    rows: list[Notice] = field(default_factory=list)
    groups: int = 0
    night: list[datetime] = field(default_factory=list)
    full: list[datetime] = field(default_factory=list)
    never: int = 0
    missed: int = 0
    slot_sent: bool = False
    next_at: datetime | None = None

    @property
    def needs_words(self) -> bool:
        """Whether the author must hear more than what became of it, which is told when everything has arrived."""
        return bool(not self.groups or self.night or self.full or self.never or self.missed)


async def send_notices(cx: Context, tx: WriteTx) -> None:
    """Job: every notice whose time has come goes into the outbox, one row per group. A pass repeated changes nothing."""
    done: dict[int, _Tally] = {}
    stale: dict[int, list[Notice]] = {}
    for row in await notices.due(tx, cx.now):
        if not row.repeat and _is_late(cx, row.next_at or cx.now, row):
            if await notices.save(tx, row, State.DRAFT, None):
                stale.setdefault(row.number, []).append(row)
            continue
        tally = done.setdefault(row.number, _Tally())
        await (_again if row.repeat else _once)(cx, tx, row, tally)
    for tally in done.values():
        await _sum_up(cx, tx, tally)
    for rows in stale.values():
        await _ask_again(cx, tx, rows)


def _is_late(cx: Context, due_at: datetime, row: Notice) -> bool:
    if row.urgent:
        return cx.now - due_at > rules.STALE
    return rules.is_late(due_at, cx.now, cx.policy.quiet, cx.calendar)


async def _once(cx: Context, tx: WriteTx, row: Notice, tally: _Tally) -> None:
    if await notices.save(tx, row, State.SENT, None, sent=row.sent + 1):
        await _say(cx, tx, row, tally)


async def _again(cx: Context, tx: WriteTx, row: Notice, tally: _Tally) -> None:
    """A slot of a rhythm. Slots that were slept through are counted and told, never said in a burst."""
    repeat = Repeat.of_text(row.repeat)
    newest, missed = repeats.newest(repeat, row.next_at or cx.now, cx.now, cx.calendar)
    fresh = not _is_late(cx, newest, row)
    next_at = repeats.next_slot(repeat, cx.now, cx.calendar)
    state = State.SENT if next_at is None else State.SCHEDULED
    if not await notices.save(tx, row, state, next_at, sent=row.sent + fresh):
        return
    tally.missed = max(tally.missed, missed + (not fresh))
    tally.next_at = next_at
    if fresh:
        await _say(cx, tx, row, tally)
    else:
        tally.rows.append(row)


async def _say(cx: Context, tx: WriteTx, row: Notice, tally: _Tally) -> None:
    grid = await grids.by_id(tx, row.grid_id)
    tally.rows.append(row)
    tally.slot_sent = True
    for chat in await addressing.chats(tx, row):
        start = await _start(cx, tx, grid, row, chat, tally)
        if start is None:
            tally.never += 1
            continue
        tally.groups += 1
        notify.to_chat(
            cx,
            tx,
            chat,
            Said.NOTICE,
            f"notice:{row.id}:{row.sent}:{chat.channel}:{chat.bot}:{chat.id}",
            notify.body(cx, tx, previews.shown(cx, row)),
            urgent=row.urgent,
            grid_id=grid.id,
            notice=row.id,
            at=start,
            expires_at=_expires_at(cx, row, start),
        )


def _expires_at(cx: Context, row: Notice, start: datetime) -> datetime:
    """Not said by then, it is not said at all: what the night has held up would be too late in the morning."""
    longest = start + timedelta(seconds=MANNERS[Said.NOTICE].seconds or 0)
    night = cx.policy.quiet.next_start(cx.calendar, start)
    return longest if row.urgent or night is None else min(longest, night)


async def _start(cx: Context, tx: WriteTx, grid: Grid, row: Notice, chat: Chat, tally: _Tally) -> datetime | None:
    """When a group may hear it: not at night, not while it is muted, not as the third of a day. None: no room in sight."""
    if row.urgent:
        return cx.now
    quiet, calendar = cx.policy.quiet, cx.calendar
    start = first = quiet.next_allowed(calendar, max(cx.now, grid.muted_until or cx.now))
    for _ in range(_DAYS_AHEAD):
        day = calendar.today(start)
        if await conversation.count_today(tx, chat, day, "noticed", cx.policy.notices_per_day):
            if start > first:
                tally.full.append(start)
            elif start > cx.now:
                tally.night.append(start)
            return start
        start = quiet.next_allowed(calendar, calendar.at(day + timedelta(days=1), quiet.end))
    return None


async def _sum_up(cx: Context, tx: WriteTx, tally: _Tally) -> None:
    """Once per slot, in private, where something waits, has no room or was missed."""
    if not tally.rows or not tally.needs_words:
        return
    first, say = tally.rows[0], cx.said.say
    lines: list[str] = []
    if tally.slot_sent:
        key = "notices.summary.given" if tally.groups else "notices.summary.none"
        lines.append(say(key, number=first.number, groups=tally.groups))
        if tally.night:
            lines.append(say("notices.summary.night", groups=len(tally.night), at=cx.when(max(tally.night))))
        if tally.full:
            lines.append(say("notices.summary.full", groups=len(tally.full), at=cx.when(max(tally.full))))
        if tally.never:
            lines.append(say("notices.summary.never", groups=tally.never))
        if tally.missed:
            lines.append(say("notices.summary.missed", count=tally.missed))
    else:
        lines.append(say("notices.summary.only_missed", number=first.number, count=tally.missed))
    if tally.next_at is not None and not tally.groups:
        lines.append(say("notices.summary.next", at=cx.when(tally.next_at)))
    await tell_author(cx, tx, first, _slot_key(first, "summary"), "\n".join(lines), ())


async def _ask_again(cx: Context, tx: WriteTx, stale: Sequence[Notice]) -> None:
    first = stale[0]
    rows = await notices.of_number(tx, first.number)
    text = f"{cx.said.say('notices.stale', number=first.number)}\n{await previews.preview(cx, tx, rows)}"
    await tell_author(cx, tx, first, _slot_key(first, "stale"), text, previews.DRAFT_BUTTONS)


def _slot_key(row: Notice, what: str) -> str:
    """A word about one slot, named by the hour it was meant for, which no retry changes."""
    return f"notice:{row.id}:{what}:{row.next_at.isoformat() if row.next_at is not None else ''}"


async def tell_author(
    cx: Context, tx: WriteTx, row: Notice, key: str, text: str, buttons: Sequence[Sequence[Button]]
) -> None:
    """The author, or whoever steers the grid now when he is gone."""
    grid = await grids.by_id(tx, row.grid_id)
    people = [grid.member(row.author_id), *(c.member for c in grid.seniors(cx.now))]
    subject, number = "notice", row.number
    for member in people:
        if member is not None and notify.to_member(
            cx, tx, member, Said.STAFF, key, text, buttons=buttons, subject=subject, subject_id=number, grid_id=grid.id
        ):
            return
