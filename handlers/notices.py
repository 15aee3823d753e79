"""Notices (通知): written once, shown to the author as the group will see them, said once - and never at night.

At most two unasked messages a group and day; what does not fit waits for the next morning and its author hears so. A notice
that missed its hour is not said late: its author is asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from domain import notice as rules
from domain import refusal
from domain.incoming import Chat
from domain.notice import State, Wanted, Weekly
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member
from domain.screen import has_personal_number, plain
from handlers import access, notify
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import conversation, grids, notices, outbox
from storage.database import WriteTx
from storage.notices import Notice
from storage.tables import outbox as outbox_table

_LINE = timedelta(hours=2)
"""How long 党小栖 waits for the text it asked for."""

_DAYS_AHEAD = 14
"""How far a notice may be put off by the daily cap before it is given up and its author told."""

_CHOICE = re.compile(r"(?P<word>\S+?)\s*[#＃№第]?\s*(?P<number>\d{1,9})(?:号(?:通知)?)?")
_CHOICES = ("send", "urgent", "edit", "cancel")


async def draft(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """通知: a draft with a preview; without words the text is waited for; “通知 取消 12” is a pressed button in words."""
    _require_author(ask)
    if (typed := _CHOICE.fullmatch(ask.words.strip())) and (choice := _choice(cx, typed["word"])):
        await decide(cx, tx, replace(ask, number=int(typed["number"]), words=choice))
        return
    waits = await conversation.expected(tx, ask.event.chat, ask.who.account, cx.now)
    number = 0
    if waits is not None and waits[0] == "notice":
        await conversation.stop_expecting(tx, ask.event.chat, ask.who.account)
        number = waits[1]
    await write(cx, tx, replace(ask, number=number))


def _choice(cx: Context, word: str) -> str | None:
    return next((c for c in _CHOICES if word in cx.said.say(f"notices.typed.{c}").split()), None)


async def write(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The text that was waited for: of a new notice, or the new text of one not sent yet (``ask.number``)."""
    member = _require_author(ask)
    old = await _rows(tx, ask, State.DRAFT, State.SCHEDULED) if ask.number else []
    if not ask.words.strip():
        await _wait(cx, tx, ask)
        return
    try:
        wanted = _read(cx, ask.words, old)
    except refusal.Refusal:
        await _expect(cx, tx, ask)
        raise
    if not wanted.words:
        await _wait(cx, tx, ask)
        return
    targets = await _targets(cx, tx, ask, wanted, old)
    if not any(grid.groups for grid, _ in targets):
        notify.reply(cx, tx, ask.event, cx.said.say("notices.no_groups"))
        return
    for row in old:
        await notices.save(tx, row, State.CANCELLED, None)
    number = await notices.insert(
        tx,
        member.id,
        [(grid.id, areas) for grid, areas in targets if grid.groups],
        wanted.words,
        repeat=wanted.weekly.rule() if wanted.weekly is not None else "",
        urgent=wanted.urgent,
        next_at=wanted.at,
        at=cx.now,
    )
    text = await _preview(cx, tx, await notices.of_number(tx, number))
    notify.reply(cx, tx, ask.event, text, buttons=_BUTTONS, subject="notice", subject_id=number, part="preview")


_BUTTONS: list[list[Button]] = [
    [("notice_send", "notice", "send")],
    [("notice_edit", "notice", "edit"), ("notice_cancel", "notice", "cancel")],
]


def _require_author(ask: Ask) -> Member:
    access.require_private(ask)
    member = access.require_member(ask)
    if not ask.leads:
        raise refusal.LeaderOnly
    return member


def _read(cx: Context, text: str, old: Sequence[Notice]) -> Wanted:
    """What was typed; where a notice is changed, its time and buildings stay unless new ones are given."""
    wanted = rules.read(text, cx.now, cx.calendar)
    words = "\n".join(plain(line, rules.LONGEST + 1) for line in wanted.words.splitlines()).strip()
    if len(words) > rules.LONGEST:
        raise refusal.TextTooLong(limit=rules.LONGEST)
    wanted = replace(wanted, words=words)
    if old and not wanted.timed:
        first = old[0]
        weekly = Weekly.of_rule(first.repeat) if first.repeat else None
        at = first.next_at if weekly is None and first.next_at is not None and first.next_at > cx.now else None
        wanted = replace(wanted, weekly=weekly, at=at)
    if old and old[0].urgent:
        wanted = replace(wanted, urgent=True)
    return wanted


