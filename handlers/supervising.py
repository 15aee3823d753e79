"""挂牌督办: the list of what went wrong twice, in private; somebody else than the handler strikes it off."""

from dataclasses import replace
from datetime import date

from domain import refusal
from domain import supervision as rules
from domain import ticket as ticket_rules
from domain.notice import read_day
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member
from domain.screen import plain
from domain.supervision import Case, Reason, State
from domain.ticket import Action, Ticket
from handlers import access, cards, notify
from handlers.context import Ask, Context
from storage import grids, supervision, tickets
from storage.database import WriteTx

_SHOWN = 30


async def supervise(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """督办: the list; with a number and a line, put it there; 负责, 期限, 更新 and 销号 change what stands there."""
    access.require_leader(ask)
    if ask.number is None:
        await _list(cx, tx, ask)
        return
    ticket = await access.ticket(tx, ask)
    word, _, rest = ask.words.strip().partition(" ")
    step = next((s for s in _STEPS if word == cx.said.say(f"supervised.typed_{s}")), None)
    case = await supervision.of_ticket(tx, ticket.number)
    listed = case is not None and case.state is State.LISTED
    if step is None:
        await _put_on(cx, tx, ask, ticket, listed=listed)
        return
    if case is None or not listed:
        raise refusal.NotSupervised(number=ticket.number)
    after, key = await _change(cx, tx, ask, ticket, case, step, rest.strip())
    if not await supervision.save(tx, case, after):
        raise refusal.NotSupervised(number=ticket.number)
    if after.state is State.STRUCK:
        await tickets.save(tx, ticket_rules.note(ticket, Action.STRUCK_OFF, after.note, cx.now, ask.who))
    notify.reply(cx, tx, ask.event, cx.said.say(key, number=ticket.number, line=await _line(cx, tx, after)))


_STEPS = ("person", "due", "update", "strike")


async def _change(
    cx: Context, tx: WriteTx, ask: Ask, ticket: Ticket, case: Case, step: str, words: str
) -> tuple[Case, str]:
    today = cx.calendar.today(cx.now)
    me = access.require_member(ask)
    if step == "strike":
        return rules.strike_off(case, ticket, me.id, me.role, plain(words, 200), cx.now), "supervised.struck"
    if not words:
        raise refusal.WordsNeeded
    if step == "due":
        return replace(case, due_on=read_day(words, today)), "supervised.changed"
    if step == "update":
        return rules.update(case, plain(words, 200), today, cx.calendar), "supervised.changed"
    grid = await grids.by_id(tx, ticket.grid_id)
    people = [*grid.members.values(), *grid.above]
    found = [m for m in people if words in (m.name, m.public_name)]
    if len(found) != 1:
        raise refusal.NoSuchMember(name=plain(words, 20), names="、".join(m.name for m in people))
    after = replace(case, responsible_id=found[0].id)
    _tell(cx, tx, grid, ticket, after, found[0], f"supervised:{ticket.number}:{case.version}:{found[0].id}")
    return after, "supervised.changed"


async def _put_on(cx: Context, tx: WriteTx, ask: Ask, ticket: Ticket, *, listed: bool) -> None:
    """By the leader: 督办 12 and why."""
    if listed:
        raise refusal.SupervisedAlready(number=ticket.number)
    ticket_rules.require_open(ticket)
    if not ask.words.strip():
        raise refusal.WordsNeeded
    case = await _list_case(cx, tx, ticket, Reason.LEADER, plain(ask.words, 200), but=access.require_member(ask).id)
    if case is None:
        raise refusal.SupervisedAlready(number=ticket.number)
    notify.reply(cx, tx, ask.event, cx.said.say("supervised.listed", line=await _line(cx, tx, case)))


async def _list_case(
    cx: Context, tx: WriteTx, ticket: Ticket, reason: Reason, note: str = "", but: int | None = None
) -> Case | None:
    grid = await grids.by_id(tx, ticket.grid_id)
    senior = next((c.member for c in grid.seniors(cx.now) if c.member.reachable), None)
    responsible = grid.member(ticket.assignee_id) or senior
    case = rules.put_on(ticket, reason, responsible.id if responsible else None, cx.now, cx.calendar)
    case = replace(case, note=note)
    if not await supervision.put_on(tx, case):
        return None
    await tickets.save(tx, ticket_rules.note(ticket, Action.SUPERVISED, reason, cx.now))
    for member in {m.id: m for m in (responsible, senior) if m is not None and m.id != but}.values():
        key = f"supervised:{ticket.number}:{case.listed_at:%Y%m%d%H%M%S}:{member.id}"
        _tell(cx, tx, grid, ticket, case, member, key)
    return case


def _tell(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, case: Case, member: Member, key: str) -> None:
    responsible = grid.member(case.responsible_id)
    text = cx.said.say(
        "supervised.told",
        title=cards.title(cx, ticket, public=False),
        reason=cx.said.say(f"supervised.reason_{case.reason}"),
        name=responsible.name if responsible is not None else cx.said.say("ladder.nobody"),
        due=_day(cx, case.due_on),
        update=_day(cx, case.next_update_on),
        number=ticket.number,
    )
    cards.tell(cx, tx, grid, ticket, member, key, text)


def _day(cx: Context, day: date) -> str:
    return cx.said.say("time.date", month=day.month, day=day.day)


async def _line(cx: Context, tx: WriteTx, case: Case) -> str:
    ticket = await tickets.get(tx, case.ticket)
    grid = await grids.by_id(tx, case.grid_id)
    responsible = grid.member(case.responsible_id)
    return cx.said.say(
        "supervised.line",
        title=cards.title(cx, ticket, public=False) if ticket is not None else case.ticket,
        state=cx.said.say(f"sheet.state.{ticket.state}") if ticket is not None else "",
        reason=cx.said.say(f"supervised.reason_{case.reason}"),
        name=responsible.name if responsible is not None else cx.said.say("ladder.nobody"),
        due=_day(cx, case.due_on),
        update=_day(cx, case.next_update_on),
        note=case.note or cx.said.say("reply.none"),
    )


async def told(cx: Context, tx: WriteTx, ticket: Ticket, note: str) -> None:
    """The handler has reported progress: where the ticket stands on the list, that is its word."""
    case = await supervision.of_ticket(tx, ticket.number)
    if case is not None and case.state is State.LISTED:
        await supervision.save(tx, case, rules.update(case, note, cx.calendar.today(cx.now), cx.calendar))


async def _list(cx: Context, tx: WriteTx, ask: Ask) -> None:
    member = access.require_member(ask)
    here = [ask.grid.id] if ask.grid is not None else await grids.below(tx, member.area_id)
    cases = await supervision.listed(tx, *here)
    if not cases:
        notify.reply(cx, tx, ask.event, cx.said.say("supervised.none"))
        return
    lines = [await _line(cx, tx, case) for case in cases[:_SHOWN]]
    text = cx.said.say("supervised.list", count=len(cases), lines="\n\n".join(lines))
    notify.reply(cx, tx, ask.event, text[:4000])


async def keep_list(cx: Context, tx: WriteTx) -> None:
    """Job: what belongs on the list is put there; once a day whoever is responsible hears that a word is due."""
    for number in await supervision.candidates(tx):
        ticket = await tickets.get(tx, number)
        reason = rules.why(ticket) if ticket is not None else None
        if ticket is not None and reason is not None:
            await _list_case(cx, tx, ticket, reason)
    today = cx.calendar.today(cx.now)
    if cx.now < cx.calendar.at(today, cx.policy.ladder.clock):
        return
    if cx.policy.staff_quiet.next_allowed(cx.calendar, cx.now) > cx.now:
        return
    for case in await supervision.due(tx, today):
        ticket = await tickets.get(tx, case.ticket)
        if ticket is None or not await supervision.save(tx, case, replace(case, reminded_on=today)):
            continue
        grid = await grids.by_id(tx, case.grid_id)
        senior = next((c.member for c in grid.seniors(cx.now) if c.member.reachable), None)
        text = cx.said.say(
            "supervised.update_due",
            title=cards.title(cx, ticket, public=False),
            due=_day(cx, case.due_on),
            number=case.ticket,
        )
        for member in {m.id: m for m in (grid.member(case.responsible_id), senior) if m is not None}.values():
            key = f"supervised_update:{case.ticket}:{case.next_update_on.isoformat()}:{today.isoformat()}:{member.id}"
            cards.tell(cx, tx, grid, ticket, member, key, text, kind=Said.REMINDER)
