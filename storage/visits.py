"""Must-visit households: plans, due visits, who was asked, and what was found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.cadence import Cadence, Rhythm, Unit, Window
from domain.outgoing import SendState
from domain.visit import UNSETTLED, Mode, Occurrence, Outcome, Plan, State
from storage.database import ReadTx, WriteTx, unbroken
from storage.tables import outbox
from storage.types import YES
from storage.visit_tables import occurrences, visit_asks, visit_consents, visit_plans, visits

_PLAN = (
    visit_plans.c.id.label("plan"),
    visit_plans.c.grid_id.label("plan_grid"),
    visit_plans.c.household_id,
    visit_plans.c.category,
    visit_plans.c.cadence,
    visit_plans.c.starts_on,
    visit_plans.c.consent_on,
    visit_plans.c.active,
    visit_plans.c.next_on.label("plan_next_on"),
    visit_plans.c.paused,
)
_OCCURRENCE = (
    occurrences.c.id,
    occurrences.c.period,
    occurrences.c.from_on,
    occurrences.c.due_on,
    occurrences.c.to_on,
    occurrences.c.state,
    occurrences.c.rung,
    occurrences.c.revision,
    occurrences.c.assignee_id,
    occurrences.c.settled_on,
    occurrences.c.round_id,
)
_AT_ONCE = 500
_LIVE = occurrences.c.state.in_(sorted(UNSETTLED))


async def keep_plan(
    tx: WriteTx, household_id: int, grid_id: int, category: str, *, cadence: Cadence, starts_on: date, consent_on: date
) -> None:
    """A household is visited from a day on; said again, the newer word counts and the plan is active again."""
    row = {
        "household_id": household_id,
        "grid_id": grid_id,
        "category": category,
        "cadence": cadence.text,
        "starts_on": starts_on,
        "consent_on": consent_on,
        "active": True,
        "next_on": None if cadence.unit is Unit.EVENT else starts_on,
        "paused": "",
    }
    await tx.execute(tx.upsert(visit_plans, row, ["household_id", "category"]))


async def plans_to_look_at(tx: WriteTx, today: date) -> list[Plan]:
    """The plans a new period has begun of. Locked, so that another process leaves them alone."""
    stmt = sa.select(*_PLAN).where(visit_plans.c.active == YES, visit_plans.c.next_on <= today)
    rows = await tx.rows(stmt.order_by(visit_plans.c.id).with_for_update(skip_locked=True, of=visit_plans))
    return [_plan(row) for row in rows]


async def plans_of(tx: ReadTx, *household_ids: int) -> list[Plan]:
    """All plans of these households, ended and paused ones too."""
    stmt = sa.select(*_PLAN).where(visit_plans.c.household_id.in_(household_ids))
    return [_plan(row) for row in await tx.rows(stmt.order_by(visit_plans.c.id))]


async def plans_of_grid(tx: ReadTx, grid_id: int) -> list[Plan]:
    """The active plans of a grid, paused ones too."""
    stmt = sa.select(*_PLAN).where(visit_plans.c.grid_id == grid_id, visit_plans.c.active == YES)
    return [_plan(row) for row in await tx.rows(stmt.order_by(visit_plans.c.id))]


async def set_next(tx: WriteTx, known: Sequence[tuple[Plan, date | None]]) -> None:
    """When the clock looks at each of these plans again; a pause that brought it here is over."""
    values = [{"plan_id": plan.id, "day": day} for plan, day in known if day != plan.next_on]
    if values:
        stmt = sa.update(visit_plans).where(visit_plans.c.id == sa.bindparam("plan_id"))
        await _many(tx, stmt.values(next_on=sa.bindparam("day"), paused=""), values)


async def pause(tx: WriteTx, plan: Plan, reason: str, until: date | None) -> None:
    """Nobody goes there until a day, or at all. With an empty reason somebody goes again from that day on."""
    stmt = sa.update(visit_plans).where(visit_plans.c.id == plan.id)
    await tx.execute(stmt.values(paused=reason, next_on=until))


async def consent(tx: WriteTx, plan: Plan, member_id: int, *, given: bool, at: datetime, today: date) -> None:
    """Who told us what the person wants. A new consent counts from today."""
    row = {"plan_id": plan.id, "member_id": member_id, "given": given, "at": at}
    tx.add(visit_consents, row)
    if given:
        await tx.execute(sa.update(visit_plans).where(visit_plans.c.id == plan.id).values(consent_on=today))


def add(tx: WriteTx, plan: Plan, period: str, window: Window, *, rung: int = 0, round_id: int | None = None) -> None:
    """The visit of a period. The period is its identity, so adding it again changes nothing."""
    row = {
        "plan_id": plan.id,
        "grid_id": plan.grid_id,
        "period": period,
        "from_on": window.from_on,
        "due_on": window.due_on,
        "to_on": window.to_on,
        "state": State.PLANNED,
        "rung": rung,
        "revision": 0,
        "next_on": window.from_on,
        "round_id": round_id,
    }
    tx.add(occurrences, row, or_ignore=True)


async def get(tx: ReadTx, number: int) -> Occurrence | None:
    """A visit by the number people see (走访 V12)."""
    found = await select(tx, occurrences.c.id == number)
    return found[0] if found else None


async def of_key(tx: ReadTx, period: str, plan_id: int) -> Occurrence | None:
    """The visit of a period, or of an event."""
    found = await select(tx, occurrences.c.plan_id == plan_id, occurrences.c.period == period)
    return found[0] if found else None


async def some(tx: ReadTx, numbers: Collection[int]) -> list[Occurrence]:
    """Visits by their numbers."""
    return await select(tx, occurrences.c.id.in_(sorted(numbers)))


async def ringing(tx: WriteTx, day: date) -> list[Occurrence]:
    """What the clock makes something of on this day. Locked, so that another process leaves it alone."""
    return await select(tx, occurrences.c.next_on <= day, lock=True)


async def due(tx: ReadTx, day: date, *grid_ids: int) -> list[Occurrence]:
    """Everything in these grids due on or before a day and not settled, the longest due first."""
    return await select(tx, _LIVE, occurrences.c.from_on <= day, occurrences.c.grid_id.in_(grid_ids))


async def missed(tx: ReadTx, since: date, *grid_ids: int) -> list[Occurrence]:
    """What was due since a day and nobody made, in these grids."""
    here = occurrences.c.grid_id.in_(grid_ids)
    return await select(tx, occurrences.c.state == State.MISSED, occurrences.c.due_on >= since, here)


async def of_household(tx: ReadTx, household_id: int, day: date) -> list[Occurrence]:
    """The visits to one household that may be made by a day and are not settled."""
    return await select(tx, visit_plans.c.household_id == household_id, _LIVE, occurrences.c.from_on <= day)


async def of_plan(tx: ReadTx, plan_id: int) -> list[Occurrence]:
    """The visits of a plan that are not settled."""
    return await select(tx, occurrences.c.plan_id == plan_id, _LIVE)


async def of_round(tx: ReadTx, round_id: int) -> list[Occurrence]:
    """All visits of a round."""
    return await select(tx, occurrences.c.round_id == round_id)


async def save(tx: WriteTx, before: Occurrence, after: Occurrence) -> bool:
    """Write what changed; False when somebody else was faster, and then nothing is written."""
    same = (
        occurrences.c.id == before.id,
        occurrences.c.state == before.state,
        occurrences.c.rung == before.rung,
        occurrences.c.revision == before.revision,
    )
    values = {
        "from_on": after.window.from_on,
        "due_on": after.window.due_on,
        "to_on": after.window.to_on,
        "state": after.state,
        "rung": after.rung,
        "revision": after.revision,
        "next_on": after.wakes_on,
        "assignee_id": after.assignee_id,
        "settled_on": after.settled_on,
    }
    return await tx.execute(sa.update(occurrences).where(*same).values(**values)) == 1


async def save_rung(tx: WriteTx, changed: Sequence[Occurrence]) -> None:
    """What the clock made of many visits, which ``ringing`` has locked."""
    values = [{"number": o.id, "is_now": o.state, "next_rung": o.rung, "day": o.wakes_on} for o in changed]
    if values:
        stmt = sa.update(occurrences).where(occurrences.c.id == sa.bindparam("number"))
        columns = {"state": "is_now", "rung": "next_rung", "next_on": "day"}
        await _many(tx, stmt.values({c: sa.bindparam(name) for c, name in columns.items()}), values)


def record(
    tx: WriteTx,
    number: int,
    member_id: int,
    outcome: Outcome,
    *,
    visited_on: date,
    at: datetime,
    mode: Mode = Mode.HOME,
    note: str = "",
    ticket: int | None = None,
) -> None:
    """What was found at a visit. Rows are never changed."""
    row = {
        "occurrence_id": number,
        "member_id": member_id,
        "visited_on": visited_on,
        "recorded_at": at,
        "mode": mode,
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


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody was asked about a visit on a rung, in the message ``key``."""

    occurrence_id: int
    revision: int
    rung: int
    member_id: int
    key: str


