"""Groups with topics: what is asked in one is answered there, and only there."""

from pathlib import Path

from storage.tables import tickets
from tests.telegram.stage import OTHER, REQUEST, count, morning, select, url_of
from tests.telegram_house import World


def topics(world: World) -> tuple[int, int]:
    """Two topics beside 常规."""
    world.group.is_forum = True
    return world.group.topic("报修"), world.group.topic("闲聊")


async def test_a_request_is_answered_in_its_topic(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        repairs, _ = topics(world)
        wang, li = world.people["王阿姨"], world.people["老李"]
        asked = wang.says(world.group, REQUEST, thread=repairs)
        await world.step()
        [card] = world.em.said(world.group)
        assert card.thread == repairs
        assert asked.reactions
        [ticket] = await select(world, tickets)
        assert ticket.thread == str(repairs)
        li.presses(world.em.said(li)[-1], "接单")
        await world.step()
        li.tells("解决 1 换好了")
        await world.step()
        wang.replies(card, "进度")
        await world.step()
        said = world.em.said(world.group)
        assert len(said) >= 2
        assert {message.thread for message in said} == {repairs}
        assert card.edited


async def test_an_answer_to_a_card_in_a_topic(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        repairs, _ = topics(world)
        wang = world.people["王阿姨"]
        wang.says(world.group, REQUEST, thread=repairs)
        await world.step()
        [card] = world.em.said(world.group)
        wang.replies(card, "补充一下，里面有老人要下楼")
        await world.step()
        [ticket] = await select(world, tickets)
        assert "老人" in ticket.words
        assert {message.thread for message in world.em.said(world.group)} == {repairs}


async def test_the_general_topic_and_another_one(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        _, talk = topics(world)
        world.people["王阿姨"].says(world.group, REQUEST)
        world.people["张大爷"].says(world.group, OTHER, thread=talk)
        await world.step()
        assert sorted(message.thread or 0 for message in world.em.said(world.group)) == [0, talk]
        assert await count(world) == 2
        assert [call for call in world.em.calls() if call.error] == []


async def test_the_opening_of_a_topic_is_no_message_replied_to(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        _, talk = topics(world)
        world.people["王阿姨"].says(world.group, "今天天气不错", thread=talk)
        await world.step()
        assert world.em.said(world.group) == []
        assert await count(world) == 0
