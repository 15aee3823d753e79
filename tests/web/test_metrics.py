"""What is seen from outside: health and metrics, and that neither leads to anybody."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from bot.app import House, house
from bot.config import Config, Web
from bot.web.health import Steady
from bot.web.server import build_app, demo_config
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from storage.database import StorageFault
from storage.tables import invitations, outbox
from tests.telegram.stage import HALF, OTHER, REQUEST, morning, url_of
from tests.web.conftest import World

TOKEN = "t" * 32
GUARDED = Web(metrics=True, metrics_token=SecretStr(TOKEN))


@asynccontextmanager
async def page(home: House, web: Web, *, peer: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    home.config = home.config.model_copy(update={"web": web})
    transport = httpx.ASGITransport(build_app(home), client=(peer, 40000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        yield client


async def figures(home: House) -> dict[str, float]:
    """Every line of the page."""
    async with page(home, Web(metrics=True)) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_what_the_parts_count(world: World) -> None:
    await world.say("wang", "3栋2单元电梯又坏了")
    await world.say("wang", "今天天气不错")
    await world.home.pass_once()
    seen = await figures(world.home)
    assert seen['dangxiaoqi_updates_total{channel="web"}'] == 2
    assert seen['dangxiaoqi_intake_lag_seconds{channel="web"}'] < 5
    assert seen['dangxiaoqi_sends_total{kind="card",outcome="sent"}'] == 1
    assert seen['dangxiaoqi_job_seconds_count{job="remind_visits"}'] >= 1
    assert seen['dangxiaoqi_job_failures_total{job="remind_visits"}'] == 0
    assert seen["dangxiaoqi_database_up"] == 1
    assert seen["dangxiaoqi_dead_letters"] == seen["dangxiaoqi_unknown_sends"] == seen["dangxiaoqi_stuck_sends"] == 0
    assert seen['dangxiaoqi_late{of="sends"}'] == 0


async def test_what_waits_and_what_is_late(world: World) -> None:
    await world.chats.say("wang", "group-1", "3栋2单元电梯又坏了")
    long_ago = datetime.now(UTC) - timedelta(minutes=11)  # noqa: TID251 - beside the real clock of the house
    async with world.home.database.write("old") as tx:
        await tx.execute(sa.update(outbox).where(outbox.c.kind == "card").values(not_before=long_ago))
        await tx.execute(sa.update(outbox).where(outbox.c.kind == "receipt").values(state="unknown"))
        await tx.execute(sa.update(invitations).values(due_at=long_ago))
    seen = await figures(world.home)
    assert seen['dangxiaoqi_outbox{kind="card",state="pending"}'] == 1
    assert seen["dangxiaoqi_unknown_sends"] == seen['dangxiaoqi_outbox{kind="receipt",state="unknown"}'] == 1
    assert seen["dangxiaoqi_stuck_sends"] == seen['dangxiaoqi_late{of="sends"}'] == 1
    assert seen['dangxiaoqi_late{of="invitations"}'] == 1
    assert 660 <= seen['dangxiaoqi_late_seconds{of="invitations"}'] < 720
    async with page(world.home, Web()) as client:
        answer = await client.get("/health")
        assert (answer.status_code, answer.json()["ok"], answer.json()["stuck"]) == (503, False, 1)
        assert (await client.get("/health/live")).json() == {"ok": True}


async def test_what_is_tried_again_and_again_is_stuck(world: World) -> None:
    await world.chats.say("wang", "group-1", "3栋2单元电梯又坏了")
    async with world.home.database.write("tries") as tx:
        await tx.execute(sa.update(outbox).where(outbox.c.kind == "card").values(attempt=10))
    assert (await figures(world.home))["dangxiaoqi_stuck_sends"] == 1


async def test_a_database_that_fails_is_counted_and_told(world: World) -> None:
    for _ in range(2):
        with pytest.raises(StorageFault):
            async with world.home.database.write("claim"):
                raise OSError
    async with world.home.database.write("break") as tx:
        await tx.conn.exec_driver_sql("ALTER TABLE outbox RENAME TO gone")
    seen = await figures(world.home)
    assert seen['dangxiaoqi_database_errors_total{transaction="claim"}'] == 2
    assert seen["dangxiaoqi_database_up"] == 0


async def test_no_figure_leads_to_anybody(tmp_path: Path) -> None:
    """Names, accounts, chats, titles, phones and words go through every part; the page knows none of them."""
    async with morning(url_of(tmp_path)) as world:
        wang = world.people["王阿姨"]
        wang.says(world.group, f"{REQUEST}，我电话13812345678")
        wang.says(world.group, f"{REQUEST}{HALF}")
        world.em.backlog.skip_ids(2)
        wang.says(world.group, "今天天气不错")
        await world.step()
        await world.wait(60)
        wang.says(world.group, OTHER)
        assert world.line.poller is not None
        await world.line.poller.once()  # heard, and nothing of it said yet
        seen = await figures(world.home)
        assert seen["dangxiaoqi_dead_letters"] == 1
        assert seen['dangxiaoqi_update_id_gaps_total{channel="telegram"}'] == 1
        assert seen['dangxiaoqi_deaf{channel="telegram"}'] == 0
        canaries = [*world.people, "13812345678", "电梯", "天气", str(world.group.id), str(world.em.bot.id), "示范"]
        canaries += [str(person.id) for person in world.people.values()]
        written = "\n".join(seen)
        assert [canary for canary in canaries if canary in written] == []
        values = set(re.findall(r'(\w+)="([^"]*)"', written))
        assert {name for name, _ in values} == {"channel", "job", "kind", "of", "outcome", "state"}
        assert [value for _, value in values if not re.fullmatch(r"[a-z_]+", value)] == []


@pytest.mark.parametrize(
    ("web", "peer", "headers", "status"),
    [
        (Web(), "127.0.0.1", {}, 404),
        (Web(metrics=True), "127.0.0.1", {}, 200),
        (Web(metrics=True), "::1", {}, 200),
        (Web(metrics=True), "192.0.2.7", {}, 404),
        (Web(metrics=True), "127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, 404),
        (Web(metrics=True), "127.0.0.1", {"forwarded": "for=127.0.0.1"}, 404),
        (GUARDED, "127.0.0.1", {}, 404),
        (GUARDED, "127.0.0.1", {"authorization": f"Bearer {TOKEN}x"}, 404),
        (GUARDED, "127.0.0.1", {"authorization": TOKEN}, 404),
        (GUARDED, "192.0.2.7", {"authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
async def test_who_may_see_the_figures(
    tmp_path: Path, web: Web, peer: str, headers: dict[str, str], status: int
) -> None:
    async with house(demo_config(f"sqlite:///{tmp_path / 'x.db'}")) as home, page(home, web, peer=peer) as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


@pytest.mark.parametrize(
    "web",
    [
        {"metrics": True, "host": "0.0.0.0"},  # noqa: S104 - refused
        {"metrics": True, "host": "wg.example.cn"},
        {"metrics": True, "metrics_token": "short"},
        {"metrics_token": "请换成自己的"},
    ],
)
def test_figures_for_everybody_are_refused(web: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate({"web": web})
    config = Config.model_validate({"web": {**web, "metrics_token": TOKEN}})
    assert config.web.metrics_token == GUARDED.metrics_token


def test_a_clock_that_jumps_is_shown_for_an_hour() -> None:
    wall, machine = [datetime(2026, 11, 20, tzinfo=UTC)], [0.0]
    steady = Steady(lambda: wall[0], lambda: machine[0])

    def pass_(seconds: float, *, jump: float = 0) -> float:
        wall[0] += timedelta(seconds=seconds + jump)
        machine[0] += seconds
        return steady.look()

    assert pass_(30) == 0
    assert pass_(30, jump=119) == 0
    assert pass_(30, jump=-7200) == -7200
    assert pass_(3500) == -7200
    assert pass_(200) == 0


async def test_a_clock_behind_the_channel_is_not_well(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        assert world.home.inbox.behind() == 0
        late = world.home.context().now + timedelta(minutes=5)
        said = Incoming(
            Chat("telegram", str(world.em.bot.id), str(world.group.id)),
            ChatKind.GROUP, Kind.MESSAGE, 1, "1", Sender("1"), late, text="早上好",
        )  # fmt: skip
        await world.home.inbox.take_in([said], order="none")
        async with page(world.home, Web()) as client:
            answer = await client.get("/health")
        assert answer.status_code == 503
        assert 290 <= answer.json()["clock"]["behind"] <= 310
