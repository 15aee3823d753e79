"""``triage corrections``: labelled examples without words of their own, without numbers, without names."""

import asyncio
import json
from datetime import UTC, datetime

import sqlalchemy as sa

from domain.correction import Correction, Kind
from domain.triage import Act
from storage import corrections
from storage.database import Database
from storage.tables import tickets
from tests.cli.desk import Desk
from tests.cli.test_export import _spoken as spoken

TALK = """王阿姨：3栋2单元电梯坏了，找老李，我电话13912345678
李叔：2栋1单元门禁刷不开
"""


async def correct(desk: Desk, *made: tuple[int, Kind, str]) -> None:
    database = Database(desk.url)
    try:
        async with database.write("correct") as tx:
            for number, kind, code in made:
                grid = await tx.value(sa.select(tickets.c.grid_id).where(tickets.c.number == number))
                at = datetime(2026, 11, 20, tzinfo=UTC)
                corrections.add(tx, Correction(number, grid, kind, Act.TICKET, "FIX01", code, at))
    finally:
        await database.close()


def test_corrections_are_labelled_examples(desk: Desk) -> None:
    desk.filled()
    asyncio.run(spoken(desk, TALK))
    assert "还没有纠正" in desk.ok("triage", "corrections")
    assert desk.ok("triage", "corrections", "--json") == ""
    asyncio.run(correct(desk, (1, Kind.CODE, "FIX02"), (1, Kind.CODE, "EMG04"), (2, Kind.NOT_REQUEST, "")))
    first, second = [json.loads(line) for line in desk.ok("triage", "corrections", "--json").splitlines()]
    assert first == {
        "id": "c-1", "text": "3栋2单元电梯坏了，找某某，我电话" + "\uff0a" * 3, "intent": "request", "codes": ["EMG04"],
        "urgency": "P0", "place": {"building": "3栋", "unit": "2单元"}, "act": "alert",
    }  # fmt: skip
    assert (second["act"], second["codes"]) == ("silent", [])
    shown = desk.ok("triage", "corrections")
    assert "不是诉求" in shown
    assert "1391234" not in shown
    file = desk.file("mine.jsonl", desk.ok("triage", "corrections", "--json"))
    assert json.loads(desk.ok("triage", "eval", file, "--json"))["rows"] == 2


def test_what_is_erased_teaches_nothing(desk: Desk) -> None:
    desk.filled()
    asyncio.run(spoken(desk, TALK))
    asyncio.run(correct(desk, (1, Kind.CODE, "EMG04")))

    async def erase() -> None:
        database = Database(desk.url)
        try:
            async with database.write("erase") as tx:
                await tx.execute(sa.update(tickets).values(words=""))
        finally:
            await database.close()

    asyncio.run(erase())
    assert desk.ok("triage", "corrections", "--json") == ""
