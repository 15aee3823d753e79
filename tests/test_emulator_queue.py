"""The queue of updates: polling, webhook, and the emulator as a process of its own."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from tests.emulator import TOKEN, Clock, Emulator, EmulatorProcess, Group, Person
from tests.emulator.dispatch import Dispatcher
from tests.emulator.server import Server
from tests.emulator.webhook import retry_delay

Batch = list[dict[str, Any]]


@pytest.fixture
async def em() -> AsyncIterator[Emulator]:
    async with Emulator(privacy=False) as emulator:
        yield emulator
    assert emulator.violations == []


@pytest.fixture
async def client(em: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{em.base_url}{TOKEN}/", timeout=10) as ready:
        yield ready


@pytest.fixture
def group(em: Emulator) -> Group:
    return em.group("示范小区", [em.user("王阿姨")])


def speaker(group: Group) -> Person:
    return next(member.account for member in group.members.values() if isinstance(member.account, Person))


def talk(group: Group, count: int) -> None:
    for number in range(count):
        speaker(group).says(group, str(number))


async def poll(client: httpx.AsyncClient, **params: object) -> Batch:
    answer = (await client.post("getUpdates", json=params)).json()
    assert answer["ok"], answer
    return list(answer["result"])


def texts(batch: Batch) -> list[str]:
    return [update["message"]["text"] for update in batch]


# ---- polling -------------------------------------------------------------------------------------------------------


async def test_an_offset_confirms_on_arrival(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    talk(group, 5)
    batch = await poll(client, limit=3)
    assert texts(batch) == ["0", "1", "2"]
    assert texts(await poll(client)) == ["0", "1", "2", "3", "4"]
    ids = [update["update_id"] for update in await poll(client)]
    assert ids == list(range(ids[0], ids[0] + 5))
    em.fault("reply_lost", "getUpdates")
    with pytest.raises(httpx.RemoteProtocolError):
        await poll(client, offset=ids[1] + 1)
    assert len(em.backlog) == 3
    em.fault("request_lost", "getUpdates")
    with pytest.raises(httpx.RemoteProtocolError):
        await poll(client, offset=ids[4] + 1)
    assert len(em.backlog) == 3
    assert await poll(client, offset=ids[4] + 1) == []


async def test_strange_offsets(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    talk(group, 5)
    tail = em.backlog.next_id
    assert len(await poll(client, offset=tail + 11)) == 5
    assert len(await poll(client, offset=1)) == 5
    assert texts(await poll(client, offset=-2)) == ["3", "4"]
    assert len(em.backlog) == 2
    assert await poll(client, offset=tail + 10) == []


async def test_long_poll_wakes_up(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    waiting = asyncio.ensure_future(poll(client, timeout=50))
    await em.until(lambda: em.calls("getUpdates"))
    talk(group, 1)
    assert texts(await waiting) == ["0"]
    em.poller.scale = 0.001
    assert await poll(client, timeout=50, offset=em.backlog.next_id) == []


async def test_one_poller_only(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    first = asyncio.ensure_future(client.post("getUpdates", json={"timeout": 50}))
    await em.until(lambda: em.calls("getUpdates"))
    second = asyncio.ensure_future(poll(client, timeout=50))
    assert (await first).json()["description"].startswith("Conflict: terminated by other getUpdates request")
    talk(group, 1)
    assert len(await second) == 1
    await client.post("setWebhook", json={"url": "http://127.0.0.1:1/"})
    refused = await client.post("getUpdates")
    assert (refused.status_code, refused.json()["error_code"]) == (409, 409)
    await client.post("deleteWebhook")
    assert len(await poll(client)) == 1


async def test_a_poller_that_hung_up_is_no_conflict(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    first = asyncio.ensure_future(client.post("getUpdates", json={"timeout": 50}))
    await em.until(lambda: em.calls("getUpdates"))
    first.cancel()
    await em.until(lambda: not em.backlog.wakers)
    talk(group, 1)
    assert len(await poll(client)) == 1
    assert em.poller.conflicts == 0


async def test_allowed_updates_are_remembered(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    said = speaker(group).says(group, "1")
    speaker(group).edits(said, "2")
    assert len(await poll(client, allowed_updates=["edited_message"])) == 2
    await poll(client, offset=em.backlog.next_id)
    speaker(group).edits(said, "3")
    speaker(group).says(group, "4")
    assert [list(update) for update in await poll(client)] == [["update_id", "edited_message"]]


async def test_a_day_and_a_week(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    em.clock.set(1_800_000_000)
    talk(group, 2)
    em.clock.advance(23 * 3600)
    talk(group, 1)
    em.clock.advance(2 * 3600)
    assert len(await poll(client)) == 1
    assert len(em.backlog.expired) == 2
    before = em.backlog.next_id
    em.clock.advance(8 * 24 * 3600)
    talk(group, 1)
    assert [update["update_id"] for update in await poll(client)] == [em.backlog.next_id - 1]
    assert em.backlog.next_id != before + 1
    await poll(client, offset=em.backlog.next_id)
    em.backlog.restart_ids(5)
    em.backlog.skip_ids(2)
    talk(group, 1)
    assert [update["update_id"] for update in await poll(client)] == [7]


async def test_sizes(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    speaker(group).says(group, "长" * 30_000)
    assert (len(em.backlog), len(em.backlog.oversize)) == (0, 1)
    for _ in range(90):
        speaker(group).says(group, "长" * 20_000)
    assert len(await poll(client)) == 69
    assert (await client.post("getWebhookInfo")).json()["result"]["pending_update_count"] == 90


async def test_hasty_clients_are_slowed_down(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    em.clock.set(1_800_000_000)
    em.poller.hasty_rules, em.poller.scale = True, 0.001
    talk(group, 3)
    assert len(await poll(client)) == 3
    assert len(await poll(client)) == 1
    em.clock.advance(1)
    assert len(await poll(client)) == 3


# ---- webhook -------------------------------------------------------------------------------------------------------


async def test_webhook_keeps_order_per_chat_and_retries(em: Emulator, client: httpx.AsyncClient) -> None:
    got: list[tuple[int, str]] = []
    tries = itertools.count()
    receiver = Server(Dispatcher(Emulator().state), TOKEN)
    app = receiver.app = FastAPI()

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        assert request.headers["x-telegram-bot-api-secret-token"] == "geheim"
        message = (await request.json())["message"]
        if message["text"] == "1" and message["chat"]["id"] == blocked.id and next(tries) < 3:
            return Response(status_code=500)
        got.append((message["chat"]["id"], message["text"]))
        return Response()

    await receiver.listen()
    wang = em.user("王阿姨")
    blocked, free = em.group("一期", [wang]), em.group("二期", [wang])
    talk(blocked, 3)
    url = f"http://127.0.0.1:{receiver.port}/hook"
    assert (await client.post("setWebhook", json={"url": url, "secret_token": "geheim"})).json()["ok"]
    talk(free, 3)
    await em.drained()
    em.pusher.repeats = 2
    talk(free, 1)
    await em.drained()
    await receiver.refuse()
    assert [text for chat, text in got if chat == blocked.id] == ["0", "1", "2"]
    assert [text for chat, text in got if chat == free.id] == ["0", "1", "2", "0", "0"]
    assert got.index((free.id, "2")) < got.index((blocked.id, "1"))
    assert em.pusher.delays == [1, 2, 4]
    assert [retry_delay(number) for number in (1, 4, 7, 20)] == [1, 8, 60, 120]
    info = (await client.post("getWebhookInfo")).json()["result"]
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"


# ---- a process of its own ------------------------------------------------------------------------------------------


async def test_as_a_process() -> None:
    async with EmulatorProcess() as em:
        wang = (await em.do("user", {"name": "王阿姨"}))["id"]
        group = (await em.do("group", {"title": "示范小区", "members": [wang], "privacy": False}))["id"]
        said = await em.do("says", [{"user": wang, "chat": group, "text": str(n)} for n in range(50)])
        assert len(said) == 50
        await em.do("says", [{"user": wang, "text": "/start"}])
        await em.do("edits", {"user": wang, "chat": group, "message": said[0]["id"], "text": "改"})
        assert len((await em.call("getUpdates"))["result"]) == 52
        keyboard = {"inline_keyboard": [[{"text": "接单", "callback_data": "k1"}]]}
        card = (await em.call("sendMessage", chat_id=group, text="工单", reply_markup=keyboard))["result"]
        pressed = {"user": wang, "chat": group, "message": card["message_id"], "button": "接"}
        press = (await em.do("presses", pressed))["id"]
        await em.call("answerCallbackQuery", callback_query_id=press, text="好")
        assert (await em.ask(f"presses/{press}"))["answer"] == "好"
        shown = (await em.ask(f"messages/{group}"))[-1]
        assert (shown["text"], shown["buttons"][0]["label"], shown["by_bot"]) == ("工单", "接单", True)
        await em.do("fault", {"kind": "429", "method": "sendMessage", "retry_after": 7})
        refused = await em.call("sendMessage", chat_id=group, text="x")
        assert refused["parameters"] == {"retry_after": 7}
        with pytest.raises(AssertionError, match="unknown fault"):
            await em.do("fault", {"kind": "nonsense"})
        await em.do(f"blocks/{wang}")
        await em.do("group/does", {"chat": group, "what": "promote_bot"})
        await em.do("inject", {"telepathy": {}})
        await em.do("settings", {"limits": True, "clock": 1_900_000_000, "privacy": False})
        state = await em.ask("state")
        assert (state["pending"], state["violations"], state["now"]) == (0, [], 1_900_000_000)
        journal = await em.ask("journal", method="sendMessage")
        assert [entry["fault"] for entry in journal] == [None, "429"]
    assert em.returncode == 0


def test_the_clock() -> None:
    source = iter(range(100))
    clock = Clock(lambda: float(next(source)))
    assert (clock.now(), clock.now()) == (0, 1)
    clock.advance(100)
    assert clock.now() == 102
    clock.set(50)
    clock.advance(-10)
    assert (clock.now(), clock.now()) == (40, 40)
    clock.run()
    assert clock.now() == 41
    assert clock.today.year == 1970
