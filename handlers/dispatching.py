"""派单: the pairing roster decides who is asked, one at a time, until somebody takes it; the grid leader comes last."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain import ticket as rules
from domain.complaint import complained_of
from domain.load import SETTLING_IN, Work, burdens
from domain.outgoing import Kind as Said
from domain.roster import Because, Candidate, Grid, Limits, Role
from domain.ticket import TO_SENIORS, Action, State, Ticket
from handlers import cards, explaining, notify
from handlers.context import Context
from storage import calls, grids, outbox, tickets
from storage.database import WriteTx
from storage.tables import outbox as outbox_table
from texts.skills import fitting

CHOSEN = f"{Because.LEADER}_chose|"
"""The reason of whoever the grid leader chose."""


async def invite_next(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, *, fresh: bool = False) -> Ticket:
    """Ask the next person. With nobody left who can be reached it stays 待派单 and is tried again with every pass."""
    asked = frozenset() if fresh else await calls.asked_before(tx, ticket.number)
    for candidate in await _candidates(cx, tx, grid, ticket, asked):
        if not candidate.member.reachable or candidate.member.id == ticket.assignee_id:
            continue
        if candidate.member.role is Role.VOLUNTEER:
            return await _invite(cx, tx, grid, ticket, candidate, len(asked))
        return await give(cx, tx, grid, ticket, candidate)
    asked_for = grid.member(ticket.assignee_id)
    if ticket.state is State.DISPATCHED and (asked_for is None or not asked_for.reachable):
        ticket = await tickets.save(tx, rules.await_dispatch(ticket, cx.now))
    return ticket


async def _candidates(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, asked: frozenset[int]) -> list[Candidate]:
    reporters = [m.id for m in grid.members.values() if any(_is_reporter(ticket, c.channel, c.id) for c in m.chats)]
    without = asked.union(reporters)
    barred = concerned(cx, grid, ticket)
    if ticket.state is State.TO_ACCEPT or ticket.code in TO_SENIORS:
        return grid.seniors(cx.now, without=without, barred=barred)
    arrives = notify.not_before(cx, Said.INVITATION, staff=True, urgent=ticket.urgency in ("P0", "P1"))
    limits = None if ticket.is_danger else Limits(cx.calendar.local(arrives), await _week(cx, tx, grid))
    today = cx.calendar.today(cx.now)

    def found(loads: Mapping[int, int]) -> list[Candidate]:
        return grid.candidates(
            ticket.place,
            cx.now,
            today,
            load=loads,
            seed=str(ticket.number),
            without=without,
            barred=barred,
            skills=fitting(ticket.code),
            limits=limits,
        )

    first = found({})
    if first and first[0].because in (Because.LOAD, Because.SKILL):  # only then does it matter who has how much to do
        return found(await load(cx, tx, grid))
    return first


def concerned(cx: Context, grid: Grid, ticket: Ticket) -> frozenset[int]:
    """Who must not handle this ticket: whoever avoids the place, and whoever it complains of, by name or by office."""
    offices = {role: cx.said.say(f"member.role_{role}") for role in Role}
    names = {
        m.id: (m.name, m.public_name, *(() if m.role is Role.VOLUNTEER else (offices[m.role],)))
        for m in (*grid.members.values(), *grid.above)
    }
    before, after = cx.said.say("roster.complaint_before").split(), cx.said.say("roster.complaint_after").split()
    return complained_of(ticket.words, names, before, after) | grid.avoiding(grid.areas_of(ticket.place))


async def _week(cx: Context, tx: WriteTx, grid: Grid) -> Mapping[int, int]:
    """How often each was asked in seven days; not looked up where nobody has set himself a cap."""
    if not any(member.week_cap for member in grid.members.values()):
        return {}
    return await calls.asked_since(tx, grid.id, cx.now - timedelta(days=7))


def _is_reporter(ticket: Ticket, channel: str, chat_id: str) -> bool:
    return (ticket.reporter.channel, ticket.reporter.account) == (channel, chat_id)


async def load(cx: Context, tx: WriteTx, grid: Grid) -> Mapping[int, int]:
    """How much each volunteer has to do, as one figure; read once per transaction and kept up to date."""
    work: dict[int, Work] | None = tx.memo.get(("load", grid.id))
    if work is None:
        month = await calls.asked_since(tx, grid.id, cx.now - SETTLING_IN)
        now = await calls.load(tx, grid.id)
        work = {i: Work(now.get(i, 0), month.get(i, 0)) for i in grid.members}
        tx.memo["load", grid.id] = work
    volunteers = [m for m in grid.members.values() if m.role is Role.VOLUNTEER]
    return burdens(volunteers, work, cx.calendar.today(cx.now))


async def _invite(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, candidate: Candidate, nth: int) -> Ticket:
    member = candidate.member
    reason = f"{candidate.because}|{candidate.of}"
    ticket = await tickets.save(tx, rules.dispatch(ticket, reason, cx.now))
    urgent = ticket.urgency in ("P0", "P1")
    due_at = await await_answer(cx, tx, ticket, member.id, reason)
    work: dict[int, Work] | None = tx.memo.get(("load", grid.id))
    if work is not None:
        work[member.id] = Work(work[member.id].open + 1, work[member.id].month + 1)
    text = cx.said.say(
        "work.invitation", card=cards.work_text(cx, ticket, reason=reason), by=cx.by(due_at), number=ticket.number
    )
    notify.to_member(
        cx,
        tx,
        member,
        Said.INVITATION,
        f"invite:{ticket.number}:{member.id}:{nth}",
        text,
        buttons=[[("take", "take", ""), ("decline", "decline", "")]],
        subject_id=ticket.number,
        near=ticket.chat,
        photos=ticket.photos,
        urgent=urgent,
        ticket=ticket.number,
        grid_id=grid.id,
    )
    return ticket


async def await_answer(cx: Context, tx: WriteTx, ticket: Ticket, member_id: int, reason: str) -> datetime:
    """From the hour the word may arrive this person has the time of the class to answer."""
    starts = notify.not_before(cx, Said.INVITATION, staff=True, urgent=ticket.urgency in ("P0", "P1"))
    due_at = cx.terms(ticket).invitation.after(starts, cx.calendar)
    await calls.invite(tx, ticket.number, member_id, reason, cx.now, due_at)
    return due_at


async def give(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, candidate: Candidate, *, note: str = "") -> Ticket:
    """To the grid leader (or above): the end of every ladder is a human who has to decide. ``note``: why it came back."""
    member = candidate.member
    reason = f"{candidate.because}|{candidate.of}"
    ticket = await tickets.save(tx, rules.assign(ticket, member.id, reason, rules.BOT, cx.now))
    card = cards.work_text(cx, ticket, reason=reason)
    if note:
        text = cx.said.say("work.handed_back", card=card, number=ticket.number, note=note)
    else:
        key = "work.for_leader" if ticket.code in TO_SENIORS else "work.to_leader"
        text = cx.said.say(key, card=card, number=ticket.number)
    notify.to_member(
        cx,
        tx,
        member,
        Said.INVITATION,
        f"given:{ticket.number}:{ticket.version}:{member.id}",
        text,
        buttons=[
            [("take_self", "take", ""), ("reassign", "reassign", ""), ("refuse", "refuse", "")],
            explaining.leader_buttons(),
        ],
        subject_id=ticket.number,
        near=ticket.chat,
        photos=ticket.photos,
        urgent=ticket.urgency in ("P0", "P1"),
        ticket=ticket.number,
        grid_id=grid.id,
    )
    return ticket


async def take_back(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, why: str) -> int | None:
    """The open invitation is over (``declined``, ``expired``, ``cancelled``, ``withdrawn``, ``dismissed``); whose it was, if anybody's."""
    invitation = await calls.current(tx, ticket.number)
    if invitation is None:
        return None
    await calls.close(tx, ticket.number, "cancelled" if why in ("withdrawn", "dismissed") else why)
    if invitation.reason == CHOSEN:
        mine = outbox_table.c.key.startswith(f"assigned:{ticket.number}:", autoescape=True)
        key = "".join([row.key for row in await outbox.select(tx, mine, limit=1)])  # none when he cannot be written to
    else:
        nth = len(await calls.asked_before(tx, ticket.number)) - 1
        key = f"invite:{ticket.number}:{invitation.member_id}:{nth}"
    await notify.take_back(cx, tx, key, cx.said.say(f"work.invitation_{why}", number=ticket.number), ticket.version)
    tx.memo.pop(("load", grid.id), None)
    return invitation.member_id


