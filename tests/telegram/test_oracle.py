"""No call to Telegram while a write transaction is open: a slow server must never hold up the database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

import pytest

from scheduler.delivery import Face, Receipt
from storage.database import Database, WriteTx
from storage.outbox import Row
from tests.emulator import Call
from tests.telegram.stage import REQUEST, morning, url_of

WRITING: ContextVar[str] = ContextVar("WRITING", default="")


class Watched:
    """The real face; looks around before each call."""

    def __init__(self, face: Face, seen: list[str]) -> None:
        self.per_minute = face.per_minute
        self._face, self._seen = face, seen

    async def deliver(self, row: Row, text: str) -> Receipt:
        self._seen.append(WRITING.get())
        return await self._face.deliver(row, text)


async def test_no_call_while_a_transaction_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    opened: set[str] = set()
    write = Database.write

    @asynccontextmanager
    async def noted(self: Database, name: str) -> AsyncIterator[WriteTx]:
        opened.add(name)
        async with write(self, name) as tx:
            before = WRITING.set(name)
            try:
                yield tx
            finally:
                WRITING.reset(before)

    monkeypatch.setattr(Database, "write", noted)
    async with morning(url_of(tmp_path)) as world:

        def free(call: Call) -> None:
            # Other chats may be writing while a message is sent; while we poll nobody is.
            assert call.method != "getUpdates" or not world.home.database._lock.locked()

        key, em, people = ("telegram", str(world.em.bot.id)), world.em, world.people
        em.on_call.append(free)
        world.home.faces[key] = Watched(world.home.faces[key], seen)
        wang, li = people["王阿姨"], people["老李"]
        wang.photo(world.group, REQUEST)
        await world.step()
        [card] = [m for m in em.said(world.group) if m.labels]
        people["张大爷"].presses(card, 0)
        invitation = next(m for m in em.said(li) if "接单" in " ".join(m.labels))
        li.presses(invitation, "接单")
        await world.step()
        em.fault("reply_lost", "sendMessage")
        em.fault("429", "sendMessage", after=1)
        li.tells("进展 1 师傅在路上了")
        await world.step()
        await world.wait(30)
        li.tells("解决 1 换好了")
        await world.step()
        wang.says(world.group, "解决 1")
        await world.step()
        people["小马"].blocks()
        people["小刘"].says(world.group, "1栋2单元有人晕倒了，叫不醒")
        await world.step()
        await world.wait(301)
    assert len(seen) > 12
    assert set(seen) == {""}
    assert {"intake", "claim", "begin", "settle"} <= opened