async def _targets(
    cx: Context, tx: WriteTx, ask: Ask, wanted: Wanted, old: Sequence[Notice]
) -> list[tuple[Grid, tuple[str, ...]]]:
    """The grids it goes to, each with the buildings that are meant. Above the grids also a grid's code or name is read."""
    member = access.require_member(ask)
    ids = [ask.grid.id] if ask.grid is not None else await grids.below(tx, member.area_id)
    if old and not wanted.areas:
        return [(await grids.by_id(tx, row.grid_id), row.areas) for row in old]
    found = [await grids.by_id(tx, grid_id) for grid_id in ids]
    if not wanted.areas:
        return [(grid, ()) for grid in found]
    meant: dict[int, tuple[str, ...]] = {}
    for word in wanted.areas:
        hits = [(grid, _building(cx, grid, word)) for grid in found]
        hits = [(grid, building) for grid, building in hits if building is not None]
        if not hits:
            known = sorted({b for grid in found for b in grid.gazetteer_buildings()}, key=lambda b: (len(b), b))
            raise refusal.UnknownChoice(choices="、".join(f"#{b}" for b in known[:30]))
        for grid, building in hits:
            before = meant.get(grid.id, ())
            meant[grid.id] = (*before, building) if building and building not in before else before
    return [(grid, meant[grid.id]) for grid in found if grid.id in meant]


def _building(cx: Context, grid: Grid, word: str) -> str | None:
    """The building of this grid a word means, empty for the whole grid, None for nothing here."""
    if word in (grid.code, grid.name):
        return ""
    building = cx.ear_of(grid).place(word).building
    if not building and word.isascii() and word.isdigit():
        building = f"{int(word)}栋"
    return building if building in grid.gazetteer_buildings() else None


def _shown(cx: Context, row: Notice) -> str:
    """What the group sees."""
    areas = "、".join(row.areas)
    if row.urgent:
        inside = cx.said.say("notices.urgent_areas", areas=areas) if areas else cx.said.say("notices.urgent")
    else:
        inside = areas
    return cx.said.say("notices.head" if inside else "notices.plain", inside=inside, words=row.words)


async def _preview(cx: Context, tx: WriteTx, rows: Sequence[Notice]) -> str:
    text = cx.said.say(
        "notices.preview",
        number=rows[0].number,
        text=_shown(cx, rows[0]),
        when=_when(cx, rows[0]),
        groups=await _count(tx, rows),
    )
    return f"{text}\n{cx.said.say('notices.warn')}" if has_personal_number(rows[0].words) else text


async def _count(tx: WriteTx, rows: Sequence[Notice]) -> int:
    return sum([len((await grids.by_id(tx, row.grid_id)).groups) for row in rows])


def _when(cx: Context, row: Notice) -> str:
    if row.repeat:
        weekly = Weekly.of_rule(row.repeat)
        days = "、".join(cx.said.say(f"notices.weekday.{day}") for day in weekly.days)
        first = cx.when(weekly.next(cx.now, cx.calendar))
        return cx.said.say("notices.when_weekly", days=days, clock=f"{weekly.clock:%H:%M}", first=first)
    if row.next_at is not None:
        return cx.said.say("notices.when_at", at=cx.when(row.next_at))
    return cx.said.say("notices.when_urgent" if row.urgent else "notices.when_now")


