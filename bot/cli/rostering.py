"""``roster who PLACE``: who looks after a place now and why, as the grid leader reads it in the chat."""

import asyncio
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli.database import opened
from bot.config import Config
from domain import refusal
from domain.place import Gazetteer, Place, find_place
from domain.roster import Grid
from handlers import owning
from storage import grids

app = typer.Typer()


@app.command("who")
def who(ctx: typer.Context, place: Annotated[str, typer.Argument()], grid: Annotated[str, typer.Option()] = "") -> None:
    """Who looks after a place, who was passed over and why, who is next."""
    call = calls.of(ctx)
    config = call.config()
    asyncio.run(_who(call, config, place, grid))


async def _who(call: calls.Call, config: Config, words: str, code: str) -> None:
    now, zone = read_clock(), ZoneInfo(config.community.zone)
    async with opened(call, config) as database, database.read() as tx:
        known = [await grids.by_id(tx, i) for i in await grids.all_ids(tx)]
    found = [(grid, place) for grid in known if code in ("", grid.code) and (place := _place(grid, words)) is not None]
    if len(found) != 1:
        raise call.stop("roster.which" if found else "roster.no_place", 2, codes="、".join(g.code for g, _ in found))

    def when(at: datetime) -> str:
        local = at.astimezone(zone)
        return call.said.say("time.day", month=local.month, day=local.day, clock=f"{local:%H:%M}")

    grid, place = found[0]
    try:
        owner = owning.owner_of(grid, place, now, now.astimezone(zone).date())
    except refusal.Refusal as no:
        raise call.stop("roster.no", 1, text=call.said.say(f"refusal.{type(no).__name__}", **no.values)) from None
    call.print(owning.shown(call.said, when, grid, place, owner, now))


def _place(grid: Grid, words: str) -> Place | None:
    """The place the words state in this grid; nothing when the building is none of its own."""
    buildings = grid.gazetteer_buildings()
    place = find_place(words, Gazetteer(buildings, grid.spots, grid.nicknames))
    return place if place.building in buildings else None