def ask(tx: WriteTx, asked: Asked) -> None:
    """Remember who was asked; the same again changes nothing."""
    row = {name: getattr(asked, name) for name in ("occurrence_id", "revision", "rung", "member_id", "key")}
    tx.add(visit_asks, row, or_ignore=True)


async def asked_of(tx: ReadTx, numbers: Sequence[int]) -> list[Asked]:
    """Who was asked about these visits."""
    found: list[Asked] = []
    for start in range(0, len(numbers), _AT_ONCE):
        found += await _asked(tx, visit_asks.c.occurrence_id.in_(numbers[start : start + _AT_ONCE]))
    return found


async def asked_with(tx: ReadTx, found: Occurrence) -> dict[str, list[Asked]]:
    """The messages in which somebody was asked about a visit as it stands, and everything each of them asks for."""
    mine = (visit_asks.c.occurrence_id == found.id, visit_asks.c.revision == found.revision)
    asked: dict[str, list[Asked]] = {}
    for each in await _asked(tx, visit_asks.c.key.in_(sa.select(visit_asks.c.key).where(*mine))):
        asked.setdefault(each.key, []).append(each)
    return asked


async def asked_in(tx: ReadTx, key: str) -> list[Asked]:
    """What one message asks for."""
    return await _asked(tx, visit_asks.c.key == key)


