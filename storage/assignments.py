"""Pairing proposals: what a proposal is made from, and the one transaction in which it is applied."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.roster import AreaKind, Grid
from domain.suggestion import Step, Suggestion
from storage import grids
from storage.database import ReadTx, WriteTx
from storage.tables import areas, assignment_runs, members, pairings
from storage.types import YES
from storage.visit_tables import visit_plans

SOURCE = "solver"
"""``pairings.source`` of what a proposal has opened; other rows say nothing there."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a proposal was made, for the record."""

    params: Mapping[str, Any]
    epoch: str
    solver_version: str
    applied_by: str
    at: datetime


async def homes(tx: ReadTx, grid: Grid, *, visited: bool) -> frozenset[int]:
    """The households of a grid, or only those on its must-visit list.

    Without those that somebody from outside the grid looks after: no proposal reaches beyond its grid.
    """
    stmt = sa.select(areas.c.id).where(areas.c.grid_id == grid.id, areas.c.kind == AreaKind.HOUSEHOLD)
    if visited:
        stmt = sa.select(visit_plans.c.household_id.label("id")).where(
            visit_plans.c.grid_id == grid.id, visit_plans.c.active == YES
        )
    foreign = (
        sa.select(pairings.c.area_id)
        .join_from(pairings, members)
        .join(areas, areas.c.id == pairings.c.area_id)
        .where(areas.c.grid_id == grid.id, pairings.c.to_on.is_(None), members.c.area_id != grid.id)
    )
    theirs = {row.area_id for row in await tx.rows(foreign)}
    return frozenset(row.id for row in await tx.rows(stmt) if row.id not in theirs)


async def apply(tx: WriteTx, found: Suggestion, run: Run, today: date) -> int:
    """Close what ends and open what begins; the number of the run.

    The roster must be the one the proposal was made from, looked at in this same transaction.
    """
    changes = found.changes
    row = {
        "grid_id": found.grid_id,
        "input_hash": found.fingerprint,
        "params": dict(run.params),
        "epoch": run.epoch,
        "solver_version": run.solver_version,
        "objective": found.objective,
        "unassigned": [[c.household, c.role, c.reason["why"]] for c in changes if c.step is Step.UNCOVERED],
        "applied_by": run.applied_by,
        "at": run.at,
    }
    number: int = await tx.value(sa.insert(assignment_runs).values(**row).returning(assignment_runs.c.id))
    for change in changes:
        if change.closes:
            ended = sa.update(pairings).where(
                pairings.c.area_id == change.household,
                pairings.c.member_id == change.was,
                pairings.c.role == change.role,
                pairings.c.to_on.is_(None),
            )
            await tx.execute(ended.values(to_on=today))
    for change in changes:
        if change.step in (Step.MOVED, Step.NEW):
            opened = {"area_id": change.household, "member_id": change.member, "role": change.role, "from_on": today}
            tx.add(pairings, {**opened, "source": SOURCE, "run_id": number, "reason": dict(change.reason)})
    await grids.changed(tx)
    return number
