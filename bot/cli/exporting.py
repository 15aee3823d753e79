"""``export tickets|roster|supervised|figures FILE``: for Excel and WPS, without residents unless they are asked for."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli.auditing import note
from bot.cli.database import opened
from bot.config import Config
from bot.sheets import exporting as rows
from bot.sheets.figures import FIGURES, figure_rows
from bot.sheets.writing import Out, writing
from bot.workdays import calendar_of
from domain.roster import AreaKind
from domain.templates import TEMPLATES
from storage import figures, rosters, tickets
from storage.audit import Act
from storage.database import ReadTx
from texts.categories import load_categories

app = typer.Typer()
exporting = typer.Typer()
app.add_typer(exporting, name="export")

File = Annotated[Path, typer.Argument()]
Write = Callable[[Out, Progress], Coroutine[object, object, int]]
Force = Annotated[bool, typer.Option("--force")]


@exporting.command("tickets")
def export_tickets(
    ctx: typer.Context,
    file: File,
    with_contacts: Annotated[bool, typer.Option("--with-contacts")] = False,
    force: Force = False,
) -> None:
    """Every ticket, newest first."""
    call = calls.of(ctx)
    config = call.config()
    _require_target(call, file, force=force)
    columns = rows.TICKETS + (rows.CONTACTS if with_contacts else ())
    words = rows.Words(call.said, calendar_of(config), load_categories())

    async def write(out: Out, progress: Progress) -> int:
        async with _reading(call, config, "tickets+contacts" if with_contacts else "tickets") as tx:
            known = await rosters.load(tx)
            task = progress.add_task(call.say("export.writing"), total=await tickets.count(tx))
            async for row in rows.ticket_rows(tx, known, words, contacts=with_contacts):
                out.add(row)
                progress.advance(task)
            return int(progress.tasks[0].completed)

    count = _write(call, file, columns, write)
    call.print(call.say("export.done", count=count, path=file))


@exporting.command("roster")
def export_roster(ctx: typer.Context, file: File, force: Force = False) -> None:
    """The roster, as ``import roster`` reads it."""
    call = calls.of(ctx)
    config = call.config()
    _require_target(call, file, force=force)
    lost: list[str] = []

    async def write(out: Out, _progress: Progress) -> int:
        known = await _roster(call, config)
        lost.extend(rows.unlisted(known))
        found = list(rows.roster_rows(known, call.said))
        for row in found:
            out.add(row)
        return len(found)

    count = _write(call, file, rows.ROSTER, write)
    call.print(call.say("export.done", count=count, path=file))
    if lost:
        call.print(call.say("export.unlisted", names="、".join(lost)))


@exporting.command("figures")
def export_figures(
    ctx: typer.Context,
    file: File,
    month: Annotated[str, typer.Option("--month")] = "",
    first_day: Annotated[str, typer.Option("--from")] = "",
    last_day: Annotated[str, typer.Option("--to")] = "",
    force: Force = False,
) -> None:
    """The figures of a month or of a span of days; without either of the month that is over."""
    call = calls.of(ctx)
    config = call.config()
    _require_target(call, file, force=force)
    calendar = calendar_of(config)
    now = read_clock()
    first, last = _span(call, month, first_day, last_day, calendar.today(now))

    async def write(out: Out, _progress: Progress) -> int:
        async with _reading(call, config, "figures") as tx:
            known = await rosters.load(tx)
            since, until = calendar.at(first, time(0)), calendar.at(last + timedelta(days=1), time(0))
            found = await figures.cases(tx, since, until)
        grids = {a.id: (key[1], a.name) for key, a in known.areas.items() if a.kind is AreaKind.GRID}
        sheet = list(
            figure_rows(
                found,
                grids,
                load_categories(),
                call.said,
                calendar,
                TEMPLATES[config.deadlines.template],
                first=first,
                last=last,
                now=now,
            )
        )
        for row in sheet:
            out.add(row)
        return len(sheet)

    count = _write(call, file, FIGURES, write)
    call.print(call.say("export.done", count=count, path=file))


def _span(call: calls.Call, month: str, start: str, end: str, today: date) -> tuple[date, date]:
    """The first and the last day of what was asked for."""
    if (month and (start or end)) or bool(start) != bool(end):
        raise call.stop("export.span", 2)
    try:
        if start:
            first, last = date.fromisoformat(start), date.fromisoformat(end)
        else:
            first = _month(month) if month else (today.replace(day=1) - timedelta(days=1)).replace(day=1)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except ValueError:
        raise call.stop("export.span", 2) from None
    if last < first:
        raise call.stop("export.span", 2)
    return first, last


def _month(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}", text):
        raise ValueError(text)
    return date.fromisoformat(f"{text}-01")


@exporting.command("supervised")
def export_supervised(ctx: typer.Context, file: File, force: Force = False) -> None:
    """The list of supervised cases, struck off or not."""
    call = calls.of(ctx)
    config = call.config()
    _require_target(call, file, force=force)
    words = rows.Words(call.said, calendar_of(config), load_categories())

    async def write(out: Out, _progress: Progress) -> int:
        async with _reading(call, config, "supervised") as tx:
            found = await rows.supervised_rows(tx, await rosters.load(tx), words)
        for row in found:
            out.add(row)
        return len(found)

    count = _write(call, file, rows.SUPERVISED, write)
    call.print(call.say("export.done", count=count, path=file))


async def _roster(call: calls.Call, config: Config) -> rosters.Snapshot:
    async with _reading(call, config, "roster") as tx:
        return await rosters.load(tx)


@asynccontextmanager
async def _reading(call: calls.Call, config: Config, what: str) -> AsyncIterator[ReadTx]:
    """A look at the database of which the audit log knows before the first row is read."""
    async with opened(call, config) as database:
        await note(database, Act.EXPORT, what)
        async with database.read() as tx:
            yield tx


def _require_target(call: calls.Call, file: Path, *, force: bool) -> None:
    if file.suffix.lower() not in (".csv", ".xlsx"):
        raise call.stop("export.suffix", 2, path=file)
    if file.exists() and not force:
        raise call.stop("export.exists", 2, path=file)


def _write(call: calls.Call, file: Path, columns: tuple[str, ...], write: Write) -> int:
    try:
        with writing(file) as out, call.progress() as progress:
            out.add(rows.headings(columns, call.said))
            return asyncio.run(write(out, progress))
    except OSError as error:
        raise call.stop("cannot_write", 2, path=file, error=error.strerror or "") from None
