"""Polling: whatever Telegram or the network does, nothing is lost, nothing doubled, nothing confirmed too early."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from bot.telegram.polling import Poller
from bot.telegram.updates import translate
from storage.tables import dead_letters
from tests.emulator import Call
from tests.emulator.faults import Kind
from tests.telegram.stage import HALF, OTHER, REQUEST, count, locked, morning, on_disk, outgoing, select, traces, url_of
from tests.telegram_house import World


def poller_of(world: World) -> Poller:
    assert world.line.poller is not None
    return world.line.poller


def lawful(call: Call) -> None:
    """No poll may throw updates away."""
    assert call.params.get("offset", 0) >= 0
    assert not call.params.get("drop_pending_updates")


TROUBLES: list[tuple[Kind, str]] = [
    ("401", "token_refused"),
    ("404", "token_refused"),
    ("409", "another_poller"),
    ("429", "too_fast"),
    ("500", "status_500"),
    ("502", "status_502"),
    ("403", "status_403"),
    ("non_json_502", "JSONDecodeError"),
    ("truncated_json", "JSONDecodeError"),
    ("truncated_body", "RemoteProtocolError"),
    ("request_lost", "RemoteProtocolError"),
    ("reply_lost", "RemoteProtocolError"),
    ("reset", "ReadError"),
    ("reset_after", "ReadError"),
    ("hang", "ReadTimeout"),
    ("hang_after", "ReadTimeout"),
]


@pytest.mark.parametrize(("kind", "reason"), TROUBLES)
async def test_trouble_loses_and_doubles_nothing(tmp_path: Path, kind: Kind, reason: str) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.on_call.append(lawful)
        poller = poller_of(world)
        poller.patience = 0.1
        world.people["王阿姨"].says(world.group, REQUEST)
        fault = world.em.fault(kind, "getUpdates", retry_after=7)
        pause = await poller.once()
        assert fault.spent
        assert poller.hearing.trouble == reason
        assert pause == (7 if kind == "429" else 5 if kind == "409" else 1)
        world.people["张大爷"].says(world.group, OTHER)
        assert await poller.once() == 0
        assert poller.hearing.trouble == ""
        await world.step()
        assert await count(world) == 2
        assert [watch.gaps for watch in world.home.inbox.watches] == [0]
        assert len(world.em.backlog) == 0


async def test_the_pause_grows_and_ends(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.fault("502", "getUpdates", count=8)
        assert [await poller_of(world).once() for _ in range(9)] == [1, 2, 4, 8, 16, 30, 30, 30, 0]


async def test_a_second_poller_is_survived(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        poller_of(world)._seconds = 5
        waiting = asyncio.ensure_future(poller_of(world).once())
        await asyncio.sleep(0.05)
        async with httpx.AsyncClient(trust_env=False) as other:
            await other.post(f"{world.em.base_url}{world.em.token}/getUpdates", json={"timeout": 0})
        assert await waiting == 5
        assert world.em.poller.conflicts == 1
        world.people["王阿姨"].says(world.group, REQUEST)
        assert await poller_of(world).once() == 0
        assert await count(world) == 1


class Odd:
    """A server that answers what no Bot API server should."""

    def __init__(self, world: World, *answers: object) -> None:
        self.answers = list(answers)
        self.poller = poller_of(world)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps(self.answers.pop(0)).encode()
        status = b"429 Too Many" if b"retry" in body else b"200 OK"
        head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
        writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


async def test_answers_of_another_shape(tmp_path: Path) -> None:
    odd: list[object] = [
        [],
        None,
        "text",
        {"ok": True},
        {"ok": True, "result": {}},
        {"ok": False},
        {"parameters": {"retry_after": "soon"}},
        {"parameters": None, "retry": 1},
        {"ok": True, "result": ["text", 7, None]},
        {"ok": True, "result": [{"update_id": "x"}, {"update_id": True}, {"update_id": -5}, {"update_id": 2**63}]},
    ]
    async with morning(url_of(tmp_path)) as world:
        served = Odd(world, *odd)
        server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
        async with server:
            poller = poller_of(world)
            right, poller._url = poller._url, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            before = poller._offset
            for answer in odd:
                assert await poller.once() > 0, answer
                assert poller._offset == before
            poller._url = right
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        assert await count(world) == 1


async def test_unknown_and_unreadable_updates_do_not_stop_the_others(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        chat = {"id": world.group.id, "type": "supergroup", "title": "示范小区居民群"}
        world.em.inject({"message": {"message_id": 5, "date": "昨天的秘密", "chat": chat, "text": ["机密的话"]}})
        world.em.fault("unknown_update", "getUpdates")
        world.em.fault("unparsable_update", "getUpdates")
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        await world.step()
        assert await count(world) == 1
        assert [(row.chat_id, row.message_id, row.error) for row in await select(world, dead_letters)] == [
            (str(world.group.id), "5", "unreadable"),
            ("-1", "1", "unreadable"),
        ]
        [told] = [row for row in await outgoing(world) if row.key.startswith("dead:")]
        assert (told.chat_id, told.state) == (str(world.people["小陈"].id), "sent")
        assert "机密".encode() not in on_disk(tmp_path)
        assert "秘密".encode() not in on_disk(tmp_path)


async def test_a_message_that_breaks_the_program_is_set_aside(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        bad = world.people["王阿姨"].says(world.group, f"{REQUEST}{HALF}")
        world.people["张大爷"].says(world.group, OTHER)
        world.people["小刘"].says(world.group, "今天天气不错")
        await world.step()
        [letter] = await select(world, dead_letters)
        assert (letter.message_id, letter.error) == (str(bad.id), "UnicodeEncodeError")
        assert await count(world) == 1
        assert len(world.em.backlog) == 0
        [told] = [row for row in await outgoing(world) if row.key.startswith("dead:")]
        assert str(bad.id) in told.body["text"]
        assert "电梯" not in told.body["text"]
        await world.wait(8 * 24 * 3600)
        assert await count(world, dead_letters) == 0


@pytest.mark.parametrize("lower", [True, False])
async def test_numbers_that_start_anew_after_a_week_lose_nothing(tmp_path: Path, *, lower: bool) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.on_call.append(lawful)
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        last = world.em.backlog.next_id
        world.em.clock.advance(8 * 24 * 3600)
        world.em.backlog.restart_ids(last // 2 if lower else last + 50_000_000)
        for n, name in enumerate(("张大爷", "小刘", "陈姐")):
            world.people[name].says(world.group, f"{n + 1}栋2单元的水管爆了，楼梯间全是水")
            await world.step()
        assert await count(world) == 4
        assert len(world.em.backlog) == 0


async def test_missing_numbers_are_counted(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        wang = world.people["王阿姨"]
        wang.says(world.group, "早上好")
        await world.step()
        world.em.backlog.skip_ids(3)  # between two polls
        wang.says(world.group, "今天天气不错")
        world.em.backlog.skip_ids(1)  # and inside a batch
        wang.says(world.group, REQUEST)
        await world.step()
        assert [watch.gaps for watch in world.home.inbox.watches] == [2]
        assert await count(world) == 1


async def test_nothing_is_confirmed_that_is_not_on_disk(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        poller = poller_of(world)
        world.em.on_call.append(lawful)
        wang = world.people["王阿姨"]
        async with locked(world):
            wang.says(world.group, "今天天气不错")
            wang.says(world.group, REQUEST)
            for _ in range(3):
                assert await poller.once() > 0
                assert poller.hearing.trouble == "storage"
            assert len(world.em.backlog) == 2
        assert await poller.once() == 0
        assert len(world.em.backlog) == 2  # on disk, and confirmed with the next poll only
        await poller.once()
        assert len(world.em.backlog) == 0
        assert (await count(world), await count(world, dead_letters)) == (1, 0)


@pytest.mark.parametrize("kind", ["duplicate_updates", "doubled_updates", "shuffled_updates", "oversize_batch"])
async def test_batches_that_repeat_or_are_mixed(tmp_path: Path, kind: Kind) -> None:
    found = []
    for spoilt in (False, True):
        folder = tmp_path / str(spoilt)
        folder.mkdir()
        async with morning(url_of(folder)) as world:
            li = world.people["老李"]
            world.people["王阿姨"].says(world.group, REQUEST)
            await world.step()
            li.presses(world.em.said(li)[-1], "接单")
            await world.step()
            for words in ("师傅在路上了", "换好配件了"):
                li.tells(f"进展 1 {words}")
                world.people["张大爷"].says(world.group, "今天天气不错")
                if spoilt:
                    world.em.fault(kind, "getUpdates")
                await world.step()
            found.append(await traces(world))
    assert found[0] == found[1]


async def test_polls_as_it_should(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        first, *others = world.em.calls("getUpdates")
        assert "offset" not in first.params
        assert all("message" in call.params["allowed_updates"] for call in [first, *others])
        assert all("my_chat_member" in call.params["allowed_updates"] for call in [first, *others])
        [deleted] = world.em.calls("deleteWebhook")
        assert not deleted.params.get("drop_pending_updates")


async def test_only_our_name(tmp_path: Path) -> None:
    # What the handlers make of it is theirs; that somebody called us must reach them.
    async with morning(url_of(tmp_path)) as world:
        heard = []
        world.people["王阿姨"].says(world.group, f"@{world.em.bot.username}")
        world.people["王阿姨"].says(world.group, f"@{world.em.bot.username}_too 在吗")
        for entry in world.em.backlog.pending():
            event = translate(entry.body, world.line.me, world.home.context().now)
            assert event is not None
            heard.append((event.text, event.addressed))
        assert heard == [("", True), (f"@{world.em.bot.username}_too 在吗", False)]
        await world.step()
        assert (await count(world), await count(world, dead_letters)) == (0, 0)
