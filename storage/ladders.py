"""Runs of the escalation ladder: which ticket is being climbed for, how far, and what comes next."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from domain.ladder import Run, RunState, Steps
from domain.ticket import OPEN
from storage.clock_tables import ladder_runs
from storage.database import ReadTx, WriteTx
from storage.tables import tickets


def _living() -> sa.ColumnElement[bool]:
    return ladder_runs.c.state != RunState.DONE


async def living(tx: ReadTx) -> dict[int, Run]:
    """Every run that has not ended, by ticket; also those whose ticket has."""
    rows = await tx.rows(sa.select(ladder_runs).where(_living()).order_by(ladder_runs.c.id))
    return {row.ticket: _run(row) for row in rows}


async def of_ticket(tx: ReadTx, number: int) -> Run | None:
    """The living run of a ticket."""
    row = await tx.one(sa.select(ladder_runs).where(ladder_runs.c.ticket == number, _living()))
    return None if row is None else _run(row)


async def every(tx: ReadTx, number: int) -> list[Run]:
    """All runs of a ticket, oldest first."""
    rows = await tx.rows(sa.select(ladder_runs).where(ladder_runs.c.ticket == number).order_by(ladder_runs.c.id))
    return [_run(row) for row in rows]


async def wanted(tx: ReadTx) -> list[int]:
    """Open tickets without a living run, oldest first."""
    none = ~sa.exists().where(ladder_runs.c.ticket == tickets.c.number, _living())
    stmt = sa.select(tickets.c.number).where(tickets.c.state.in_(list(OPEN)), none).order_by(tickets.c.number)
    return [row.number for row in await tx.rows(stmt)]


async def start(tx: WriteTx, run: Run, grid_id: int) -> Run | None:
    """A new run, with its id; None where another process has been faster."""
    stmt = tx.insert_ignoring(ladder_runs).values(ticket=run.ticket, grid_id=grid_id, **_columns(run))
    if await tx.execute(stmt) != 1:
        return None
    return await of_ticket(tx, run.ticket)


async def save(tx: WriteTx, before: Run, after: Run) -> bool:
    """Write what changed; False when somebody else was faster, and then nothing is written."""
    same = (ladder_runs.c.id == before.id, ladder_runs.c.version == before.version, _living())
    values = {**_columns(after), "version": before.version + 1}
    return await tx.execute(sa.update(ladder_runs).where(*same).values(**values)) == 1


def _columns(run: Run) -> Mapping[str, Any]:
    return {
        "snapshot": run.steps.packed(),
        **{name: getattr(run, name) for name in _SAME},
    }


_SAME = (
    "due_at",
    "next_at",
    "position",
    "revision",
    "state",
    "missed",
    "acked_by",
    "acked_at",
    "promise_on",
    "version",
)


def _run(row: sa.Row[Any]) -> Run:
    fields = row._mapping
    same = {name: fields[name] for name in _SAME}
    return Run(
        **{
            **same,
            "id": row.id,
            "ticket": row.ticket,
            "steps": Steps.unpacked(row.snapshot),
            "state": RunState(row.state),
        }
    )
