"""Each fault does what its name says: to the caller, to the world, and in the journal."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import telegram
from telegram.error import InvalidToken, NetworkError, TimedOut

from tests.emulator import TOKEN, Emulator, Group
from tests.emulator.faults import Kind


@pytest.fixture
async def em() -> AsyncIterator[Emulator]:
    async with Emulator(privacy=False) as emulator:
        yield emulator
    assert emulator.violations == []


@pytest.fixture
async def client(em: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{em.base_url}{TOKEN}/", timeout=5) as ready:
        yield ready


@pytest.fixture
def group(em: Emulator) -> Group:
    return em.group("示范小区")


async def send(client: httpx.AsyncClient, group: Group, text: str = "x") -> httpx.Response:
    return await client.post("sendMessage", json={"chat_id": group.id, "text": text})


@pytest.mark.parametrize(
    ("kind", "applied"),
    [("request_lost", False), ("reply_lost", True), ("reset", False), ("reset_after", True), ("truncated_body", True)],
)
async def test_broken_connections(
    em: Emulator, client: httpx.AsyncClient, group: Group, kind: Kind, applied: bool
) -> None:
    fault = em.fault(kind, "sendMessage")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await send(client, group)
    [call] = em.calls("sendMessage")
    assert (call.fault, call.applied, call.ok, len(em.said(group))) == (kind, applied, False, int(applied))
    assert fault.hits == [call]
    assert (await send(client, group)).json()["ok"]


@pytest.mark.parametrize(
    ("kind", "status", "applied"),
    [
        ("truncated_json", 200, True),
        ("non_json_502", 502, False),
        ("429", 429, False),
        ("500", 500, False),
        ("502", 502, False),
        ("401", 401, False),
        ("403", 403, False),
        ("404", 404, False),
        ("409", 409, False),
    ],
)
async def test_bad_answers(
    em: Emulator, client: httpx.AsyncClient, group: Group, kind: Kind, status: int, applied: bool
) -> None:
    em.fault(kind, "sendMessage", retry_after=3)
    answer = await send(client, group)
    assert (answer.status_code, len(em.said(group))) == (status, int(applied))
    if kind in ("truncated_json", "non_json_502"):
        with pytest.raises(ValueError, match=r".+"):
            answer.json()
    else:
        assert answer.json()["error_code"] == status
    await send(client, group)
    assert len(em.limits.early) == int(kind == "429")


async def test_server_error_after_the_effect(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    em.fault("500", applied=True)
    assert (await send(client, group)).status_code == 500
    assert len(em.said(group)) == 1


async def test_hanging_calls_go_on_when_released(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    cases: list[tuple[Kind, int, int]] = [("hang", 0, 1), ("hang_after", 2, 2)]
    for kind, before, after in cases:
        fault = em.fault(kind, "sendMessage")
        waiting = asyncio.ensure_future(send(client, group))
        await asyncio.wait_for(fault.hit.wait(), 2)
        await asyncio.sleep(0.01)
        assert len(em.said(group)) == before
        fault.release()
        assert (await waiting).json()["ok"]
        assert len(em.said(group)) == after
    em.fault("hang", "sendMessage")
    with pytest.raises(httpx.ReadTimeout):
        await client.post("sendMessage", json={"chat_id": group.id, "text": "x"}, timeout=0.05)
    assert len(em.said(group)) == 2


async def test_slow_answers_arrive_whole(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    em.fault("slow", seconds=0.001)
    assert (await send(client, group)).json()["ok"]


async def test_offline_and_back(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    await send(client, group)
    await em.go_offline()
    with pytest.raises(httpx.ConnectError):
        await send(client, group)
    await em.go_online()
    assert (await send(client, group)).json()["ok"]


async def test_choosing_the_calls(em: Emulator, client: httpx.AsyncClient, group: Group) -> None:
    em.fault("500", "sendMessage", 2, after=1, when=lambda call: call.text == "a")
    assert [(await send(client, group, text)).status_code for text in "aabaa"] == [200, 500, 200, 500, 200]
    em.fault("502", count=1000, rate=0.3)
    failed = sum([(await send(client, group)).status_code == 502 for _ in range(100)])
    assert 15 < failed < 45
    em.faults.clear()
    assert (await send(client, group)).status_code == 200
    with pytest.raises(ValueError, match="unknown fault"):
        em.fault("nonsense")  # type: ignore[arg-type]  # on purpose


async def test_spoilt_batches(em: Emulator, client: httpx.AsyncClient) -> None:
    async def ids(**params: object) -> list[int]:
        answer = await client.post("getUpdates", json=params)
        return [update["update_id"] for update in answer.json()["result"]]

    wang = em.user("王阿姨")
    groups = [em.group(str(number), [wang]) for number in range(3)]
    for number in range(12):
        wang.says(groups[number % 3], str(number))
    first = await ids(limit=6)
    em.fault("duplicate_updates", "getUpdates")
    assert await ids(offset=first[-1] + 1, limit=3) == [*first, *range(first[-1] + 1, first[-1] + 4)]
    em.fault("oversize_batch", "getUpdates")
    assert len(await ids(limit=1)) == 6
    em.fault("doubled_updates", "getUpdates")
    assert await ids(limit=1) == [first[-1] + 1] * 2
    em.fault("shuffled_updates", "getUpdates")
    mixed = (await client.post("getUpdates")).json()["result"]
    for group in groups:
        own = [update["update_id"] for update in mixed if update["message"]["chat"]["id"] == group.id]
        assert own == sorted(own)
    assert len(mixed) == 6
    em.fault("unparsable_update", "getUpdates")
    em.fault("unknown_update", "getUpdates")
    await ids()
    broken, unknown = (await client.post("getUpdates")).json()["result"][-2:]
    assert "telepathy" in unknown
    async with telegram.Bot(TOKEN, base_url=em.base_url) as bot:
        assert telegram.Update.de_json(unknown, bot).effective_message is None
        with pytest.raises(TypeError):
            telegram.Update.de_json(broken, bot)


async def test_what_the_library_makes_of_it(em: Emulator, group: Group) -> None:
    async with telegram.Bot(TOKEN, base_url=em.base_url) as bot:
        cases: list[tuple[Kind, type[Exception]]] = [
            ("reply_lost", NetworkError),
            ("non_json_502", NetworkError),
            ("truncated_json", telegram.error.TelegramError),
            ("401", InvalidToken),
            ("404", InvalidToken),
        ]
        for kind, error in cases:
            em.fault(kind, "sendMessage")
            with pytest.raises(error):
                await bot.send_message(group.id, "x")
        em.fault("hang", "sendMessage")
        with pytest.raises(TimedOut):
            await bot.send_message(group.id, "x", read_timeout=0.05)
        file = em.user("王阿姨").photo(group).body["photo"][-1]["file_id"]
        em.fault("404", "download")
        with pytest.raises(telegram.error.TelegramError):
            await (await bot.get_file(file)).download_as_bytearray()