async def waiting(tx: ReadTx) -> list[Asked]:
    """What was asked in messages that nobody has begun to send."""
    unsent = sa.select(outbox.c.key).where(
        outbox.c.state == SendState.PENDING, outbox.c.attempt == 0, outbox.c.key.startswith("visit")
    )
    return await _asked(tx, visit_asks.c.key.in_(unsent))


async def drop_ask(tx: WriteTx, asked: Asked) -> None:
    """He is not asked after all, and may be asked later."""
    where = (
        visit_asks.c.occurrence_id == asked.occurrence_id,
        visit_asks.c.key == asked.key,
        visit_asks.c.member_id == asked.member_id,
    )
    await tx.execute(sa.delete(visit_asks).where(*where))


async def _asked(tx: ReadTx, where: sa.ColumnElement[bool]) -> list[Asked]:
    stmt = sa.select(visit_asks).where(where).order_by(visit_asks.c.occurrence_id, visit_asks.c.rung)
    return [Asked(row.occurrence_id, row.revision, row.rung, row.member_id, row.key) for row in await tx.rows(stmt)]


async def select(tx: ReadTx, *where: sa.ColumnElement[bool], lock: bool = False) -> list[Occurrence]:
    """Visits by any condition on ``tables.occurrences`` and ``tables.visit_plans``, the longest due first."""
    stmt = sa.select(*_PLAN, *_OCCURRENCE).join_from(occurrences, visit_plans).where(*where)
    if lock:
        stmt = stmt.with_for_update(skip_locked=True, of=occurrences)
    return [_occurrence(row) for row in await tx.rows(stmt.order_by(occurrences.c.due_on, occurrences.c.id))]


async def _many(tx: WriteTx, stmt: sa.Update, values: Sequence[dict[str, Any]]) -> None:
    """One statement for many rows."""
    await tx.flush()
    for start in range(0, len(values), _AT_ONCE):
        await unbroken(tx.conn.execute(stmt, values[start : start + _AT_ONCE]))


def _plan(row: sa.Row[Any]) -> Plan:
    rhythm = Rhythm(Cadence.of(row.cadence), row.starts_on)
    return Plan(
        row.plan,
        row.plan_grid,
        row.household_id,
        row.category,
        rhythm,
        row.consent_on,
        row.active,
        row.plan_next_on,
        row.paused,
    )


def _occurrence(row: sa.Row[Any]) -> Occurrence:
    return Occurrence(
        id=row.id,
        plan=_plan(row),
        period=row.period,
        window=Window(row.from_on, row.due_on, row.to_on),
        state=State(row.state),
        rung=row.rung,
        revision=row.revision,
        assignee_id=row.assignee_id,
        settled_on=row.settled_on,
        round_id=row.round_id,
    )
