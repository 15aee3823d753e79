"""The real program on the real Telegram face, over real HTTP against the emulator, stepped by hand with a fake clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.app import House, house
from bot.config import Config
from bot.telegram.face import Line, connect
from tests.community import STAFF, settle
from tests.emulator import Emulator, Group, Person


@dataclass
class World:
    """The emulator's people and chats, and the program beside them."""

    em: Emulator
    home: House
    line: Line
    group: Group
    people: dict[str, Person]

    async def step(self) -> None:
        """Let the program hear everything and say everything that is due now."""
        while True:
            heard = len(self.em.backlog)
            if self.line.poller is not None:
                await self.line.poller.once()
            sent = 0
            while n := await self.home.pump.once():
                sent += n
            if not heard and not sent:
                return

    async def wait(self, seconds: float) -> None:
        """Time passes; the bells ring; what falls due is done and sent."""
        self.em.clock.advance(seconds)
        await self.home.pass_once()
        await self.step()


def settings(em: Emulator, url: str, **sections: Any) -> Config:
    """A configuration that points at the emulator."""
    telegram = {
        "token": em.token,
        "base_url": em.base_url,
        "base_file_url": em.base_file_url,
        "poll_seconds": 0,
        "per_minute": 0,
        **sections.pop("telegram", {}),
    }
    known = {"work": ["2027-02-20"]}  # nobody has to be told that a year's arrangement is missing
    raw = {
        "community": {"region": "other"},
        "storage": {"url": url},
        "telegram": telegram,
        "calendar": known,
        **sections,
    }
    return Config.model_validate(raw)


@asynccontextmanager
async def telegram_world(
    url: str,
    *,
    at: datetime,
    residents: tuple[str, ...] = (),
    unbound: tuple[str, ...] = (),
    registered: bool = True,
    emoji: list[str] | None = None,
    **sections: Any,
) -> AsyncIterator[World]:
    """A group with the sample community in it and the program listening. ``unbound``: staff without a private chat yet.

    ``emoji``: which reactions the group allows; None for all of them.
    """
    async with Emulator(privacy=False) as em:
        em.clock.set(at)
        people = {name: em.user(name, started=name in STAFF and name not in unbound) for name in (*residents, *STAFF)}
        group = em.group("示范小区居民群", list(people.values()), bot_admin=True, emoji=emoji)

        def now() -> datetime:
            return datetime.fromtimestamp(em.clock.now(), UTC)

        config = settings(em, url, **sections)
        async with house(config, now=now) as home:
            chats = {name: str(people[name].id) for name in STAFF if name not in unbound}
            bot = str(em.bot.id)
            await settle(home.database, "telegram", bot, chats, str(group.id) if registered else None)
            async with connect(config, home.database, home.said, home.inbox, home.faces, now) as line:
                world = World(em, home, line, group, people)
                await world.step()
                yield world
        assert em.violations == []
