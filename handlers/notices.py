"""Notices (通知): written once, shown to the author as the group will see them, sent when he says so, taken back while there
is time. ``handlers/announcing.py`` says them, ``handlers/delivered.py`` tells what became of them.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain import notice as rules
from domain import refusal
from domain.notice import State, Wanted
from domain.repeat import Repeat
from domain.roster import Member
from domain.screen import plain
from handlers import access, addressing, delivered, notify, previews, repeats
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import conversation, grids, notices, outbox
from storage.database import WriteTx
from storage.notices import Notice, Target
from storage.tables import outbox as outbox_table

_LINE = timedelta(hours=2)
"""How long 党小栖 waits for the text it asked for."""

_DRAFTS = timedelta(days=7)
"""How long a draft that was never sent stands in the list."""

_LISTED = 12
_REASON = 100

_CHOICE = re.compile(
    r"(?P<word>\S+?)\s*[#＃№第]?\s*(?P<number>\d{1,9})(?:号(?:通知)?)?(?:[\s:：，,]+(?P<rest>\S.*))?", re.DOTALL
)
_CHOICES = ("send", "urgent", "edit", "cancel", "skip", "result", "again", "show")
_WITH_REST = ("urgent", "skip")
"""Of these the words behind the number count: a reason, a day."""


async def draft(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """通知: a draft with a preview; without words the text is waited for; “通知 取消 12” is a pressed button in words."""
    _require_author(ask)
    if ask.words.strip() in cx.said.say("notices.typed.list").split():
        await show_list(cx, tx, ask)
        return
    if (typed := _CHOICE.fullmatch(ask.words.strip())) and (choice := _choice(cx, typed)):
        await decide(cx, tx, replace(ask, number=int(typed["number"]), words=choice))
        return
    waits = await conversation.expected(tx, ask.event.chat, ask.who.account, cx.now)
    number = 0
    if waits is not None and waits[0] == "notice":
        await conversation.stop_expecting(tx, ask.event.chat, ask.who.account)
        number = waits[1]
    await write(cx, tx, replace(ask, number=number))


def _choice(cx: Context, typed: re.Match[str]) -> str | None:
    """What was typed as the buttons say it: ``cancel``, ``skip:11-28``."""
    choice = next((c for c in _CHOICES if typed["word"] in cx.said.say(f"notices.typed.{c}").split()), None)
    if choice is None or not typed["rest"]:
        return choice
    return f"{choice}:{typed['rest']}" if choice in _WITH_REST else None


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
        await _expect(cx, tx, ask, "notice")
        raise
    if not wanted.words:
        await _wait(cx, tx, ask)
        return
    targets = [row.target for row in old] if old and not wanted.areas else []
    targets = targets or await addressing.targets(cx, tx, ask, wanted.areas)
    if not targets:
        notify.reply(cx, tx, ask.event, cx.said.say("notices.no_groups"))
        return
    for row in old:
        await notices.save(tx, row, State.CANCELLED, None)
    number = await _insert(cx, tx, member, targets, wanted)
    text = await previews.preview(cx, tx, await notices.of_number(tx, number))
    if old and old[0].state is State.SCHEDULED:
        text += "\n" + cx.said.say("notices.replaced", number=old[0].number)
    _reply(cx, tx, ask, text, previews.DRAFT_BUTTONS, number, "preview")


async def _insert(cx: Context, tx: WriteTx, member: Member, targets: Sequence[Target], wanted: Wanted) -> int:
    return await notices.insert(
        tx,
        member.id,
        targets,
        wanted.words,
        repeat=wanted.repeat.text() if wanted.repeat is not None else "",
        urgent=wanted.urgent,
        next_at=wanted.at,
        at=cx.now,
    )


def _reply(
    cx: Context, tx: WriteTx, ask: Ask, text: str, buttons: Sequence[Sequence[Button]], number: int, part: str
) -> None:
    notify.reply(cx, tx, ask.event, text, buttons=buttons, subject="notice", subject_id=number, part=part)


def _require_author(ask: Ask) -> Member:
    access.require_private(ask)
    member = access.require_member(ask)
    access.require_leader(ask)
    return member


def _read(cx: Context, text: str, old: Sequence[Notice]) -> Wanted:
    """What was typed; where a notice is changed, its time and areas stay unless new ones are given."""
    wanted = rules.read(text, cx.now, cx.calendar)
    words = "\n".join(plain(line, rules.LONGEST + 1) for line in wanted.words.splitlines()).strip()
    if len(words) > rules.LONGEST:
        raise refusal.TextTooLong(limit=rules.LONGEST)
    wanted = replace(wanted, words=words)
    if old and not wanted.timed:
        first = old[0]
        repeat = Repeat.of_text(first.repeat) if first.repeat else None
        at = first.next_at if repeat is None and first.next_at is not None and first.next_at > cx.now else None
        wanted = replace(wanted, repeat=repeat, at=at)
    if old and old[0].urgent:
        wanted = replace(wanted, urgent=True)
    if wanted.urgent and wanted.repeat is not None:
        raise refusal.UrgentOnce
    if wanted.repeat is not None and repeats.next_slot(wanted.repeat, cx.now, cx.calendar) is None:
        raise refusal.TimePassed
    return wanted


async def show_list(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """通知 列表: what is still to be said, soonest first, each with a button."""
    member = _require_author(ask)
    # A leader sees what is planned for his grid, whoever wrote it; the people above see their own.
    here = [ask.grid.id] if ask.grid is not None and member.area_id == ask.grid.id else []
    found = await notices.planned(tx, member.id, here, cx.now - _DRAFTS)
    found.sort(key=lambda row: (row.state is State.DRAFT, row.next_at or cx.now, row.number))
    if not found:
        notify.reply(cx, tx, ask.event, cx.said.say("notices.list_empty"))
        return
    lines = [cx.said.say("notices.list"), *(previews.line(cx, row) for row in found[:_LISTED])]
    if len(found) > _LISTED:
        lines.append(cx.said.say("notices.list_more", count=len(found) - _LISTED))
    flat: list[Button] = [(f"number.{row.number}", "notice", f"show:{row.number}") for row in found[:_LISTED]]
    rows = [flat[start : start + 3] for start in range(0, len(flat), 3)]
    _reply(cx, tx, ask, "\n".join(lines), rows, 0, "list")


async def decide(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """发送, 改, 取消, 跳过一次, 结果, 再发: by button or in words. An urgent notice is asked about once more."""
    _require_author(ask)
    choice, _, detail = ask.words.partition(":")
    if choice == "show":
        await _show(cx, tx, replace(ask, number=int(detail)) if detail else ask)
        return
    rows = await _rows(tx, ask)
    match choice:
        case "send" if rows[0].urgent:
            _require_state(rows, State.DRAFT)
            await _ask_why(cx, tx, ask, rows)
        case "urgent" if rows[0].urgent:
            _require_state(rows, State.DRAFT)
            await _let_through(cx, tx, replace(ask, words=detail), rows)
        case "send" | "urgent":
            _require_state(rows, State.DRAFT)
            await _schedule(cx, tx, ask, rows)
        case "edit":
            _require_state(rows, State.DRAFT, State.SCHEDULED)
            await _wait(cx, tx, ask)
        case "skip":
            _require_state(rows, State.SCHEDULED)
            await _skip(cx, tx, replace(ask, words=detail), rows)
        case "result":
            await delivered.show(cx, tx, ask, rows)
        case "again":
            await delivered.again(cx, tx, ask, rows)
        case _:
            await _cancel(cx, tx, ask, rows)


async def _show(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """看: for everybody who steers one of its grids; buttons for those who may change it."""
    member = access.require_member(ask)
    rows = await notices.of_number(tx, ask.number or 0)
    theirs = [row for row in rows if await _steers(tx, member, [row])]
    mine = bool(rows) and (rows[0].author_id == member.id or len(theirs) == len(rows))
    if not mine and not theirs:
        raise refusal.NoSuchNotice(number=ask.number)
    text = await previews.about(cx, tx, rows)
    _reply(cx, tx, ask, text, previews.buttons(rows[0]) if mine else [], rows[0].number, "show")


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


async def _ask_why(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """The second confirmation of an urgent notice is its reason: one tap, or a line."""
    number, groups = rows[0].number, await addressing.count(tx, rows)
    buttons: list[list[Button]] = [
        [(f"notice_{why}", "notice", f"urgent:{why}") for why in previews.REASONS[:2]],
        [(f"notice_{why}", "notice", f"urgent:{why}") for why in previews.REASONS[2:]],
        [("notice_cancel", "notice", "cancel")],
    ]
    _reply(cx, tx, ask, cx.said.say("notices.sure", number=number, groups=groups), buttons, number, "sure")


async def _let_through(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """确定: with the reason, which is kept; it goes out at once, at night too."""
    why = plain(ask.words, _REASON)
    if not why or why == "other":
        await _expect(cx, tx, ask, "notice_reason")
        notify.reply(cx, tx, ask.event, cx.said.say("notices.why", number=rows[0].number), part="?")
        return
    await _schedule(cx, tx, ask, rows, reason=why)


async def give_reason(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The line in which an author says why it is urgent."""
    _require_author(ask)
    rows = await _rows(tx, ask, State.DRAFT)
    await _let_through(cx, tx, ask, rows)


