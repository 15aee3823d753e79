"""A message that cannot be read is told to a human, wherever it was written, without a word of it."""

from pathlib import Path
from typing import Any

import pytest

from domain.roster import AreaKind, Role
from storage import grids
from storage.tables import accounts, areas, dead_letters, members
from tests.emulator import Person
from tests.telegram.stage import HALF, REQUEST, count, morning, outgoing, url_of
from tests.telegram_house import World


async def told(world: World) -> dict[str, str]:
    """Who was told of a dead letter, and how."""
    rows = [row for row in await outgoing(world) if row.key.startswith("dead:")]
    assert {row.state for row in rows} <= {"sent"}
    names = {str(person.id): person.name for person in world.people.values()}
    return {names.get(row.chat_id, row.chat_id): str(row.body["text"]) for row in rows}


async def second_grid(world: World) -> Person:
    """Another grid of the same community, with a leader of its own."""
    lin = world.em.user("林姐", started=True)
    world.people["林姐"] = lin
    async with world.home.database.write("second_grid") as tx:
        row: dict[str, Any] = {"id": 90, "parent_id": 2, "kind": AreaKind.GRID, "code": "G02", "name": "第二网格"}
        tx.add(areas, {**row, "grid_id": None, "building": "", "unit": ""})
        row = {"id": 90, "area_id": 90, "role": Role.LEADER, "name": "林姐", "public_name": "", "capacity": 10}
        tx.add(members, {**row, "active": True, "bind_code": ""})
        row = {"channel": "telegram", "bot": str(world.em.bot.id), "account": str(lin.id), "chat_id": str(lin.id)}
        tx.add(accounts, {**row, "member_id": 90})
        await grids.changed(tx)
    return lin


@pytest.mark.parametrize("name", ["王阿姨", "老李"])
async def test_a_private_message_is_told_to_the_leader_of_that_grid(tmp_path: Path, name: str) -> None:
    async with morning(url_of(tmp_path)) as world:
        await second_grid(world)
        world.people[name].says(world.group, REQUEST)  # now it is known where this person lives, or he is on the roster
        await world.step()
        world.people[name].tells(f"2栋1单元的水管爆了，楼梯间全是水{HALF}")
        await world.step()
        assert await count(world, dead_letters) == 1
        [(whom, text)] = (await told(world)).items()
        assert whom == "小陈"
        assert name in text
        assert "水管" not in text


@pytest.mark.parametrize("name", ["王阿姨", "何书记"])
async def test_nobody_knows_where_he_lives_so_every_leader_is_told(tmp_path: Path, name: str) -> None:
    async with morning(url_of(tmp_path)) as world:
        await second_grid(world)
        chat = {"id": world.people[name].id, "type": "private"}
        world.em.inject({"message": {"message_id": 7, "date": "机密", "chat": chat, "text": "水管爆了"}})
        await world.step()
        said = await told(world)
        assert set(said) == {"小陈", "林姐"}
        assert "有人" in said["林姐"]


async def test_a_broken_name_does_not_break_the_alarm(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        sender = {"id": world.people["王阿姨"].id, "is_bot": False, "first_name": f"王{HALF}姨"}
        chat = {"id": sender["id"], "type": "private"}
        date = int(world.em.clock.now())
        text = f"{REQUEST}{HALF}"
        world.em.inject({"message": {"message_id": 7, "date": date, "chat": chat, "from": sender, "text": text}})
        await world.step()
        assert await count(world, dead_letters) == 1
        assert "王姨" in (await told(world))["小陈"]


async def test_a_leader_nobody_can_write_to_is_passed_over(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path), unbound=("小陈",)) as world:
        world.people["王阿姨"].says(world.group, f"{REQUEST}{HALF}")
        world.people["张大爷"].tells(f"2栋1单元的水管爆了，楼梯间全是水{HALF}")
        await world.step()
        assert await count(world, dead_letters) == 2
        assert set(await told(world)) == {"何书记"}
