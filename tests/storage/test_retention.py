"""The terms of docs/隐私.md, kept by the clock: nothing too early, everything in time, on both engines."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from bot.app import House, house
from bot.config import Config
from domain.incoming import Attachment, Chat, ChatKind, Incoming, Kind, Sender
from scheduler.delivery import Outcome, Receipt
from storage.outbox import Row
from tests.community import settle

SAID_ONCE = "厨房水管爆了水漫出来了"


class Silent:
    """A face that takes everything."""

    per_minute = 0

    async def deliver(self, row: Row, text: str) -> Receipt:
        return Receipt(Outcome.SENT, str(row.id))


async def _everything(home: House) -> str:
    """All text of all tables."""
    found = []
    async with home.database.read() as tx:
        for name in ("tickets", "ticket_events", "outbox", "supporters", "ticket_sources", "invitations"):
            found += [str(tuple(row)) for row in await tx.rows(sa.text(f"SELECT * FROM {name}"))]  # noqa: S608
    return "\n".join(found)


async def test_a_ticket_becomes_nameless_in_time(database_url: str) -> None:
    now = [datetime(2026, 11, 20, 2, tzinfo=UTC)]
    known = {"work": ["2027-02-20", "2028-02-20", "2029-02-20"]}  # nobody is told that an arrangement is missing
    config = Config.model_validate({"storage": {"url": database_url}, "calendar": known})
    chat = Chat("web", "web", "g")
    async with house(config, now=lambda: now[0]) as home:
        home.faces["web", "web"] = Silent()
        await settle(home.database, "web", "web", {"小陈": "chen", "老李": "li"}, "g")

        async def say(number: int, text: str, who: str = "wang") -> None:
            sender = Sender(who, "王阿姨")
            photo = (Attachment("photo", "PHOTOREF"),) if number == 1 else ()
            event = Incoming(chat, ChatKind.GROUP, Kind.MESSAGE, number, str(number), sender, now[0], text)
            await home.inbox.take_in([event if not photo else _with(event, photo)], order="none")
            while await home.pump.once():
                pass

        await say(1, f"3栋2单元501{SAID_ONCE}")
        await say(2, "撤回 999")
        async with home.database.write("close") as tx:
            await tx.execute(sa.text("UPDATE tickets SET state = 'archived', closed_at = created_at"))
        for days, text_there, photo_there in (
            (89, True, True),
            (179, True, True),
            (181, True, False),
            (731, False, False),
        ):
            now[0] = datetime(2026, 11, 20, 2, tzinfo=UTC) + timedelta(days=days)
            await home.pass_once()
            found = await _everything(home)
            assert (SAID_ONCE in found) is text_there, days
            assert ("王阿姨" in found) is text_there, days
            assert ("PHOTOREF" in found) is photo_there, days
        async with home.database.read() as look:
            assert await look.value(sa.text("SELECT count(*) FROM tickets")) == 1
            assert await look.value(sa.text("SELECT count(*) FROM outbox")) == 0


async def test_what_a_leader_called_no_request_goes_sooner(database_url: str) -> None:
    """Its words are an example for ninety days; the correction itself never had any, and goes after two years."""
    now = [datetime(2026, 11, 20, 2, tzinfo=UTC)]
    config = Config.model_validate({"storage": {"url": database_url}})
    chat = Chat("web", "web", "g")
    async with house(config, now=lambda: now[0]) as home:
        home.faces["web", "web"] = Silent()
        await settle(home.database, "web", "web", {"小陈": "chen", "老李": "li"}, "g")
        event = Incoming(
            chat, ChatKind.GROUP, Kind.MESSAGE, 1, "1", Sender("wang", "王阿姨"), now[0], f"3栋2单元501{SAID_ONCE}"
        )
        await home.inbox.take_in([event], order="none")
        private = Chat("web", "web", "chen")
        told = Incoming(
            private, ChatKind.PRIVATE, Kind.MESSAGE, 2, "2", Sender("chen"), now[0], "不是诉求 1", addressed=True
        )
        await home.inbox.take_in([told], order="none")
        while await home.pump.once():
            pass
        for days, words_there, row_there in (
            (89, True, True),
            (91, False, True),
            (729, False, True),
            (731, False, False),
        ):
            now[0] = datetime(2026, 11, 20, 2, tzinfo=UTC) + timedelta(days=days)
            await home.pass_once()
            async with home.database.read() as tx:
                kept = await tx.value(sa.text("SELECT words FROM tickets WHERE state = 'dismissed'"))
                rows = await tx.value(sa.text("SELECT count(*) FROM corrections"))
            assert (SAID_ONCE in kept, rows == 1) == (words_there, row_there), days
            assert SAID_ONCE not in "".join([str(tuple(row)) for row in await _corrections(home)])


async def _corrections(home: House) -> list[sa.Row[tuple[object, ...]]]:
    async with home.database.read() as tx:
        return list(await tx.rows(sa.text("SELECT * FROM corrections")))


def _with(event: Incoming, photo: tuple[Attachment, ...]) -> Incoming:
    return Incoming(
        event.chat, event.chat_kind, event.kind, event.event, event.message_id, event.sender, event.at, event.text,
        attachments=photo,
    )  # fmt: skip