async def _schedule(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice], *, reason: str = "") -> None:
    first = rows[0]
    at = first.next_at
    if first.repeat:
        at = repeats.next_slot(Repeat.of_text(first.repeat), cx.now, cx.calendar)
        if at is None:
            raise refusal.TimePassed
    elif at is not None and at <= cx.now:
        raise refusal.TimePassed
    for row in rows:
        if not await notices.save(tx, row, State.SCHEDULED, at or cx.now, reason=reason):
            raise refusal.NoticeSettled(number=first.number)
    if at is None:
        notify.reply(cx, tx, ask.event, cx.said.say("notices.going", number=first.number))
        return
    text = cx.said.say("notices.scheduled", number=first.number, when=previews.when(cx, first))
    _reply(cx, tx, ask, text, previews.buttons(replace(first, state=State.SCHEDULED)), first.number, "scheduled")


async def _skip(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """跳过: one occurrence is left out, the others come as before."""
    first = rows[0]
    if not first.repeat:
        raise refusal.NotThatDay
    day = rules.read_day(ask.words, cx.calendar.today(cx.now), today_too=True) if ask.words else None
    repeat, skipped_at = repeats.skip(Repeat.of_text(first.repeat), day, cx.now, cx.calendar)
    next_at = repeats.next_slot(repeat, cx.now, cx.calendar)
    state = State.CANCELLED if next_at is None else State.SCHEDULED
    for row in rows:
        if not await notices.save(tx, row, state, next_at, repeat=repeat.text()):
            raise refusal.NoticeSettled(number=first.number)
    text = cx.said.say("notices.skipped", number=first.number, at=cx.when(skipped_at))
    key = "notices.summary.next" if next_at is not None else "notices.summary.over"
    text += "\n" + cx.said.say(key, at=cx.when(next_at) if next_at is not None else "")
    notify.reply(cx, tx, ask.event, text)


async def _cancel(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """Nothing more of it is said. What has gone out cannot be taken back, and the author is told so."""
    stopped = waiting = gone = 0
    for row in rows:
        keys = outbox_table.c.key.startswith(f"notice:{row.id}:{row.sent - 1}:", autoescape=True)
        last = (outbox_table.c.notice == row.id, keys)  # what was said at earlier times is another matter
        taken = await outbox.cancel(tx, *last)
        kept = len(await outbox.select(tx, *last)) - taken
        waiting += taken
        gone += kept
        if row.state in (State.DRAFT, State.SCHEDULED) or taken > kept == 0:
            stopped += await notices.save(tx, row, State.CANCELLED, None)
    if not stopped and not waiting:
        raise refusal.NoticeSettled(number=rows[0].number)
    key = "notices.cancelled_rest" if waiting and gone else "notices.cancelled"
    notify.reply(cx, tx, ask.event, cx.said.say(key, number=rows[0].number, groups=waiting))


async def _wait(cx: Context, tx: WriteTx, ask: Ask) -> None:
    await _expect(cx, tx, ask, "notice")
    notify.reply(cx, tx, ask.event, cx.said.say("notices.again" if ask.number else "notices.wait"), part="?")


async def _expect(cx: Context, tx: WriteTx, ask: Ask, action: str) -> None:
    await conversation.expect(tx, ask.event.chat, ask.who.account, action, ask.number or 0, cx.now + _LINE)
