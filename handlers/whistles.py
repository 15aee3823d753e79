"""吹哨报到: the grid leader calls the street, the street calls units, and everybody concerned sees who was called and who came."""

from dataclasses import replace
from datetime import timedelta

from domain import refusal
from domain import ticket as ticket_rules
from domain import whistle as rules
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member, Role
from domain.screen import plain
from domain.ticket import Action, Ticket
from domain.whistle import Answer, Kind, State, Whistle
from handlers import access, cards, notify
from handlers.context import Ask, Context
from storage import grids, tickets, whistles
from storage.database import WriteTx

_MONTH = timedelta(days=30)


async def whistle(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """吹哨 by the leader or above; with 同意 / 不同意 or 到位 / 办结 / 未到 behind the number, what became of it."""
    access.require_leader(ask)
    ticket = await access.ticket(tx, ask)
    word, _, rest = ask.words.strip().partition(" ")
    if word in _typed(cx, "whistle.typed_yes"):
        await confirm(cx, tx, ask)
    elif word in _typed(cx, "whistle.typed_no"):
        await reject(cx, tx, ask)
    elif found := next((a for a in Answer if word == cx.said.say(f"whistle.answer_{a}")), None):
        await _report(cx, tx, ask, found, tuple(n for n in rest.replace("，", "、").split("、") if n))
    elif word:
        await _blow(cx, tx, ask, ticket)
    else:
        await _show(cx, tx, ask, ticket)


def _typed(cx: Context, key: str) -> list[str]:
    return cx.said.say(key).split()


async def _show(cx: Context, tx: WriteTx, ask: Ask, ticket: Ticket) -> None:
    """How it stands, or how to do it."""
    found = await whistles.of_ticket(tx, ticket.number)
    text = cx.said.say("whistle.how", number=ticket.number)
    if found is not None:
        title = cards.title(cx, ticket, public=False)
        text = cx.said.say("whistle.stands", title=title, lines="\n".join(_unit_lines(cx, found)), how=text)
    notify.reply(cx, tx, ask.event, text, part="?")


async def _blow(cx: Context, tx: WriteTx, ask: Ask, ticket: Ticket) -> None:
    ticket_rules.require_open(ticket)
    kinds = {cx.said.say(f"whistle.kind_{kind}"): kind for kind in Kind}
    wanted = rules.read(plain(ask.words, 500), kinds, cx.calendar.today(cx.now))
    if wanted is None:
        notify.reply(cx, tx, ask.event, cx.said.say("whistle.how", number=ticket.number), part="?")
        return
    me = access.require_member(ask)
    again = rules.arrive_by(wanted.kind, cx.now, cx.calendar)
    found = await whistles.blow(tx, ticket.number, ticket.grid_id, me.id, wanted, cx.now, again)
    if found is None:
        raise refusal.WhistledAlready(number=ticket.number)
    note = f"{wanted.kind}|{'、'.join(wanted.units)}"
    ticket = await tickets.save(tx, ticket_rules.note(ticket, Action.WHISTLED, note, cx.now, ask.who))
    grid = await grids.by_id(tx, ticket.grid_id)
    text = cx.said.say("done.whistled", number=ticket.number, units="、".join(wanted.units))
    whistled, opened = await whistles.share(tx, grid.id, cx.now - _MONTH)
    if rules.is_too_often(whistled, opened):
        text += "\n" + cx.said.say("whistle.often", whistled=whistled, opened=opened)
    if _decides(grid, me):
        notify.reply(cx, tx, ask.event, text)
        await _call(cx, tx, grid, ticket, found, me)
        return
    if not _ask_street(cx, tx, grid, ticket, found):
        text += "\n" + cx.said.say("whistle.no_street")
    notify.reply(cx, tx, ask.event, text)


def _streets(grid: Grid) -> list[Member]:
    """The street office; where nobody of it can be written to, the secretary."""
    for role in (Role.STREET, Role.SECRETARY):
        if found := [m for m in grid.above if m.role is role and m.reachable]:
            return found
    return []


def _decides(grid: Grid, member: Member) -> bool:
    return member.id in [m.id for m in _streets(grid)]


def _ask_street(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, found: Whistle) -> bool:
    by = grid.member(found.by_id)
    text = cx.said.say(
        "whistle.asked",
        grid=grid.name,
        title=cards.title(cx, ticket, public=False),
        kind=cx.said.say(f"whistle.kind_{found.kind}"),
        units="、".join(u.name for u in found.units),
        tried=found.tried,
        day=cx.said.say("time.date", month=found.wanted_on.month, day=found.wanted_on.day),
        name=by.name if by is not None else cx.said.say("ladder.nobody"),
        number=ticket.number,
    )
    buttons: list[list[notify.Button]] = [[("whistle_yes", "whistle_yes", ""), ("whistle_no", "whistle_no", "")]]
    told = False
    for street in _streets(grid):
        key = f"whistle:{found.id}:{_nth(ticket, found)}:{street.id}"
        told |= cards.tell(cx, tx, grid, ticket, street, key, text, buttons=buttons)
    return told


def _nth(ticket: Ticket, found: Whistle) -> str:
    return f"{ticket.version}:{found.state}"


async def _open(cx: Context, tx: WriteTx, ask: Ask) -> tuple[Grid, Ticket, Whistle, Member]:
    ticket = await access.ticket(tx, ask)
    found = await whistles.of_ticket(tx, ticket.number)
    if found is None:
        raise refusal.NotWhistled(number=ticket.number)
    if found.state is not State.ENDED:  # what the street thinks of it may be said later as well
        ticket_rules.require_open(ticket)
    return await grids.by_id(tx, ticket.grid_id), ticket, found, access.require_member(ask)


async def confirm(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """同意: the street calls the units; from now on they have half an hour, or a working day, to report."""
    grid, ticket, found, me = await _open(cx, tx, ask)
    if not _decides(grid, me):
        raise refusal.StreetOnly
    after = await _call(cx, tx, grid, ticket, found, me)
    notify.reply(cx, tx, ask.event, cx.said.say("done.whistle_confirmed", number=ticket.number, by=_by(cx, after)))


def _by(cx: Context, found: Whistle) -> str:
    return cx.by(found.remind_at or cx.now)


async def _call(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, found: Whistle, street: Member) -> Whistle:
    after = rules.confirm(found, street.id, cx.now, cx.calendar)
    if not await whistles.save(tx, found, after, cx.now):
        raise refusal.WhistledAlready(number=ticket.number)
    note = f"{State.CALLED}|{'、'.join(u.name for u in after.units)}"
    who = replace(ticket_rules.BOT, member_id=street.id)
    ticket = await tickets.save(tx, ticket_rules.note(ticket, Action.WHISTLE_ANSWERED, note, cx.now, who))
    units = "、".join(u.name for u in after.units)
    title = cards.title(cx, ticket, public=False)
    text = cx.said.say("whistle.called", title=title, units=units, by=_by(cx, after), number=ticket.number)
    buttons: list[list[notify.Button]] = [
        [("unit_arrived", "unit", "arrived"), ("unit_done", "unit", "done"), ("unit_absent", "unit", "absent")]
    ]
    for member in _both(grid, after):
        key = f"whistle_called:{after.id}:{member.id}"
        cards.tell(cx, tx, grid, ticket, member, key, text, buttons=buttons)
    await _tell_resident(cx, tx, grid, ticket, after)
    return after


def _both(grid: Grid, found: Whistle) -> list[Member]:
    """Whoever whistled, and the street."""
    people = [*([by] if (by := grid.member(found.by_id)) is not None else []), *_streets(grid)]
    return list({m.id: m for m in people}.values())


async def _tell_resident(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, found: Whistle) -> None:
    """Units, never persons: on the card, and where the card must not say anything, in private."""
    if cards.is_hushed(ticket):
        text = cx.said.say("whistle.resident", title=cards.title_there(cx, ticket), lines=cards.whistle_line(cx, found))
        notify.to_person(cx, tx, ticket, Said.PROGRESS, f"whistle_told:{ticket.number}:{ticket.version}", text)
    await cards.show(cx, tx, grid, ticket)


async def reject(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """不同意: the leader hears it and goes on with what he has."""
    grid, ticket, found, me = await _open(cx, tx, ask)
    if not _decides(grid, me):
        raise refusal.StreetOnly
    after = rules.reject(found, me.id, cx.now)
    if not await whistles.save(tx, found, after, cx.now):
        raise refusal.WhistledAlready(number=ticket.number)
    who = replace(ticket_rules.BOT, member_id=me.id)
    note = f"{State.REFUSED}|"
    ticket = await tickets.save(tx, ticket_rules.note(ticket, Action.WHISTLE_ANSWERED, note, cx.now, who))
    text = cx.said.say("whistle.rejected", title=cards.title(cx, ticket, public=False))
    cards.tell(cx, tx, grid, ticket, grid.member(after.by_id), f"whistle_rejected:{after.id}", text)
    notify.reply(cx, tx, ask.event, cx.said.say("done.whistle_rejected", number=ticket.number))


async def unit(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """A pressed 到位 / 办结 / 未到 speaks for all units that were called."""
    access.require_leader(ask)
    await _report(cx, tx, ask, Answer(ask.words), ())


async def _report(cx: Context, tx: WriteTx, ask: Ask, said: Answer, names: tuple[str, ...]) -> None:
    """What became of the units: said by the leader it is their answer, said by the street it is the street's mark as well."""
    grid, ticket, found, me = await _open(cx, tx, ask)
    after = rules.answer(found, names, said, by_street=_decides(grid, me))
    if not await whistles.save(tx, found, after, cx.now):
        raise refusal.NotWhistled(number=ticket.number)
    note = f"{said}|{'、'.join(names or tuple(u.name for u in found.units))}"
    ticket = await tickets.save(tx, ticket_rules.note(ticket, Action.WHISTLE_ANSWERED, note, cx.now, ask.who))
    lines = "\n".join(_unit_lines(cx, after))
    text = cx.said.say("whistle.answered", title=cards.title(cx, ticket, public=False), lines=lines)
    for member in _both(grid, after):
        if member.id != me.id:
            key = f"whistle_answered:{after.id}:{ticket.version}:{member.id}"
            cards.tell(cx, tx, grid, ticket, member, key, text)
    notify.reply(cx, tx, ask.event, cx.said.say("done.whistle_answered", number=ticket.number))
    await _tell_resident(cx, tx, grid, ticket, after)


def _unit_lines(cx: Context, found: Whistle) -> list[str]:
    if found.state is State.ASKED:
        return [cx.said.say("whistle.waiting")]
    lines = []
    for called in found.units:
        answer = cx.said.say(f"whistle.answer_{called.answer}") if called.answer else cx.said.say("whistle.silent")
        line = cx.said.say("whistle.unit", unit=called.name, answer=answer)
        if called.mark:
            line += cx.said.say("whistle.mark", mark=cx.said.say(f"whistle.answer_{called.mark}"))
        lines.append(line)
    return lines


async def remind(cx: Context, tx: WriteTx) -> None:
    """Job: nobody has come in time, or the street has not said anything. Asked again, by day; only danger rings by night."""
    quiet = cx.policy.staff_quiet.next_allowed(cx.calendar, cx.now) > cx.now
    for found in await whistles.due(tx, cx.now):
        ticket = await tickets.get(tx, found.ticket)
        if ticket is None or not ticket.is_open:
            await whistles.end(tx, found.ticket)
            continue
        if (quiet and not ticket.is_danger) or not await whistles.save(
            tx, found, rules.remind(found, cx.now, cx.calendar), cx.now
        ):
            continue
        grid = await grids.by_id(tx, ticket.grid_id)
        people = _streets(grid) if found.state is State.ASKED else _both(grid, found)
        note = f"whistle|{','.join(f'member:{m.id}' for m in people)}"
        ticket = await tickets.save(tx, ticket_rules.note(ticket, Action.RUNG, note, cx.now))
        if found.state is State.ASKED:
            _ask_street(cx, tx, grid, ticket, found)
            continue
        units = "、".join(u.name for u in found.missing)
        title = cards.title(cx, ticket, public=False)
        text = cx.said.say("whistle.nobody", title=title, units=units, number=ticket.number)
        for member in people:
            key = f"whistle_nobody:{found.id}:{ticket.version}:{member.id}"
            cards.tell(cx, tx, grid, ticket, member, key, text)
