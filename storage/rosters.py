"""The roster as a sheet sees it: all of it at once, and what a sheet changes in it, written whole or not at all.

``load`` gives the roster as plain values, rules elsewhere decide what a sheet changes (``Changes``), ``apply`` writes it.
Ids are of no use to a sheet, so areas are named by what stands on their doors (``Key``).
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from domain.roster import AreaKind, Duty, PairRole, Role
from storage import grids, people
from storage.database import ReadTx, WriteTx, unbroken
from storage.roster_tables import duty_times, member_skills
from storage.tables import areas, grid_words, members, pairings
from storage.visit_tables import visit_plans

Key = tuple[str, ...]
"""(kind, names from the grid down): ("grid", "G01"), ("stair", "G01", "3栋", "2单元"), ("community", "示范街道", "示范社区")."""

Person = tuple[Key, str]
"""A member: the area he belongs to and his name, which a sheet may use once per area."""

_LETTERS = "ACDEFHJKMNPQRTUVWXY3479"
"""Without characters that look alike on paper: 0 O, 1 I L, 2 Z, 5 S, 8 B, 6 G."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class KnownArea:
    """A row of ``areas``."""

    id: int
    key: Key
    parent: Key | None
    kind: AreaKind
    name: str


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A spot or nickname of a grid."""

    id: int
    grid: Key
    kind: str
    word: str
    means: str


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A row of ``members``, former ones too: whoever comes back is the same person."""

    id: int
    area: Key
    role: Role
    name: str
    public_name: str
    phone: str
    capacity: int
    active: bool
    bind_code: str
    week_cap: int = 0
    skills: tuple[str, ...] = ()
    duty: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownPairing:
    """A pairing that has not ended."""

    id: int
    area: Key
    member: Person
    role: PairRole


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A visit plan. ``person`` and ``contact`` are sealed."""

    id: int
    household: Key
    category: str
    cadence: str
    consent_on: date
    person: str
    contact: str
    active: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole roster at one instant."""

    areas: Mapping[Key, KnownArea]
    words: Mapping[tuple[Key, str, str], KnownWord]
    members: Mapping[Person, KnownMember]
    pairings: tuple[KnownPairing, ...]
    plans: Mapping[tuple[Key, str], KnownPlan]


@dataclass(frozen=True, slots=True)
class NewArea:
    """To be added below ``parent``, which may be new as well."""

    key: Key
    parent: Key | None
    kind: AreaKind
    name: str


@dataclass(frozen=True, slots=True)
class NewWord:
    """A spot (``spot``) or a nickname of a building (``nickname``)."""

    grid: Key
    kind: str
    word: str
    means: str = ""


@dataclass(frozen=True, slots=True)
class NewMember:
    """Gets a bind code when he is written."""

    area: Key
    role: Role
    name: str
    public_name: str
    phone: str
    capacity: int
    week_cap: int = 0
    skills: tuple[str, ...] = ()
    duty: tuple[Duty, ...] = ()

    @property
    def person(self) -> Person:
        """How other rows name him."""
        return self.area, self.name


@dataclass(frozen=True, slots=True)
class NewPairing:
    """From today on."""

    area: Key
    member: Person
    role: PairRole


@dataclass(frozen=True, slots=True)
class NewPlan:
    """Visits from today on. ``person`` and ``contact`` are readable here and sealed when they are written."""

    household: Key
    category: str
    cadence: str
    consent_on: date
    person: str
    contact: str


