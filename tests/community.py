"""The sample community of the tests: one grid, three buildings, four volunteers, a leader, a secretary; on any channel."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.incoming import Chat
from domain.roster import AreaKind, PairRole, Role
from storage import grids, visits
from storage.database import Database
from storage.tables import accounts, areas, grid_words, groups, members, pairings
from texts.visit_categories import load_visit_categories

RESIDENTS = ("王阿姨", "张大爷", "小刘", "陈姐", "赵老师", "小孙", "周奶奶")
STAFF = ("小陈", "老李", "老周", "小马", "吴姐", "何书记")
SINCE = date(2026, 1, 1)


@dataclass(frozen=True)
class Community:
    """Ids of what was written."""

    grid_id: int = 3
    members: dict[str, int] = field(default_factory=lambda: dict(zip(STAFF, range(1, 7), strict=True)))


async def settle(
    database: Database,
    channel: str,
    bot: str,
    chats: dict[str, str],
    group: str | None,
    *,
    title: str = "示范小区居民群",
) -> Community:
    """Write the community. ``chats``: the private chat of each member of staff by name; who is not in it is not bound."""
    made = Community()
    async with database.write("community") as tx:
        tree = [
            (1, None, AreaKind.STREET, "S1", "示范街道", None, "", ""),
            (2, 1, AreaKind.COMMUNITY, "C1", "示范社区", None, "", ""),
            (3, 2, AreaKind.GRID, "G01", "示范小区第一网格", None, "", ""),
            *((3 + n, 3, AreaKind.BUILDING, f"{n}", f"{n}栋", 3, f"{n}栋", "") for n in (1, 2, 3)),
            *(
                (4 + 2 * n + u, 3 + n, AreaKind.STAIR, f"{u}", f"{n}栋{u}单元", 3, f"{n}栋", f"{u}单元")
                for n in (1, 2, 3)
                for u in (1, 2)
            ),
        ]
        for number, parent, level, code, name, grid_id, building, unit in tree:
            row = {"id": number, "parent_id": parent, "kind": level, "code": code, "name": name, "grid_id": grid_id}
            tx.add(areas, {**row, "building": building, "unit": unit})
        for word in ("东门", "垃圾房", "地下车库"):
            tx.add(grid_words, {"grid_id": 3, "kind": "spot", "word": word})
        for name, number in made.members.items():
            role = {"小陈": Role.LEADER, "何书记": Role.SECRETARY}.get(name, Role.VOLUNTEER)
            row = {
                "id": number,
                "area_id": 2 if role is Role.SECRETARY else 3,
                "role": role,
                "name": name,
                "capacity": 10,
            }
            public = {"老李": "老李"}.get(name, "")
            code = "" if name in chats else f"CODE{number:04d}"
            tx.add(members, {**row, "active": True, "public_name": public, "bind_code": code, "joined_on": SINCE})
            if name in chats:
                row = {
                    "channel": channel,
                    "bot": bot,
                    "account": chats[name],
                    "member_id": number,
                    "chat_id": chats[name],
                }
                tx.add(accounts, row)
        paired = [(6, "老李", PairRole.FIRST), (5, "老周", PairRole.FIRST), (4, "小马", PairRole.FIRST)]
        for area_id, name, kind in [*paired, (6, "吴姐", PairRole.PARTNER)]:
            tx.add(pairings, {"area_id": area_id, "member_id": made.members[name], "role": kind, "from_on": SINCE})
        if group is not None:
            chat = Chat(channel, bot, group)
            row = {"channel": chat.channel, "bot": chat.bot, "chat_id": chat.id, "grid_id": 3, "title": title}
            tx.add(groups, {**row, "active": True})
        await grids.changed(tx)
    return made


async def give_visits(database: Database, since: date, households: Sequence[Sequence[str]]) -> None:
    """Households that agreed to be visited: 3栋2单元501 solo_elder [first] [partner] [since]; first due on that day."""
    made = Community()
    async with database.write("visits") as tx:
        for area_id, (door, category, *rest) in enumerate(households, 100):
            found = re.fullmatch(r"((\d+)栋)((\d+)单元)(\d+)", door)
            if found is None:
                raise ValueError(door)
            day = date.fromisoformat(rest.pop()) if rest and rest[-1][0].isdigit() else since
            row = {"id": area_id, "parent_id": 4 + 2 * int(found[2]) + int(found[4]), "kind": AreaKind.HOUSEHOLD}
            row |= {"code": found[5], "name": door, "grid_id": made.grid_id}
            tx.add(areas, {**row, "building": found[1], "unit": found[3], "room": found[5]})
            for name, role in zip(rest, PairRole, strict=False):
                row = {"area_id": area_id, "member_id": made.members[name], "role": role, "from_on": SINCE}
                tx.add(pairings, row)
            await tx.flush()
            cadence = load_visit_categories()[category].cadence
            await visits.keep_plan(
                tx, area_id, made.grid_id, category, cadence=cadence, starts_on=day, consent_on=SINCE
            )
        await grids.changed(tx)
