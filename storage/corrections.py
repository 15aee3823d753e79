"""What leaders said against the triage: kept without words, read together with the words of the ticket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import sqlalchemy as sa

from domain.correction import Correction, Kind
from domain.place import Place
from domain.triage import Act
from storage.database import ReadTx, WriteTx
from storage.tables import corrections, tickets


@dataclass(frozen=True, slots=True)
class Corrected:
    """The latest correction of a ticket, with what the ticket still says."""

    correction: Correction
    words: str
    place: Place


def add(tx: WriteTx, correction: Correction) -> None:
    """A new one."""
    tx.add(
        corrections,
        {
            "ticket": correction.ticket,
            "grid_id": correction.grid_id,
            "kind": correction.kind,
            "was_act": correction.was_act,
            "was_code": correction.was_code,
            "code": correction.code,
            "at": correction.at,
        },
    )


_FIELDS = (tickets.c.words, tickets.c.building, tickets.c.unit, tickets.c.room, tickets.c.spot)


async def examples(tx: ReadTx) -> AsyncIterator[Corrected]:
    """The latest correction of each ticket whose words are still there, oldest first. No person, no chat, no number."""
    last = sa.select(sa.func.max(corrections.c.id)).group_by(corrections.c.ticket)
    stmt = sa.select(corrections, *_FIELDS).join(tickets).where(corrections.c.id.in_(last), tickets.c.words != "")
    for row in await tx.rows(stmt.order_by(corrections.c.id)):
        place = Place(row.building, row.unit, row.room, row.spot)
        yield Corrected(_correction(row), row.words, place)


async def of_ticket(tx: ReadTx, number: int) -> list[Correction]:
    """What was said against the triage about one ticket, oldest first."""
    stmt = sa.select(corrections).where(corrections.c.ticket == number).order_by(corrections.c.id)
    return [_correction(row) for row in await tx.rows(stmt)]


def _correction(row: sa.Row[tuple[object, ...]]) -> Correction:
    fields = row._mapping
    return Correction(
        ticket=fields["ticket"],
        grid_id=fields["grid_id"],
        kind=Kind(fields["kind"]),
        was_act=Act(fields["was_act"]),
        was_code=fields["was_code"],
        code=fields["code"],
        at=fields["at"],
    )
