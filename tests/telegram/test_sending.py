"""Sending: for every call and every way it can go wrong, what is known afterwards and how often it arrived."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.telegram.sender import TelegramFace
from domain.incoming import Chat
from domain.outgoing import Kind, Op
from storage import outbox
from storage.tables import outbox as table
from storage.tables import tickets
from tests.emulator import Call, Group, Person
from tests.emulator.faults import Kind as FaultKind
from tests.telegram.stage import MORNING, NIGHT, REQUEST, ZONE, hurry, morning, outgoing, select, url_of
from tests.telegram_house import World

METHODS = ["sendMessage", "editMessageText", "setMessageReaction", "answerCallbackQuery", "sendPhoto"]
TAIL = "（重发）"


@asynccontextmanager
async def hasty(folder: Path, *, at: datetime = MORNING, per_minute: int = 0, **options: Any) -> AsyncIterator[World]:
    """A world whose sender does not wait long for an answer."""
    async with morning(url_of(folder), at=at, **options) as world:
        request = HTTPXRequest(connection_pool_size=64, read_timeout=0.1)
        async with Bot(world.em.token, base_url=world.em.base_url, request=request) as bot:
            world.home.faces["telegram", str(world.em.bot.id)] = TelegramFace(bot, per_minute)
            yield world


def chat_of(world: World, where: Group | Person) -> Chat:
    return Chat("telegram", str(world.em.bot.id), str(where.id))


async def say(world: World, where: Group | Person, key: str, text: str = "", **values: Any) -> None:
    """A row of the outbox, as a use case would have written it."""
    body = values.pop("body", {"text": text or key})
    values = {"kind": Kind.REPLY, "now": world.home.context().now, **values}
    async with world.home.database.write("say") as tx:
        outbox.add(tx, key=key, chat=chat_of(world, where), body=body, **values)


async def pump(world: World) -> None:
    """Send what is due."""
    while await world.home.pump.once():
        continue


async def state(world: World, key: str) -> str:
    [row] = await outgoing(world, table.c.key == key)
    return str(row.state)


async def prepare(world: World, method: str) -> None:
    """A row ``x`` whose delivery is one call of this method."""
    em, wang, li = world.em, world.people["王阿姨"], world.people["老李"]
    match method:
        case "sendMessage":
            await say(world, world.group, "x", "您好")
        case "sendPhoto":
            ref = wang.photo(world.group).body["photo"][-1]["file_id"]
            await say(world, li, "x", body={"photo": ref}, kind=Kind.INVITATION)
        case "setMessageReaction":
            asked = wang.says(world.group, "早上好")
            body = {"message_id": str(asked.id), "emoji": "👀"}
            await say(world, world.group, "x", body=body, op=Op.REACT, kind=Kind.RECEIPT)
        case _:
            buttons = [[{"label": "接单", "data": "token:0"}]]
            await say(world, world.group, "card", body={"text": "旧", "buttons": buttons}, kind=Kind.CARD)
            await pump(world)
            if method == "editMessageText":
                edit: dict[str, Any] = {"text": "新", "buttons": buttons}
                await say(world, world.group, "x", body=edit, op=Op.EDIT, kind=Kind.CARD_EDIT, replaces="card")
            else:
                press = wang.presses(em.said(world.group)[-1], 0)
                body = {"click": press.id, "text": "好的"}
                await say(world, world.group, "x", body=body, op=Op.ANSWER, kind=Kind.CLICK)


NO_ANSWER: list[tuple[FaultKind, bool]] = [
    ("request_lost", False),
    ("reply_lost", True),
    ("reset", False),
    ("reset_after", True),
    ("hang", False),
    ("hang_after", True),
    ("truncated_json", True),
    ("truncated_body", True),
    ("non_json_502", False),
    ("502", False),
    ("500", True),
    ("500", False),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("kind", "applied"), NO_ANSWER)
async def test_no_answer(tmp_path: Path, method: str, kind: FaultKind, *, applied: bool) -> None:
    async with hasty(tmp_path) as world:
        await prepare(world, method)
        world.em.fault(kind, method, applied=applied)
        since = len(world.em.journal)
        await pump(world)
        assert await state(world, "x") == "pending"  # again, but not at once
        assert len(world.em.calls(method, since=since)) == 1
        world.em.clock.advance(2)
        await pump(world)
        assert await state(world, "x") == "sent"
        calls = world.em.calls(method, since=since)
        assert len(calls) == 2
        arrived = sum(call.applied for call in calls)
        [row] = await outgoing(world, table.c.key == "x")
        marked = method in ("sendMessage", "sendPhoto")
        assert row.resent is marked
        assert TAIL not in calls[0].text
        assert (TAIL in calls[1].text) is marked
        if marked:
            assert (
                arrived == 1 + applied
            )  # the one kind of call that cannot be repeated without a trace: so it is marked
        assert row.provider_id or not marked
        world.em.clock.advance(600)
        await pump(world)
        assert len(world.em.calls(method, since=since)) == 2


@pytest.mark.parametrize(("kind", "applied"), NO_ANSWER)
async def test_a_notice_without_an_answer_is_not_repeated(tmp_path: Path, kind: FaultKind, *, applied: bool) -> None:
    async with hasty(tmp_path) as world:
        await say(world, world.group, "x", "停水通知", kind=Kind.NOTICE)
        world.em.fault(kind, "sendMessage", applied=applied)
        await pump(world)
        world.em.clock.advance(3600)
        await pump(world)
        assert await state(world, "x") == "unknown"
        assert len(world.em.said(world.group)) == applied


async def test_twice_without_an_answer_is_enough(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        await say(world, world.group, "x", "您好")
        world.em.fault("reply_lost", "sendMessage", count=9)
        for _ in range(10):
            await pump(world)
            world.em.clock.advance(60)
        assert await state(world, "x") == "unknown"
        assert [message.text for message in world.em.said(world.group)] == ["您好", f"{TAIL}您好"]


async def test_a_server_in_trouble_is_not_stormed(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        await prepare(world, "editMessageText")
        world.em.fault("502", "editMessageText", count=1000)
        for _ in range(120):
            await pump(world)
            world.em.clock.advance(1)
        assert len(world.em.calls("editMessageText")) <= 8
        world.em.faults.clear()
        world.em.clock.advance(30)
        await pump(world)
        assert await state(world, "x") == "sent"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("kind", "wait"), [("429", 7), ("401", 2)])
async def test_later(tmp_path: Path, method: str, kind: FaultKind, wait: int) -> None:
    async with hasty(tmp_path) as world:
        await prepare(world, method)
        world.em.fault(kind, method, retry_after=wait)
        await pump(world)
        world.em.clock.advance(wait - 0.5)
        await pump(world)
        assert await state(world, "x") == "pending"
        assert len([c for c in world.em.calls(method) if c.fault or c.error]) == 1
        world.em.clock.advance(1)
        await pump(world)
        assert await state(world, "x") == "sent"
        assert [call.text for call in world.em.calls(method) if TAIL in call.text] == []
        assert world.em.limits.early == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("code", [400, 403])
async def test_refused(tmp_path: Path, method: str, code: int) -> None:
    async with hasty(tmp_path) as world:
        await prepare(world, method)
        [row] = await outgoing(world, table.c.key == "x")
        if code == 403:
            world.em.fault("403", method)
        elif method in ("setMessageReaction", "editMessageText"):
            newest = max((m for m in world.group.messages.values()), key=lambda m: m.id)
            newest.deleted = True
        else:
            spoilt = {"text": ""} if method == "sendMessage" else {"photo": "x"} if method == "sendPhoto" else None
            spoilt = spoilt or {**row.body, "click": "999"}
            async with world.home.database.write("spoil") as tx:
                await tx.execute(table.update().where(table.c.key == "x").values(body=spoilt))
        await pump(world)
        assert await state(world, "x") == "failed"
        world.em.clock.advance(3600)
        since = len(world.em.journal)
        await pump(world)
        assert world.em.calls(method, since=since) == []


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "setMessageReaction"])
async def test_the_group_has_moved(tmp_path: Path, method: str) -> None:
    async with hasty(tmp_path) as world:
        await prepare(world, method)
        new = world.group.upgrade()
        world.em.backlog.clear()  # the news of it never came: the refused call itself says where the group is now
        await pump(world)
        wanted = {"sendMessage": ["您好"], "editMessageText": ["新"], "setMessageReaction": []}[method]
        assert [message.text for message in world.em.said(new)] == wanted
        assert not [row for row in await outgoing(world) if row.state in ("pending", "claimed", "sending")]


async def test_nothing_answers_at_all(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        for n in range(3):
            await say(world, world.group, f"x{n}")
        await world.em.go_offline()
        await pump(world)
        assert [row.state for row in await outgoing(world)] == ["pending"] * 3
        await world.em.go_online()
        world.em.clock.advance(30)
        await pump(world)
        assert [message.text for message in world.em.said(world.group)] == ["x0", "x1", "x2"]  # in order, unmarked


async def test_one_chat_that_must_wait_stops_no_other(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        li = world.people["老李"]
        for n in range(3):
            await say(world, world.group, f"g{n}")
            await say(world, li, f"p{n}")
        world.em.fault("429", "sendMessage", retry_after=30, when=lambda call: call.chat_id == world.group.id)
        await pump(world)
        assert [message.text for message in world.em.said(li)] == ["p0", "p1", "p2"]
        assert world.em.said(world.group) == []
        await say(world, li, "p3")
        world.em.clock.advance(29)
        await pump(world)
        assert len(world.em.said(li)) == 4
        assert world.em.said(world.group) == []
        world.em.clock.advance(1)
        await pump(world)
        assert [message.text for message in world.em.said(world.group)] == ["g0", "g1", "g2"]
        assert world.em.limits.early == []


async def drain(world: World, seconds: int) -> int:
    """Let the clock run in small steps until nothing waits; how many seconds it took."""
    for tick in range(seconds * 4):
        await pump(world)
        if not await outgoing(world, table.c.state == "pending"):
            return tick // 4
        world.em.clock.advance(0.25)
    raise AssertionError("not in time")


async def test_the_pace_of_a_group_is_held(tmp_path: Path) -> None:
    async with hasty(tmp_path, per_minute=20) as world:
        world.em.limits.on = True
        for n in range(45):
            await say(world, world.group, f"x{n}")
        for n in range(3):
            await say(world, world.group, f"e{n}", op=Op.EDIT, kind=Kind.CARD_EDIT, replaces=f"x{n}")
        for n in range(3):
            await say(world, world.people["老李"], f"p{n}")
        took = await drain(world, 200)
        assert [m.earlier[0] if m.earlier else m.text for m in world.em.said(world.group)] == [
            f"x{n}" for n in range(45)
        ]
        assert [call for call in world.em.calls() if call.error] == []
        assert 120 <= took <= 150
        assert [m.text for m in world.em.said(world.people["老李"])] == ["p0", "p1", "p2"]


async def test_the_pace_over_all_chats_is_held(tmp_path: Path) -> None:
    async with hasty(tmp_path, per_minute=20) as world:
        world.em.limits.on = True
        everybody = [world.em.user(f"居民{n}", started=True) for n in range(80)]
        for person in everybody:
            await say(world, person, f"x{person.id}")
        took = await drain(world, 20)
        assert all(len(world.em.said(person)) == 1 for person in everybody)
        assert [call for call in world.em.calls() if call.error] == []
        assert took <= 4


async def test_the_night_holds_back_only_what_can_wait(tmp_path: Path) -> None:
    async with hasty(tmp_path, at=NIGHT) as world:
        noon = world.home.context().now - timedelta(hours=3)
        await say(world, world.group, "card", kind=Kind.CARD, now=noon)
        await say(world, world.group, "urgent", kind=Kind.CARD, now=noon, urgent=True)
        await say(world, world.group, "late reply", kind=Kind.PROGRESS, now=noon)
        await say(world, world.group, "danger", kind=Kind.HOTLINE, now=noon)
        await pump(world)
        assert [m.text for m in world.em.said(world.group)] == ["danger", "urgent"]
        world.em.clock.set(datetime(2026, 11, 21, 6, 59, tzinfo=ZONE))
        await pump(world)
        assert len(world.em.said(world.group)) == 2
        world.em.clock.advance(61)
        await pump(world)
        assert [m.text for m in world.em.said(world.group)] == ["danger", "urgent", "card", "late reply"]


async def test_staff_have_their_own_evening(tmp_path: Path) -> None:
    async with hasty(tmp_path, at=datetime(2026, 11, 20, 21, 30, tzinfo=ZONE)) as world:
        noon, li = world.home.context().now - timedelta(hours=3), world.people["老李"]
        for kind in (Kind.INVITATION, Kind.STAFF, Kind.REMINDER):
            await say(world, li, str(kind), kind=kind, now=noon)
        await say(world, world.group, "card", kind=Kind.CARD, now=noon)
        await pump(world)
        assert [m.text for m in world.em.said(world.group)] == ["card"]
        assert world.em.said(li) == []
        world.em.clock.set(datetime(2026, 11, 21, 8, 0, tzinfo=ZONE))
        await pump(world)
        assert len(world.em.said(li)) == 3


async def test_only_the_newest_edit_of_a_card_is_sent(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        people, em = world.people, world.em
        people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        [card] = [m for m in em.said(world.group) if m.labels]
        em.fault("429", "editMessageText", retry_after=60)
        for name in ("张大爷", "小刘", "陈姐"):
            people[name].presses(card, 0)
        await world.step()
        edits = len(em.calls("editMessageText"))
        em.clock.advance(61)
        await world.step()
        assert len(em.calls("editMessageText")) == edits + 1
        [ticket] = await select(world, tickets)
        assert ticket.supporters == 3
        assert "3" in card.text


async def test_an_edit_waits_for_its_card(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        await say(world, world.group, "card", "旧", kind=Kind.CARD)
        await say(world, world.group, "edit", "新", op=Op.EDIT, kind=Kind.CARD_EDIT, replaces="card")
        world.em.fault("request_lost", "sendMessage")
        await pump(world)
        assert world.em.calls("editMessageText") == []
        world.em.clock.advance(5)
        await pump(world)
        [card] = world.em.said(world.group)
        assert (card.earlier, card.text) == ([f"{TAIL}旧"], "新")


async def test_who_cannot_be_reached_is_passed_over_and_the_leader_told_once(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        people, em = world.people, world.em
        people["老李"].blocks()
        people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        await world.wait(120)
        asked = [
            name for name in ("老周", "小马", "吴姐", "小陈") if any("接单" in m.labels for m in em.said(people[name]))
        ]
        assert len(asked) == 1
        told = [m.text for m in em.said(people["小陈"]) if "没能送到" in m.text]
        assert len(told) == 1
        assert "老李" in told[0]
        assert len(em.calls("sendMessage", chat=people["老李"])) <= 1


@pytest.mark.parametrize("reply_to", ["member17", "１２", "-5", "", "999999"])
async def test_an_answer_to_nothing_is_sent_all_the_same(tmp_path: Path, reply_to: str) -> None:
    async with hasty(tmp_path) as world:
        await say(world, world.group, "x", body={"text": "您好", "reply_to": reply_to})
        await pump(world)
        [said] = world.em.said(world.group)
        assert (said.text, said.reply_to) == ("您好", None)


async def test_an_outcome_is_kept_until_the_disk_takes_it(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        world.home.pump.patience = 0.02
        other = await hurry(world)

        def lock(call: Call) -> None:
            if call.method == "sendMessage" and not other.in_transaction:
                other.execute("BEGIN IMMEDIATE")
                asyncio.get_running_loop().call_later(0.15, other.execute, "ROLLBACK")

        world.em.on_call.append(lock)
        await say(world, world.group, "x", "您好")
        await pump(world)
        world.em.on_call.clear()
        assert await state(world, "x") == "sent"
        assert [message.text for message in world.em.said(world.group)] == ["您好"]
        other.close()


async def test_the_sender_outlives_a_locked_database(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        world.home.pump.patience = 0.02
        for n in range(4):
            await say(world, world.group, f"g{n}")
            await say(world, world.people["老李"], f"p{n}")
        other = await hurry(world)
        running = asyncio.ensure_future(world.home.pump.run())
        for _ in range(5):
            with suppress(sqlite3.OperationalError):
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(0.04)
                other.execute("ROLLBACK")
            await asyncio.sleep(0.01)
        other.close()
        await world.em.until(lambda: len(world.em.said(world.group)) + len(world.em.said(world.people["老李"])) == 8)
        assert not running.done()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert {row.state for row in await outgoing(world)} == {"sent"}
        assert [m.text for m in world.em.said(world.group)] == [f"g{n}" for n in range(4)]


async def test_what_a_dead_sender_left_behind_does_not_silence_its_chat(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        await say(world, world.group, "begun")
        await say(world, world.group, "claimed")
        async with world.home.database.write("dead") as tx:
            rows = await outbox.claim(tx, "somebody who died", world.home.context().now)
            assert await outbox.begin(tx, rows[0], "somebody who died", world.home.context().now)
        await pump(world)
        assert world.em.said(world.group) == []
        running = asyncio.ensure_future(world.home.pump.run())
        world.em.clock.advance(61)
        with capture_logs() as heard:
            await world.home.pass_once()  # the job frees the chat and wakes the pump
        await world.em.until(lambda: len(world.em.said(world.group)) == 2)
        assert [entry["count"] for entry in heard if entry["event"] == "sends_of_unknown_outcome"] == [1]
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert sorted(m.text for m in world.em.said(world.group)) == ["claimed", f"{TAIL}begun"]


async def test_a_call_that_was_begun_is_finished_before_the_program_stops(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        await say(world, world.group, "x1")
        await say(world, world.group, "x2")
        fault = world.em.fault("hang", "sendMessage")
        running = asyncio.ensure_future(world.home.pump.run())
        await fault.hit.wait()
        running.cancel()
        await asyncio.sleep(0.05)
        assert not running.done()
        fault.release()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert [await state(world, key) for key in ("x1", "x2")] == ["sent", "pending"]
        assert [message.text for message in world.em.said(world.group)] == ["x1"]


async def test_what_follows_from_an_outcome_does_not_stop_the_sender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError

    async with hasty(tmp_path) as world:
        monkeypatch.setattr(
            "handlers.alarms.undelivered", broken
        )  # no known outcome breaks it: that is why it is made to
        world.em.fault("403", "sendMessage")
        await say(world, world.group, "x1")
        await say(world, world.people["老李"], "x2")
        await pump(world)
        assert sorted([await state(world, key) for key in ("x1", "x2")]) == ["failed", "sent"]


@pytest.mark.parametrize("instead", ["记下了", ""])
async def test_a_group_without_emoji_is_asked_once(tmp_path: Path, instead: str) -> None:
    async with hasty(tmp_path, emoji=[]) as world:
        said = world.people["王阿姨"].says(world.group, "今天天气不错")
        body = {"message_id": str(said.id), "emoji": "👀", "instead": instead}
        await say(world, world.group, "x1", kind=Kind.RECEIPT, op=Op.REACT, body=body)
        for _ in range(4):
            await pump(world)
            world.em.clock.advance(1200)
            await world.home.pass_once()
        assert await state(world, "x1") == "failed"
        assert len(world.em.calls("setMessageReaction")) == 1
        assert [m.text for m in world.em.said(world.group)] == ([instead] if instead else [])


async def test_an_emoji_for_a_message_that_is_gone_is_no_reason_to_speak(tmp_path: Path) -> None:
    async with hasty(tmp_path) as world:
        body = {"message_id": "777", "emoji": "👀", "instead": "记下了"}
        await say(world, world.group, "x1", kind=Kind.RECEIPT, op=Op.REACT, body=body)
        await pump(world)
        assert await state(world, "x1") == "failed"
        assert world.em.said(world.group) == []
