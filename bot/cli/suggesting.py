"""``roster suggest``: who might look after which household, with reasons; shown first, written only after a yes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from importlib import import_module
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.prompt import Confirm

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli import proposal as shown
from bot.cli.database import opened
from bot.cli.proposal import Offer
from bot.config import Config
from domain import assignment
from domain.assignment import Solver, Unsolved
from domain.roster import Grid
from domain.suggestion import Ask, Preset, Step, Suggestion, avoided, fingerprint, suggest, terms_of
from storage import assignments, grids
from storage.assignments import Run
from storage.database import ReadTx

app = typer.Typer()

_LARGEST = 200_000
"""Volunteers times households of a grid that the built-in solver answers within seconds."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for on the command line."""

    grid: str
    every_home: bool
    preset: Preset
    keep: bool
    now: datetime
    zone: ZoneInfo


@app.command("suggest")
def suggest_pairings(
    ctx: typer.Context,
    grid: Annotated[str, typer.Option("--grid")] = "",
    every_home: Annotated[bool, typer.Option("--every-home")] = False,
    preset: Annotated[str, typer.Option("--preset")] = Preset.BALANCED,
    keep: Annotated[bool, typer.Option("--keep")] = False,
    ortools: Annotated[bool, typer.Option("--ortools")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    apply: Annotated[bool, typer.Option("--apply")] = False,
    number: Annotated[str, typer.Option("--number")] = "",
    by: Annotated[str, typer.Option("--by")] = "",
    yes: Annotated[bool, typer.Option("--yes")] = False,
) -> None:
    """First contacts and partners for the must-visit households, or for every household there is."""
    call = calls.of(ctx)
    config = call.config()
    wanted = _Wanted(grid, every_home, _preset(call, preset), keep, read_clock(), ZoneInfo(config.community.zone))
    solver, version = _solver(call, ortools=ortools)
    asked = asyncio.run(_read(call, config, wanted))
    if not ortools and any(len(g.members) * len(ask.homes) > _LARGEST for g, ask in asked):
        raise call.stop("suggest.too_large", 2)
    with call.progress() as progress:
        busy = progress.track(asked, description=call.say("suggest.busy"))
        try:
            found = [_offer(wanted, g, ask, solver) for g, ask in busy]
        except Unsolved:
            raise call.stop("suggest.unsolved") from None
    stamp = _stamp([offer.chosen for offer in found])
    if number and number != stamp:
        raise call.stop("suggest.moved")
    if as_json:
        typer.echo(shown.as_json(call.said, found, stamp, version))
    else:
        shown.show(call, found, wanted.preset, stamp)
    changed = [offer.chosen for offer in found if _changes(offer.chosen)]
    if not apply:
        return
    if not changed:
        _tell(call, as_json, "same")
        return
    if not yes and not Confirm.ask(call.say("suggest.ask"), console=_asking(call, as_json), default=False):
        raise call.stop("suggest.declined")
    asyncio.run(_write(call, config, wanted, changed, version, by))
    _tell(call, as_json, "done")


def _preset(call: calls.Call, word: str) -> Preset:
    """By its name in either language."""
    names = {call.say(f"suggest.preset_{preset}"): preset for preset in Preset}
    if word in names:
        return names[word]
    if word in list(Preset):
        return Preset(word)
    raise call.stop("suggest.no_preset", 2, word=word[:20], words="、".join(names))


def _solver(call: calls.Call, *, ortools: bool) -> tuple[Solver, str]:
    """The built-in one; OR-tools is wanted for very large grids only, and is not part of the base install."""
    if not ortools:
        return assignment.solve, assignment.VERSION
    try:
        district = import_module("bot.pairing.district")
    except ImportError:
        raise call.stop("suggest.no_ortools") from None
    return district.solve, district.VERSION


def _asking(call: calls.Call, as_json: bool) -> Console:
    return Console(stderr=True) if as_json else call.console


def _tell(call: calls.Call, as_json: bool, key: str) -> None:
    typer.echo(call.say(f"suggest.{key}"), err=as_json)


async def _read(call: calls.Call, config: Config, wanted: _Wanted) -> list[tuple[Grid, Ask]]:
    """The grids with households in question, and what is asked of each."""
    async with opened(call, config) as database, database.read() as tx:
        if wanted.grid:
            one = await grids.by_code(tx, wanted.grid)
            if one is None:
                raise call.stop("suggest.no_grid", 2, grid=wanted.grid[:20])
            ids = [one.id]
        else:
            ids = await grids.all_ids(tx)
        found = [await _ask(tx, wanted, grid_id) for grid_id in ids]
    found = [(grid, ask) for grid, ask in found if ask.homes]
    if not found:
        raise call.stop("suggest.no_homes")
    return found


async def _ask(tx: ReadTx, wanted: _Wanted, grid_id: int) -> tuple[Grid, Ask]:
    grid = await grids.by_id(tx, grid_id)
    homes = await assignments.homes(tx, grid, visited=not wanted.every_home)
    today = wanted.now.astimezone(wanted.zone).date()
    terms = terms_of(wanted.preset, today, keep=wanted.keep)
    return grid, Ask(homes, terms, today, avoided(grid, homes))


def _offer(wanted: _Wanted, grid: Grid, ask: Ask, solver: Solver) -> Offer:
    """The proposal, and what the other presets would come to."""
    found = {
        preset: suggest(grid, replace(ask, terms=terms_of(preset, ask.today, keep=wanted.keep)), solver)
        for preset in Preset
    }
    return Offer(grid, wanted.preset, found)


def _stamp(found: Sequence[Suggestion]) -> str:
    """One short number for all of it."""
    return blake2b("".join(one.fingerprint for one in found).encode(), digest_size=5).hexdigest()


def _changes(found: Suggestion) -> bool:
    return any(change.closes or change.step in (Step.MOVED, Step.NEW) for change in found.changes)


async def _write(
    call: calls.Call, config: Config, wanted: _Wanted, found: Sequence[Suggestion], version: str, by: str
) -> None:
    """In one transaction, and only if the roster is still the one that the proposal was made from."""
    async with opened(call, config) as database, database.write("suggest") as tx:
        await grids.changed(tx)  # first of all, so that nobody else changes the roster meanwhile
        for one in found:
            grid, ask = await _ask(tx, wanted, one.grid_id)
            if fingerprint(grid, ask) != one.fingerprint:
                raise call.stop("suggest.moved")
            params = {
                "preset": wanted.preset,
                "balance": ask.terms.balance,
                "continuity": ask.terms.continuity,
                "every_home": wanted.every_home,
            }
            run = Run(params, ask.terms.epoch, version, by or "cli", read_clock())
            await assignments.apply(tx, one, run, ask.today)
