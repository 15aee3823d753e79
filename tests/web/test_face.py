"""The local chat is a channel like any other: the same handlers, the same outbox, the same delivery."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import house
from bot.web import sample
from bot.web.chats import NoSuchMessage
from bot.web.face import WebFace
from bot.web.player import Player
from bot.web.server import demo_config, open_chats
from domain.incoming import Chat
from domain.outgoing import Kind, Op, SendState
from domain.ticket import Rating, State
from scheduler.delivery import Outcome
from storage import grids, outbox, tickets
from storage.outbox import Row
from storage.tables import outbox as outbox_table
from storage.tables import questions, ticket_sources
from tests.web.conftest import GROUP, World


async def test_from_a_sentence_to_a_rating(world: World) -> None:
    said = await world.say("wang", "3栋2单元电梯又坏了")
    assert world.now(said).reactions == ("👀",)
    card = world.last()
    assert card.reply_to == said.id
    assert "1号工单：3栋2单元，电梯故障停运" in card.text
    assert [b.label for row in card.buttons for b in row] == ["我家也是", "补充", "撤回/不是诉求"]

    assert "想请您帮个忙" in world.last("li").text
    click = await world.press("li", "接单", "li")
    assert [(t.click, t.text) for t in world.toasts] == [(click, "1号您接下了。")]
    assert "老李已接单" in world.now(card).text
    assert world.now(card).edited_at is not None
    assert len(world.said()) == 1, "the card is edited, nothing more is said in the group"

    await world.press("li", "办结", "li")
    await world.say("li", "已换门机，试运行正常", "li")
    asked = world.last()
    assert "已换门机，试运行正常" in asked.text
    await world.press("wang", "已解决")
    assert "满意吗" in world.now(asked).text
    await world.press("wang", "满意")
    assert not world.now(asked).buttons

    async with world.home.database.read() as tx:
        ticket = await tickets.get(tx, 1)
        history = [event.action for event in await tickets.history(tx, 1)]
    assert ticket is not None
    assert (ticket.state, ticket.rating) == (State.ARCHIVED, Rating.GOOD)
    assert history == ["opened", "dispatched", "taken", "solved", "confirmed", "rated"]


async def test_talk_leaves_no_trace(world: World) -> None:
    await world.say("zhao", "今晚广场舞几点开始？")
    assert world.said() == []
    async with world.home.database.read() as tx:
        for table in (ticket_sources, outbox_table, questions):
            assert await tx.value(sa.select(sa.func.count()).select_from(table)) == 0


async def test_a_mention_is_for_the_bot_and_not_part_of_the_words(world: World) -> None:
    await world.say("wang", "3栋2单元电梯又坏了")
    await world.say("wang", "@党小栖 进度")
    assert "正在联系" in world.last().text
    assert "@党小栖" not in world.last().text


async def test_a_button_for_somebody_else_answers_only_who_pressed_it(world: World) -> None:
    await world.say("wang", "3栋2单元电梯又坏了")
    await world.press("li", "接单", "li")
    await world.say("li", "办结 1 已换门机", "li")
    world.toasts.clear()
    click = await world.press("zhang", "已解决")
    assert [(t.click, t.text) for t in world.toasts] == [(click, "这个按钮是给别人的。")]
    async with world.home.database.read() as tx:
        ticket = await tickets.get(tx, 1)
    assert ticket is not None
    assert ticket.state is State.SOLVED


async def test_a_photo_goes_with_the_ticket_to_whoever_is_asked(world: World) -> None:
    await world.say("wang", "3栋2单元电梯又坏了", photo="elevator.svg")
    assert [m.photo for m in world.said("li")] == ["", "elevator.svg"]


async def test_danger_says_the_number_first_and_calls_the_leader(world: World) -> None:
    await world.say("liu", "3栋1单元有人困在电梯里了")
    assert world.last().text.startswith("有人困在电梯里：请先打 96333")
    assert "险情" in world.last("leader").text
    await world.press("leader", "知悉", "leader")
    assert "网格长小陈已知悉" in world.last().text
    assert "小陈已知悉" in world.last("li").text


async def test_visits_are_due_on_the_first_day(world: World) -> None:
    await world.home.pass_once()
    await world.settle()
    assert "走访 V1，3栋2单元" in world.last("li").text
    assert "301" not in world.last("li").text, "the door is only shown to whoever asks for it"
    await world.press("li", "正常", "li")
    assert not world.last("li").buttons


async def test_nobody_writes_or_presses_where_he_is_not(world: World) -> None:
    await world.say("wang", "3栋2单元电梯又坏了")
    found = world.chats.find_button("li", "接单")
    assert found is not None
    with pytest.raises(NoSuchMessage):
        await world.chats.say("wang", "li", "接单 1")
    with pytest.raises(NoSuchMessage):
        await world.chats.press("wang", "li", found[0].id, found[1].data)
    with pytest.raises(NoSuchMessage):
        await world.chats.press("li", "li", found[0].id, "made-up:0")
    with pytest.raises(NoSuchMessage):
        await world.chats.say("wang", GROUP, "好", reply_to="0")


def _row(chat: str, op: Op, target: str = "", **body: object) -> Row:
    return Row(1, "k", Chat("web", "web", chat), "", op, Kind.REPLY, body, target, 0, False, True, None, None)


async def test_what_cannot_be_delivered_is_said_so(world: World) -> None:
    face = WebFace(world.chats)
    nowhere = await face.deliver(_row("nobody", Op.SEND), "您好")
    assert nowhere.outcome is Outcome.UNREACHABLE
    gone = await face.deliver(_row(GROUP, Op.EDIT, target="12"), "您好")
    assert gone.outcome is Outcome.FAILED
    late = await face.deliver(_row(GROUP, Op.ANSWER, click="12"), "好的")
    assert late.outcome is Outcome.SENT
    assert world.toasts == []
    sent = await face.deliver(_row(GROUP, Op.SEND), "<b>您好</b>")
    assert sent.outcome is Outcome.SENT
    assert world.chats.rooms[GROUP].messages[sent.message_id].text == "<b>您好</b>"


async def test_a_restart_never_repeats_an_id_and_loads_nothing_twice(tmp_path: Path) -> None:
    config = demo_config(f"sqlite:///{tmp_path / 'demo.db'}")
    async with house(config) as home:
        first = World(home, await open_chats(home), [])
        await first.say("wang", "3栋2单元电梯又坏了")
        late = home.context().now + timedelta(seconds=1)
    async with house(config, now=lambda: late) as home:
        second = World(home, await open_chats(home), [])
        assert not await sample.load(home.database, home.context().calendar.today(late))
        await second.say("liu", "2栋1单元楼道灯不亮了")
        assert "2号工单" in second.last().text
        async with home.database.read() as tx:
            grid = await grids.by_id(tx, (await grids.all_ids(tx))[0])
        assert sorted(m.name for m in grid.members.values()) == sorted(["老李", "老周", "小马", "吴姐", "小陈"])
        assert [m.name for m in grid.above] == ["何书记"]


async def test_an_old_room_is_not_kept_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.chats.KEPT", 3)
    for nth in range(5):
        world.chats.put(GROUP, str(nth))
    assert [m.text for m in world.said()] == ["2", "3", "4"]


async def test_the_sample_day_plays_to_its_end(world: World) -> None:
    await world.home.pass_once()
    steps = tuple(replace(step, pause=0) for step in sample.read_day())
    player = Player(world.chats, steps)
    async with asyncio.TaskGroup() as group:
        pumping = group.create_task(world.home.pump.run())
        await player.play()
        assert player.state.finished, player.state
        pumping.cancel()
    await world.home.pass_once()
    await world.settle()
    assert any("清洗水箱" in m.text for m in world.said()), "the notice was sent"
    async with world.home.database.read() as tx:
        found = {t.number: t for t in await tickets.select(tx)}
        unsent = await outbox.select(tx, outbox_table.c.state.in_([SendState.FAILED, SendState.UNKNOWN]))
    assert len(found) == 5
    assert found[1].rating is Rating.GOOD
    assert found[1].supporters == 1
    assert found[1].urges + found[1].words.count("还没修好") >= 1
    assert not unsent


async def test_a_day_that_cannot_go_on_says_where(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.player.PATIENCE", 0.2)
    player = Player(world.chats, (sample.Step("wang", presses="没有这个按钮", pause=0),))
    await player.play()
    assert (player.state.on, player.state.broken) == (False, "没有这个按钮")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(player.run())
        player.start()
        player.stop()
        await asyncio.sleep(0.3)
        waiting.cancel()
    assert not player.state.on


def test_the_people_of_the_sample() -> None:
    community = sample.read()
    assert len({p.id for p in community.people}) == len(community.people) == 13
    assert {p.role for p in community.people} == {"resident", "volunteer", "leader", "secretary"}
