"""What members have set about themselves: skills, duty times, how often they want to be asked, places they avoid."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from domain.place import Place
from domain.roster import AreaKind, AvoidReason, Duty, Grid
from storage import grids
from storage.database import WriteTx
from storage.roster_tables import avoids, duty_times, member_skills
from storage.tables import areas, members


async def set_skills(tx: WriteTx, member_id: int, skills: Iterable[str]) -> None:
    """These and no others."""
    await tx.execute(sa.delete(member_skills).where(member_skills.c.member_id == member_id))
    add_skills(tx, member_id, skills)
    await grids.changed(tx)


def add_skills(tx: WriteTx, member_id: int, skills: Iterable[str]) -> None:
    """Of somebody who has none yet; whoever calls says that the roster has changed."""
    for skill in sorted(set(skills)):
        tx.add(member_skills, {"member_id": member_id, "skill": skill})


async def set_duty(tx: WriteTx, member_id: int, duty: Iterable[Duty]) -> None:
    """These times and no others; none is any time."""
    await tx.execute(sa.delete(duty_times).where(duty_times.c.member_id == member_id))
    add_duty(tx, member_id, duty)
    await grids.changed(tx)


def add_duty(tx: WriteTx, member_id: int, duty: Iterable[Duty]) -> None:
    """Of somebody who has none yet; whoever calls says that the roster has changed."""
    for span in duty:
        row = {"weekday": span.weekday, "from_minute": span.from_minute, "to_minute": span.to_minute}
        tx.add(duty_times, {"member_id": member_id, **row})


async def set_week_cap(tx: WriteTx, member_id: int, cap: int) -> None:
    """How often he wants to be asked in seven days; 0 for as often as it comes."""
    await tx.execute(sa.update(members).where(members.c.id == member_id).values(week_cap=cap))
    await grids.changed(tx)


async def avoid(tx: WriteTx, member_id: int, area_id: int, reason: AvoidReason) -> None:
    """回避; said again, the newer reason counts."""
    row = {"member_id": member_id, "area_id": area_id, "reason": reason}
    await tx.execute(tx.upsert(avoids, row, ["member_id", "area_id"]))
    await grids.changed(tx)


async def stop_avoiding(tx: WriteTx, member_id: int, area_id: int) -> bool:
    """He may be asked again; False when nothing kept him off."""
    mine = (avoids.c.member_id == member_id, avoids.c.area_id == area_id)
    gone = await tx.execute(sa.delete(avoids).where(*mine))
    await grids.changed(tx)
    return gone > 0


async def forget(tx: WriteTx, member_ids: Sequence[int]) -> None:
    """Who has left is asked nothing more, so nothing of what he said about himself is kept."""
    for table in (member_skills, duty_times, avoids):
        await tx.execute(sa.delete(table).where(table.c.member_id.in_(member_ids)))


async def area_of(tx: WriteTx, grid: Grid, place: Place) -> int | None:
    """The area a stated place is: a building, a stair, or a household, which is added below its stair when it is new.

    None where the building or the stair is none of this grid.
    """
    within = [a for a in grid.areas_of(place) if a.kind is not AreaKind.GRID]
    if not within:
        return None
    nearest = within[0]
    if (nearest.unit, nearest.room) == (place.unit, place.room):
        return nearest.id
    has_stairs = any(a.kind is AreaKind.STAIR and a.building == place.building for a in grid.areas.values())
    if not place.room or (has_stairs and nearest.kind is not AreaKind.STAIR):
        return None
    code = place.room if nearest.kind is AreaKind.STAIR else place.unit + place.room
    row = {"parent_id": nearest.id, "grid_id": grid.id, "kind": AreaKind.HOUSEHOLD, "code": code, "room": place.room}
    row |= {"name": place.building + place.unit + place.room, "building": place.building, "unit": place.unit}
    number: int = await tx.value(sa.insert(areas).values(**row).returning(areas.c.id))
    await grids.changed(tx)
    return number
