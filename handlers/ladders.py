"""督促阶梯: who is reminded of what is due, in private and once a day in one message, and who hears when nothing happens.

One pass looks at every open ticket and does what is due as of now. What has rung stands in the run, so that a pass may be late,
doubled or left out; nobody is told by night, except of danger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b

from domain import clock, refusal
from domain import ladder as rules
from domain import ticket as tickets_rules
from domain.category import Urgency
from domain.ladder import OWNERS, Run, RunState, Step
from domain.notice import read_day
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member
from domain.ticket import OPEN, Action, Ticket
from handlers import access, cards, notify
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import calls, grids, ladders, tickets
from storage.database import WriteTx
from storage.tables import tickets as table

_AT_ONCE = frozenset({Urgency.P0, Urgency.P1})
"""What is due within the day does not wait for the message of the day."""

_ALL = 100_000
_LINES = 20
"""So many lines in one message; more are counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing somebody is told. ``name`` is the rung or the word that is due, and keeps it from being said twice."""

    ticket: Ticket
    grid: Grid
    step: Step
    text: str
    name: str


@dataclass(slots=True)
class Post:
    """What one pass has to say, by person."""

    members: dict[int, Member] = field(default_factory=dict)
    lines: dict[int, list[Line]] = field(default_factory=dict)

    def add(self, member: Member, line: Line) -> None:
        """One more line for somebody."""
        self.members[member.id] = member
        self.lines.setdefault(member.id, []).append(line)


async def remind(cx: Context, tx: WriteTx) -> None:
    """Job: set up the ladders that are missing, end those that are over, ring what is due."""
    living = await ladders.living(tx)
    found = await tickets.select(tx, table.c.state.in_(list(OPEN)), limit=_ALL)
    for number in living.keys() - {ticket.number for ticket in found}:
        run = living[number]
        await ladders.save(tx, run, replace(run, state=RunState.DONE, next_at=None))
    post = Post()
    for ticket in reversed(found):
        if ticket.is_danger and await _is_called(tx, ticket.number):
            continue  # an alert is a ladder of its own, by minutes
        run_ = await _run(cx, tx, ticket, living.get(ticket.number))
        if run_ is not None:
            await _pass(cx, tx, ticket, run_, post)
    for member_id, lines in post.lines.items():
        _send(cx, tx, post.members[member_id], lines)


async def _is_called(tx: WriteTx, number: int) -> bool:
    alert = await calls.alert(tx, number)
    return alert is not None and alert.state == "open"


async def _run(cx: Context, tx: WriteTx, ticket: Ticket, run: Run | None) -> Run | None:
    """The living run of an open ticket as it has to be now; None when another process is at it."""
    if run is not None:
        after = rules.follow(run, ticket, cx.now, cx.staff_hours)
        if after is run:
            return run
        if not await ladders.save(tx, run, after):
            return None
        if after.state is not RunState.DONE:
            return await ladders.of_ticket(tx, ticket.number)
    steps = cx.policy.ladder.steps(ticket.urgency)
    return await ladders.start(tx, rules.start(0, ticket, steps, cx.staff_hours), ticket.grid_id)


async def _pass(cx: Context, tx: WriteTx, ticket: Ticket, run: Run, post: Post) -> None:
    grid = await grids.by_id(tx, ticket.grid_id)
    if rules.is_missed(run, cx.now):
        after = replace(run, missed=True)
        if not await ladders.save(tx, run, after):
            return
        run = replace(after, version=run.version + 1)
        ticket = await tickets.save(tx, clock.miss(ticket, cx.now))
    if rules.rings(run, cx.now, cx.staff_hours):
        ticket = await _ring(cx, tx, grid, ticket, run, post)
    await _nudge(cx, tx, grid, ticket, post)


async def _ring(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, run: Run, post: Post) -> Ticket:
    """One rung: written into the run, the history and the message in the same transaction."""
    after, step = rules.climb(run, cx.now, cx.staff_hours)
    people = rules.told(grid, ticket, step, cx.now, cx.calendar.today(cx.now))
    if not people or not await ladders.save(tx, run, after):
        return ticket  # nobody can be reached yet: tried again with every pass
    if rules.is_broken(run, cx.now):
        ticket = await tickets.save(tx, clock.miss(ticket, cx.now))
    note = f"{step}|{','.join(f'member:{m.id}' for m in people)}"
    ticket = await tickets.save(tx, tickets_rules.note(ticket, Action.RUNG, note, cx.now))
    text = _text(cx, grid, ticket, step, run.promise_on if run.state is RunState.HELD else None)
    for member in people:
        post.add(member, Line(ticket, grid, step, text, f"{run.id}.{run.revision}.{run.position}"))
    return ticket


def _text(cx: Context, grid: Grid, ticket: Ticket, step: Step, promised: date | None) -> str:
    handler = grid.member(ticket.assignee_id)
    values = {
        "title": cards.title(cx, ticket, public=False),
        "by": cx.by(ticket.closing_due_at),
        "name": handler.name if handler is not None else cx.said.say("ladder.nobody"),
    }
    if promised is not None:
        return cx.said.say("ladder.broken", day=_day(cx, promised), **values)
    if step in OWNERS:
        return cx.said.say("ladder.late" if cx.now >= ticket.closing_due_at else "ladder.soon", **values)
    return cx.said.say("ladder.partner" if step is Step.PARTNER else "ladder.above", **values)


def _day(cx: Context, day: date) -> str:
    return cx.said.say("time.date", month=day.month, day=day.day)


async def _nudge(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, post: Post) -> None:
    """The resident waits for a word: the first one, or how it goes."""
    due = clock.word_due(ticket, cx.calendar, cx.policy.template)
    if ticket.is_paused or due is None or due > _until(cx, ticket):
        return
    people = rules.told(grid, ticket, Step.DUE, cx.now, cx.calendar.today(cx.now))
    if not people:
        return
    key = "ladder.progress" if ticket.responded_at is not None else "ladder.response"
    text = cx.said.say(key, title=cards.title(cx, ticket, public=False), number=ticket.number)
    ticket = await tickets.save(tx, clock.nudge(ticket, cx.now))
    for member in people:
        post.add(member, Line(ticket, grid, Step.DUE, text, f"w{ticket.number}.{ticket.version}"))


def _until(cx: Context, ticket: Ticket) -> datetime:
    """What is due by this instant is said now: at once for danger, by day for what is urgent, else once a day."""
    if ticket.is_danger:
        return cx.now
    if cx.policy.staff_quiet.next_allowed(cx.calendar, cx.now) > cx.now:
        return datetime.min.replace(tzinfo=cx.now.tzinfo)
    if ticket.urgency in _AT_ONCE:
        return cx.now
    today = cx.calendar.today(cx.now)
    slot = cx.calendar.at(today, cx.policy.ladder.clock)
    return slot if slot <= cx.now else cx.calendar.at(today - timedelta(days=1), cx.policy.ladder.clock)


def _send(cx: Context, tx: WriteTx, member: Member, lines: Sequence[Line]) -> None:
    """What is due today in one message; danger apart from it, because it does not wait for the morning."""
    dangers = dict.fromkeys(line.ticket.number for line in lines if line.ticket.is_danger)
    for number in (*dangers, None):
        part = [line for line in lines if (line.ticket.number if line.ticket.is_danger else None) == number]
        if part:
            _write(cx, tx, member, part)


def _write(cx: Context, tx: WriteTx, member: Member, lines: Sequence[Line]) -> None:
    numbers = list(dict.fromkeys(line.ticket.number for line in lines))
    shown = [line.text for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown.append(cx.said.say("ladder.more", count=len(lines) - _LINES))
    mine = [line for line in lines if line.step in OWNERS]
    if mine:
        shown.append(cx.said.say("ladder.typed", number=mine[0].ticket.number))
    alone = lines[0].ticket if len(numbers) == 1 else None
    buttons: list[list[Button]] = []
    if alone is not None and mine and alone.assignee_id == member.id:
        buttons = [[("promise_1", "promise", "1"), ("promise_3", "promise", "3")], *cards.work_buttons(alone)]
    names = ",".join(sorted(line.name for line in lines))
    notify.to_member(
        cx,
        tx,
        member,
        Said.REMINDER if len(mine) == len(lines) else Said.STAFF,
        f"ladder:{member.id}:{blake2b(names.encode(), digest_size=12).hexdigest()}",
        cx.said.say("ladder.digest", count=len(numbers), lines="\n".join(shown)),
        buttons=buttons,
        subject_id=alone.number if alone is not None else 0,
        near=lines[0].ticket.chat,
        urgent=lines[0].ticket.is_danger,
        ticket=alone.number if alone is not None else None,
        grid_id=lines[0].grid.id,
    )


async def promise(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """答应: heard, and done by this day. Moves the reminder once; the second promise is for the grid leader to hear."""
    me = access.require_member(ask)
    ticket = await access.handled(tx, ask)
    if not ticket.is_open:
        raise refusal.AlreadyClosed(number=ticket.number)
    if me.id != ticket.assignee_id and not ask.leads:
        raise refusal.NotYourTicket(number=ticket.number)
    today = cx.calendar.today(cx.now)
    words = ask.words.strip()
    if not words:
        raise refusal.TimeUnclear
    on = cx.calendar.add_workdays(today, int(words)) if words in ("1", "3") else read_day(words, today)
    run = await ladders.of_ticket(tx, ticket.number)
    if run is None:
        raise refusal.NothingToPromise(number=ticket.number)
    if run.acked_by is not None:
        await _tell_leader(cx, tx, ask, ticket, me, on)
        return
    after = rules.promise(run, on, me.id, cx.now, cx.staff_hours)
    if not await ladders.save(tx, run, after):
        raise refusal.PromisedBefore(number=ticket.number)
    await tickets.save(tx, tickets_rules.note(ticket, Action.PROMISED, on.isoformat(), cx.now, ask.who))
    notify.reply(cx, tx, ask.event, cx.said.say("done.promised", number=ticket.number, day=_day(cx, on)))


async def _tell_leader(cx: Context, tx: WriteTx, ask: Ask, ticket: Ticket, me: Member, on: date) -> None:
    """The second promise changes nothing by itself: the leader hears it and may give the ticket to somebody else."""
    grid = await grids.by_id(tx, ticket.grid_id)
    seniors = [c.member for c in grid.seniors(cx.now) if c.member.reachable and c.member.id != me.id]
    title = cards.title(cx, ticket, public=False)
    text = cx.said.say("ladder.promised_again", title=title, name=me.name, day=_day(cx, on), number=ticket.number)
    for senior in seniors[:1]:
        key = f"promised_again:{ticket.number}:{ticket.version}"
        cards.tell(cx, tx, grid, ticket, senior, key, text, buttons=[[("reassign", "reassign", "")]])
    await tickets.save(tx, tickets_rules.note(ticket, Action.PROMISED, on.isoformat(), cx.now, ask.who))
    notify.reply(cx, tx, ask.event, cx.said.say("done.promised_again", number=ticket.number))