@dataclass(frozen=True, slots=True)
class Update:
    """Other values for one row; ``label`` says whose, ``values`` are (column, before, after)."""

    kind: Literal["area", "word", "member", "plan"]
    id: int
    label: str
    values: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Closing:
    """A row that ends: pairings today, members and plans by being set inactive. Nothing is ever deleted."""

    kind: Literal["pairing", "member", "plan"]
    id: int
    label: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a sheet changes. Two are equal when they would write the same."""

    areas: tuple[NewArea, ...] = ()
    words: tuple[NewWord, ...] = ()
    members: tuple[NewMember, ...] = ()
    pairings: tuple[NewPairing, ...] = ()
    plans: tuple[NewPlan, ...] = ()
    updates: tuple[Update, ...] = ()
    closings: tuple[Closing, ...] = ()

    def __len__(self) -> int:
        """How many rows are touched."""
        return sum(len(getattr(self, f.name)) for f in fields(self))


def area_key(kind: AreaKind, grid: str, building: str = "", unit: str = "", room: str = "") -> Key:
    """The key of a grid or of something inside one."""
    parts = {
        AreaKind.GRID: (),
        AreaKind.BUILDING: (building,),
        AreaKind.STAIR: (building, unit),
        AreaKind.HOUSEHOLD: (building, unit, room),
    }[kind]
    return (str(kind), grid, *parts)


async def load(tx: ReadTx) -> Snapshot:
    """The roster as it is now."""
    found = await _areas(tx)
    by_id = {area.id: area for area in found}
    words = [
        KnownWord(row.id, by_id[row.grid_id].key, row.kind, row.word, row.means)
        for row in await tx.rows(sa.select(grid_words))
    ]
    skills: dict[int, list[str]] = {}
    for row in await tx.rows(sa.select(member_skills).order_by(member_skills.c.skill)):
        skills.setdefault(row.member_id, []).append(row.skill)
    duty: dict[int, list[Duty]] = {}
    for row in await tx.rows(sa.select(duty_times)):
        duty.setdefault(row.member_id, []).append(Duty(row.weekday, row.from_minute, row.to_minute))
    found_members = {
        row.id: KnownMember(
            row.id,
            by_id[row.area_id].key,
            Role(row.role),
            row.name,
            row.public_name,
            row.phone,
            row.capacity,
            row.active,
            row.bind_code,
            row.week_cap,
            tuple(skills.get(row.id, ())),
            tuple(sorted(duty.get(row.id, ()))),
        )
        # active ones last, so that they stand for a name that a former member had as well
        for row in await tx.rows(sa.select(members).order_by(members.c.active, members.c.id))
    }
    named: dict[int, Person] = {member.id: (member.area, member.name) for member in found_members.values()}
    paired = [
        KnownPairing(row.id, by_id[row.area_id].key, named[row.member_id], PairRole(row.role))
        for row in await tx.rows(sa.select(pairings).where(pairings.c.to_on.is_(None)).order_by(pairings.c.id))
    ]
    plans = [
        KnownPlan(
            row.id,
            by_id[row.household_id].key,
            row.category,
            row.cadence,
            row.consent_on,
            row.person,
            row.contact,
            row.active,
        )
        for row in await tx.rows(sa.select(visit_plans).order_by(visit_plans.c.id))
    ]
    return Snapshot(
        areas={area.key: area for area in found},
        words={(word.grid, word.kind, word.word): word for word in words},
        members={(member.area, member.name): member for member in found_members.values()},
        pairings=tuple(paired),
        plans={(plan.household, plan.category): plan for plan in plans},
    )


async def _areas(tx: ReadTx) -> list[KnownArea]:
    rows = {row.id: row for row in await tx.rows(sa.select(areas).order_by(areas.c.id))}

    def key_of(row: sa.Row[Any]) -> Key:
        kind = AreaKind(row.kind)
        if kind is AreaKind.GRID:
            return (str(kind), row.code)
        if row.grid_id is not None:
            return area_key(kind, rows[row.grid_id].code, row.building, row.unit, row.room)
        above = (rows[row.parent_id].name,) if row.parent_id is not None else ()
        return (str(kind), *above, row.name)

    return [
        KnownArea(
            row.id,
            key_of(row),
            None if row.parent_id is None else key_of(rows[row.parent_id]),
            AreaKind(row.kind),
            row.name,
        )
        for row in rows.values()
    ]


async def apply(
    tx: WriteTx,
    known: Snapshot,
    changes: Changes,
    today: date,
    *,
    seal: Callable[[str], str],
    done: Callable[[int], object] = lambda _count: None,
) -> None:
    """Write the changes of a sheet, found against ``known`` in this same transaction. ``done`` hears of every batch."""
    if not changes:
        return
    write = _Writing(tx, known, today, seal, done)
    await write.close(changes.closings)
    for update in changes.updates:
        await write.update(update)
    await write.add(changes)
    await grids.changed(tx)


class _Writing:
    """One import on its way into the tables; knows the ids of what it has just added."""

    def __init__(
        self, tx: WriteTx, known: Snapshot, today: date, seal: Callable[[str], str], done: Callable[[int], object]
    ) -> None:
        self.tx = tx
        self.today = today
        self.seal = seal
        self.done = done
        self.area_ids = {key: area.id for key, area in known.areas.items()}
        self.member_ids = {person: member.id for person, member in known.members.items()}

    async def close(self, closings: Sequence[Closing]) -> None:
        """Ends come first: only one open pairing of an area may be the first one."""
        ends: dict[str, tuple[sa.Table, dict[str, Any]]] = {
            "pairing": (pairings, {"to_on": self.today}),
            "member": (members, {"active": False, "bind_code": ""}),
            "plan": (visit_plans, {"active": False}),
        }
        for kind, (table, values) in ends.items():
            ids = [c.id for c in closings if c.kind == kind]
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                await self.tx.execute(sa.update(table).where(table.c.id.in_(some)).values(**values))
                if kind == "member":
                    await people.forget(self.tx, some)
                self.done(len(some))

    async def update(self, update: Update) -> None:
        """One row with other values."""
        table = {"area": areas, "word": grid_words, "member": members, "plan": visit_plans}[update.kind]
        values = {column: self._sealed(column, after) for column, _, after in update.values}
        if update.kind == "plan" and ("cadence" in values or values.get("active")):
            values |= {"starts_on": self.today, "next_on": self.today}  # counted anew from today
        if "skills" in values:
            await people.set_skills(self.tx, update.id, values.pop("skills"))
        if "duty" in values:
            await people.set_duty(self.tx, update.id, values.pop("duty"))
        if not values:
            self.done(1)
            return
        if update.kind == "member" and values.get("active"):
            values["bind_code"] = fresh_code()
        await self.tx.execute(sa.update(table).where(table.c.id == update.id).values(**values))
        self.done(1)

    async def add(self, changes: Changes) -> None:
        """Parents before children."""
        for kind in AreaKind:
            level = [area for area in changes.areas if area.kind is kind]
            ids = await self._insert(areas, [self._area(area) for area in level])
            self.area_ids.update(zip((area.key for area in level), ids, strict=True))
        await self._insert(
            grid_words,
            [
                {"grid_id": self.area_ids[w.grid], "kind": w.kind, "word": w.word, "means": w.means}
                for w in changes.words
            ],
        )
        ids = await self._insert(members, [self._member(member) for member in changes.members])
        self.member_ids.update(zip((member.person for member in changes.members), ids, strict=True))
        for member_id, member in zip(ids, changes.members, strict=True):
            people.add_skills(self.tx, member_id, member.skills)
            people.add_duty(self.tx, member_id, member.duty)
        await self._insert(pairings, [self._pairing(pairing) for pairing in changes.pairings])
        await self._insert(visit_plans, [self._plan(plan) for plan in changes.plans])

    async def _insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        await self.tx.flush()
        stmt = sa.insert(table).returning(table.c.id, sort_by_parameter_order=True)
        ids: list[int] = []
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            ids += (await unbroken(self.tx.conn.execute(stmt, some))).scalars().all()
            self.done(len(some))
        return ids

    def _area(self, area: NewArea) -> dict[str, Any]:
        inside = area.kind not in (AreaKind.STREET, AreaKind.COMMUNITY, AreaKind.GRID)
        building, unit, room = (*area.key[2:], "", "", "")[:3] if inside else ("", "", "")
        return {
            "parent_id": None if area.parent is None else self.area_ids[area.parent],
            "grid_id": self.area_ids[area_key(AreaKind.GRID, area.key[1])] if inside else None,
            "kind": area.kind,
            "code": area.key[-1],
            "name": area.name,
            "building": building,
            "unit": unit,
            "room": room,
        }

    def _member(self, member: NewMember) -> dict[str, Any]:
        return {
            "area_id": self.area_ids[member.area],
            "role": member.role,
            "name": member.name,
            "public_name": member.public_name,
            "phone": member.phone,
            "bind_code": fresh_code(),
            "capacity": member.capacity,
            "week_cap": member.week_cap,
            "active": True,
            "joined_on": self.today,
        }

    def _pairing(self, pairing: NewPairing) -> dict[str, Any]:
        return {
            "area_id": self.area_ids[pairing.area],
            "member_id": self.member_ids[pairing.member],
            "role": pairing.role,
            "from_on": self.today,
        }

    def _plan(self, plan: NewPlan) -> dict[str, Any]:
        return {
            "grid_id": self.area_ids[area_key(AreaKind.GRID, plan.household[1])],
            "household_id": self.area_ids[plan.household],
            "category": plan.category,
            "cadence": plan.cadence,
            "starts_on": self.today,
            "next_on": self.today,
            "consent_on": plan.consent_on,
            "person": self.seal(plan.person),
            "contact": self.seal(plan.contact),
            "active": True,
        }

    def _sealed(self, column: str, value: Any) -> Any:
        return self.seal(value) if column in ("person", "contact") else value


def fresh_code() -> str:
    """A code a leader hands to a member on paper: random, eight characters that nobody mistakes for others."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))