async def relieve(
    cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, former: int | None, *, but: tuple[int, ...]
) -> None:
    """Somebody else decides or does it now: whoever was asked, or had it (``former``), hears so, unless he is among ``but``."""
    asked = await take_back(cx, tx, grid, ticket, "cancelled")
    if former is not None and former not in (asked, *but):
        text = cx.said.say("work.invitation_cancelled", number=ticket.number)
        cards.tell(cx, tx, grid, ticket, grid.member(former), f"relieved:{ticket.number}:{ticket.version}", text)


async def pass_on(cx: Context, tx: WriteTx, number: int, why: str) -> None:
    """The open invitation is over (declined or expired): ask the next one and bring the card up to date."""
    ticket = await tickets.get(tx, number)
    invitation = await calls.current(tx, number)
    if ticket is None or invitation is None:
        return
    grid = await grids.by_id(tx, ticket.grid_id)
    chosen = invitation.reason == CHOSEN
    if chosen and why == "expired":
        await _tell_unanswered(cx, tx, grid, ticket, invitation.member_id)
        return
    await take_back(cx, tx, grid, ticket, why)
    action = Action.DECLINED if why == "declined" else Action.PASSED_ON
    ticket = await tickets.save(tx, rules.note(ticket, action, f"member:{invitation.member_id}", cx.now))
    barred = concerned(cx, grid, ticket)
    seniors = grid.seniors(cx.now, barred=barred) if chosen else []
    senior = next((c for c in seniors if c.member.reachable), None)
    if senior is not None:
        ticket = await give(cx, tx, grid, ticket, senior)
    else:
        ticket = await invite_next(cx, tx, grid, ticket)
    await cards.show(cx, tx, grid, ticket)


