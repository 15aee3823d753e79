"""Who may do what: every command by every role in either kind of chat, every button by somebody it was not made for."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from handlers.commands import BUTTONS, COMMANDS
from storage import conversation
from storage.conversation import Keyboard
from storage.tables import dead_letters, metadata
from tests.telegram.stage import REQUEST, count, morning, url_of
from tests.telegram_house import World

VOLUNTEER = (
    "gongdan jiedan bujie jinzhan banjie shuoming tuidan dengjumin daying yanqi zhixi zoufang rili qingjia xiaojia daiban "
    "huanban zhiban jineng huibi"
)
LEADER = (
    "paidan buyushouli chuishao duban weishenme gailei shisuqiu diming lingmindu tongzhi bifang lunfang shuifuze mingce "
    "jinri benzhou jingmo dengji"
)
RANKS = {"王阿姨": 0, "老李": 1, "小陈": 2, "何书记": 2}
"""A resident, who is an administrator of the group, a volunteer, the grid leader, the secretary of the community."""


def rank(name: str) -> int:
    """What the role must be at least; written down here once more, so that a change of the table is meant."""
    return 2 if name in LEADER.split() else 1 if name in VOLUNTEER.split() else 0


@pytest.mark.parametrize("name", RANKS)
async def test_every_command_by_every_role(tmp_path: Path, name: str) -> None:
    async with morning(url_of(tmp_path)) as world:
        person = world.people[name]
        if name == "王阿姨":
            world.group.add(person, admin=True)
        no, private_only = (world.home.said.say(f"refusal.{kind}") for kind in ("NotAllowed", "PrivateOnly"))
        for command in COMMANDS:
            for private in (True, False):
                before = len(world.em.said(person.private)), len(world.em.said(world.group))
                (person.tells if private else lambda text: person.says(world.group, text))(f"/{command.name} 1")
                await world.step()
                told = world.em.said(person.private)[before[0] :] + world.em.said(world.group)[before[1] :]
                refused = any(no in message.text for message in told)
                assert refused == (RANKS[name] < rank(command.name)), (command.name, private)
                if command.private and not private and not refused:
                    assert any(private_only in message.text for message in told), command.name
        assert await count(world, dead_letters) == 0


MOVING = {"outbox", "keyboards", "prompts", "counters", "offsets", "chat_pace"}
"""Tables of talk: an answer, the line that is waited for."""
FREE = {"support", "add"}
"""What anybody of the group may press."""
ARGUMENTS = {"visit": "ok"}


async def facts(world: World) -> dict[str, list[sa.Row[tuple[object, ...]]]]:
    """Everything that is known, but for the talk about it."""
    async with world.home.database.read() as tx:
        kept = [table for table in metadata.sorted_tables if table.name not in MOVING]
        return {table.name: list(await tx.rows(sa.select(table))) for table in kept}


@pytest.mark.parametrize("name", ["张大爷", "小马"])
async def test_no_button_gives_a_right(tmp_path: Path, name: str) -> None:
    """A resident and a volunteer press, on a ticket that is not theirs, whatever there is to press - even buttons that
    were made for nobody in particular: rights come from the person, not from having got hold of a button.
    """
    async with morning(url_of(tmp_path)) as world:
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        world.people["老李"].tells("/jiedan 1")
        await world.step()
        before = await facts(world)
        card = world.em.said(world.group)[-1]
        for action in sorted(BUTTONS.keys() - FREE):
            async with world.home.database.write("forge") as tx:
                keyboard = Keyboard(f"f{action}", "ticket", 1, ((action, ARGUMENTS.get(action, "1")),), "")
                conversation.add_keyboard(tx, keyboard, world.home.context().now + timedelta(days=1))
            world.people[name].presses(card, data=f"f{action}:0")
            await world.step()
            after = await facts(world)
            assert {table for table in after if after[table] != before[table]} == set(), action


async def test_a_button_is_for_one_person_once_and_for_a_while(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.people["王阿姨"].says(world.group, REQUEST)
        await world.step()
        asked = world.em.said(world.people["老李"].private)[-1]
        data = asked.button("接单").data
        card = world.em.said(world.group)[-1]
        said = world.home.said

        async def press(name: str, data: str | None) -> str | None:
            pressed = world.people[name].presses(card, data=data)
            await world.step()
            return pressed.answer

        assert await press("老周", data) == said.say("refusal.NoSuchTicket", number=1)
        for forged in ("", ":", "x:0", f"x{data}", str(data).replace(":0", ":99"), str(data).replace(":0", ":-1")):
            assert await press("老李", forged) == said.say("refusal.ButtonExpired"), forged
        assert await press("老李", data) != said.say("refusal.ButtonExpired")
        before = await facts(world)
        await press("老李", data)
        assert await facts(world) == before
        world.em.clock.advance(timedelta(days=400).total_seconds())
        assert await press("老李", data) == said.say("refusal.ButtonExpired")
