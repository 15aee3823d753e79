"""``migrate``: bring the database to this program's version."""

import asyncio

import typer

from bot.cli import call as calls
from bot.cli.database import opened

app = typer.Typer()


@app.command()
def migrate(ctx: typer.Context) -> None:
    """Make or upgrade the database; a newer one is refused and left as it is."""
    call = calls.of(ctx)
    asyncio.run(_migrate(call))
    call.print(call.say("database.current"))


async def _migrate(call: calls.Call) -> None:
    async with opened(call, call.config(), create=True):
        pass
