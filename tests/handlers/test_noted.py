"""What leaders do to tickets and places stands in the audit log, once each, and nothing that was refused."""

import pytest
import sqlalchemy as sa

from storage import audit
from storage.audit_tables import audit as rows
from storage.database import Database
from tests.story import FOLDER, play


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("106_地名", [("place", "grid:3")] * 3),
        ("105_是诉求", None),
        ("104_不是诉求", None),
        ("103_改类", None),
    ],
)
async def test_each_once(story: str, expected: list[tuple[str, str]] | None, database_url: str) -> None:
    await play(FOLDER / f"{story}.txt", database_url)
    database = Database(database_url)
    async with database.read() as tx:
        found = await tx.rows(sa.select(rows).order_by(rows.c.id))
        kept = await tx.rows(sa.text("SELECT ticket FROM corrections ORDER BY id"))
        assert (await audit.verify(tx)).broken is None
    await database.close()
    if expected is None:
        expected = [("correction", f"ticket:{row.ticket}") for row in kept]
        assert expected
    assert [(row.act, row.ref) for row in found] == expected
    assert {row.actor for row in found} == {"member:1"}
