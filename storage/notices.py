"""Notices of grid leaders and the people above them. A notice to several grids is one row each, bound by the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.notice import State
from storage.database import ReadTx, WriteTx
from storage.tables import notices


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to one grid. ``sent`` counts how often it went out: the slot of the next time."""

    id: int
    grid_id: int
    author_id: int
    words: str
    areas: tuple[str, ...]
    state: State
    repeat: str
    urgent: bool
    next_at: datetime | None
    sent: int
    first_id: int | None

    @property
    def number(self) -> int:
        """What the author calls it: the number of the first row written with it."""
        return self.first_id or self.id


async def insert(
    tx: WriteTx,
    author_id: int,
    grids: Sequence[tuple[int, tuple[str, ...]]],
    words: str,
    *,
    repeat: str,
    urgent: bool,
    next_at: datetime | None,
    at: datetime,
) -> int:
    """A draft for one or several grids (id, areas); the number of the whole."""
    first: int | None = None
    for grid_id, areas in grids:
        row = {
            "grid_id": grid_id,
            "author_id": author_id,
            "words": words,
            "areas": list(areas),
            "state": State.DRAFT,
            "repeat": repeat,
            "urgent": urgent,
            "next_at": next_at,
            "sent": 0,
            "created_at": at,
            "first_id": first,
        }
        number: int = await tx.value(sa.insert(notices).values(**row).returning(notices.c.id))
        first = first or number
    if first is None:
        raise ValueError("a notice needs a grid")
    return first


async def of_number(tx: ReadTx, number: int) -> list[Notice]:
    """All rows of a notice, the first one first."""
    stmt = sa.select(notices).where((notices.c.id == number) | (notices.c.first_id == number))
    return [_notice(row) for row in await tx.rows(stmt.order_by(notices.c.id))]


async def due(tx: ReadTx, now: datetime) -> list[Notice]:
    """What is to be said now."""
    stmt = sa.select(notices).where(notices.c.state == State.SCHEDULED, notices.c.next_at <= now)
    return [_notice(row) for row in await tx.rows(stmt.order_by(notices.c.id))]


async def save(tx: WriteTx, notice: Notice, state: State, next_at: datetime | None, *, sent: int | None = None) -> bool:
    """Write how it goes on; False when somebody else was faster, and then nothing is written."""
    same = (notices.c.id == notice.id, notices.c.state == notice.state, notices.c.sent == notice.sent)
    values = {"state": state, "next_at": next_at, "sent": notice.sent if sent is None else sent}
    return await tx.execute(sa.update(notices).where(*same).values(**values)) == 1


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        grid_id=row.grid_id,
        author_id=row.author_id,
        words=row.words,
        areas=tuple(row.areas),
        state=State(row.state),
        repeat=row.repeat,
        urgent=row.urgent,
        next_at=row.next_at,
        sent=row.sent,
        first_id=row.first_id,
    )
