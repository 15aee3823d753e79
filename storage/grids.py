"""Grids as the rules see them, kept in memory until somebody changes the roster."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.incoming import Chat
from domain.roster import Area, AreaKind, Avoid, AvoidReason, Duty, Grid, Leave, Member, Pairing, PairRole, Role
from storage.database import ReadTx, WriteTx, unbroken
from storage.roster_tables import avoids, duty_times, member_skills
from storage.tables import accounts, areas, counters, grid_words, groups, leaves, members, pairings
from storage.types import YES

_AT_ONCE = 500


async def by_id(tx: ReadTx, grid_id: int) -> Grid:
    """The grid with everybody and every place in it."""
    known = await _cache(tx)
    if ("grid", grid_id) not in known:
        await load(tx, [grid_id])
    grid: Grid = known["grid", grid_id]
    return grid


async def load(tx: ReadTx, grid_ids: Collection[int]) -> None:
    """Keep these grids in memory: a pass over a district asks for hundreds of them at once.

    Raises:
        LookupError: there is no such grid.

    """
    known = await _cache(tx)
    missing = sorted(n for n in set(grid_ids) if ("grid", n) not in known)
    for start in range(0, len(missing), _AT_ONCE):
        for grid in await _load(tx, missing[start : start + _AT_ONCE]):
            known["grid", grid.id] = grid


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


async def _load(tx: ReadTx, grid_ids: Sequence[int]) -> list[Grid]:
    tops = {row.id: row for row in await tx.rows(sa.select(areas).where(areas.c.id.in_(grid_ids)))}
    if gone := [n for n in grid_ids if n not in tops]:
        raise LookupError(f"no grid {gone[0]}")
    places = _by(await tx.rows(sa.select(areas).where(areas.c.grid_id.in_(grid_ids))), "grid_id")
    parents = await _parents(tx, {row.parent_id for row in tops.values() if row.parent_id is not None})
    staff: dict[int, list[Member]] = {}
    for member in await _members(tx, members.c.area_id.in_([*grid_ids, *parents])):
        staff.setdefault(member.area_id, []).append(member)
    above = {n: [m for area in _up(tops[n].parent_id, parents) for m in staff.get(area, ())] for n in grid_ids}
    of_grids = sa.select(members.c.id).where(members.c.area_id.in_(grid_ids))
    people = sa.select(members.c.id).where(members.c.area_id.in_([*grid_ids, *parents]), members.c.active == YES)
    stmt = sa.select(pairings, members.c.area_id.label("grid")).join_from(pairings, members)
    paired = _by(await tx.rows(stmt.where(pairings.c.member_id.in_(of_grids)).order_by(pairings.c.id)), "grid")
    stmt = sa.select(leaves).where(leaves.c.member_id.in_(people))
    away = _by(await tx.rows(stmt.order_by(leaves.c.id)), "member_id")
    kept_off = _by(await tx.rows(sa.select(avoids).where(avoids.c.member_id.in_(people))), "member_id")
    stmt = sa.select(groups).where(groups.c.grid_id.in_(grid_ids), groups.c.active == YES)
    chats = _by(await tx.rows(stmt), "grid_id")
    stmt = sa.select(grid_words).where(grid_words.c.grid_id.in_(grid_ids)).order_by(grid_words.c.id)
    words = _by(await tx.rows(stmt), "grid_id")
    found = []
    for number in grid_ids:
        top = tops[number]
        inside = [*staff.get(number, ()), *above[number]]
        found.append(
            Grid(
                id=top.id,
                code=top.code,
                name=top.name,
                areas={
                    row.id: Area(
                        row.id, row.parent_id, AreaKind(row.kind), row.code, row.name, row.building, row.unit, row.room
                    )
                    for row in (top, *places.get(number, ()))
                },
                members={member.id: member for member in staff.get(number, ())},
                pairings=tuple(
                    Pairing(row.area_id, row.member_id, PairRole(row.role), row.from_on, row.to_on)
                    for row in paired.get(number, ())
                ),
                leaves=tuple(
                    Leave(row.member_id, row.from_at, row.to_at, row.stand_in_id)
                    for row in sorted((r for m in inside for r in away.get(m.id, ())), key=lambda r: int(r.id))
                ),
                above=tuple(above[number]),
                groups=tuple(Chat(row.channel, row.bot, row.chat_id) for row in chats.get(number, ())),
                muted_until=_latest(chats.get(number, ())),
                spots=tuple(row.word for row in words.get(number, ()) if row.kind == "spot"),
                nicknames={row.word: row.means for row in words.get(number, ()) if row.kind == "nickname"},
                caution=top.caution,
                avoids=tuple(
                    Avoid(row.member_id, row.area_id, AvoidReason(row.reason))
                    for m in inside
                    for row in kept_off.get(m.id, ())
                ),
            )
        )
    return found


async def _parents(tx: ReadTx, area_ids: Iterable[int]) -> dict[int, int | None]:
    """These areas and all above them, with the parent of each."""
    found: dict[int, int | None] = {}
    level = set(area_ids)
    while level:
        rows = await tx.rows(sa.select(areas.c.id, areas.c.parent_id).where(areas.c.id.in_(sorted(level))))
        found |= {row.id: row.parent_id for row in rows}
        level = {row.parent_id for row in rows if row.parent_id is not None and row.parent_id not in found}
    return found


def _up(area_id: int | None, parents: Mapping[int, int | None]) -> Iterator[int]:
    while area_id is not None:
        yield area_id
        area_id = parents[area_id]


def _by(rows: Iterable[sa.Row[Any]], column: str) -> dict[int, list[sa.Row[Any]]]:
    found: dict[int, list[sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(getattr(row, column), []).append(row)
    return found


def _latest(rows: Sequence[sa.Row[Any]]) -> datetime | None:
    return max((row.muted_until for row in rows if row.muted_until is not None), default=None)
