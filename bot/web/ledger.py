"""What the right side of the page shows, read in one go and compared as a whole: what is equal is not drawn again.

It is the grid leader's view: handlers and rosters are named, residents are not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from domain.cadence import Cadence
from domain.roster import AreaKind, Grid, Member, PairRole
from domain.ticket import Action, Event, Ticket
from domain.visit import carers
from handlers import cards, visit_lines
from handlers.context import Context
from storage import calls, grids, tickets
from storage.database import Database, ReadTx
from storage.tables import notices
from storage.tables import outbox as outbox_table
from storage.visit_tables import occurrences, visit_plans
from texts.visit_categories import load_visit_categories

_TICKETS = 60
_LATEST = 12


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as the page shows it. ``history`` is only read for tickets that are opened on the page."""

    ticket: Ticket
    where: str
    what: str
    handler: str
    asked: str
    because: str
    response: str
    closing: str
    history: tuple["HistoryRow", ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of a history. ``by``: a name, or the word for a resident or 党小栖."""

    at: str
    by: str
    action: str
    note: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody on the roster."""

    name: str
    role: str
    held: tuple[tuple[str, str], ...]
    homes: int
    load: int
    away: bool


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit to a household."""

    number: int
    place: str
    category: str
    every: str
    due_on: date
    state: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice and how often it went out."""

    words: str
    state: str
    sent: int


@dataclass(frozen=True, slots=True)
class SentRow:
    """The last words of 党小栖, without the words."""

    chat: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it."""

    tickets: tuple[TicketRow, ...] = ()
    roster: tuple[MemberRow, ...] = ()
    visits: tuple[VisitRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    latest: tuple[SentRow, ...] = ()


async def read(database: Database, cx: Context, opened: Collection[int]) -> Ledger:
    """A consistent look at the one grid of the demo. ``opened``: tickets whose history is wanted."""
    async with database.read() as tx:
        known = await grids.all_ids(tx)
        if not known:
            return Ledger()
        grid = await grids.by_id(tx, known[0])
        return Ledger(
            tickets=await _tickets(tx, cx, grid, opened),
            roster=await _roster(tx, cx, grid),
            visits=await _visits(tx, cx, grid),
            notices=await _notices(tx),
            counts=await _counts(tx),
            latest=await _latest(tx),
        )


async def _tickets(tx: ReadTx, cx: Context, grid: Grid, opened: Collection[int]) -> tuple[TicketRow, ...]:
    found = []
    for ticket in await tickets.select(tx, limit=_TICKETS):
        handler = grid.member(ticket.assignee_id)
        invitation = await calls.current(tx, ticket.number) if ticket.is_open and handler is None else None
        asked = grid.member(invitation.member_id) if invitation else None
        events = await tickets.history(tx, ticket.number) if ticket.number in opened else []
        found.append(
            TicketRow(
                ticket,
                cards.where_of(cx, ticket.place, public=ticket.private),
                cx.category_name(ticket.code),
                handler.name if handler else "",
                asked.name if asked else "",
                _because(cx, ticket.reason),
                cx.when(ticket.response_due_at),
                cx.when(ticket.closing_due_at),
                tuple(_history(cx, grid, event) for event in events),
            )
        )
    return tuple(found)


_SAID_NOTES = frozenset({Action.PROGRESS, Action.SOLVED, Action.EXPLAINED, Action.EXTENDED})


def _history(cx: Context, grid: Grid, event: Event) -> HistoryRow:
    by, _, number = event.by.partition(":")
    member = grid.member(int(number)) if by == "member" and number.isdigit() else None
    note = event.note if event.action in _SAID_NOTES else ""
    if event.action in (Action.DISPATCHED, Action.REASSIGNED) and event.note:
        note = _because(cx, event.note)
    elif event.action == Action.RATED:
        note = cx.said.say(f"button.{event.note}")
    elif event.action == Action.ALERTED:
        note = "、".join(m.name for m in _named(grid, event.note))
    name = member.name if member else cx.said.say(f"page.by_{by}")
    return HistoryRow(f"{cx.calendar.local(event.at):%H:%M}", name, event.action, note)


def _because(cx: Context, reason: str) -> str:
    """Why somebody was asked, as a third person reads it."""
    kind, _, of = reason.partition("|")
    return cx.said.say(f"page.because_{kind}", of=of) if reason else ""


def _named(grid: Grid, marks: str) -> list[Member]:
    numbers = [mark.partition(":")[2] for mark in marks.split(",")]
    return [m for n in numbers if n.isdigit() and (m := grid.member(int(n)))]


async def _roster(tx: ReadTx, cx: Context, grid: Grid) -> tuple[MemberRow, ...]:
    loads = await calls.load(tx, grid.id)
    people = [*sorted(grid.members.values(), key=lambda m: m.id), *grid.above]
    return tuple(_member(cx, grid, member, loads) for member in people)


def _member(cx: Context, grid: Grid, member: Member, loads: Mapping[int, int]) -> MemberRow:
    today = cx.calendar.today(cx.now)
    mine = [p for p in grid.pairings if p.member_id == member.id and p.holds(today)]
    doors = [p for p in mine if grid.areas[p.area_id].kind is AreaKind.HOUSEHOLD]
    held = [(p.role, grid.areas[p.area_id].name) for p in mine if p not in doors]
    held.sort(key=lambda h: h[0] is not PairRole.FIRST)
    away = grid.away(member.id, cx.now) is not None
    return MemberRow(member.name, member.role, tuple(held), len(doors), loads.get(member.id, 0), away)


async def _visits(tx: ReadTx, cx: Context, grid: Grid) -> tuple[VisitRow, ...]:
    """The newest visit of every plan."""
    newest = sa.select(sa.func.max(occurrences.c.id)).group_by(occurrences.c.plan_id)
    stmt = (
        sa.select(occurrences, visit_plans.c.household_id, visit_plans.c.category, visit_plans.c.cadence)
        .join(visit_plans)
        .where(occurrences.c.id.in_(newest))
    )
    today, kinds = cx.calendar.today(cx.now), load_visit_categories()
    found = []
    for row in await tx.rows(stmt.order_by(occurrences.c.due_on, occurrences.c.id)):
        area = grid.areas[row.household_id]
        near = carers(grid, row.household_id, cx.now, today, row.assignee_id).near
        kind = kinds[row.category].name if row.category in kinds else row.category
        names = tuple(c.member.name for c in near[:2])
        every = visit_lines.every(cx.said, Cadence.of(row.cadence))
        found.append(VisitRow(row.id, area.name, kind, every, row.due_on, row.state, names))
    return tuple(found)


async def _notices(tx: ReadTx) -> tuple[NoticeRow, ...]:
    rows = await tx.rows(sa.select(notices).order_by(notices.c.id.desc()).limit(10))
    return tuple(NoticeRow(row.words, row.state, row.sent) for row in rows)


async def _counts(tx: ReadTx) -> tuple[tuple[str, int], ...]:
    stmt = sa.select(outbox_table.c.state, sa.func.count().label("n")).group_by(outbox_table.c.state)
    return tuple((row.state, row.n) for row in await tx.rows(stmt.order_by(outbox_table.c.state)))


async def _latest(tx: ReadTx) -> tuple[SentRow, ...]:
    table = outbox_table
    stmt = sa.select(table.c.chat_id, table.c.kind, table.c.state).order_by(table.c.id.desc()).limit(_LATEST)
    return tuple(SentRow(row.chat_id, row.kind, row.state) for row in await tx.rows(stmt))
