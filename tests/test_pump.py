"""The pump beside another one that was killed: nothing stays lying, whatever it had in its hands (found by the kill test)."""

from datetime import UTC, datetime, timedelta

from bot.app import house
from bot.config import Config
from domain.incoming import Chat
from domain.outgoing import Kind
from scheduler.delivery import Outcome, Receipt
from storage import outbox
from storage.outbox import Row


class Listener:
    """A face that takes everything."""

    per_minute = 0

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def deliver(self, row: Row, text: str) -> Receipt:
        self.heard.append(text)
        return Receipt(Outcome.SENT, str(row.id))


async def test_what_a_killed_sender_held_is_sent_after_its_lease(database_url: str) -> None:
    now = [datetime(2026, 11, 20, 2, tzinfo=UTC)]
    config = Config.model_validate({"storage": {"url": database_url}})
    chat, face = Chat("web", "web", "g"), Listener()
    async with house(config, now=lambda: now[0]) as home:
        home.faces["web", "web"] = face
        async with home.database.write("say") as tx:
            for key in ("claimed", "begun", "behind"):
                outbox.add(tx, key=key, chat=chat, kind=Kind.REPLY, body={"text": key}, now=now[0])
        async with home.database.write("killed") as tx:
            rows = await outbox.claim(tx, "killed", now[0], limit=2)
            await outbox.begin(tx, rows[1], "killed", now[0])
        assert await home.pump.once() == 0
        now[0] += timedelta(seconds=59)
        await home.pass_once()
        assert await home.pump.once() == 0
        now[0] += timedelta(seconds=2)
        await home.pass_once()
        while await home.pump.once():
            pass
    assert sorted(face.heard) == sorted(["claimed", "（重发）begun", "behind"])
