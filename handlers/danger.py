"""险情 (P0): the number to dial comes first, then people are called until a human answers.

The bot never dispatches rescue and never says that help is on its way (domain reference 15.9).
"""

from domain import ticket as rules
from domain.incoming import Incoming
from domain.outgoing import Kind as Said
from domain.roster import Because, Candidate, Grid, Member, Role
from domain.ticket import Action, Ticket
from handlers import cards, dispatching, explaining, notify
from handlers.context import Context
from storage import calls, grids, tickets
from storage.database import WriteTx


async def call(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, event: Incoming) -> None:
    """Say the number in the chat, call the grid leader and the paired volunteer in private, start the ladder."""
    ticket, called = await _raise(cx, tx, grid, ticket)
    cards.post(cx, tx, grid, ticket)
    notify.react(cx, tx, event, cx.said.say("emoji.received"))
    for member in called:
        _ring(cx, tx, grid, ticket, member, rung=0)
    if ticket.private:
        _write_privately(cx, tx, ticket)


async def raise_late(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket) -> Ticket:
    """A ticket turns out to be a danger: the same people are called. Not again where somebody has answered before."""
    if await calls.alert(tx, ticket.number) is not None:
        return ticket
    ticket, called = await _raise(cx, tx, grid, ticket)
    for member in called:
        _ring(cx, tx, grid, ticket, member, rung=0)
    return ticket


async def _raise(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket) -> tuple[Ticket, list[Member]]:
    called = _first(cx, grid, ticket, await _ladder(cx, tx, grid, ticket))
    calls.raise_alert(tx, ticket.number, [m.id for m in called], cx.now + cx.policy.alert_again)
    return await tickets.save(tx, rules.note(ticket, Action.ALERTED, _names(called), cx.now)), called


def _first(cx: Context, grid: Grid, ticket: Ticket, ladder: list[Candidate]) -> list[Member]:
    """The grid leader (or who stands in for him) and the nearest volunteer; of what is private nobody hears who is not
    paired with the place.
    """
    seniors = [c for c in grid.seniors(cx.now) if c.because is not Because.ABOVE]
    leaders = [c.member for c in seniors if c.member.reachable][:1]
    near = [c for c in ladder if c.member not in leaders]
    if ticket.private and leaders:
        near = [c for c in near if c.because not in (Because.LOAD, Because.ABOVE)]
    return [*leaders, *(c.member for c in near[:1])]


async def _ladder(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket) -> list[Candidate]:
    """Everybody who can be called about this place, nearest first."""
    load = await dispatching.load(cx, tx, grid)
    today = cx.calendar.today(cx.now)
    barred = dispatching.concerned(cx, grid, ticket)
    found = grid.candidates(ticket.place, cx.now, today, load=load, seed=str(ticket.number), barred=barred)
    return [c for c in found if c.member.reachable]


def _names(members: list[Member]) -> str:
    return ",".join(f"member:{m.id}" for m in members)


def _ring(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, member: Member, rung: int) -> None:
    text = cx.said.say(
        "danger.alert" if rung == 0 else "danger.alert_again",
        card=cards.work_text(cx, ticket, reason=ticket.reason or "alert|"),
        hotline=cards.hotline(cx, ticket),
        number=ticket.number,
    )
    notify.to_member(
        cx,
        tx,
        member,
        Said.ALERT,
        f"alert:{ticket.number}:{rung}:{member.id}",
        text,
        buttons=[
            [("acknowledge", "acknowledge", "")],
            *([] if member.role is Role.VOLUNTEER else [explaining.leader_buttons()]),
        ],
        subject_id=ticket.number,
        near=ticket.chat,
        photos=ticket.photos,
        urgent=True,
        ticket=ticket.number,
        grid_id=grid.id,
    )


def _write_privately(cx: Context, tx: WriteTx, ticket: Ticket) -> None:
    """What is never repeated in the group is said to the person alone, if he can be written to."""
    key = f"danger.private_{ticket.code}"
    text = cx.said.say(key if key in cx.said else "danger.private")
    notify.to_person(cx, tx, ticket, Said.HOTLINE, f"private:{ticket.number}", text)


async def ring_again(cx: Context, tx: WriteTx) -> None:
    """Job: an alert nobody has acknowledged calls the next one up; after the last one everybody is called again."""
    for alert in await calls.unheard(tx, cx.now):
        ticket = await tickets.get(tx, alert.ticket)
        if ticket is None or not ticket.is_open:
            await calls.close_alert(tx, alert.ticket, "cancelled")
            continue
        grid = await grids.by_id(tx, ticket.grid_id)
        ladder = [c.member for c in await _ladder(cx, tx, grid, ticket)]
        fresh = [m for m in ladder if m.id not in alert.called][:1]
        called = fresh or ladder
        ids = [*alert.called, *(m.id for m in fresh)]
        if not await calls.next_rung(tx, alert, ids, cx.now + cx.policy.alert_again):
            continue
        ticket = await tickets.save(tx, rules.note(ticket, Action.ALERTED, _names(called), cx.now))
        for member in called:
            _ring(cx, tx, grid, ticket, member, rung=alert.rung + 1)


async def heard(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, member: Member) -> bool:
    """A human has answered: the ladder stops, the others who were called hear who. False when it had stopped before."""
    if not await calls.close_alert(tx, ticket.number, "heard"):
        return False
    text = cx.said.say("danger.heard_by", number=ticket.number, name=member.name)
    await _tell_called(cx, tx, grid, ticket, f"heard:{ticket.number}", text, without=member.id)
    return True


async def called_off(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, why: str) -> None:
    """Nobody is called any more: ``withdrawn`` by the reporter (whoever was called should still ask how things are), or
    ``dismissed`` by the leader.
    """
    await calls.close_alert(tx, ticket.number, "cancelled")
    text = cx.said.say(f"danger.{why}", title=cards.title(cx, ticket, public=False))
    await _tell_called(cx, tx, grid, ticket, f"{why}:{ticket.number}", text, also=ticket.assignee_id)


async def _tell_called(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    ticket: Ticket,
    key: str,
    text: str,
    *,
    without: int | None = None,
    also: int | None = None,
) -> None:
    alert = await calls.alert(tx, ticket.number)
    for member_id in dict.fromkeys((*(alert.called if alert else ()), also)):
        if member_id != without:
            cards.tell(cx, tx, grid, ticket, grid.member(member_id), f"{key}:{member_id}", text, kind=Said.ALERT)
