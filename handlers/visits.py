"""Six must-visit households (六必访): private reminders with one tap, and what an answer sets going.

Nothing about a household is ever said in a group. A reminder has a short code, the building and the stair; the door and the
kind of household are shown only to those who may record the visit, and only when they ask.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from domain import refusal
from domain import visit as rules
from domain.category import Urgency
from domain.incoming import Kind
from domain.notice import read_day
from domain.outgoing import Kind as Said
from domain.outgoing import SendState
from domain.roster import Grid, Member, Role
from domain.screen import plain, screened
from domain.ticket import Ticket
from domain.triage import Act, Heard, Intent, Verdict
from domain.visit import Carers, Occurrence, Outcome, State
from handlers import access, notify, opening
from handlers import visit_lines as shown
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import conversation, grids, outbox, tickets, visits
from storage.database import WriteTx
from storage.tables import outbox as outbox_table
from texts.visit_categories import load_visit_categories

_LINE = timedelta(hours=2)
"""How long 党小栖 waits for the one line it asked for."""

_CARDS = 5
"""Up to so many visits are shown with their buttons; more are a list."""

_MISSED = timedelta(days=31)
"""How long a leader finds a missed visit in his list; it may be made good for ever."""

Step = Callable[[Context, WriteTx, Ask], Awaitable[None]]


async def record(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """走访: what is due for this member; with a number that household; with a word behind it what was found there."""
    _require_open(cx, ask)
    ask = _numbered(ask)
    if ask.number is None:
        if ask.words:
            raise refusal.NumberNeeded
        await _list(cx, tx, ask)
    elif not ask.words:
        found, grid = await _visit(cx, tx, ask)
        _show(cx, tx, ask, grid, found)
    else:
        step, rest = _typed(cx, ask.words)
        await _STEPS[step](cx, tx, replace(ask, words=rest))


def _require_open(cx: Context, ask: Ask) -> Member:
    """A member in a private chat, where visits are kept at all: a household is not shown on servers abroad."""
    access.require_private(ask)
    if not cx.policy.visits_enabled:
        raise refusal.VisitsOff
    return access.require_member(ask)


def _numbered(ask: Ask) -> Ask:
    """People write the code as it stands in the reminder: 走访 V12 正常."""
    first, _, rest = ask.words.partition(" ")
    if ask.number is None and first[:1] in ("V", "v") and first[1:].isascii() and first[1:].isdigit():
        return replace(ask, number=int(first[1:10]), words=rest.strip())
    return ask


def _typed(cx: Context, words: str) -> tuple[str, str]:
    known = [(name, step) for step in _STEPS for name in cx.said.say(f"visits.typed.{step}").split()]
    for name, step in sorted(known, key=lambda item: -len(item[0])):
        if words.startswith(name):
            return step, words.removeprefix(name).strip(" ，,。：:")
    raise refusal.UnknownChoice(choices=" ".join(cx.said.say(f"visits.typed.{step}").split()[0] for step in _STEPS))


async def settle(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """A pressed button: the same steps as the typed words, without any words yet."""
    await _STEPS[ask.words](cx, tx, replace(ask, words=""))


async def ok(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """正常: recorded, with thanks and the day of the next one."""
    found, grid = await _visit(cx, tx, ask)
    note_ = _note(ask.words)
    await _settle(cx, tx, ask, grid, found, Outcome.OK, note=note_)
    _reply(cx, tx, ask, "ok", found, next=shown.day(cx, found.next_due_on))


async def need(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """有需求: one line becomes a ticket, in the same transaction, that nobody in a group will ever see.

    Said after somebody else has recorded the visit it is a need all the same.
    """
    found, grid = await _visit(cx, tx, ask, late_words=True)
    if not ask.words.strip():
        await _wait(cx, tx, ask, found, "need")
        return
    if await tickets.seen(tx, ask.event.chat, [ask.event.message_id]):
        raise refusal.VisitSettled(number=found.id)
    ticket = await _settle(cx, tx, ask, grid, found, Outcome.NEED)
    _reply(cx, tx, ask, "need", found, ticket=ticket)


async def note(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """需关注: one line for the grid leader, in private."""
    found, grid = await _visit(cx, tx, ask, late_words=True)
    if not ask.words.strip():
        await _wait(cx, tx, ask, found, "attention")
        return
    try:
        text = _note(ask.words)
    except refusal.TextTooLong:
        await _expect(cx, tx, ask, found, "attention")
        raise
    await _settle(cx, tx, ask, grid, found, Outcome.ATTENTION, note=text)
    _tell_leader(cx, tx, ask, grid, found, "attention", Said.STAFF, note=text)
    _reply(cx, tx, ask, "attention", found)


async def absent(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """没见到 settles nothing: the steps to take now, another try, and for high risk the grid leader at once."""
    found, grid = await _visit(cx, tx, ask)
    member = access.require_member(ask)
    today = cx.calendar.today(cx.now)
    category = load_visit_categories().get(found.plan.category)
    high_risk = category is not None and category.high_risk
    key = "absent_risk" if high_risk else "absent"
    if not await visits.tried_on(tx, found.id, member.id, today):  # pressed twice is one try
        after = rules.tried(found, today, high_risk=high_risk)
        await _change(cx, tx, grid, found, after, "absent", name=member.name, again=shown.day(cx, after.due_on))
        visits.record(tx, found.id, member.id, Outcome.ABSENT, visited_on=today, at=cx.now, note=_note(ask.words))
        if high_risk:
            _tell_leader(cx, tx, ask, grid, after, "absent", Said.ALERT)
        found = after
    steps = cx.said.say("visits.steps.text")
    text = cx.said.say(f"visits.done.{key}", code=shown.code(cx, found), again=shown.day(cx, found.due_on), steps=steps)
    notify.reply(cx, tx, ask.event, text, part="steps")


async def postpone(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """改期 to a day before the next visit is due."""
    found, grid = await _visit(cx, tx, ask)
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
    after = rules.postpone(found, day, today)
    await _change(cx, tx, grid, found, after, "postponed", day=shown.day(cx, day))
    _reply(cx, tx, ask, "postponed", found, day=shown.day(cx, day))


async def hand_over(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """请人代: without a name to the partner, the stand-in or the grid leader, in this order; with one to that person."""
    found, grid = await _visit(cx, tx, ask)
    member = access.require_member(ask)
    name = ask.words.strip()
    if name:
        taker = _named(grid, name, member)
    elif member.role is Role.VOLUNTEER and (next_ := _carers(cx, grid, found).after(member.id)):
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
    await _change(cx, tx, grid, found, after, "handed", name=taker.name)
    _remind(cx, tx, grid, after, taker, 0, "handed", name=member.name)
    _reply(cx, tx, ask, "handed", found, name=taker.name)


_STEPS: dict[str, Step] = {
    "ok": ok,
    "need": need,
    "attention": note,
    "absent": absent,
    "postpone": postpone,
    "hand_over": hand_over,
}
_LINES = {"need": "visit_need", "attention": "visit_note", "postpone": "visit_date"}
_BUTTONS: list[list[Button]] = [
    [("visit_ok", "visit", "ok"), ("visit_need", "visit", "need"), ("visit_attention", "visit", "attention")],
    [
        ("visit_absent", "visit", "absent"),
        ("visit_postpone", "visit", "postpone"),
        ("visit_hand_over", "visit", "hand_over"),
    ],
]


async def remind_visits(cx: Context, tx: WriteTx) -> None:
    """Job: do what is due as of now. Any pass may be late, doubled or left out; the keys of the rungs make it one message."""
    if not cx.policy.visits_enabled:
        return
    today = cx.calendar.today(cx.now)
    unnoticed: list[Occurrence] = []
    for plan, newest in await visits.plans(tx):
        for period, state in rules.owed(plan, newest, today):
            visits.add(tx, plan, period, state)
            if state is State.MISSED:
                await tx.flush()
                unnoticed += await visits.of_period(tx, plan.id, period.key)
    for found in await visits.due(tx, today):
        if await _ring(cx, tx, found):
            unnoticed.append(found)
    await _tell_missed(cx, tx, unnoticed)


async def _tell_missed(cx: Context, tx: WriteTx, unnoticed: Sequence[Occurrence]) -> None:
    """Visits that came and went while the program stood still: the leader reads one message about all of them."""
    for grid_id in dict.fromkeys(o.plan.grid_id for o in unnoticed):
        grid = await grids.by_id(tx, grid_id)
        mine = sorted((o for o in unnoticed if o.plan.grid_id == grid_id), key=lambda o: (o.due_on, o.id))
        text = cx.said.say(
            "visits.leader.missed",
            count=len(mine),
            lines=shown.lines(cx, [(o, grid) for o in mine]),
            number=mine[-1].id,
        )
        for senior in [c.member for c in grid.seniors(cx.now) if c.member.reachable][:1]:
            key = f"visit:missed:{max(o.id for o in mine)}:{len(mine)}:{senior.id}"
            notify.to_member(cx, tx, senior, Said.STAFF, key, text, grid_id=grid.id)


async def _ring(cx: Context, tx: WriteTx, found: Occurrence) -> bool:
    """Ring what is due; whether it was missed and the grid leader has not heard of it yet."""
    after, rung = rules.tick(found, cx.now, cx.calendar, cx.policy.visit_at)
    if after is found:
        return False
    grid = await grids.by_id(tx, found.plan.grid_id)
    carers = _carers(cx, grid, found)
    asked = [] if rung is None else carers.asked(rung, fresh=found.rung == 0)
    if rung is not None and not asked:
        return False  # nobody of this grid can be written to yet: tried again with every pass
    if not await visits.save(tx, found, after):
        return False
    await outbox.cancel(
        tx, outbox_table.c.key.in_(_keys(grid, found))
    )  # of several rungs only the newest is worth reading
    if rung is None:
        return after.state is State.MISSED and found.rung < rules.RUNGS
    owner = carers.owner()
    for candidate in asked:
        is_owner = owner is not None and candidate.member.id == owner.member.id
        text = {0: "owner", 1: "again" if is_owner else "partner", 2: "leader"}[rung]
        if rung == 2 and is_owner and candidate.member.role is Role.VOLUNTEER:
            text = "again"
        _remind(cx, tx, grid, after, candidate.member, rung, text)
    return False


def _key(found: Occurrence, rung: int, member_id: int) -> str:
    return f"visit:{found.id}:{found.revision}:{rung}:{member_id}"


def _keys(grid: Grid, found: Occurrence) -> list[str]:
    people = [*grid.members, *(m.id for m in grid.above)]
    return [_key(found, rung, member_id) for rung in range(rules.RUNGS) for member_id in people]


def _remind(
    cx: Context, tx: WriteTx, grid: Grid, found: Occurrence, member: Member, rung: int, text: str, **values: str
) -> None:
    said = cx.said.say(
        f"visits.remind.{text}",
        code=shown.code(cx, found),
        place=shown.where(cx, grid, found),
        number=found.id,
        from_day=shown.day(cx, found.from_on),
        last_day=shown.day(cx, found.last_on),
        **values,
    )
    notify.to_member(
        cx,
        tx,
        member,
        Said.REMINDER,
        _key(found, rung, member.id),
        said,
        buttons=_BUTTONS,
        subject="visit",
        subject_id=found.id,
        grid_id=grid.id,
    )


async def _visit(cx: Context, tx: WriteTx, ask: Ask, *, late_words: bool = False) -> tuple[Occurrence, Grid]:
    """The visit a member means, if he may answer for it and nobody has yet. ``late_words``: what he writes counts anyway."""
    member = _require_open(cx, ask)
    found = await visits.get(tx, ask.number or 0)
    if found is None:
        raise refusal.NoSuchVisit(number=ask.number)
    grid = await grids.by_id(tx, found.plan.grid_id)
    leads = ask.leads and grid.member(member.id) is not None
    if not leads and member.id not in rules.may_record(grid, found, cx.now, cx.calendar.today(cx.now)):
        raise refusal.NoSuchVisit(number=found.id)
    if found.state in rules.ENDED and not (late_words and ask.words.strip()):
        raise refusal.VisitSettled(number=found.id)
    return found, grid


def _carers(cx: Context, grid: Grid, found: Occurrence) -> Carers:
    return rules.carers(grid, found.plan.household_id, cx.now, cx.calendar.today(cx.now), found.assignee_id)


def _named(grid: Grid, name: str, but: Member) -> Member:
    others = [m for m in grid.members.values() if m.id != but.id]
    found = [m for m in others if name in (m.name, m.public_name)]
    if len(found) != 1:
        raise refusal.NoSuchMember(name=plain(name, 20), names="、".join(m.name for m in others))
    return found[0]


def _note(words: str) -> str:
    line = plain(words, rules.NOTE_LONGEST + 1)
    if len(line) > rules.NOTE_LONGEST:
        raise refusal.TextTooLong(limit=rules.NOTE_LONGEST)
    return screened(line)


async def _settle(
    cx: Context,
    tx: WriteTx,
    ask: Ask,
    grid: Grid,
    found: Occurrence,
    outcome: Outcome,
    *,
    note: str = "",
) -> int | None:
    """Somebody was there. Older visits to the same household that are still open are settled with it.

    A need opens its ticket here, after the visit is surely ours to settle; its number is the answer.
    """
    member = access.require_member(ask)
    today = cx.calendar.today(cx.now)
    waits = await conversation.expected(tx, ask.event.chat, ask.who.account, cx.now)
    if waits is not None and waits[0] in _LINES.values() and waits[1] == found.id:
        await conversation.stop_expecting(tx, ask.event.chat, ask.who.account)
    older = [o for o in await visits.of_plan(tx, found.plan.id, date.max) if o.id < found.id]
    for each in (found, *older):
        if each.state not in rules.ENDED:
            await _change(cx, tx, grid, each, rules.settle(each, today), outcome.value, name=member.name)
    ticket = (await _open_ticket(cx, tx, ask, grid, found)).number if outcome is Outcome.NEED else None
    visits.record(tx, found.id, member.id, outcome, visited_on=today, at=cx.now, note=note, ticket=ticket)
    for each in older:
        visits.record(tx, each.id, member.id, outcome, visited_on=today, at=cx.now)
    return ticket


async def _change(
    cx: Context, tx: WriteTx, grid: Grid, found: Occurrence, after: Occurrence, text: str, **values: str
) -> None:
    """Save it; reminders that wait are taken back, those that were sent show what became of it and lose their buttons."""
    if not await visits.save(tx, found, after):
        raise refusal.VisitSettled(number=found.id)
    keys = outbox_table.c.key.in_(_keys(grid, found))
    await outbox.cancel(tx, keys)
    gone = [SendState.CANCELLED, SendState.SUPERSEDED, SendState.EXPIRED, SendState.FAILED]
    said = cx.said.say(
        f"visits.closed.{text}", code=shown.code(cx, found), place=shown.where(cx, grid, found), **values
    )
    for row in await outbox.select(tx, keys, outbox_table.c.state.not_in(gone)):
        await notify.change(cx, tx, row.key, notify.body(cx, tx, said), found.revision)


async def _open_ticket(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Occurrence) -> Ticket:
    words = ask.words.strip()
    heard = cx.ear_of(grid).classify(Heard(words))
    category = load_visit_categories().get(found.plan.category)
    code, urgency = heard.code, heard.urgency
    if heard.act in (Act.SILENT, Act.THANK, Act.ATTACH) or code not in cx.categories:
        code = category.need_code if category is not None else ""
        urgency = cx.categories[code].urgency if code in cx.categories else Urgency.P2
    act = Act.ALERT if urgency is Urgency.P0 else Act.TICKET
    verdict = Verdict(act, Intent.REQUEST, code, (code,), urgency, shown.place(grid, found), 1.0, heard.reasons)
    event = replace(ask.event, kind=Kind.MESSAGE, text=words)
    return await opening.submit(cx, tx, grid, event, ask.who, verdict, private=True)


def _tell_leader(
    cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Occurrence, text: str, kind: Said, **values: str
) -> None:
    """A private word to whoever steers the grid now, unless it is he who says it."""
    member = access.require_member(ask)
    seniors = [c.member for c in _carers(cx, grid, found).seniors if c.member.reachable]
    if not seniors or seniors[0].id == member.id:
        return
    said = cx.said.say(
        f"visits.leader.{text}",
        code=shown.code(cx, found),
        number=found.id,
        place=shown.where(cx, grid, found),
        name=member.name,
        steps=cx.said.say("visits.steps.text"),
        **values,
    )
    key = f"visit:{found.id}:{found.revision}:{text}:{seniors[0].id}"
    urgent = kind is Said.ALERT
    notify.to_member(cx, tx, seniors[0], kind, key, said, near=ask.event.chat, urgent=urgent, grid_id=grid.id)


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
            _show(cx, tx, ask, grid, found)
    else:
        text = cx.said.say("visits.list.more", count=len(known), lines=shown.lines(cx, known), number=known[0][0].id)
        notify.reply(cx, tx, ask.event, text)


def _is_asked(cx: Context, grid: Grid, found: Occurrence, member: Member) -> bool:
    rung = 1 if found.rung > 1 else 0
    return any(c.member.id == member.id for c in _carers(cx, grid, found).asked(rung, fresh=False))


def _show(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Occurrence) -> None:
    """The household with its door, for whoever may record it and asks."""
    category = load_visit_categories().get(found.plan.category)
    text = cx.said.say(
        "visits.list.card",
        code=shown.code(cx, found),
        number=found.id,
        place=shown.where(cx, grid, found, door=True),
        category=category.name if category is not None else found.plan.category,
        modes="、".join(category.modes) if category is not None else "",
        from_day=shown.day(cx, found.from_on),
        last_day=shown.day(cx, found.last_on),
    )
    part = f"v{found.id}"
    notify.reply(cx, tx, ask.event, text, buttons=_BUTTONS, subject="visit", subject_id=found.id, part=part)
