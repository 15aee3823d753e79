"""Leave (请假) and who stands in meanwhile (代班). Rows are closed, never deleted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.cover import OPEN, Cover, CoverState
from storage.database import ReadTx, WriteTx
from storage.roster_tables import cover_asks, covers
from storage.tables import leaves
from storage.types import YES

_COVER = sa.select(covers, leaves.c.member_id, leaves.c.stand_in_id, leaves.c.from_at, leaves.c.to_at).join(leaves)


async def add(tx: WriteTx, member_id: int, from_at: datetime, to_at: datetime) -> int:
    """A leave, nobody stands in yet. Earlier ones that reach into it end where it begins."""
    await end(tx, member_id, from_at)
    row = {"member_id": member_id, "from_at": from_at, "to_at": to_at}
    number: int = await tx.value(sa.insert(leaves).values(**row).returning(leaves.c.id))
    return number


async def end(tx: WriteTx, member_id: int, at: datetime) -> None:
    """Every leave of this member is over from then on."""
    later = sa.update(leaves).where(leaves.c.member_id == member_id, leaves.c.to_at > at)
    await tx.execute(later.values(to_at=at))


def ask(tx: WriteTx, number: int, grid_id: int, now: datetime) -> None:
    """Somebody is looked for who stands in during this leave."""
    row = {"leave_id": number, "grid_id": grid_id, "state": CoverState.ASKED, "rung": 0, "turn": 0, "asked_at": now}
    tx.add(covers, row)


def ask_members(tx: WriteTx, number: int, member_ids: Iterable[int]) -> None:
    """These are asked, each once."""
    for member_id in member_ids:
        tx.add(cover_asks, {"leave_id": number, "member_id": member_id, "declined": False}, or_ignore=True)


async def cover(tx: ReadTx, number: int) -> Cover | None:
    """A request by its number."""
    row = await tx.one(_COVER.where(covers.c.leave_id == number))
    return None if row is None else _cover(row)


async def open_covers(tx: ReadTx) -> list[Cover]:
    """Requests nobody has taken, oldest first."""
    return await _covers(tx, covers.c.state.in_(sorted(OPEN)))


async def of_absent(tx: ReadTx, member_id: int, after: datetime) -> list[Cover]:
    """The requests for this member's own leaves that reach beyond an instant."""
    mine = (leaves.c.member_id == member_id, leaves.c.to_at > after)
    return await _covers(tx, *mine, covers.c.state != CoverState.ENDED)


async def held_by(tx: ReadTx, member_id: int, from_at: datetime, to_at: datetime) -> list[Cover]:
    """What this member has agreed to stand in for and that touches the span."""
    span = (leaves.c.from_at < to_at, leaves.c.to_at > from_at)
    return await _covers(tx, leaves.c.stand_in_id == member_id, covers.c.state == CoverState.TAKEN, *span)


async def asked_of(tx: ReadTx, member_id: int) -> list[Cover]:
    """What this member is being asked."""
    mine = sa.select(cover_asks.c.leave_id).where(cover_asks.c.member_id == member_id, cover_asks.c.declined != YES)
    return await _covers(tx, covers.c.state.in_(sorted(OPEN)), covers.c.leave_id.in_(mine))


async def asked(tx: ReadTx, number: int) -> dict[int, bool]:
    """Everybody who was asked, and whether he has said no."""
    stmt = sa.select(cover_asks).where(cover_asks.c.leave_id == number).order_by(cover_asks.c.member_id)
    return {row.member_id: row.declined for row in await tx.rows(stmt)}


async def take(tx: WriteTx, number: int, member_id: int) -> bool:
    """我来代: the first one wins; False for everybody after him."""
    mine = sa.update(covers).where(covers.c.leave_id == number, covers.c.state.in_(sorted(OPEN)))
    if await tx.execute(mine.values(state=CoverState.TAKEN)) != 1:
        return False
    await tx.execute(sa.update(leaves).where(leaves.c.id == number).values(stand_in_id=member_id))
    return True


async def decline(tx: WriteTx, number: int, member_id: int) -> bool:
    """不方便; False when he has said so before."""
    mine = (cover_asks.c.leave_id == number, cover_asks.c.member_id == member_id, cover_asks.c.declined != YES)
    return await tx.execute(sa.update(cover_asks).where(*mine).values(declined=True)) == 1


async def ring(tx: WriteTx, found: Cover, rung: int, state: CoverState) -> bool:
    """One rung further; False when somebody took it or another process was faster."""
    same = (covers.c.leave_id == found.number, covers.c.state == found.state, covers.c.rung == found.rung)
    return await tx.execute(sa.update(covers).where(*same).values(rung=rung, state=state)) == 1


async def ask_anew(tx: WriteTx, found: Cover, now: datetime) -> None:
    """The leader named somebody, or whoever had agreed cannot: the request starts from the beginning."""
    values: dict[str, Any] = {"state": CoverState.ASKED, "rung": 0, "turn": found.turn + 1, "asked_at": now}
    await tx.execute(sa.update(covers).where(covers.c.leave_id == found.number).values(**values))
    await tx.execute(sa.update(leaves).where(leaves.c.id == found.number).values(stand_in_id=None))


async def close(tx: WriteTx, number: int) -> None:
    """Nobody has to stand in any more."""
    await tx.execute(sa.update(covers).where(covers.c.leave_id == number).values(state=CoverState.ENDED))


async def _covers(tx: ReadTx, *where: sa.ColumnElement[bool]) -> list[Cover]:
    return [_cover(row) for row in await tx.rows(_COVER.where(*where).order_by(covers.c.leave_id))]


def _cover(row: sa.Row[Any]) -> Cover:
    return Cover(
        number=row.leave_id,
        grid_id=row.grid_id,
        member_id=row.member_id,
        from_at=row.from_at,
        to_at=row.to_at,
        stand_in_id=row.stand_in_id,
        state=CoverState(row.state),
        rung=row.rung,
        turn=row.turn,
        asked_at=row.asked_at,
    )
