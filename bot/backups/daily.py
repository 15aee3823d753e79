"""The daily copy as a part of the running program."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial

import structlog

from bot.app import House
from bot.backups import making
from storage import audit
from storage.database import StorageFault
from storage.snapshot import SnapshotFault

log = structlog.get_logger()

LOOK = 600.0
"""Seconds between two looks whether a copy is due; also how long one that failed waits."""


@asynccontextmanager
async def part(house: House) -> AsyncIterator[Callable[[], Coroutine[object, object, None]] | None]:
    """See ``bot.app.Part``. Nothing runs where copies are switched off or there is no key to seal them with."""
    if not house.config.backup.enabled:
        yield None
    elif not house.config.secrets.keys:
        log.warning("no_backups", reason="no_key")
        yield None
    else:
        yield partial(_run, house)


async def _run(house: House) -> None:
    while True:
        await make_if_due(house)
        await asyncio.sleep(LOOK)


async def make_if_due(house: House) -> bool:
    """Make the copy of the day where it is missing and take away the oldest. A failure is told in the log and tried again.

    Returns whether a copy was made.
    """
    config, now = house.config, house.context().now
    try:
        if not making.is_due(config, now):
            return False
        path = making.folder_of(config) / making.name_at(config, now)
        async with house.database.write("audit") as tx:
            await audit.note(tx, now, audit.Act.BACKUP, audit.PROGRAM)
        made = await asyncio.to_thread(making.make, config, path, now)
        gone = making.prune(config)
    except (SnapshotFault, StorageFault, OSError) as fault:
        log.error("backup_failed", reason=fault.code if isinstance(fault, SnapshotFault) else type(fault).__name__)
        return False
    log.info("backup_made", bytes=made.size, revision=made.contents.revision, pruned=gone)
    return True
