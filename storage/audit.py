"""The audit log (操作记录): who did what to what, in codes and numbers only. Each row holds the hash of the one before it.

The counter ``audit`` gives the numbers: whoever takes one holds the counter's row to the end of his transaction, so the chain
cannot fork, and rows missing at its end show against the counter. The database refuses changes and deletions (migration 0008).
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from storage.audit_tables import audit
from storage.database import ReadTx, WriteTx
from storage.tables import counters

KEPT = timedelta(days=1096)
"""Three years (docs/隐私.md); the triggers refuse anything younger."""
_AT_ONCE = 1000


class Act(StrEnum):
    """What is written down."""

    EXPORT = "export"
    IMPORT = "import"
    BACKUP = "backup"
    RESTORE = "restore"
    KEYS = "keys"
    CORRECTION = "correction"
    PLACE = "place"
    TRIM = "trim"


PROGRAM = "program"
"""The actor where nobody in particular acts."""


def member(number: int) -> str:
    """The actor who is on the roster."""
    return f"member:{number}"


@dataclass(frozen=True, slots=True)
class Verified:
    """``rows`` that are in order, the number and hash of the last of them, and the first that is not."""

    rows: int
    last: int
    hash: str
    broken: int | None = None


async def note(tx: WriteTx, at: datetime, act: Act, actor: str, ref: str = "") -> None:
    """Write an act down with it, in its own transaction. ``ref``: codes and numbers, never a name or words."""
    number = await tx.next_number("audit")
    previous = await tx.value(sa.select(audit.c.hash).where(audit.c.id == number - 1)) or ""
    row = {"id": number, "at": at, "act": act.value, "actor": actor, "ref": ref, "previous": previous}
    tx.add(audit, {**row, "hash": _hash(number, at, act.value, actor, ref, previous)})


def _hash(number: int, at: datetime, act: str, actor: str, ref: str, previous: str) -> str:
    parts = (previous, f"{number}", at.astimezone(UTC).isoformat(timespec="microseconds"), act, actor, ref)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def verify(tx: ReadTx) -> Verified:
    """Go along the chain to its end or to the first row that does not hold."""
    first = await tx.value(sa.select(sa.func.min(audit.c.id)))
    written = await tx.value(sa.select(counters.c.value).where(counters.c.name == "audit")) or 0
    if first is None:
        return Verified(0, 0, "", 1 if written else None)
    last, known = first - 1, None
    if last:
        trimmed = audit.c.act == Act.TRIM, audit.c.ref == f"{last}"
        known = await tx.value(sa.select(audit.c.id).where(*trimmed).limit(1))
        if known is None:
            return Verified(0, 0, "", first)
    count, chain = 0, None if last else ""
    while rows := await tx.rows(sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(_AT_ONCE)):
        for row in rows:
            own = _hash(row.id, row.at, row.act, row.actor, row.ref, row.previous)
            if row.id != last + 1 or row.hash != own or (chain is not None and row.previous != chain):
                return Verified(count, last, chain or "", last + 1)
            count, last, chain = count + 1, row.id, row.hash
    return Verified(count, last, chain or "", last + 1 if last != written else None)


async def forget(tx: WriteTx, now: datetime) -> None:
    """What is older than three years goes from the front, and a row says up to where."""
    young = await tx.value(sa.select(sa.func.min(audit.c.id)).where(audit.c.at >= now - KEPT))
    oldest = await tx.value(sa.select(sa.func.min(audit.c.id)))
    newest = await tx.value(sa.select(sa.func.max(audit.c.id)))
    if oldest is None or oldest == young:
        return
    end = newest if young is None else young - 1
    await note(tx, now, Act.TRIM, PROGRAM, f"{end}")
    await tx.execute(sa.delete(audit).where(audit.c.id <= end))
