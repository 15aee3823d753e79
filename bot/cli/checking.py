"""``check``: whether the program could start, and what would go wrong when it does. Changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import typer
from telegram.error import InvalidToken, TelegramError

from bot import workdays
from bot.app import read_clock
from bot.backups import making
from bot.cli import call as calls
from bot.cli.database import UNREACHABLE, is_missing
from bot.config import Config
from bot.telegram import checks
from bot.telegram.face import make_bot
from bot.telegram.updates import Me
from bot.triage.versions import Store
from domain.roster import AreaKind
from storage import rosters
from storage.database import Database
from storage.schema import NewerDatabase, is_current

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer. ``ok``: all is well; otherwise ``grave`` says whether the program should not be started.
    ``about``: the check it comes from.
    """

    text: str
    ok: bool = False
    grave: bool = True
    about: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a check may look at. ``database`` is there only when it is at this program's version."""

    call: calls.Call
    config: Config
    database: Database | None


async def privacy(look: Look) -> list[Finding]:
    """The configuration holds keys: others on the machine must not read it."""
    if look.call.is_open():
        return [Finding(look.call.say("check.open_file", path=look.call.path))]
    return [Finding(look.call.say("check.config_ok", path=look.call.path), ok=True)]


async def roster(look: Look) -> list[Finding]:
    """Without grids nothing is heard, without a leader nobody answers an alarm."""
    if look.database is None:
        return []
    async with look.database.read() as tx:
        known = await rosters.load(tx)
    homes = {area.key for area in known.areas.values() if area.kind is AreaKind.GRID}
    led = {member.area for member in known.members.values() if member.active and member.role == "leader"}
    if not homes:
        return [Finding(look.call.say("check.no_grid"), grave=False)]
    without = "、".join(sorted(key[1] for key in homes - led)[:20])
    if without:
        return [Finding(look.call.say("check.no_leader", grids=without), grave=False)]
    return [Finding(look.call.say("check.roster_ok", grids=len(homes)), ok=True)]


async def calendar(look: Look) -> list[Finding]:
    """Deadlines count working days; a year without its notice is guessed."""
    year = read_clock().year
    if workdays.knows(year) or look.config.calendar.off:
        return []
    return [Finding(look.call.say("check.year", year=year), grave=False)]


async def weights(look: Look) -> list[Finding]:
    """Learned weights that cannot be read are not used, and somebody should know."""
    kept = Store.of(look.config)
    _, usable = kept.usable()
    if not usable:
        return [Finding(look.call.say("check.no_weights", name=kept.chosen()[:40]), grave=False)]
    return [Finding(look.call.say("check.weights_ok", name=kept.chosen()), ok=True)]


async def secrets(look: Look) -> list[Finding]:
    """Names of visited households cannot be kept without a key."""
    if look.config.visits.enabled and not look.config.secrets.keys:
        return [Finding(look.call.say("check.no_key"), grave=False)]
    return []


async def backups(look: Look) -> list[Finding]:
    """A community without a copy learns of it on the worst day."""
    if not look.config.backup.enabled or not look.config.secrets.keys:
        return [Finding(look.call.say("check.backups_off"), grave=False)]
    done = making.kept(look.config)
    if look.database is None or (done and not making.is_due(look.config, read_clock() - timedelta(days=1))):
        return []
    return [Finding(look.call.say("check.no_backup"), grave=False)]


async def telegram(look: Look) -> list[Finding]:
    """The token, and what the bot may hear in its groups."""
    if look.config.telegram is None:
        return [Finding(look.call.say("check.no_telegram"), grave=False)]
    try:
        async with make_bot(look.config.telegram) as bot:
            found = [Finding(look.call.say("check.telegram_ok", username=bot.username), ok=True)]
            if look.database is not None:
                me = Me(bot.id, bot.username)
                said = await checks.look(bot, me, look.config, look.database, look.call.said)
                found += [Finding(text, grave=False) for text in said]
            return found
    except InvalidToken:
        return [Finding(look.call.said.say("check.token"))]
    except TelegramError as error:
        return [Finding(look.call.say("check.telegram_down", error=type(error).__name__))]


Check = Callable[[Look], Awaitable[list[Finding]]]

CHECKS: tuple[Check, ...] = (privacy, roster, calendar, weights, secrets, backups, telegram)
"""All start-up checks, in the order they are told; the database itself comes before them."""


@app.command()
def check(ctx: typer.Context) -> None:
    """Tell everything that is found; leave with 1 when something grave is among it."""
    call = calls.of(ctx)
    findings = asyncio.run(look(call, call.config()))
    tell(call, findings)
    grave = sum(finding.grave and not finding.ok for finding in findings)
    if grave:
        raise call.stop("check.failed", count=grave)


def tell(call: calls.Call, findings: Sequence[Finding]) -> None:
    """A line for each."""
    for finding in findings:
        mark, style = ("✓", "green") if finding.ok else ("✗", "red") if finding.grave else ("！", "yellow")
        call.print(f"{mark} {finding.text}", style=style)


async def look(call: calls.Call, config: Config, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """All findings."""
    database, first = await _database(call, config)
    try:
        seen = Look(call, config, database if first.ok else None)
        found = [replace(finding, about=one.__name__) for one in checks for finding in await one(seen)]
        return [replace(first, about="schema"), *found]
    finally:
        if database is not None:
            await database.close()


async def _database(call: calls.Call, config: Config) -> tuple[Database | None, Finding]:
    if is_missing(config):
        return None, Finding(call.say("database.missing"), grave=False)
    database = None
    try:
        database = Database(config.storage.url)
        current = await is_current(database)
    except NewerDatabase:
        return database, Finding(call.say("database.newer"))
    except UNREACHABLE as error:
        return database, Finding(call.say("database.unreachable", error=type(error).__name__))
    if not current:
        return database, Finding(call.say("database.old"))
    return database, Finding(call.say("database.current"), ok=True)
