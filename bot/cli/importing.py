"""``import areas|roster|households FILE``: read, check, show what changes, ask, write it whole or not at all."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.prompt import Confirm
from rich.table import Table
from rich.text import Text

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli import diffing
from bot.cli.auditing import note_in
from bot.cli.database import is_missing, opened
from bot.cli.telling import tell_leaders
from bot.config import Config
from bot.sheets import areas as area_sheet
from bot.sheets import households as household_sheet
from bot.sheets import roster as roster_sheet
from bot.sheets.faults import Faulty
from bot.sheets.reading import Layout, Sheet, read
from bot.sheets.vault import Vault
from storage import rosters
from storage.audit import Act
from storage.rosters import Changes, Snapshot
from texts.visit_categories import load_visit_categories

app = typer.Typer()
importing = typer.Typer(no_args_is_help=False)
app.add_typer(importing, name="import")

Plan = Callable[[Sheet, Snapshot], Changes]
File = Annotated[Path, typer.Argument()]
DryRun = Annotated[bool, typer.Option("--dry-run")]
Yes = Annotated[bool, typer.Option("--yes")]
Complete = Annotated[bool, typer.Option("--complete")]

_NOTHING = Snapshot({}, {}, {}, (), {})


@importing.command("areas")
def areas(ctx: typer.Context, file: File, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Streets, communities, grids, buildings, units, nicknames, spots."""
    call = calls.of(ctx)
    _import(call, call.config(), file, area_sheet.LAYOUT, area_sheet.plan, dry_run=dry_run, yes=yes)


@importing.command("roster")
def roster(
    ctx: typer.Context,
    file: File,
    dry_run: DryRun = False,
    yes: Yes = False,
    complete: Complete = False,
    bot_name: Annotated[str, typer.Option()] = "",
) -> None:
    """People and whom they are paired with; afterwards the codes they bind their accounts with."""
    call = calls.of(ctx)
    config = call.config()

    def plan(sheet: Sheet, known: Snapshot) -> Changes:
        return roster_sheet.plan(sheet, known, call.said, complete=complete)

    known = _import(call, config, file, roster_sheet.LAYOUT, plan, dry_run=dry_run, yes=yes, tell=True)
    if known is not None:
        names = {line.cells["name"] for line in read(file, roster_sheet.LAYOUT, call.said).lines}
        _print_codes(call, known, names, bot_name.lstrip("@"))


@importing.command("households")
def households(
    ctx: typer.Context, file: File, dry_run: DryRun = False, yes: Yes = False, complete: Complete = False
) -> None:
    """Whom the volunteers visit."""
    call = calls.of(ctx)
    config = call.config()
    vault, today = Vault(config.secrets.keys), _today(config)

    def plan(sheet: Sheet, known: Snapshot) -> Changes:
        return household_sheet.plan(sheet, known, load_visit_categories(), vault, today, complete=complete)

    _import(call, config, file, household_sheet.LAYOUT, plan, dry_run=dry_run, yes=yes)


def _import(
    call: calls.Call,
    config: Config,
    file: Path,
    layout: Layout,
    plan: Plan,
    *,
    dry_run: bool,
    yes: bool,
    tell: bool = False,
) -> Snapshot | None:
    """The roster afterwards; nothing when it was only looked at. ``tell``: the grid leaders read what changed."""
    try:
        sheet = read(file, layout, call.said)
        changes = asyncio.run(_preview(call, config, sheet, plan, dry_run=dry_run))
    except Faulty as faulty:
        for fault in faulty.faults:
            typer.echo(fault.shown(call.said), err=True)
        raise call.stop("import.faulty", 2, count=len(faulty.faults)) from None
    if not changes:
        call.print(call.say("import.same"))
    else:
        diffing.show(call, changes, whole=dry_run)
    if dry_run:
        call.print(call.say("import.dry"))
        return None
    if changes and not yes and not Confirm.ask(call.say("import.ask"), console=call.console, default=False):
        raise call.stop("import.declined")
    known = asyncio.run(_write(call, config, sheet, plan, changes, tell=tell))
    if changes:
        call.print(call.say("import.done"))
    return known


async def _preview(call: calls.Call, config: Config, sheet: Sheet, plan: Plan, *, dry_run: bool) -> Changes:
    if dry_run and is_missing(config):
        return plan(sheet, _NOTHING)
    async with opened(call, config, create=not dry_run) as database, database.read() as tx:
        return plan(sheet, await rosters.load(tx))


async def _write(call: calls.Call, config: Config, sheet: Sheet, plan: Plan, shown: Changes, *, tell: bool) -> Snapshot:
    """In one transaction, and only what was shown: somebody else may have changed the roster while the question stood."""
    async with opened(call, config) as database:
        if shown:
            with call.progress() as progress:
                task = progress.add_task(call.say("import.writing"), total=len(shown))
                async with database.write("import") as tx:
                    known = await rosters.load(tx)
                    try:
                        again = plan(sheet, known)
                    except Faulty:
                        again = Changes()
                    if again != shown:
                        raise call.stop("import.moved")
                    await rosters.apply(
                        tx,
                        known,
                        again,
                        _today(config),
                        seal=Vault(config.secrets.keys).seal,
                        done=lambda count: progress.advance(task, count),
                    )
                    await note_in(tx, Act.IMPORT, f"{len(again)}")
                    if tell:
                        await tell_leaders(call, config, tx, known, again, read_clock())
        async with database.read() as tx:
            return await rosters.load(tx)


def _today(config: Config) -> date:
    return read_clock().astimezone(ZoneInfo(config.community.zone)).date()


def _print_codes(call: calls.Call, known: Snapshot, names: set[str], bot_name: str) -> None:
    """For the leader to hand out, one by one. A code works once."""
    found = [m for m in known.members.values() if m.active and m.bind_code and m.name in names]
    waiting = sorted(found, key=lambda m: (m.area, m.name))
    if not waiting:
        return
    table = Table(*(call.say(f"import.code_{c}") for c in ("area", "name", "role", "code")))
    for member in waiting:
        role = call.said.say(f"member.role_{member.role}")
        table.add_row(Text(member.area[-1]), Text(member.name), role, member.bind_code)
    call.console.print(table)
    if bot_name:
        for member in waiting:  # outside the table, so that a narrow window does not cut what is to be copied
            call.print(call.say("import.link", name=member.name, bot=bot_name, code=member.bind_code))
    call.print(call.say("import.codes_note"))
