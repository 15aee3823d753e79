"""``keys rotate``: everything sealed gets the newest key, so that the old ones may go."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from bot.cli import call as calls
from bot.cli.auditing import note
from bot.cli.database import opened
from bot.sheets.vault import Vault
from storage import sealed
from storage.audit import Act
from storage.database import Database, WriteTx

BATCH = 200
"""Rows in one transaction. Whoever is stopped between two of them goes on where it was: what has the newest key is left alone."""

app = typer.Typer()
keys = typer.Typer()
app.add_typer(keys, name="keys")


@dataclass
class Found:
    """Sealed values by what became of them, or would. ``lost``: no key of ours opens them."""

    current: int = 0
    old: int = 0
    lost: int = 0


@keys.callback()
def _keys() -> None:
    """One verb below it, and room for others."""


@keys.command("rotate")
def rotate(ctx: typer.Context, dry_run: Annotated[bool, typer.Option("--dry-run")] = False) -> None:
    """Seal anew what an old key sealed, then look whether anything was left."""
    call = calls.of(ctx)
    config = call.config()
    vault = Vault(config.secrets.keys)
    if not vault:
        raise call.stop("keys.none", 2)
    changed, left = asyncio.run(_rotate(call, vault, dry_run=dry_run))
    if not dry_run:
        call.print(call.say("keys.changed", count=changed.old))
    if left.lost:
        raise call.stop("keys.lost", count=left.lost)
    if left.old:
        raise call.stop("keys.left", count=left.old)
    call.print(call.say("keys.clean", count=left.current))


async def _rotate(call: calls.Call, vault: Vault, *, dry_run: bool) -> tuple[Found, Found]:
    async with opened(call, call.config()) as database:
        if not dry_run:
            await note(database, Act.KEYS)
        changed = Found() if dry_run else await _pass(database, vault, write=True)
        return changed, await _pass(database, vault, write=False)


async def _pass(database: Database, vault: Vault, *, write: bool) -> Found:
    """Once over everything that is sealed."""
    found = Found()
    for table, columns in sealed.COLUMNS.items():
        after: int | None = 0
        while after is not None:
            async with database.write("rotate") if write else database.read() as tx:
                rows = await sealed.rows(tx, table, after, BATCH)
                for row in rows:
                    for column in columns:
                        old: str = getattr(row, column)
                        new = vault.renew(old)
                        if new is None:
                            found.lost += 1
                        elif new != old:
                            found.old += 1
                            if isinstance(tx, WriteTx):
                                await sealed.replace(tx, table, row.id, column, old, new)
                        elif old:
                            found.current += 1
            after = rows[-1].id if rows else None
    return found
