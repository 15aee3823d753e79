"""A grid that passes on more than one ticket in ten hears it, once there are enough tickets to say so."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from storage.tables import tickets
from tests.community import RESIDENTS
from tests.telegram_house import World, telegram_world

AT = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai"))


async def _tickets(world: World, count: int) -> None:
    """More tickets of the same grid, on the same day."""
    async with world.home.database.write("more") as tx:
        row = await tx.one(sa.select(tickets).where(tickets.c.number == 1))
        assert row is not None
        for number in range(100, 100 + count):
            tx.add(tickets, {**row._mapping, "number": number, "message_id": f"m{number}", "state": "archived"})


@pytest.mark.parametrize(("others", "warned"), [(28, False), (29, True), (60, False)])
async def test_more_than_one_in_ten(tmp_path: Path, others: int, warned: bool) -> None:
    async with telegram_world(f"sqlite:///{tmp_path / 'often.db'}", at=AT, residents=RESIDENTS) as world:
        leader = world.people["小陈"]
        for number in range(1, 5):
            world.people["王阿姨"].tells(f"{number % 3 + 1}栋{number % 2 + 1}单元楼道灯不亮")
            await world.step()
        await _tickets(world, others - 3)
        for number in range(1, 5):
            leader.tells(f"吹哨 {number} 执法 城管 11-25 劝过")
            await world.step()
        said = world.em.said(leader.private)[-1].text
        assert "已吹哨" in said
        assert ("超过一成" in said) is warned
