"""The leaders of the grids an imported roster changes read what changed, in private and by day."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.cli import diffing
from bot.cli.call import Call
from bot.config import Config
from bot.workdays import workdays
from domain.calendar import Calendar
from domain.outgoing import Kind
from domain.roster import AreaKind
from storage import grids, outbox
from storage.database import WriteTx
from storage.rosters import Changes, Key, Snapshot, area_key

_MOST = 30


async def tell_leaders(
    call: Call, config: Config, tx: WriteTx, known: Snapshot, changes: Changes, now: datetime
) -> None:
    """One message for each leader of a grid with changes; written in the transaction that makes them."""
    calendar = Calendar(ZoneInfo(config.community.zone), workdays(config.calendar.off, config.calendar.work))
    quiet = config.policy().staff_quiet
    for grid_id in await grids.all_ids(tx):
        grid = await grids.by_id(tx, grid_id)
        mine = of_grid(changes, known, area_key(AreaKind.GRID, grid.code))
        if not mine:
            continue
        lines = [f"{mark} {text}" for mark, text in diffing.lines(call, mine)]
        if len(lines) > _MOST:
            lines[_MOST:] = [call.say("roster.told_more", count=len(lines) - _MOST)]
        text = call.say("roster.told", count=len(mine), lines="\n".join(lines))
        for leader in grid.acting(now):
            for chat in leader.chats[:1]:
                key = f"roster:{grid.code}:{now:%Y%m%d%H%M%S}:{leader.id}"  # an import is made once, by a person
                outbox.add(
                    tx, key=key, chat=chat, kind=Kind.STAFF, body={"text": text}, now=now, grid_id=grid.id,
                    not_before=quiet.next_allowed(calendar, now),
                )  # fmt: skip


def of_grid(changes: Changes, known: Snapshot, grid: Key) -> Changes:
    """What of the changes to people and pairings belongs to one grid."""
    members = {m.id: m.area for m in known.members.values()}
    pairings = {p.id: p.area for p in known.pairings}
    places: Mapping[str, Mapping[int, Key]] = {"member": members, "pairing": pairings}

    def is_here(key: Key | None) -> bool:
        return key is not None and key[1] == grid[1] and key[0] not in (AreaKind.STREET, AreaKind.COMMUNITY)

    return Changes(
        members=tuple(m for m in changes.members if is_here(m.area)),
        pairings=tuple(p for p in changes.pairings if is_here(p.area)),
        updates=tuple(u for u in changes.updates if is_here(places.get(u.kind, {}).get(u.id))),
        closings=tuple(c for c in changes.closings if is_here(places.get(c.kind, {}).get(c.id))),
    )
