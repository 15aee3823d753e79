"""``doctor``: what is wrong with a program that is already at work, and what to do about it. Changes nothing."""

import asyncio
import json
import shutil
import stat
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import typer
from telegram.error import TelegramError

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli import checking
from bot.cli.checking import Check, Finding, Look
from bot.cli.stop import Stop
from bot.telegram import checks
from bot.telegram.face import make_bot
from bot.workdays import calendar_of
from domain.outgoing import SendState
from storage import fitness, waiting
from storage.database import StorageFault

app = typer.Typer()

MEGABYTE: Final = 1 << 20
LONG_LOG = 64 * MEGABYTE
FULL = 200 * MEGABYTE
TIGHT = 1024 * MEGABYTE
SKEW = timedelta(minutes=2)
WEEK = timedelta(days=7)
_NOVEMBER = 11
_SHOWN = 20


async def disk(look: Look) -> list[Finding]:
    """Who can read the database's file, how long its log is, and how much room there is."""
    file = fitness.file_of(look.database) if look.database is not None else None
    if file is None:
        return []
    found = []
    if file.stat().st_mode & stat.S_IROTH and file.absolute().parent.stat().st_mode & stat.S_IXOTH:
        found.append(Finding(look.call.say("doctor.open_database", path=file.absolute().parent), grave=False))
    if (size := fitness.log_bytes(file)) > LONG_LOG:
        found.append(Finding(look.call.say("doctor.long_log", megabytes=size // MEGABYTE), grave=False))
    free = shutil.disk_usage(file.absolute().parent).free
    megabytes = free // MEGABYTE
    if free < max(TIGHT, 2 * file.stat().st_size):
        return [*found, Finding(look.call.say("doctor.tight_disk", megabytes=megabytes), grave=free < FULL)]
    return [*found, Finding(look.call.say("doctor.disk_ok", megabytes=megabytes), ok=True)]


async def database(look: Look) -> list[Finding]:
    """Which database it is and whether it is whole."""
    if look.database is None:
        return []
    try:
        name, count = await fitness.version(look.database), await fitness.damages(look.database)
    except StorageFault:
        return [Finding(look.call.say("doctor.unreadable"))]
    if count:
        return [Finding(look.call.say("doctor.damaged", count=count))]
    return [Finding(look.call.say("doctor.database_ok", name=name), ok=True)]


async def clock(look: Look) -> list[Finding]:
    """The time as the program sees it. What was written later than now was written by a clock that was right, or is wrong."""
    now = read_clock()
    here = now.astimezone(ZoneInfo(look.config.community.zone))
    text = f"{here:%Y-%m-%d %H:%M}"
    if look.database is not None:
        async with look.database.read() as tx:
            newest = await fitness.newest(tx)
        if newest is not None and newest > now + SKEW:
            return [Finding(look.call.say("doctor.clock", now=text))]
    return [Finding(look.call.say("doctor.clock_ok", now=text, zone=look.config.community.zone), ok=True)]


async def next_year(look: Look) -> list[Finding]:
    """From November on the arrangement of the next year is known to everybody."""
    today = read_clock().astimezone(ZoneInfo(look.config.community.zone)).date()
    if today.month < _NOVEMBER or calendar_of(look.config).knows(today.year + 1):
        return []
    return [Finding(look.call.say("doctor.next_year", year=today.year + 1), grave=False)]


async def outbox(look: Look) -> list[Finding]:
    """Messages that do not leave, and of this week: those of unknown outcome, that failed, that could not be read."""
    if look.database is None:
        return []
    now = read_clock()
    quiet = look.config.policy().staff_quiet.next_allowed(calendar_of(look.config), now) > now
    async with look.database.read() as tx:
        stuck, late = await waiting.stuck(tx, now), await waiting.late(tx, now, quiet=quiet)
        counts, aside = await waiting.in_outbox(tx, since=now - WEEK), await waiting.set_aside(tx)
    of = {state: sum(n for (s, _), n in counts.items() if s == state) for state in waiting.LIVE}
    due = sum(what.count for name, what in late.items() if name != "sends")
    numbers = {
        "stuck": stuck,
        "late": due,
        "unknown": of[SendState.UNKNOWN],
        "failed": of[SendState.FAILED],
        "aside": aside,
    }
    found = [
        Finding(look.call.say(f"doctor.{name}", count=count), grave=name in ("stuck", "late"))
        for name, count in numbers.items()
        if count
    ]
    return found or [Finding(look.call.say("doctor.outbox_ok"), ok=True)]


async def reach(look: Look) -> list[Finding]:
    """Whether anybody can be told anything: leaders, volunteers, groups."""
    if look.database is None:
        return []
    async with look.database.read() as tx:
        unled, silent = await fitness.unled(tx), await fitness.without_group(tx)
        unbound = await fitness.unbound(tx)
    found = []
    if unled:
        found.append(Finding(look.call.say("doctor.unled", grids="、".join(unled[:_SHOWN])), grave=False))
    if silent:
        found.append(Finding(look.call.say("doctor.no_group", grids="、".join(silent[:_SHOWN])), grave=False))
    if unbound:
        found.append(Finding(look.call.say("doctor.unbound", count=unbound), grave=False))
    return found


async def line(look: Look) -> list[Finding]:
    """Whether somebody else changed the way messages come. A channel that does not answer was told before."""
    if look.config.telegram is None:
        return []
    try:
        async with make_bot(look.config.telegram) as bot:
            said = await checks.line(bot, look.config.telegram, look.call.said)
    except TelegramError:
        return []
    return [Finding(text, grave=False) for text in said]


CHECKS: tuple[Check, ...] = (
    *checking.CHECKS,
    line,
    database,
    disk,
    clock,
    next_year,
    outbox,
    reach,
)
"""What ``check`` looks at before the start, and what can only be seen of a program that has worked."""


@app.command()
def doctor(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Tell everything; leave with 1 when something grave is among it."""
    call = calls.of(ctx)
    try:
        findings = asyncio.run(checking.look(call, call.config(), CHECKS))
    except Stop as stop:
        findings = [Finding(str(stop), about="config")]
    except StorageFault:
        findings = [Finding(call.say("doctor.unreadable"), about="database")]
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        checking.tell(call, findings)
    if any(finding.grave and not finding.ok for finding in findings):
        raise typer.Exit(1)
