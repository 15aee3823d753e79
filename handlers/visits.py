"""Six must-visit households (六必访): what is due, and what an answer sets going.

Nothing about a household is ever said in a group. The door and the kind of household are shown only to those who may record
the visit, and only when they ask.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain import refusal
from domain import visit as rules
from domain.category import Urgency
from domain.incoming import Kind
from domain.notice import read_day
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member, Role
from domain.screen import plain
from domain.ticket import Ticket
from domain.triage import Act, Heard, Intent, Verdict
from domain.visit import Mode, Occurrence, Outcome, State
from handlers import access, notify, opening, visit_knocks, visit_plans
from handlers import visit_access as gates
from handlers import visit_lines as shown
from handlers.context import Ask, Context
from handlers.visit_reminders import BUTTONS, change, remind
from storage import conversation, grids, tickets, visits
from storage.database import WriteTx
from texts.visit_categories import visit_category

_LINE = timedelta(hours=2)
"""How long 党小栖 waits for the one line it asked for."""

_CARDS = 5
"""Up to so many visits are shown with their buttons; more are a list."""

_MISSED = timedelta(days=31)
"""How long a leader finds a missed visit in his list; it may be made good for ever."""

Step = Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True)
class How:
    """How somebody was visited, and on which day: at the door and today, unless something else is said."""

    mode: Mode = Mode.HOME
    days_ago: int = 0


async def record(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """走访: what is due for this member; with a number that household; with a word behind it what was found there."""
    gates.require_open(cx, ask)
    ask = gates.numbered(ask)
    if ask.number is None:
        if ask.words:
            raise refusal.NumberNeeded
        await _list(cx, tx, ask)
    elif not ask.words:
        found, grid = await gates.visit(cx, tx, ask)
        await _show(cx, tx, ask, grid, found)
    else:
        how, words = _how(cx, ask.words, How())
        step, rest = _typed(cx, words)
        if step in _RECORDED:
            how, rest = _how(cx, rest, how)
            await _RECORDED[step](cx, tx, replace(ask, words=rest), how)
        else:
            await _STEPS[step](cx, tx, replace(ask, words=rest))


def _how(cx: Context, words: str, how: How) -> tuple[How, str]:
    """电话, 昨天, 11-18 before or behind the word for what was found, in any order."""
    while True:
        rest = words.lstrip(" ，,。：:")
        names = [(name, mode) for mode in Mode for name in cx.said.say(f"visits.mode.{mode}").split()]
        mode = next((pair for pair in names if rest.startswith(pair[0])), None)
        day = _DAY.match(rest)
        if mode is not None:
            how, words = replace(how, mode=mode[1]), rest.removeprefix(mode[0])
        elif day is not None:
            gone = _DAYS_AGO.get(day[0]) if day[1] is None else _days_since(cx, int(day[1]), int(day[2]))
            how, words = replace(how, days_ago=gone or 0), rest[day.end() :]
        else:
            return how, rest


_DAY = re.compile(r"今天|昨天|前天|(\d{1,2})(?:-|/|月)(\d{1,2})[日号]?")
_DAYS_AGO = {"今天": 0, "昨天": 1, "前天": 2}


def _days_since(cx: Context, month: int, day: int) -> int:
    """A month and a day as days ago: the newest such day that is not in the future.

    Raises:
        TimeUnclear: there is no such day.

    """
    today = cx.calendar.today(cx.now)
    for year in (today.year, today.year - 1):
        try:
            said = date(year, month, day)
        except ValueError:
            continue
        if said <= today:
            return (today - said).days
    raise refusal.TimeUnclear


def _typed(cx: Context, words: str) -> tuple[str, str]:
    steps = (*_RECORDED, *_STEPS)
    known = [(name, step) for step in steps for name in cx.said.say(f"visits.typed.{step}").split()]
    for name, step in sorted(known, key=lambda item: -len(item[0])):
        if words.startswith(name):
            return step, words.removeprefix(name).strip(" ，,。：:")
    raise refusal.UnknownChoice(choices=" ".join(cx.said.say(f"visits.typed.{step}").split()[0] for step in _OFFERED))


async def settle(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """A pressed button: the same steps as the typed words, without any words yet."""
    await (_RECORDED | _STEPS)[ask.words](cx, tx, replace(ask, words=""))


async def show(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """V12 under a morning's message: that household, with its buttons."""
    ask = replace(ask, number=int(ask.words), words="")
    found, grid = await gates.visit(cx, tx, ask)
    await _show(cx, tx, ask, grid, found)


