"""Somebody else was faster: then nothing is said and nothing is written twice."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from domain.figures import Figure, Share
from domain.incoming import Chat
from domain.ticket import State
from handlers import announcing, danger, figures, visit_reminders
from handlers.notify import member_chat
from storage import calls
from storage import notices as notice_rows
from storage import visits as visit_rows
from storage.tables import outbox, tickets
from tests.community import RESIDENTS, give_visits
from tests.rules.test_roster import a_member
from tests.telegram_house import World, telegram_world

AT = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with telegram_world(f"sqlite:///{tmp_path / 'race.db'}", at=AT, residents=RESIDENTS) as world:
        await give_visits(world.home.database, AT.date(), [["3栋2单元501", "hardship", "老李", "吴姐"]])
        yield world


async def _slower(*_: object, **__: object) -> bool:
    return False


async def _said(world: World) -> int:
    async with world.home.database.read() as tx:
        return int(await tx.value(sa.select(sa.func.count()).select_from(outbox)))


async def _runs(world: World, job: Any) -> int:
    """How many messages a job writes."""
    before = await _said(world)
    async with world.home.database.write("job") as tx:
        await job(world.home.context(), tx)
    return await _said(world) - before


async def test_a_visit_another_person_has_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _runs(world, visit_reminders.remind_visits) == 1
    assert await _runs(world, visit_reminders.remind_visits) == 0
    await world.step()
    with monkeypatch.context() as patch:
        patch.setattr(visit_rows, "save", _slower)
        world.people["老李"].tells("走访 1 正常")
        await world.step()
    assert "已经记过" in world.em.said(world.people["老李"].private)[-1].text


@pytest.mark.parametrize(
    ("words", "wait"), [("停水", 0), ("@今天9:30 停水", 1800), ("@今天9:30 停水", 86400), ("@每天9:30 停水", 1800)]
)
async def test_a_notice_another_process_has_said(
    world: World, monkeypatch: pytest.MonkeyPatch, words: str, wait: int
) -> None:
    leader = world.people["小陈"]
    leader.tells(f"通知 {words}")
    await world.step()
    with monkeypatch.context() as patch:
        patch.setattr(notice_rows, "save", _slower)
        leader.tells("通知 发送 1")
        await world.step()
        assert "已经发出或取消" in world.em.said(leader.private)[-1].text
    leader.tells("通知 发送 1")
    await world.step()
    world.em.clock.advance(wait)
    with monkeypatch.context() as patch:
        patch.setattr(notice_rows, "save", _slower)
        assert await _runs(world, announcing.send_notices) == 0
    assert await _runs(world, announcing.send_notices) >= 1


async def test_an_occurrence_somebody_else_has_changed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    leader = world.people["小陈"]
    for line in ("通知 @每天9:30 停水", "通知 发送 1"):
        leader.tells(line)
        await world.step()
    with monkeypatch.context() as patch:
        patch.setattr(notice_rows, "save", _slower)
        leader.tells("通知 跳过 1")
        await world.step()
    assert "已经发出或取消" in world.em.said(leader.private)[-1].text


async def test_a_rate_is_told_where_there_are_enough_cases(world: World) -> None:
    text = figures.rate_line(world.home.context(), Figure.SATISFIED, Share(29, 32))
    assert text.startswith("满意率 91%（29/32）：满意 ÷")


async def test_an_alert_that_is_answered_or_over_rings_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.people["王阿姨"].says(world.group, "3栋2单元有人困在电梯里")
    await world.step()
    world.em.clock.advance(301)
    with monkeypatch.context() as patch:
        patch.setattr(calls, "next_rung", _slower)
        assert await _runs(world, danger.ring_again) == 0
    async with world.home.database.write("ended") as tx:
        await tx.execute(sa.update(tickets).values(state=State.ANSWERED))
    assert await _runs(world, danger.ring_again) == 0
    async with world.home.database.read() as tx:
        alert = await calls.alert(tx, 1)
    assert alert is not None
    assert alert.state == "cancelled"


def test_a_member_of_two_channels_is_written_to_where_the_matter_came_from() -> None:
    one, two = Chat("telegram", "bot", "11"), Chat("wecom", "bot", "u11")
    member = a_member(11)
    assert member_chat(member, two) == one
    both = type(member)(member.id, 1, member.role, member.name, chats=(one, two))
    assert (member_chat(both, two), member_chat(both, None)) == (two, one)
    assert member_chat(a_member(11, reachable=False), one) is None
