"""The webhook: who may post, what he is told, and that 200 means “on disk”."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from storage.tables import dead_letters, ticket_sources
from tests.telegram.hooked import SECRET, Hooked, hooked
from tests.telegram.stage import HALF, OTHER, REQUEST, count, locked, on_disk, outgoing, select, traces


async def test_a_message_becomes_a_ticket_before_it_is_confirmed(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.heard()
        assert [status for _, status in world.em.pusher.attempts] == [200]
        assert await count(world) == 1
        assert any("电梯" in message.text for message in world.em.said(world.group))
        [hook] = world.em.calls("setWebhook")
        assert hook.params["secret_token"] == SECRET
        assert not hook.params.get("drop_pending_updates")


async def test_200_waits_for_the_commit(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        world.hold_back()
        world.people["王阿姨"].says(world.group, REQUEST)
        [update] = world.waiting()
        async with world.home.database.write("somebody else"):
            posted = asyncio.ensure_future(world.post(update))
            await asyncio.sleep(0.1)
            assert not posted.done()
        assert await posted == 200
        assert await count(world) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "密"])
async def test_without_the_secret_there_is_nothing_here(tmp_path: Path, secret: str | None) -> None:
    async with hooked(tmp_path) as world:
        world.hold_back()
        world.people["王阿姨"].says(world.group, REQUEST)
        before = await traces(world)
        given = secret if secret is None or secret.isascii() else "x"
        assert await world.post(world.waiting()[0], given=given) == 404
        assert await world.post(b"{", given=given) == 404
        assert await traces(world) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b" " * (1 << 20), 400),
        (b" " * ((1 << 20) + 1), 413),
        (b"{", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 200_000, 400),
        (b"[1, 2]", 200),
        (b'"text"', 200),
        (b"{}", 200),
        (b'{"update_id": "x", "message": {}}', 200),
        (b'{"update_id": 1e400, "message": {}}', 200),
        (b'{"update_id": 7, "telepathy": {"thought": "x"}}', 200),
        (b'{"update_id": 7, "channel_post": {"message_id": 1}}', 200),
    ],
)
async def test_what_is_no_update_changes_nothing(tmp_path: Path, body: bytes, status: int) -> None:
    async with hooked(tmp_path) as world:
        before = await traces(world)
        assert await world.post(body) == status
        assert await traces(world) == before


async def test_an_unreadable_update_is_set_aside_without_its_words(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        chat = {"id": world.group.id, "type": "supergroup", "title": "示范小区居民群"}
        body: dict[str, Any] = {"message_id": 77, "date": "昨天的秘密", "chat": chat, "text": ["机密的话"]}
        for broken in (body, {**body, "message_id": "机密的编号"}, {**body, "chat": {"id": "机密的群"}}):
            world.em.inject({"message": broken}, world.group)
        await world.heard()
        letters = await select(world, dead_letters)
        assert [(row.chat_id, row.message_id) for row in letters] == [
            (str(world.group.id), "77"),
            (str(world.group.id), ""),
            ("", "77"),
        ]
        assert {status for _, status in world.em.pusher.attempts} == {200}
        told = [message.text for message in world.em.said(world.people["小陈"])]
        assert any("77" in text for text in told)
        assert "机密".encode() not in on_disk(tmp_path)
        assert "秘密".encode() not in on_disk(tmp_path)


async def play(world: Hooked) -> None:
    """A life of a ticket in presses and in typed commands."""
    wang, li, em = world.people["王阿姨"], world.people["老李"], world.em
    wang.says(world.group, REQUEST)
    await world.heard()
    li.presses(em.said(li)[-1], "接单")
    await world.heard()
    for words in ("进展 1 师傅在路上了", "进展 1 换好配件了"):
        li.tells(words)
        await world.heard()
    wang.says(world.group, "催办 1")
    await world.heard()
    li.tells("解决 1 换好了")
    await world.heard()
    wang.says(world.group, "没解决 1")
    await world.heard()
    world.people["张大爷"].says(world.group, "今天天气不错")
    await world.heard()


async def test_everything_delivered_three_times_is_handled_once(tmp_path: Path) -> None:
    found = []
    for repeats in (1, 3):
        folder = tmp_path / str(repeats)
        folder.mkdir()
        async with hooked(folder) as world:
            world.em.pusher.repeats = repeats
            await play(world)
            found.append(await traces(world))
            assert {status for _, status in world.em.pusher.attempts} == {200}
            assert len(world.em.pusher.attempts) == repeats * 8
    assert found[0] == found[1]
    assert found[0][1] > 5


async def test_the_same_update_twice_at_once_is_handled_once(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        li = world.people["老李"]
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.heard()
        li.presses(world.em.said(li)[-1], "接单")
        await world.heard()
        world.hold_back()
        li.tells("进展 1 师傅在路上了")
        [update] = world.waiting()
        before = await traces(world)
        assert await asyncio.gather(*[world.post(update) for _ in range(5)]) == [200] * 5
        after = await traces(world)
        assert after[1] == before[1] + 1


async def test_a_press_that_overtakes_a_message_does_not_hide_it(tmp_path: Path) -> None:
    # Telegram keeps presses in a line of their own: this message was refused once and came after a later press.
    async with hooked(tmp_path) as world:
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.heard()
        world.hold_back()
        card = world.em.said(world.group)[-1]
        world.people["张大爷"].says(world.group, OTHER)
        world.people["小刘"].presses(card, 0)
        message, press = world.waiting()
        assert message["update_id"] < press["update_id"]
        assert [await world.post(press), await world.post(message)] == [200, 200]
        assert await count(world) == 2


async def test_chats_arrive_side_by_side(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        everybody = [world.em.user(f"居民{n}") for n in range(20)]
        for n, person in enumerate(everybody):
            person.tells(f"{n + 1}栋1单元的水管爆了，楼梯间全是水")
            person.tells("谢谢啦")
        await world.heard()
        assert len({row.chat_id for row in await select(world, ticket_sources)}) == 20
        assert await count(world) == 20


async def test_a_database_that_cannot_write_is_no_reason_to_lose_anything(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        async with locked(world):
            world.people["王阿姨"].says(world.group, REQUEST)
            world.people["张大爷"].says(world.group, "今天天气不错")
            await world.em.until(lambda: len(world.em.pusher.attempts) >= 2)
            assert {status for _, status in world.em.pusher.attempts} == {503}
            assert len(world.em.backlog) == 2
        await world.heard()
        assert await count(world) == 1
        assert await count(world, dead_letters) == 0


async def test_a_message_that_breaks_the_program_does_not_block_its_chat(tmp_path: Path) -> None:
    async with hooked(tmp_path) as world:
        bad = world.people["王阿姨"].says(world.group, f"{REQUEST}{HALF}")
        world.people["张大爷"].says(world.group, OTHER)
        await world.heard()
        assert [status for _, status in world.em.pusher.attempts] == [200, 200]
        [letter] = await select(world, dead_letters)
        assert (letter.message_id, letter.error) == (str(bad.id), "UnicodeEncodeError")
        assert await count(world) == 1
        [told] = [row for row in await outgoing(world) if row.key.startswith("dead:")]
        assert str(bad.id) in told.body["text"]
        assert "电梯" not in told.body["text"]


async def test_a_channel_that_is_down_at_the_start_is_asked_again(tmp_path: Path) -> None:
    async with hooked(tmp_path, offline=True) as world:
        world.people["王阿姨"].says(world.group, REQUEST)
        assert world.line.me.username == ""
        assert await world.post(world.waiting()[0]) == 503
        await world.em.go_online()
        trying = asyncio.ensure_future(world.line.run())
        try:
            await world.heard()
        finally:
            await trying
        assert world.line.me.username == world.em.bot.username
        assert await count(world) == 1
