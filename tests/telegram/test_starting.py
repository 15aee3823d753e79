"""What is found at the start, in plain Chinese, and a channel that is not there yet."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app import house
from bot.config import Config
from bot.telegram import checks
from bot.telegram.face import ChannelFault, connect, make_bot
from bot.telegram.updates import Me
from tests.community import STAFF, settle
from tests.emulator import Emulator
from tests.telegram.stage import MORNING, REQUEST, count, morning, url_of
from tests.telegram_house import World, settings

WRONG = "7000000001:AAnobodyKnowsThisTokenOfTheTests_01234"


async def findings(world: World, config: Config) -> list[str]:
    """What the checks say now."""
    assert config.telegram is not None
    async with make_bot(config.telegram) as bot:
        me = Me(bot.id, bot.username)
        return await checks.look(bot, me, config, world.home.database, world.home.said)


async def test_all_is_well(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        assert await findings(world, world.home.config) == []


@pytest.mark.parametrize(
    ("privacy", "status", "wanted"),
    [
        (True, "administrator", None),
        (True, "member", "听不到"),
        (False, "member", "还不是管理员"),
        (True, "left", "不在群"),
        (False, "kicked", "不在群"),
        (True, "restricted", "听不到"),
    ],
)
async def test_what_the_bot_may_hear(tmp_path: Path, *, privacy: bool, status: str, wanted: str | None) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.world.privacy = privacy
        world.group.bot_becomes(status)
        found = await findings(world, world.home.config)
        assert len(found) == (wanted is not None)
        assert wanted is None or (wanted in found[0] and "示范小区居民群" in found[0])


@pytest.mark.parametrize("privacy", [True, False])
async def test_no_group_yet(tmp_path: Path, *, privacy: bool) -> None:
    async with morning(url_of(tmp_path), registered=False) as world:
        world.em.world.privacy = privacy
        found = await findings(world, world.home.config)
        assert f"@{world.em.bot.username}" in found[0]
        assert len(found) == 1 + privacy


async def test_a_channel_outside_the_country_is_for_trials(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path), community={"region": "CN"}) as world:
        [found] = await findings(world, world.home.config)
        assert "只用于试用和演示" in found


async def test_a_server_in_trouble_is_not_a_group_we_were_thrown_out_of(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        world.em.fault("502", "getChatMember")
        [found] = await findings(world, world.home.config)
        assert "连不上" in found


async def test_a_wrong_token_ends_it_with_a_sentence(tmp_path: Path) -> None:
    async with Emulator(privacy=False) as em:
        config = settings(em, url_of(tmp_path), telegram={"token": WRONG})
        async with house(config, now=lambda: datetime.fromtimestamp(em.clock.now(), UTC)) as home:
            with pytest.raises(ChannelFault, match="BotFather") as fault:
                async with connect(config, home.database, home.said, home.inbox, home.faces, lambda: MORNING):
                    raise AssertionError
            assert WRONG not in str(fault.value)


@pytest.mark.parametrize("trouble", ["offline", "no getMe", "no deleteWebhook"])
async def test_a_channel_that_is_down_at_the_start(tmp_path: Path, trouble: str) -> None:
    async with Emulator(privacy=False) as em:
        em.clock.set(MORNING)
        people = {name: em.user(name, started=name in STAFF) for name in ("王阿姨", *STAFF)}
        group = em.group("示范小区居民群", list(people.values()), bot_admin=True)
        config = settings(em, url_of(tmp_path))

        def now() -> datetime:
            return datetime.fromtimestamp(em.clock.now(), UTC)

        async with house(config, now=now) as home:
            chats = {name: str(people[name].id) for name in STAFF}
            await settle(home.database, "telegram", str(em.bot.id), chats, str(group.id))
            people["王阿姨"].says(group, REQUEST)
            people["王阿姨"].says(group, "我问一下@小刘 晚上去吗")
            people["王阿姨"].says(group, f"/gongdan@{em.bot.username}")
            if trouble == "offline":
                await em.go_offline()
            else:
                em.fault("502", trouble.removeprefix("no "), count=2)
            async with connect(config, home.database, home.said, home.inbox, home.faces, now) as line:
                world = World(em, home, line, group, people)
                assert line.poller is not None
                assert await line.poller.once() > 0
                assert line.poller.hearing.trouble
                assert (len(em.backlog), await count(world)) == (3, 0)
                if trouble == "offline":
                    await em.go_online()
                assert await line.poller.once() == 0
                assert line.me.username == em.bot.username
                await world.step()
                assert await count(world) == 1
                assert len(em.said(group)) == 2  # the card and the answer to the command; nothing for the word to 小刘
                assert em.calls("setMyCommands")
        assert em.violations == []


async def test_it_goes_on_when_the_channel_goes_away_in_between(tmp_path: Path) -> None:
    async with morning(url_of(tmp_path)) as world:
        assert world.line.poller is not None
        await world.em.go_offline()
        world.people["王阿姨"].says(world.group, REQUEST)
        assert await world.line.poller.once() > 0
        await world.em.go_online()
        polling = asyncio.ensure_future(world.line.run())
        pumping = asyncio.ensure_future(world.home.pump.run())
        try:
            await world.em.until(lambda: any("电梯" in m.text for m in world.em.said(world.group)))
        finally:
            for task in (polling, pumping):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
