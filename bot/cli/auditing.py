"""``audit verify``, and how the other verbs write down what they do."""

import asyncio
import os

import typer

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli.database import opened
from storage import audit
from storage.audit import Act, Verified
from storage.database import Database, WriteTx

app = typer.Typer()
auditing = typer.Typer()
app.add_typer(auditing, name="audit")


@auditing.callback()
def _audit() -> None:
    """One verb below it, and room for others."""


@auditing.command("verify")
def verify(ctx: typer.Context) -> None:
    """Go along the chain; name the first row that does not hold."""
    call = calls.of(ctx)
    found = asyncio.run(_verify(call))
    if found.broken is not None:
        raise call.stop("audit.broken", number=found.broken)
    call.print(call.say("audit.whole", count=found.rows, last=found.last, hash=found.hash[:16]))


async def _verify(call: calls.Call) -> Verified:
    async with opened(call, call.config()) as database, database.read() as tx:
        return await audit.verify(tx)


async def note(database: Database, act: Act, ref: str = "") -> None:
    """Write down what a verb is about to do. It is known only which account of this machine called it."""
    async with database.write("audit") as tx:
        await note_in(tx, act, ref)


async def note_in(tx: WriteTx, act: Act, ref: str = "") -> None:
    """The same in the transaction of the act itself."""
    await audit.note(tx, read_clock(), act, f"os:{os.getuid()}", ref)