async def ok(cx: Context, tx: WriteTx, ask: Ask, how: How | None = None) -> None:
    """正常: recorded, with thanks and the day of the next one. A note that cannot be kept is asked for again."""
    found, grid = await gates.visit(cx, tx, ask)
    again = ""
    try:
        text = gates.note(ask.words)
    except (refusal.TextTooLong, refusal.NoteMedical) as no:
        text, again = "", cx.said.say(f"refusal.{type(no).__name__}", **no.values)
    done = await _settle(cx, tx, ask, grid, found, Outcome.OK, how or How(), note=text)
    next_on = found.next_due_on if done else None
    key = "ok" if done else "other_mode"
    if next_on is not None:
        _reply(cx, tx, ask, "ok_next", found, next=shown.day(cx, next_on))
    else:
        _reply(cx, tx, ask, key, found)
    if again:
        await _expect(cx, tx, ask, found, "remark")
        notify.reply(cx, tx, ask.event, again, part="note")


async def remark(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The note of a recorded visit in other words. It is kept beside the visit; nothing that was recorded changes."""
    found, _ = await gates.visit(cx, tx, ask, ended=True)
    try:
        text = gates.note(ask.words)
    except (refusal.TextTooLong, refusal.NoteMedical):
        await _expect(cx, tx, ask, found, "remark")
        raise
    on = found.settled_on or cx.calendar.today(cx.now)
    visits.record(tx, found.id, access.require_member(ask).id, Outcome.OK, visited_on=on, at=cx.now, note=text)
    _reply(cx, tx, ask, "remark", found)


async def need(cx: Context, tx: WriteTx, ask: Ask, how: How | None = None) -> None:
    """有需求: one line becomes a ticket, in the same transaction, that nobody in a group will ever see.

    Said after somebody else has recorded the visit it is a need all the same.
    """
    found, grid = await gates.visit(cx, tx, ask, ended=bool(ask.words.strip()))
    if not ask.words.strip():
        await _wait(cx, tx, ask, found, "need")
        return
    if await tickets.seen(tx, ask.event.chat, [ask.event.message_id]):
        raise refusal.VisitSettled(number=found.id)
    await _settle(cx, tx, ask, grid, found, Outcome.NEED, how or How(), keep=False)
    ticket = await _open_ticket(cx, tx, ask, grid, found)
    _write(cx, tx, ask, found, Outcome.NEED, how or How(), ticket=ticket.number)
    _reply(cx, tx, ask, "need", found, ticket=ticket.number)


async def note(cx: Context, tx: WriteTx, ask: Ask, how: How | None = None) -> None:
    """需关注: one line for the grid leader, in private."""
    found, grid = await gates.visit(cx, tx, ask, ended=bool(ask.words.strip()))
    if not ask.words.strip():
        await _wait(cx, tx, ask, found, "attention")
        return
    try:
        text = gates.note(ask.words)
    except (refusal.TextTooLong, refusal.NoteMedical):
        await _expect(cx, tx, ask, found, "attention")
        raise
    await _settle(cx, tx, ask, grid, found, Outcome.ATTENTION, how or How(), note=text)
    member = access.require_member(ask)
    gates.tell_leader(cx, tx, grid, found, "attention", Said.STAFF, by=member, note=text)
    _reply(cx, tx, ask, "attention", found)


async def postpone(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """改期 to a day before the next visit is due."""
    found, grid = await gates.visit(cx, tx, ask)
    if not ask.words.strip():
        await _wait(cx, tx, ask, found, "postpone")
        return
    today = cx.calendar.today(cx.now)
    try:
        day = read_day(ask.words, today)
    except refusal.Refusal:
        await _expect(cx, tx, ask, found, "postpone")
        raise
    last = rules.latest_on(found, today)
    if day > last:
        await _expect(cx, tx, ask, found, "postpone")
        text = cx.said.say("visits.no.too_far", code=shown.code(cx, found), last=shown.day(cx, last))
        notify.reply(cx, tx, ask.event, text, part="?")
        return
    await change(cx, tx, grid, found, rules.postpone(found, day, today), "postponed", day=shown.day(cx, day))
    _reply(cx, tx, ask, "postponed", found, day=shown.day(cx, day))


async def hand_over(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """请人代: without a name to the partner, the stand-in or the grid leader, in this order; with one to that person."""
    found, grid = await gates.visit(cx, tx, ask)
    member = access.require_member(ask)
    name = ask.words.strip()
    if name:
        taker = _named(grid, name, member)
    elif member.role is Role.VOLUNTEER and (next_ := gates.carers(cx, grid, found).after(member.id)):
        taker = next_.member
    else:
        text = cx.said.say("visits.prompt.name", number=found.id)
        notify.reply(cx, tx, ask.event, text, part="?")
        return
    if not taker.reachable or grid.away(taker.id, cx.now):
        key = "visits.no.away" if taker.reachable else "visits.no.unreachable"
        notify.reply(cx, tx, ask.event, cx.said.say(key, name=taker.name), part="?")
        return
    after = rules.hand_over(found, taker.id, cx.calendar.today(cx.now))
    await change(cx, tx, grid, found, after, "handed", name=taker.name)
    remind(cx, tx, grid, after, taker, rules.FROM, "handed", name=member.name)
    _reply(cx, tx, ask, "handed", found, name=taker.name)


_RECORDED: dict[str, Step] = {"ok": ok, "need": need, "attention": note}
_STEPS: dict[str, Step] = {
    "absent": visit_knocks.begin,
    "postpone": postpone,
    "hand_over": hand_over,
    "refused": visit_plans.refuse,
    "knock_no": visit_knocks.no_answer,
    "knock_found": visit_knocks.found_them,
    "knock_tell": visit_knocks.tell_now,
    "pause": visit_plans.pause,
    "resume": visit_plans.resume,
    "excuse": visit_plans.excuse,
}
_OFFERED = ("ok", "need", "attention", "absent", "postpone", "hand_over", "refused")
_LINES = {"need": "visit_need", "attention": "visit_note", "postpone": "visit_date", "remark": "visit_remark"}


def _named(grid: Grid, name: str, but: Member) -> Member:
    others = [m for m in grid.members.values() if m.id != but.id]
    found = [m for m in others if name in (m.name, m.public_name)]
    if len(found) != 1:
        raise refusal.NoSuchMember(name=plain(name, 20), names="、".join(m.name for m in others))
    return found[0]


async def _settle(
    cx: Context,
    tx: WriteTx,
    ask: Ask,
    grid: Grid,
    found: Occurrence,
    outcome: Outcome,
    how: How,
    *,
    note: str = "",
    keep: bool = True,
) -> bool:
    """Somebody was there: every open visit to this household that may be made so is settled. False when this one may not.

    A later one of the same plan is not: who says the number of an older one speaks of that time. It is written down in any
    case (``keep``: here, not by the caller).
    """
    member = access.require_member(ask)
    visited_on = cx.calendar.today(cx.now) - timedelta(days=how.days_ago)
    if visited_on < found.first_on:
        first = shown.day(cx, found.first_on)
        raise refusal.VisitElsewhen(code=shown.code(cx, found), first=first, day=shown.day(cx, visited_on))
    waits = await conversation.expected(tx, ask.event.chat, ask.who.account, cx.now)
    if waits is not None and waits[0] in _LINES.values() and waits[1] == found.id:
        await conversation.stop_expecting(tx, ask.event.chat, ask.who.account)
    open_ = await visits.of_household(tx, found.plan.household_id, visited_on)
    others = [
        o
        for o in open_
        if o.first_on <= visited_on
        and (o.id < found.id if o.plan.id == found.plan.id else found.state is not State.MISSED)
    ]
    made = [o for o in (found, *others) if how.mode in visit_category(o.plan.category).modes]
    for each in made:
        if each.state not in rules.ENDED:
            await change(cx, tx, grid, each, rules.settle(each, visited_on), outcome.value, name=member.name)
    await visit_knocks.close(cx, tx, grid, [found, *others], by=member)
    if keep:
        _write(cx, tx, ask, found, outcome, how, note=note)
    for each in made:
        if each.id != found.id:
            _write(cx, tx, ask, each, outcome, how)
    return found in made


def _write(
    cx: Context,
    tx: WriteTx,
    ask: Ask,
    found: Occurrence,
    outcome: Outcome,
    how: How,
    *,
    note: str = "",
    ticket: int | None = None,
) -> None:
    visited_on = cx.calendar.today(cx.now) - timedelta(days=how.days_ago)
    member = access.require_member(ask)
    visits.record(
        tx, found.id, member.id, outcome, visited_on=visited_on, at=cx.now, mode=how.mode, note=note, ticket=ticket
    )


async def _open_ticket(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Occurrence) -> Ticket:
    words = ask.words.strip()
    heard = cx.ear_of(grid).classify(Heard(words))
    code, urgency = heard.code, heard.urgency
    if heard.act in (Act.SILENT, Act.THANK, Act.ATTACH) or code not in cx.categories:
        code = visit_category(found.plan.category).need_code
        urgency = cx.categories[code].urgency if code in cx.categories else Urgency.P2
    act = Act.ALERT if urgency is Urgency.P0 else Act.TICKET
    verdict = Verdict(act, Intent.REQUEST, code, (code,), urgency, shown.place(grid, found), 1.0, heard.reasons)
    event = ask.event._replace(kind=Kind.MESSAGE, text=words)
    return await opening.submit(cx, tx, grid, event, ask.who, verdict, private=True)


async def _wait(cx: Context, tx: WriteTx, ask: Ask, found: Occurrence, step: str) -> None:
    """Ask for the one line that is missing; the next thing this person writes in this chat is it."""
    await _expect(cx, tx, ask, found, step)
    text = cx.said.say(f"visits.prompt.{step}", code=shown.code(cx, found))
    notify.reply(cx, tx, ask.event, text, part="?")


async def _expect(cx: Context, tx: WriteTx, ask: Ask, found: Occurrence, step: str) -> None:
    await conversation.expect(tx, ask.event.chat, ask.who.account, _LINES[step], found.id, cx.now + _LINE)


def _reply(cx: Context, tx: WriteTx, ask: Ask, text: str, found: Occurrence, **values: object) -> None:
    notify.reply(cx, tx, ask.event, cx.said.say(f"visits.done.{text}", code=shown.code(cx, found), **values))


async def _list(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """A volunteer sees what he is asked for, a leader the grid; a few with their buttons, more as a list."""
    member = access.require_member(ask)
    ids = [ask.grid.id] if ask.grid is not None else await grids.below(tx, member.area_id)
    until = cx.calendar.today(cx.now) + rules.AHEAD
    known = [(o, await grids.by_id(tx, o.plan.grid_id)) for o in await visits.due(tx, until, *ids)] if ids else []
    if ask.leads:
        since = cx.calendar.today(cx.now) - _MISSED
        missed = [(o, await grids.by_id(tx, o.plan.grid_id)) for o in await visits.missed(tx, since, *ids)]
        if missed:
            text = cx.said.say(
                "visits.list.missed",
                count=len(missed),
                lines=shown.lines(cx, missed[::-1]),
                number=missed[-1][0].id,
            )
            notify.reply(cx, tx, ask.event, text, part="missed")
    else:
        known = [(o, grid) for o, grid in known if _is_asked(cx, grid, o, member)]
    if not known:
        notify.reply(cx, tx, ask.event, cx.said.say("visits.none"))
    elif len(known) <= _CARDS:
        for found, grid in known:
            await _show(cx, tx, ask, grid, found)
    else:
        text = cx.said.say("visits.list.more", count=len(known), lines=shown.lines(cx, known), number=known[0][0].id)
        notify.reply(cx, tx, ask.event, text)


def _is_asked(cx: Context, grid: Grid, found: Occurrence, member: Member) -> bool:
    rung = rules.LAST if found.rung > rules.LAST else rules.FROM
    return any(c.member.id == member.id for c in gates.carers(cx, grid, found).asked(rung, fresh=False))


async def _show(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Occurrence) -> None:
    """The household with its door, for whoever may record it and asks. Half way through knocking: where he stands."""
    category = visit_category(found.plan.category)
    text = cx.said.say(
        "visits.list.card",
        code=shown.code(cx, found),
        number=found.id,
        place=shown.where(cx, grid, found, door=True),
        category=category.name,
        modes="、".join(cx.said.say(f"visits.mode.{mode}").split()[0] for mode in Mode if mode in category.modes),
        window=shown.window(cx, found),
    )
    part = f"v{found.id}"
    notify.reply(cx, tx, ask.event, text, buttons=BUTTONS, subject="visit", subject_id=found.id, part=part)
    await visit_knocks.again(cx, tx, ask, found)
