"""What leaves in a sheet: tickets without persons unless somebody asks for them, and the roster as it can be read again."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.calendar import Calendar
from domain.category import Category
from domain.duty import shown
from domain.roster import AreaKind, PairRole
from domain.screen import screened
from domain.ticket import Ticket
from storage import supervision, tickets
from storage.database import ReadTx
from storage.rosters import Key, Snapshot
from storage.tables import tickets as table
from texts.sentences import Sentences
from texts.skills import load_skills

ROSTER = (
    "grid_code", "name", "role", "public_name", "phone", "pairs", "pair_role", "capacity", "week_cap", "skills", "duty",
)  # fmt: skip
TICKETS = (
    "number", "grid_code", "category", "urgency", "where", "words", "state", "handler",
    "created_at", "response_due_at", "closing_due_at", "responded_at", "solved_at", "closed_at",
    "done", "rating", "supporters", "urges", "reworks",
)  # fmt: skip
SUPERVISED = (
    "number", "grid_code", "category", "where", "state", "supervised_reason", "responsible", "listed_at", "supervised_due",
    "next_update", "update_note", "struck_at",
)  # fmt: skip
CONTACTS = ("reporter_name", "reporter")
_WRITTEN = ("words", "done")
"""What people wrote themselves, phone numbers and all."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Words:
    """What makes a row readable: names of categories and states, the wall clock."""

    said: Sentences
    calendar: Calendar
    categories: Mapping[str, Category]


def headings(columns: tuple[str, ...], said: Sentences) -> list[str]:
    """The first row of a sheet."""
    return [said.say(f"sheet.column.{column}") for column in columns]


async def ticket_rows(tx: ReadTx, known: Snapshot, words: Words, *, contacts: bool) -> AsyncIterator[list[object]]:
    """All tickets, newest first. Without contacts, numbers in what people wrote are masked as well."""
    codes = {area.id: key[1] for key, area in known.areas.items() if area.kind is AreaKind.GRID}
    names = {member.id: member.name for member in known.members.values()}
    below: int | None = None
    while True:
        where = () if below is None else (table.c.number < below,)
        found = await tickets.select(tx, *where, limit=_AT_ONCE)
        if not found:
            return
        for ticket in found:
            row = _ticket_row(words, ticket, codes.get(ticket.grid_id, ""), names.get(ticket.assignee_id or 0, ""))
            if contacts:
                row += [ticket.reporter.name, f"{ticket.reporter.channel}:{ticket.reporter.account}"]
            else:
                row = [screened(str(c)) if name in _WRITTEN else c for name, c in zip(TICKETS, row, strict=True)]
            yield row
        below = found[-1].number


def _ticket_row(words: Words, ticket: Ticket, code: str, handler: str) -> list[object]:
    category = words.categories.get(ticket.code)

    said = words.said
    return [
        ticket.number,
        code,
        category.name if category else "",
        ticket.urgency.value,
        ticket.place.shown(),
        ticket.words,
        said.say(f"sheet.state.{ticket.state}"),
        handler,
        *(
            _clock(words, at)
            for at in (
                ticket.created_at,
                ticket.response_due_at,
                ticket.closing_due_at,
                ticket.responded_at,
                ticket.solved_at,
                ticket.closed_at,
            )
        ),
        ticket.done,
        said.say(f"sheet.rating.{ticket.rating}") if ticket.rating else "",
        ticket.supporters,
        ticket.urges,
        ticket.reworks,
    ]


async def supervised_rows(tx: ReadTx, known: Snapshot, words: Words) -> list[list[object]]:
    """Every case that ever stood on the list, the one due first on top. No reporter, and no numbers in what was written."""
    codes = {area.id: key[1] for key, area in known.areas.items() if area.kind is AreaKind.GRID}
    names = {member.id: member.name for member in known.members.values()}
    found: list[list[object]] = []
    for case in await supervision.select(tx):
        ticket = await tickets.get(tx, case.ticket)
        category = words.categories.get(ticket.code) if ticket is not None else None
        found.append(
            [
                case.ticket,
                codes.get(case.grid_id, ""),
                category.name if category else "",
                ticket.place.public() if ticket is not None else "",
                words.said.say(f"sheet.state.{ticket.state}") if ticket is not None else "",
                words.said.say(f"supervised.reason_{case.reason}"),
                names.get(case.responsible_id or 0, ""),
                _clock(words, case.listed_at),
                case.due_on.isoformat(),
                case.next_update_on.isoformat(),
                screened(case.note),
                _clock(words, case.struck_at),
            ]
        )
    return found


def _clock(words: Words, at: datetime | None) -> str:
    return "" if at is None else f"{words.calendar.local(at):%Y-%m-%d %H:%M}"


def roster_rows(known: Snapshot, said: Sentences) -> Iterator[list[object]]:
    """One row for a person and each of his parts in pairings. Who looks after which household is not told here."""
    known_skills = load_skills()
    held: dict[tuple[object, PairRole], list[str]] = {}
    for pairing in sorted(known.pairings, key=lambda p: (len(p.area), p.area)):
        if pairing.area[0] in (AreaKind.GRID, AreaKind.BUILDING, AreaKind.STAIR):
            name = "".join(pairing.area[2:]) or said.say("sheet.pair.whole_grid")
            held.setdefault((pairing.member, pairing.role), []).append(name)
    for person, member in sorted(known.members.items()):
        code = _grid_of(known, member.area)
        if not member.active or code is None:
            continue
        parts: list[tuple[PairRole | None, list[str]]] = [
            (role, held[person, role]) for role in PairRole if (person, role) in held
        ]
        for role, names in parts or [(None, [])]:
            yield [
                code,
                member.name,
                said.say(f"member.role_{member.role}"),
                member.public_name,
                member.phone,
                "、".join(names),
                said.say(f"sheet.pair.{role}") if role else "",
                member.capacity,
                member.week_cap,
                "、".join(known_skills[key].name for key in member.skills if key in known_skills),
                shown(member.duty),
            ]


def _grid_of(known: Snapshot, area: Key) -> str | None:
    """A grid's code that leads to this area when the row is read again."""
    if area[0] == AreaKind.GRID:
        return area[1]
    return min((key[1] for key in known.areas if key[0] == AreaKind.GRID and area in _above(known, key)), default=None)


def _above(known: Snapshot, key: Key) -> Iterator[Key]:
    parent = known.areas[key].parent
    while parent is not None:
        yield parent
        parent = known.areas[parent].parent


def unlisted(known: Snapshot) -> list[str]:
    """Members of areas without any grid: a sheet has no row for them, so somebody must be told."""
    return [m.name for m in known.members.values() if m.active and _grid_of(known, m.area) is None]