async def decide(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """发送, 改, 取消: by button or in words. An urgent notice is asked about once more."""
    _require_author(ask)
    rows = await _rows(tx, ask)
    match ask.words:
        case "send" if rows[0].urgent:
            _require_state(rows, State.DRAFT)
            text = cx.said.say("notices.sure", number=rows[0].number, groups=await _count(tx, rows))
            buttons: list[list[Button]] = [
                [("notice_sure", "notice", "urgent")],
                [("notice_cancel", "notice", "cancel")],
            ]
            notify.reply(
                cx, tx, ask.event, text, buttons=buttons, subject="notice", subject_id=rows[0].number, part="sure"
            )
        case "send" | "urgent":
            _require_state(rows, State.DRAFT)
            await _schedule(cx, tx, ask, rows)
        case "edit":
            _require_state(rows, State.DRAFT, State.SCHEDULED)
            await _wait(cx, tx, ask)
        case _:
            await _cancel(cx, tx, ask, rows)


def _require_state(rows: Sequence[Notice], *states: State) -> None:
    if any(row.state not in states for row in rows):
        raise refusal.NoticeSettled(number=rows[0].number)


async def _rows(tx: WriteTx, ask: Ask, *states: State) -> list[Notice]:
    """The notice a leader means, in one of these states: his own, or one of a grid he steers."""
    member = access.require_member(ask)
    rows = await notices.of_number(tx, ask.number or 0)
    if not rows or not (rows[0].author_id == member.id or await _steers(tx, member, rows)):
        raise refusal.NoSuchNotice(number=ask.number)
    if states:
        _require_state(rows, *states)
    return rows


async def _steers(tx: WriteTx, member: Member, rows: Sequence[Notice]) -> bool:
    """Whether all grids of the notice are his: a leader does not take back what the street says to many."""
    known = [(await grids.by_id(tx, row.grid_id)).member(member.id) for row in rows]
    return all(m is not None for m in known)


async def _schedule(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    first = rows[0]
    at = first.next_at
    if first.repeat:
        at = Weekly.of_rule(first.repeat).next(cx.now, cx.calendar)
    elif at is not None and at <= cx.now:
        raise refusal.TimePassed
    for row in rows:
        if not await notices.save(tx, row, State.SCHEDULED, at or cx.now):
            raise refusal.NoticeSettled(number=first.number)
    if at is None:
        notify.reply(cx, tx, ask.event, cx.said.say("notices.going", number=first.number))
        return
    text = cx.said.say("notices.scheduled", number=first.number, when=_when(cx, first))
    buttons: list[list[Button]] = [[("notice_cancel", "notice", "cancel")]]
    notify.reply(cx, tx, ask.event, text, buttons=buttons, subject="notice", subject_id=first.number, part="scheduled")


async def _cancel(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """Nothing more of it is said. What has gone out cannot be taken back, and the author is told so."""
    stopped = waiting = gone = 0
    for row in rows:
        keys = (
            [_key(row, row.sent - 1, chat) for chat in (await grids.by_id(tx, row.grid_id)).groups] if row.sent else []
        )
        taken = await outbox.cancel(tx, outbox_table.c.key.in_(keys)) if keys else 0
        waiting += taken
        gone += len(keys) - taken
        live = row.state in (State.DRAFT, State.SCHEDULED)
        if live or taken == len(keys) > 0:
            stopped += await notices.save(tx, row, State.CANCELLED, None)
    if not stopped and not waiting:
        raise refusal.NoticeSettled(number=rows[0].number)
    key = "notices.cancelled_rest" if waiting and gone else "notices.cancelled"
    notify.reply(cx, tx, ask.event, cx.said.say(key, number=rows[0].number, groups=waiting))


async def _wait(cx: Context, tx: WriteTx, ask: Ask) -> None:
    await _expect(cx, tx, ask)
    notify.reply(cx, tx, ask.event, cx.said.say("notices.again" if ask.number else "notices.wait"), part="?")


async def _expect(cx: Context, tx: WriteTx, ask: Ask) -> None:
    await conversation.expect(tx, ask.event.chat, ask.who.account, "notice", ask.number or 0, cx.now + _LINE)


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


async def send_notices(cx: Context, tx: WriteTx) -> None:
    """Job: every notice whose time has come goes into the outbox, one row per group. A pass repeated changes nothing."""
    done: dict[int, _Tally] = {}
    stale: dict[int, list[Notice]] = {}
    for row in await notices.due(tx, cx.now):
        due_at = row.next_at or cx.now
        if not row.repeat and cx.now - due_at > rules.STALE:
            if await notices.save(tx, row, State.DRAFT, None):
                stale.setdefault(row.number, []).append(row)
            continue
        tally = done.setdefault(row.number, _Tally())
        await (_again if row.repeat else _once)(cx, tx, row, tally)
    for tally in done.values():
        await _report(cx, tx, tally)
    for rows in stale.values():
        await _ask_again(cx, tx, rows)


async def _once(cx: Context, tx: WriteTx, row: Notice, tally: _Tally) -> None:
    if await notices.save(tx, row, State.SENT, None, sent=row.sent + 1):
        await _say(cx, tx, row, tally)


async def _again(cx: Context, tx: WriteTx, row: Notice, tally: _Tally) -> None:
    """A slot of a weekly notice. Slots that were slept through are counted and told, never said in a burst."""
    weekly = Weekly.of_rule(row.repeat)
    due_at = row.next_at or cx.now
    newest = max(weekly.newest(cx.now, cx.calendar), due_at)
    missed = weekly.between(due_at, newest, cx.calendar)
    fresh = cx.now - newest <= rules.STALE
    next_at = weekly.next(cx.now, cx.calendar)
    if not await notices.save(tx, row, State.SCHEDULED, next_at, sent=row.sent + fresh):
        return
    tally.missed = max(tally.missed, missed + (not fresh))
    tally.next_at = next_at
    if fresh:
        await _say(cx, tx, row, tally)
    else:
        tally.rows.append(row)


def _key(row: Notice, slot: int, chat: Chat) -> str:
    return f"notice:{row.id}:{slot}:{chat.channel}:{chat.bot}:{chat.id}"


async def _say(cx: Context, tx: WriteTx, row: Notice, tally: _Tally) -> None:
    grid = await grids.by_id(tx, row.grid_id)
    tally.rows.append(row)
    tally.slot_sent = True
    for chat in grid.groups:
        start = await _start(cx, tx, grid, row, chat, tally)
        if start is None:
            tally.never += 1
            continue
        tally.groups += 1
        content = notify.body(cx, tx, _shown(cx, row))
        key = _key(row, row.sent, chat)
        notify.to_chat(cx, tx, chat, Said.NOTICE, key, content, urgent=row.urgent, grid_id=grid.id, at=start)


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


async def _report(cx: Context, tx: WriteTx, tally: _Tally) -> None:
    """Once per slot, in private: how many groups, which wait for the morning, what was missed."""
    if not tally.rows:
        return
    first = tally.rows[0]
    number = first.number
    next_at = cx.when(tally.next_at) if tally.next_at is not None else ""
    say = cx.said.say
    if tally.slot_sent:
        lines = [
            say("notices.summary.sent" if tally.groups else "notices.summary.none", number=number, groups=tally.groups)
        ]
        if tally.night:
            lines.append(say("notices.summary.night", groups=len(tally.night), at=cx.when(max(tally.night))))
        if tally.full:
            lines.append(say("notices.summary.full", groups=len(tally.full), at=cx.when(max(tally.full))))
        if tally.never:
            lines.append(say("notices.summary.never", groups=tally.never))
        if tally.missed:
            lines.append(say("notices.summary.missed", count=tally.missed))
        if next_at:
            lines.append(say("notices.summary.next", at=next_at))
    else:
        lines = [say("notices.summary.only_missed", number=number, count=tally.missed, at=next_at)]
    await _tell_author(cx, tx, first, _slot_key(first, "summary"), "\n".join(lines), ())


async def _ask_again(cx: Context, tx: WriteTx, stale: Sequence[Notice]) -> None:
    first = stale[0]
    rows = await notices.of_number(tx, first.number)
    text = f"{cx.said.say('notices.stale', number=first.number)}\n{await _preview(cx, tx, rows)}"
    await _tell_author(cx, tx, first, _slot_key(first, "stale"), text, _BUTTONS)


def _slot_key(row: Notice, what: str) -> str:
    """A word about one slot, named by the hour it was meant for, which no retry changes."""
    return f"notice:{row.id}:{what}:{row.next_at.isoformat() if row.next_at is not None else ''}"


async def _tell_author(
    cx: Context, tx: WriteTx, row: Notice, key: str, text: str, buttons: Sequence[Sequence[Button]]
) -> None:
    """The author, or whoever steers the grid now when he is gone."""
    grid = await grids.by_id(tx, row.grid_id)
    author = grid.member(row.author_id)
    people = [author, *(c.member for c in grid.seniors(cx.now))]
    for member in people:
        if member is not None and notify.to_member(
            cx,
            tx,
            member,
            Said.STAFF,
            key,
            text,
            buttons=buttons,
            subject="notice",
            subject_id=row.number,
            grid_id=grid.id,
        ):
            return
