"""A district that is made up: grids, stairs, must-visit households and volunteers, paired by the real proposal."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from domain.assignment import solve
from domain.roster import PairRole
from domain.suggestion import Ask, Preset, suggest, terms_of
from storage import grids
from storage.database import Database, WriteTx
from storage.tables import accounts, areas, members, pairings
from storage.visit_tables import visit_plans
from texts.visit_categories import visit_category

SHARES = {"solo_elder": 10, "special_fam": 3, "illness_care": 20, "hardship": 30, "child": 5, "honor": 32}
"""Of a hundred households. Made up: no list of the real district is known. 13 are visited every week, 55 every month."""

JOINING = 28
"""In so many days the households give their consent, so that not all of them are due on one day."""

CHANNEL, BOT = "wecom", "1"
STAIRS = 4
_CAPACITY = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How large the district is."""

    grids: int = 1_248
    households: int = 20_000
    volunteers: int = 5_000


@dataclass(frozen=True, slots=True)
class District:
    """Who is who. The numbers of volunteers and leaders are those of their rows; ``load``: households as first contact."""

    volunteers: tuple[int, ...]
    leaders: frozenset[int]
    load: dict[int, int]
    first: dict[int, int]


def _dealt(total: int, parts: int) -> list[int]:
    """As evenly as whole numbers allow."""
    return [total // parts + (n < total % parts) for n in range(parts)]


async def build(database: Database, size: Size, begins_on: date, seed: int) -> District:
    """Write the roster of a district, and its pairings as the proposal for each grid would have them."""
    chance = Random(f"{seed}:district")
    homes = [key for key, share in SHARES.items() for _ in range(share)]
    people: list[int] = []
    leaders: list[int] = []
    inside: dict[int, list[int]] = {}
    number, member = size.grids, 0
    async with database.write("district") as tx:
        for n in range(1, size.grids + 1):
            tx.add(areas, {"id": n, "kind": "grid", "code": f"G{n}", "name": f"第{n}网格"})
        for n, (many, staff) in enumerate(
            zip(_dealt(size.households, size.grids), _dealt(size.volunteers, size.grids), strict=True), start=1
        ):
            member += 1
            leaders.append(member)
            _member(tx, member, n, "leader", begins_on)
            first_stair = number + 3
            for building in (1, 2):
                number += 1
                _area(tx, number, n, n, "building", f"{building}栋")
            for stair in range(STAIRS):
                number += 1
                _area(
                    tx, number, first_stair - 2 + stair // 2, n, "stair", f"{stair // 2 + 1}栋", f"{stair % 2 + 1}单元"
                )
            for place in range(staff):
                member += 1
                people.append(member)
                _member(tx, member, n, "volunteer", begins_on)
                row = {"area_id": first_stair + place % STAIRS, "member_id": member, "from_on": begins_on}
                role = PairRole.FIRST if place < STAIRS else PairRole.PARTNER
                tx.add(pairings, {**row, "role": role})
            inside[n] = []
            for door in range(many):
                number += 1
                stair = door % STAIRS
                where = (f"{stair // 2 + 1}栋", f"{stair % 2 + 1}单元", f"{door // STAIRS + 1}01")
                _area(tx, number, first_stair + stair, n, "household", *where)
                inside[n].append(number)
                starts_on = begins_on + timedelta(days=chance.randrange(JOINING))
                category = chance.choice(homes)
                row = {
                    "household_id": number,
                    "grid_id": n,
                    "category": category,
                    "starts_on": starts_on,
                    "active": True,
                }
                row |= {"cadence": visit_category(category).cadence.text, "consent_on": starts_on, "next_on": starts_on}
                tx.add(visit_plans, row)
        await grids.changed(tx)
    first = await _pair(database, inside, begins_on)
    load = dict.fromkeys(people, 0)
    for volunteer in first.values():
        load[volunteer] += 1
    return District(tuple(people), frozenset(leaders), load, first)


async def _pair(database: Database, inside: dict[int, list[int]], today: date) -> dict[int, int]:
    """Apply the proposal for each grid; the first contact of each household."""
    first = {}
    async with database.write("pairings") as tx:
        for grid_id, homes in inside.items():
            grid = await grids.by_id(tx, grid_id)
            found = suggest(grid, Ask(frozenset(homes), terms_of(Preset.FAIR, today, keep=False), today), solve)
            for change in found.changes:
                if change.member is None:
                    raise ValueError(f"household {change.household} has no {change.role}")
                row = {"area_id": change.household, "member_id": change.member, "role": change.role, "from_on": today}
                tx.add(pairings, row)
                if change.role is PairRole.FIRST:
                    first[change.household] = change.member
        await grids.changed(tx)
    return first


def _member(tx: WriteTx, number: int, grid_id: int, role: str, joined_on: date) -> None:
    row: dict[str, Any] = {"id": number, "area_id": grid_id, "role": role, "name": f"成员{number}", "active": True}
    tx.add(members, {**row, "capacity": _CAPACITY, "joined_on": joined_on})
    row = {"channel": CHANNEL, "bot": BOT, "account": str(number), "chat_id": str(number), "member_id": number}
    tx.add(accounts, row)


def _area(
    tx: WriteTx, number: int, parent: int, grid_id: int, kind: str, building: str, unit: str = "", room: str = ""
) -> None:
    row = {"id": number, "parent_id": parent, "grid_id": grid_id, "kind": kind, "code": room or unit or building}
    tx.add(areas, {**row, "name": building + unit + room, "building": building, "unit": unit, "room": room})
