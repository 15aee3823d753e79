"""One street, one community, one grid with its people: put into an empty database, once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.web.chats import BOT, CHANNEL, Person
from domain.cadence import Cadence
from domain.incoming import Chat
from domain.roster import AreaKind, PairRole, Role
from storage import grids, groups, visits
from storage.database import Database, WriteTx
from storage.tables import accounts, areas, grid_words, members, pairings

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SampleCommunity:
    """What the page needs of it: who is there and what the group is called. ``homes``: where residents live."""

    people: tuple[Person, ...]
    homes: Mapping[str, str]
    group_id: str
    title: str


def read() -> SampleCommunity:
    """The people of ``community.toml``. ``Person.role`` is the role's word in the roster, ``resident`` for the others."""
    raw = _raw()
    people = [Person(row["id"], row["name"], "resident") for row in raw["resident"]]
    people += [Person(row["id"], row["name"], row["role"]) for row in raw["member"]]
    homes = {row["id"]: row["home"] for row in raw["resident"]}
    return SampleCommunity(tuple(people), homes, raw["group"]["id"], raw["group"]["title"])


async def load(database: Database, today: date) -> bool:
    """Put the sample community into a database without any area; False when there was something already."""
    raw = _raw()
    async with database.write("sample") as tx:
        if await tx.value(sa.select(sa.func.count()).select_from(areas)):
            return False
        places = await _areas(tx, raw)
        people = await _members(tx, raw, places)
        _pair(tx, raw, places, people, today)
        await _households(tx, raw, places, people, today)
        chat = Chat(CHANNEL, BOT, raw["group"]["id"])
        await groups.register(tx, chat, places["grid"], raw["group"]["title"])
        await grids.changed(tx)
    return True


def _raw() -> dict[str, Any]:
    return tomllib.loads((HERE / "community.toml").read_text(encoding="utf-8"))


async def _area(tx: WriteTx, kind: AreaKind, name: str, code: str, **more: object) -> int:
    row = {"kind": kind, "name": name, "code": code, "building": "", "unit": "", "room": "", **more}
    found: int = await tx.value(sa.insert(areas).values(**row).returning(areas.c.id))
    return found


async def _areas(tx: WriteTx, raw: Mapping[str, Any]) -> dict[str, int]:
    """Ids by name, from the street down to the doors that are visited."""
    street = await _area(tx, AreaKind.STREET, raw["street"]["name"], raw["street"]["code"])
    above = await _area(tx, AreaKind.COMMUNITY, raw["community"]["name"], raw["community"]["code"], parent_id=street)
    grid = await _area(tx, AreaKind.GRID, raw["grid"]["name"], raw["grid"]["code"], parent_id=above)
    found = {"community": above, "grid": grid}
    for building in raw["grid"]["buildings"]:
        inside = {"grid_id": grid, "building": building}
        found[building] = await _area(tx, AreaKind.BUILDING, building, building, parent_id=grid, **inside)
        for unit in raw["grid"]["units"]:
            name = building + unit
            parent = found[building]
            found[name] = await _area(tx, AreaKind.STAIR, name, unit, parent_id=parent, unit=unit, **inside)
    for home in raw["household"]:
        stair = home["building"] + home["unit"]
        name = stair + home["room"]
        inside = {"grid_id": grid, "building": home["building"], "unit": home["unit"], "room": home["room"]}
        found[name] = await _area(tx, AreaKind.HOUSEHOLD, name, home["room"], parent_id=found[stair], **inside)
    for spot in raw["spots"]:
        tx.add(grid_words, {"grid_id": grid, "kind": "spot", "word": spot})
    return found


async def _members(tx: WriteTx, raw: Mapping[str, Any], places: Mapping[str, int]) -> dict[str, int]:
    """Ids by account. Everybody has already opened a private chat, so that everybody can be asked."""
    found: dict[str, int] = {}
    for person in raw["member"]:
        role = Role(person["role"])
        row = {
            "area_id": places["grid" if role in (Role.VOLUNTEER, Role.LEADER) else "community"],
            "role": role,
            "name": person["name"],
            "public_name": person["public_name"],
            "phone": "",
            "bind_code": "",
            "capacity": 10,
            "active": True,
        }
        found[person["id"]] = await tx.value(sa.insert(members).values(**row).returning(members.c.id))
        account = {"channel": CHANNEL, "bot": BOT, "account": person["id"], "chat_id": person["id"]}
        tx.add(accounts, {**account, "member_id": found[person["id"]]})
    return found


def _pair(
    tx: WriteTx, raw: Mapping[str, Any], places: Mapping[str, int], people: Mapping[str, int], today: date
) -> None:
    for person in raw["member"]:
        for role in PairRole:
            for place in person.get(role, ()):
                row = {"area_id": places[place], "member_id": people[person["id"]], "role": role, "from_on": today}
                tx.add(pairings, row)


async def _households(
    tx: WriteTx, raw: Mapping[str, Any], places: Mapping[str, int], people: Mapping[str, int], today: date
) -> None:
    """Doors that are visited with the consent of whoever lives there; the first visit is due today."""
    for home in raw["household"]:
        area = places[home["building"] + home["unit"] + home["room"]]
        for role in PairRole:
            row = {"area_id": area, "member_id": people[home[role]], "role": role, "from_on": today}
            tx.add(pairings, row)
        await visits.keep_plan(
            tx,
            area,
            places["grid"],
            home["category"],
            cadence=Cadence.of(home["cadence"]),
            starts_on=today,
            consent_on=today - timedelta(days=30),
        )
