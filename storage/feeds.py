"""The secret links of volunteers' calendars. The secret itself is not kept."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from storage.database import ReadTx, WriteTx
from storage.tables import members
from storage.types import YES
from storage.visit_tables import visit_feeds


@dataclass(frozen=True, slots=True)
class Feed:
    """Whose calendar it is, of which area, and the hash of the secret in its link."""

    id: int
    member_id: int
    area_id: int
    digest: str


async def keep(tx: WriteTx, member_id: int, digest: str, now: datetime) -> int:
    """A new link in place of the former one, which leads nowhere from now on; its number, which stays: entries of a calendar keep their names."""
    row = {"member_id": member_id, "digest": digest, "made_at": now}
    await tx.execute(tx.upsert(visit_feeds, row, ["member_id"]))
    return int(await tx.value(sa.select(visit_feeds.c.id).where(visit_feeds.c.member_id == member_id)))


async def drop(tx: WriteTx, member_id: int) -> bool:
    """The link leads nowhere any more; False when there was none."""
    return await tx.execute(sa.delete(visit_feeds).where(visit_feeds.c.member_id == member_id)) > 0


async def get(tx: ReadTx, number: int) -> Feed | None:
    """The feed of a number, of somebody who is still on the roster."""
    stmt = sa.select(visit_feeds, members.c.area_id).join(members)
    row = await tx.one(stmt.where(visit_feeds.c.id == number, members.c.active == YES))
    return None if row is None else Feed(row.id, row.member_id, row.area_id, row.digest)
