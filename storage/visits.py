"""Must-visit households: plans, due visits, and what was found."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.visit import RUNGS, UNSETTLED, Occurrence, Outcome, Period, Plan, Rhythm, State
from storage.database import ReadTx, WriteTx
from storage.tables import occurrences, visit_plans, visits
from storage.types import YES

_PLAN = (
    visit_plans.c.id.label("plan"),
    visit_plans.c.grid_id.label("plan_grid"),
    visit_plans.c.household_id,
    visit_plans.c.category,
    visit_plans.c.every_days,
    visit_plans.c.starts_on,
    visit_plans.c.consent_on,
    visit_plans.c.active,
)
_OCCURRENCE = (
    occurrences.c.id,
    occurrences.c.period,
    occurrences.c.due_on,
    occurrences.c.state,
    occurrences.c.rung,
    occurrences.c.revision,
    occurrences.c.assignee_id,
    occurrences.c.settled_on,
)


async def keep_plan(
    tx: WriteTx, household_id: int, grid_id: int, category: str, *, every_days: int, starts_on: date, consent_on: date
) -> None:
    """A household is visited from a day on; said again, the newer word counts and the plan is active again."""
    row = {
        "household_id": household_id,
        "grid_id": grid_id,
        "category": category,
        "every_days": every_days,
        "starts_on": starts_on,
        "consent_on": consent_on,
        "active": True,
    }
    await tx.execute(tx.upsert(visit_plans, row, ["household_id", "category"]))


async def plans(tx: ReadTx) -> list[tuple[Plan, str]]:
    """All active plans, each with the newest period that has a visit (empty for none)."""
    newest = sa.select(sa.func.max(occurrences.c.period)).where(occurrences.c.plan_id == visit_plans.c.id)
    stmt = sa.select(*_PLAN, newest.scalar_subquery().label("newest")).where(visit_plans.c.active == YES)
    return [(_plan(row), row.newest or "") for row in await tx.rows(stmt.order_by(visit_plans.c.id))]


def add(tx: WriteTx, plan: Plan, period: Period, state: State = State.PLANNED) -> None:
    """The visit of a period. The period is its identity, so adding it again changes nothing. A missed one rings no more."""
    row = {
        "plan_id": plan.id,
        "grid_id": plan.grid_id,
        "period": period.key,
        "due_on": plan.rhythm.due_on(period),
        "state": state,
        "rung": RUNGS if state is State.MISSED else 0,
        "revision": 0,
    }
    tx.add(occurrences, row, or_ignore=True)


async def get(tx: ReadTx, number: int) -> Occurrence | None:
    """A visit by the number people see (走访 V12)."""
    found = await _select(tx, occurrences.c.id == number)
    return found[0] if found else None


async def due(tx: ReadTx, day: date, *grid_ids: int) -> list[Occurrence]:
    """Everything due on or before a day and not settled, the longest due first; of some grids or of all."""
    where = [occurrences.c.state.in_(sorted(UNSETTLED)), occurrences.c.due_on <= day]
    if grid_ids:
        where.append(occurrences.c.grid_id.in_(grid_ids))
    return await _select(tx, *where)


async def of_period(tx: ReadTx, plan_id: int, period: str) -> list[Occurrence]:
    """The visit of a period, if there is one."""
    return await _select(tx, occurrences.c.plan_id == plan_id, occurrences.c.period == period)


async def missed(tx: ReadTx, since: date, *grid_ids: int) -> list[Occurrence]:
    """What was due since a day and nobody made, in these grids."""
    here = occurrences.c.grid_id.in_(grid_ids)
    return await _select(tx, occurrences.c.state == State.MISSED, occurrences.c.due_on >= since, here)


async def of_plan(tx: ReadTx, plan_id: int, day: date) -> list[Occurrence]:
    """The visits to one household of one kind that are due by a day and not settled."""
    live = occurrences.c.state.in_(sorted(UNSETTLED))
    return await _select(tx, occurrences.c.plan_id == plan_id, live, occurrences.c.due_on <= day)


async def save(tx: WriteTx, before: Occurrence, after: Occurrence) -> bool:
    """Write what changed; False when somebody else was faster, and then nothing is written."""
    same = (
        occurrences.c.id == before.id,
        occurrences.c.state == before.state,
        occurrences.c.rung == before.rung,
        occurrences.c.revision == before.revision,
    )
    values = {
        "due_on": after.due_on,
        "state": after.state,
        "rung": after.rung,
        "revision": after.revision,
        "assignee_id": after.assignee_id,
        "settled_on": after.settled_on,
    }
    return await tx.execute(sa.update(occurrences).where(*same).values(**values)) == 1


def record(
    tx: WriteTx,
    number: int,
    member_id: int,
    outcome: Outcome,
    *,
    visited_on: date,
    at: datetime,
    note: str = "",
    ticket: int | None = None,
) -> None:
    """What was found at a visit. Rows are never changed."""
    row = {
        "occurrence_id": number,
        "member_id": member_id,
        "visited_on": visited_on,
        "recorded_at": at,
        "outcome": outcome,
        "ticket": ticket,
        "note": note,
    }
    tx.add(visits, row)


async def tried_on(tx: ReadTx, number: int, member_id: int, day: date) -> bool:
    """Whether this member has already said on this day that nobody opened."""
    where = (
        visits.c.occurrence_id == number,
        visits.c.member_id == member_id,
        visits.c.visited_on == day,
        visits.c.outcome == Outcome.ABSENT,
    )
    return await tx.one(sa.select(visits.c.id).where(*where).limit(1)) is not None


async def _select(tx: ReadTx, *where: sa.ColumnElement[bool]) -> list[Occurrence]:
    stmt = sa.select(*_PLAN, *_OCCURRENCE).join_from(occurrences, visit_plans).where(*where)
    return [_occurrence(row) for row in await tx.rows(stmt.order_by(occurrences.c.due_on, occurrences.c.id))]


def _plan(row: sa.Row[Any]) -> Plan:
    rhythm = Rhythm(row.every_days, row.starts_on)
    return Plan(row.plan, row.plan_grid, row.household_id, row.category, rhythm, row.consent_on, row.active)


def _occurrence(row: sa.Row[Any]) -> Occurrence:
    return Occurrence(
        id=row.id,
        plan=_plan(row),
        period=row.period,
        due_on=row.due_on,
        state=State(row.state),
        rung=row.rung,
        revision=row.revision,
        assignee_id=row.assignee_id,
        settled_on=row.settled_on,
    )
