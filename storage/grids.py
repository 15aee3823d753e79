"""Grids as the rules see them, kept in memory until somebody changes the roster."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.incoming import Chat
from domain.roster import Area, AreaKind, Avoid, AvoidReason, Duty, Grid, Leave, Member, Pairing, PairRole, Role
from storage.database import ReadTx, WriteTx, unbroken
from storage.roster_tables import avoids, duty_times, member_skills
from storage.tables import accounts, areas, counters, grid_words, groups, leaves, members, pairings
from storage.types import YES


async def by_id(tx: ReadTx, grid_id: int) -> Grid:
    """The grid with everybody and every place in it."""
    known = await _cache(tx)
    grid = known.get(("grid", grid_id))
    if grid is None:
        grid = known["grid", grid_id] = await _load(tx, grid_id)
    return grid


async def of_group(tx: ReadTx, chat: Chat) -> Grid | None:
    """The grid a group belongs to; nothing where it has not been registered."""
    known = await _cache(tx)
    if ("group", chat) not in known:
        known["group", chat] = await tx.value(
            sa.select(groups.c.grid_id).where(*_is(groups, chat), groups.c.active == YES)
        )
    grid_id = known["group", chat]
    return None if grid_id is None else await by_id(tx, grid_id)


async def of_account(tx: ReadTx, channel: str, bot: str, account: str) -> tuple[Member, Grid | None] | None:
    """Which member of the roster writes from this account, and of which grid (none for people above the grids)."""
    known = await _cache(tx)
    if "accounts" not in known:  # all of them at once: nothing is kept about anybody who is not on the roster
        stmt = sa.select(accounts, members.c.area_id, areas.c.kind).join_from(accounts, members).join(areas)
        rows = await tx.rows(stmt.where(members.c.active == YES))
        known["accounts"] = {(row.channel, row.bot, row.account): row for row in rows}
    row = known["accounts"].get((channel, bot, account))
    if row is None:
        return None
    if row.kind == AreaKind.GRID:
        grid = await by_id(tx, row.area_id)
        return grid.members[row.member_id], grid
    found = await _members(tx, members.c.id == row.member_id)
    return found[0], None


async def all_ids(tx: ReadTx) -> list[int]:
    """Every grid, for the passes of the clock."""
    stmt = sa.select(areas.c.id).where(areas.c.kind == AreaKind.GRID).order_by(areas.c.id)
    return [row.id for row in await tx.rows(stmt)]


async def by_code(tx: ReadTx, code: str) -> Grid | None:
    """A grid by the code its leader uses."""
    grid_id = await tx.value(sa.select(areas.c.id).where(areas.c.kind == AreaKind.GRID, areas.c.code == code))
    return None if grid_id is None else await by_id(tx, grid_id)


async def below(tx: ReadTx, area_id: int) -> list[int]:
    """The grids that lie in an area of any level."""
    parents = [area_id]
    found: list[int] = []
    while parents:
        stmt = sa.select(areas.c.id, areas.c.kind).where(areas.c.parent_id.in_(parents) | areas.c.id.in_(parents))
        rows = {row.id: row.kind for row in await tx.rows(stmt)}
        found += [i for i, kind in rows.items() if kind == AreaKind.GRID]
        parents = [i for i, kind in rows.items() if kind in (AreaKind.STREET, AreaKind.COMMUNITY) and i not in parents]
    return sorted(set(found))


async def parts_of(tx: ReadTx, area_id: int) -> list[tuple[int, str, str]]:
    """The streets and communities inside an area, itself included: id, code, name."""
    found: list[tuple[int, str, str]] = []
    here = areas.c.id == area_id
    wide = areas.c.kind.in_([AreaKind.STREET, AreaKind.COMMUNITY])
    while rows := await tx.rows(sa.select(areas.c.id, areas.c.code, areas.c.name).where(here, wide)):
        found += [(row.id, row.code, row.name) for row in rows]
        here = areas.c.parent_id.in_([row.id for row in rows])
    return found


async def changed(tx: WriteTx) -> None:
    """Say that the roster has changed: every process drops the grids it keeps in memory."""
    await tx.execute(sa.update(counters).where(counters.c.name == "roster").values(value=counters.c.value + 1))
    tx.memo.pop("roster", None)
    tx.cache.pop("roster", None)


async def tune(tx: WriteTx, grid_id: int, caution: str) -> None:
    """灵敏度 of one grid; empty is what the configuration says."""
    await tx.execute(sa.update(areas).where(areas.c.id == grid_id).values(caution=caution))
    await changed(tx)


async def add_word(tx: WriteTx, grid_id: int, kind: str, word: str, means: str = "") -> None:
    """地名: a spot, or a nickname of a building; what the word meant before is forgotten."""
    await forget_word(tx, grid_id, word)
    tx.add(grid_words, {"grid_id": grid_id, "kind": kind, "word": word, "means": means})
    await changed(tx)


async def forget_word(tx: WriteTx, grid_id: int, word: str) -> bool:
    """The word means no place any more; False when it never did."""
    where = (grid_words.c.grid_id == grid_id, grid_words.c.word == word)
    gone = await tx.execute(sa.delete(grid_words).where(*where))
    await changed(tx)
    return gone > 0


async def _cache(tx: ReadTx) -> dict[Any, Any]:
    # One cheap read per transaction keeps several processes honest; the grids themselves are loaded once.
    if "roster" not in tx.memo:
        version = tx.memo.pop(("seen", "roster"), None)
        if version is None:
            stmt = sa.select(counters.c.value).where(counters.c.name == "roster")
            version = (await unbroken(tx.conn.execute(stmt))).scalar_one()
        kept = tx.cache.get("roster")
        if kept is None or kept[0] != version:
            kept = tx.cache["roster"] = (version, {})
        tx.memo["roster"] = kept[1]
    found: dict[Any, Any] = tx.memo["roster"]
    return found


def _is(table: sa.Table, chat: Chat) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.channel == chat.channel, table.c.bot == chat.bot, table.c.chat_id == chat.id


async def _members(tx: ReadTx, where: sa.ColumnElement[bool]) -> list[Member]:
    rows = await tx.rows(sa.select(members).where(where, members.c.active == YES).order_by(members.c.id))
    stmt = sa.select(accounts).join(members).where(where).order_by(accounts.c.channel, accounts.c.account)
    chats: dict[int, list[Chat]] = {}
    for row in await tx.rows(stmt):
        chats.setdefault(row.member_id, []).append(Chat(row.channel, row.bot, row.chat_id))
    skills: dict[int, list[str]] = {}
    for row in await tx.rows(sa.select(member_skills).join(members).where(where)):
        skills.setdefault(row.member_id, []).append(row.skill)
    duty: dict[int, list[Duty]] = {}
    for row in await tx.rows(sa.select(duty_times).join(members).where(where)):
        duty.setdefault(row.member_id, []).append(Duty(row.weekday, row.from_minute, row.to_minute))
    return [
        Member(
            row.id,
            row.area_id,
            Role(row.role),
            row.name,
            row.public_name,
            tuple(chats.get(row.id, ())),
            row.capacity,
            row.joined_on,
            row.week_cap,
            frozenset(skills.get(row.id, ())),
            tuple(sorted(duty.get(row.id, ()))),
        )
        for row in rows
    ]


async def _load(tx: ReadTx, grid_id: int) -> Grid:
    top = await tx.one(sa.select(areas).where(areas.c.id == grid_id))
    if top is None:
        raise LookupError(f"no grid {grid_id}")
    places = await tx.rows(sa.select(areas).where((areas.c.grid_id == grid_id) | (areas.c.id == grid_id)))
    inside = await _members(tx, members.c.area_id == grid_id)
    above: list[Member] = []
    parent = top.parent_id
    while parent is not None:
        above += await _members(tx, members.c.area_id == parent)
        parent = await tx.value(sa.select(areas.c.parent_id).where(areas.c.id == parent))
    of_grid = sa.select(members.c.id).where(members.c.area_id == grid_id)
    people = [*(m.id for m in inside), *(m.id for m in above)]
    paired = await tx.rows(sa.select(pairings).where(pairings.c.member_id.in_(of_grid)).order_by(pairings.c.id))
    away = await tx.rows(sa.select(leaves).where(leaves.c.member_id.in_(people)).order_by(leaves.c.id))
    kept_off = await tx.rows(sa.select(avoids).where(avoids.c.member_id.in_(people)))
    chats = await tx.rows(sa.select(groups).where(groups.c.grid_id == grid_id, groups.c.active == YES))
    words = await tx.rows(sa.select(grid_words).where(grid_words.c.grid_id == grid_id).order_by(grid_words.c.id))
    return Grid(
        id=top.id,
        code=top.code,
        name=top.name,
        areas={
            row.id: Area(
                row.id, row.parent_id, AreaKind(row.kind), row.code, row.name, row.building, row.unit, row.room
            )
            for row in places
        },
        members={member.id: member for member in inside},
        pairings=tuple(
            Pairing(row.area_id, row.member_id, PairRole(row.role), row.from_on, row.to_on) for row in paired
        ),
        leaves=tuple(Leave(row.member_id, row.from_at, row.to_at, row.stand_in_id) for row in away),
        above=tuple(above),
        groups=tuple(Chat(row.channel, row.bot, row.chat_id) for row in chats),
        muted_until=_latest(chats),
        spots=tuple(row.word for row in words if row.kind == "spot"),
        nicknames={row.word: row.means for row in words if row.kind == "nickname"},
        caution=top.caution,
        avoids=tuple(Avoid(row.member_id, row.area_id, AvoidReason(row.reason)) for row in kept_off),
    )


def _latest(rows: Sequence[sa.Row[Any]]) -> datetime | None:
    return max((row.muted_until for row in rows if row.muted_until is not None), default=None)
