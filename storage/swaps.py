"""换班: who asked whom to exchange places, and the pairings that are closed and opened when both want it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.roster import Pairing
from domain.swap import Swap, SwapState
from storage import grids
from storage.database import ReadTx, WriteTx
from storage.roster_tables import swaps
from storage.tables import pairings


async def ask(
    tx: WriteTx, grid_id: int, from_id: int, to_id: int, gives: Sequence[int], takes: Sequence[int], now: datetime
) -> int:
    """One member asks another; what he asked before must be settled first."""
    row = {"grid_id": grid_id, "from_id": from_id, "to_id": to_id, "gives": list(gives), "takes": list(takes)}
    stmt = sa.insert(swaps).values(**row, state=SwapState.ASKED, asked_at=now).returning(swaps.c.id)
    number: int = await tx.value(stmt)
    return number


async def get(tx: ReadTx, number: int) -> Swap | None:
    """A request by its number."""
    found = await _select(tx, swaps.c.id == number)
    return found[0] if found else None


async def asked_by(tx: ReadTx, member_id: int) -> list[Swap]:
    """What this member asks for and nobody has answered."""
    return await _select(tx, swaps.c.from_id == member_id, swaps.c.state == SwapState.ASKED)


async def asked_of(tx: ReadTx, member_id: int) -> list[Swap]:
    """What this member is being asked."""
    return await _select(tx, swaps.c.to_id == member_id, swaps.c.state == SwapState.ASKED)


async def settle(tx: WriteTx, number: int, state: SwapState) -> bool:
    """An answer; False when there was one before."""
    asked = sa.update(swaps).where(swaps.c.id == number, swaps.c.state == SwapState.ASKED)
    return await tx.execute(asked.values(state=state)) == 1


async def exchange(tx: WriteTx, closed: Iterable[Pairing], opened: Iterable[Pairing], today: date) -> None:
    """Close these pairings and open those. One that was closed meanwhile is a lost race and raises ``RuntimeError``."""
    for old in closed:
        where = [getattr(pairings.c, name) == getattr(old, name) for name in ("area_id", "member_id", "role")]
        if await tx.execute(sa.update(pairings).where(*where, pairings.c.to_on.is_(None)).values(to_on=today)) != 1:
            raise RuntimeError(f"pairing of member {old.member_id} changed meanwhile")
    for new in opened:
        row = {"area_id": new.area_id, "member_id": new.member_id, "role": new.role, "from_on": new.from_on}
        tx.add(pairings, row)
    await grids.changed(tx)


async def _select(tx: ReadTx, *where: sa.ColumnElement[bool]) -> list[Swap]:
    return [_swap(row) for row in await tx.rows(sa.select(swaps).where(*where).order_by(swaps.c.id))]


def _swap(row: sa.Row[Any]) -> Swap:
    return Swap(
        number=row.id,
        grid_id=row.grid_id,
        from_id=row.from_id,
        to_id=row.to_id,
        gives=tuple(row.gives),
        takes=tuple(row.takes),
        state=SwapState(row.state),
        asked_at=row.asked_at,
    )
