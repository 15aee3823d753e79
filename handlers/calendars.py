"""The year nobody has told 党小栖 about: deadlines are still counted, and the leaders hear once that 调休 is missing."""

from domain.outgoing import Kind as Said
from handlers import notify
from handlers.context import Context
from storage import calendars, grids
from storage.database import WriteTx

_NOVEMBER = 11
"""The State Council's notice for the next year comes in November at the latest."""


async def warn_of_year(cx: Context, tx: WriteTx) -> None:
    """Job: a year without its arrangement is told to the grid leaders, once: the next one in November, this one at once."""
    today = cx.calendar.today(cx.now)
    years = [today.year, *([today.year + 1] if today.month >= _NOVEMBER else [])]
    unknown = [year for year in years if not cx.calendar.knows(year)]
    if not unknown:
        return
    known = [await grids.by_id(tx, grid_id) for grid_id in await grids.all_ids(tx)]
    seniors = [(grid, c.member) for grid in known for c in grid.seniors(cx.now) if c.member.reachable]
    for year in unknown:
        if not seniors or not await calendars.first_time(tx, year):
            continue
        for grid, senior in {grid.id: (grid, member) for grid, member in reversed(seniors)}.values():
            text = cx.said.say("alarm.calendar", year=year)
            notify.to_member(cx, tx, senior, Said.STAFF, f"calendar:{year}:{senior.id}", text, grid_id=grid.id)