async def _tell_unanswered(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, member_id: int) -> None:
    """Whom the leader chose has not answered in time: he hears it once; his choice stays until he makes another."""
    await calls.close(tx, ticket.number, "expired")
    ticket = await tickets.save(tx, rules.note(ticket, Action.UNHEARD, f"member:{member_id}", cx.now))
    chosen = grid.member(member_id)
    text = cx.said.say(
        "work.unanswered",
        title=cards.title(cx, ticket, public=False),
        name=chosen.name if chosen is not None else cx.said.say("reply.none"),
        number=ticket.number,
    )
    ladder = grid.seniors(cx.now, barred=concerned(cx, grid, ticket))
    seniors = [c.member for c in ladder if c.member.reachable and c.member.id != member_id]
    for senior in seniors[:1]:
        buttons: list[list[notify.Button]] = [[("take_self", "take", ""), ("reassign", "reassign", "")]]
        key = f"unanswered:{ticket.number}:{ticket.version}"
        cards.tell(cx, tx, grid, ticket, senior, key, text, buttons=buttons)


async def pass_on_overdue(cx: Context, tx: WriteTx) -> None:
    """Job: invitations nobody has answered in time go to the next one, without a reproach."""
    for invitation in await calls.overdue(tx, cx.now):
        await pass_on(cx, tx, invitation.ticket, "expired")


async def dispatch_waiting(cx: Context, tx: WriteTx) -> None:
    """Job: tickets for which nobody could be reached are tried again."""
    for ticket in await tickets.waiting(tx):
        alert = await calls.alert(tx, ticket.number) if ticket.is_danger else None
        if alert is not None and alert.state == "open":
            continue  # people are being called already, more urgently than by an invitation
        grid = await grids.by_id(tx, ticket.grid_id)
        after = await invite_next(cx, tx, grid, ticket)
        if after is not ticket:
            await cards.show(cx, tx, grid, after)
