"""A grid in figures, for those who lead it, in private: today, this week, and a word in the morning. Tickets, never persons."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from domain import figures as rules
from domain.figures import SMALL, Figure, Share
from domain.outgoing import Kind as Said
from domain.roster import Because, Grid, Member
from domain.ticket import OPEN, State, Ticket
from handlers import access, notify
from handlers.context import Ask, Context
from storage import digests, figures, grids, notices, outbox, tickets, visits
from storage.database import ReadTx, WriteTx
from storage.tables import outbox as outbox_table
from storage.tables import tickets as table

_WINDOW = timedelta(days=90)
"""A grid has a ticket in eleven days: of a week no rate could be told."""

_MORNING = timedelta(hours=1)
"""Later than that it is no morning digest any more; whoever wants to know writes 今日."""

_AT_ONCE = 50


async def today(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """今日: the grid as it stands, and what went out without an answer."""
    grid = access.led_grid(ask)
    start = cx.calendar.at(cx.calendar.today(cx.now), time(0))
    new = await tickets.count(tx, table.c.grid_id == grid.id, table.c.created_at >= start)
    live = await tickets.open_in(tx, grid.id)
    unknown = await outbox.select(tx, outbox_table.c.state == "unknown", outbox_table.c.grid_id == grid.id, limit=20)
    text = cx.said.say(
        "reply.today",
        grid=grid.name,
        new=new,
        open=sum(t.is_open for t in live),
        waiting=sum(t.state is State.SOLVED for t in live),
        late=_numbers(cx, _late(cx, live)),
        unheard=_numbers(cx, _unheard(cx, live)),
        unknown=len(unknown),
    )
    if unknown:
        kinds = dict.fromkeys(cx.said.say(f"page.kind_{row.kind}") for row in unknown)
        text += "\n" + cx.said.say("reply.today_unknown", kinds="、".join(kinds))
    if due := await _visits_due(cx, tx, grid):
        text += "\n" + due
    if grid.muted_until is not None and cx.now < grid.muted_until:
        text += "\n" + cx.said.say("reply.today_muted", until=cx.when(grid.muted_until))
    notify.reply(cx, tx, ask.event, text)


def _late(cx: Context, live: Sequence[Ticket]) -> list[Ticket]:
    return [t for t in live if t.is_open and t.closing_due_at < cx.now]


def _unheard(cx: Context, live: Sequence[Ticket]) -> list[Ticket]:
    return [t for t in live if t.is_open and t.responded_at is None and t.response_due_at < cx.now]


def _numbers(cx: Context, found: Sequence[Ticket]) -> str:
    return "、".join(str(t.number) for t in found[:20]) or cx.said.say("reply.none")


async def _visits_due(cx: Context, tx: ReadTx, grid: Grid) -> str:
    """How many households are to be visited; a handful of them is not counted out."""
    if not cx.policy.visits_enabled:
        return ""
    day = cx.calendar.today(cx.now)
    found = await visits.due(tx, day, grid.id)
    if not found:
        return ""
    late = sum(one.due_on < day for one in found)
    text = cx.said.say("rates.visits", due=_few(cx, len(found)))
    return f"{text}{cx.said.say('rates.visits_late', late=_few(cx, late))}" if late else text


def _few(cx: Context, count: int) -> str:
    return str(count) if count >= SMALL else cx.said.say("rates.few")


async def week(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """本周: what came and went since Monday, and the rates of the last ninety days with how they are reckoned."""
    access.require_leader(ask)
    member = access.require_member(ask)
    ids = [ask.grid.id] if ask.grid is not None else await grids.below(tx, member.area_id)
    name = ask.grid.name if ask.grid is not None else cx.said.say("rates.grids", count=len(ids))
    day = cx.calendar.today(cx.now)
    monday = day - timedelta(days=day.weekday())
    start = cx.calendar.at(monday, time(0))
    here = table.c.grid_id.in_(ids)
    text = cx.said.say(
        "rates.week",
        grid=name,
        since=_day(cx, monday),
        new=await tickets.count(tx, here, table.c.created_at >= start),
        solved=await tickets.count(tx, here, table.c.solved_at >= start),
        explained=await tickets.count(tx, here, table.c.state == State.ANSWERED, table.c.closed_at >= start),
        open=await tickets.count(tx, here, table.c.state.in_(list(OPEN))),
        late=await tickets.count(tx, here, table.c.state.in_(list(OPEN)), table.c.closing_due_at < cx.now),
    )
    since = day - _WINDOW
    end = cx.calendar.at(day + timedelta(days=1), time(0))
    cases = await figures.cases(tx, cx.calendar.at(since, time(0)), end, ids)
    counted = rules.tally(cases, cx.now, cx.calendar, cx.policy.template)
    lines = [text, cx.said.say("rates.window", since=_day(cx, since), received=counted.received)]
    lines += [rate_line(cx, figure, counted.share(figure)) for figure in Figure]
    lines.append(cx.said.say("rates.beside", explained=counted.explained, fair=counted.fair))
    lines.append(cx.said.say("rates.without.all"))
    notify.reply(cx, tx, ask.event, "\n".join(lines))


def rate_line(cx: Context, figure: Figure, share: Share) -> str:
    """One rate as it is read: its value or 样本不足, and its formula."""
    values = {"name": cx.said.say(f"rates.name.{figure}"), "formula": cx.said.say(f"rates.formula.{figure}")}
    if share.rate is None:
        return cx.said.say("rates.few_cases", cases=share.cases, **values)
    return cx.said.say("rates.line", rate=f"{share.rate:.0%}", hits=share.hits, cases=share.cases, **values)


def _day(cx: Context, day: date) -> str:
    return cx.said.say("rates.day", month=day.month, day=day.day)


async def tell_digests(cx: Context, tx: WriteTx) -> None:
    """Job: on the morning of a working day each grid leader reads what waits for him; where nothing does, nothing is said."""
    day, clock = cx.calendar.today(cx.now), cx.policy.digest_at
    if clock is None or not cx.calendar.is_workday(day):
        return
    start = cx.calendar.at(day, clock)
    if not start <= cx.now < start + _MORNING:
        return
    for grid_id, before in await digests.owed(tx, day, _AT_ONCE):
        await digests.done(tx, grid_id, day)
        grid = await grids.by_id(tx, grid_id)
        readers = _readers(cx, grid)
        since = start - timedelta(days=1) if before is None else cx.calendar.at(before, clock)
        lines = await _digest(cx, tx, grid, since) if readers else []
        if not lines:
            continue
        text = "\n".join([cx.said.say("rates.digest.head", grid=grid.name), *lines])
        for member in readers:
            key = f"digest:{grid.id}:{day}:{member.id}"
            notify.to_member(cx, tx, member, Said.STAFF, key, text, grid_id=grid.id)


def _readers(cx: Context, grid: Grid) -> list[Member]:
    """The leaders who are there, and those who stand in for one who is not; nobody above reads a hundred of these."""
    near = [c.member for c in grid.seniors(cx.now) if c.because is not Because.ABOVE]
    return [m for m in near if m.reachable and grid.away(m.id, cx.now) is None]


async def _digest(cx: Context, tx: ReadTx, grid: Grid, since: datetime) -> list[str]:
    say, here = cx.said.say, table.c.grid_id == grid.id
    lines: list[str] = []
    new = await tickets.count(tx, here, table.c.created_at >= since)
    solved = await tickets.count(tx, here, table.c.solved_at >= since)
    if new or solved:
        lines.append(say("rates.digest.new", since=cx.when(since), new=new, solved=solved))
    live = await tickets.open_in(tx, grid.id)
    nobody = [t for t in live if t.state in (State.TO_ACCEPT, State.TO_DISPATCH)]
    for key, found in (("late", _late(cx, live)), ("unheard", _unheard(cx, live)), ("nobody", nobody)):
        if found:
            lines.append(say(f"rates.digest.{key}", numbers=_numbers(cx, found)))
    evening = cx.calendar.at(cx.calendar.today(cx.now) + timedelta(days=1), time(0))
    planned = await notices.planned(tx, 0, [grid.id], cx.now)
    if coming := [row for row in planned if row.next_at is not None and row.next_at < evening]:
        lines.append(say("rates.digest.notices", numbers="、".join(str(row.number) for row in coming)))
    lost = (outbox_table.c.state == "unknown", outbox_table.c.grid_id == grid.id, outbox_table.c.settled_at >= since)
    if unknown := await outbox.select(tx, *lost, limit=20):
        lines.append(say("rates.digest.unknown", count=len(unknown)))
    if lines and (
        due := await _visits_due(cx, tx, grid)
    ):  # visits have reminders of their own and are no reason to write
        lines.append(due)
    return lines
