"""A real house on SQLite in a folder of its own, with the local chat in front of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.app import House, house
from bot.web.chats import Chats, Message, Toast
from bot.web.server import demo_config, open_chats

GROUP = "group-1"


@dataclass
class World:
    """The house and its chats, and the toasts that were shown."""

    home: House
    chats: Chats
    toasts: list[Toast]

    async def say(self, who: str, text: str, room: str = GROUP, *, reply_to: str = "", photo: str = "") -> Message:
        """Somebody writes, and everything that follows from it is delivered."""
        message = await self.chats.say(who, room, text, reply_to=reply_to, photo=photo)
        await self.settle()
        return message

    async def press(self, who: str, label: str, room: str = GROUP) -> str:
        """Somebody presses the newest button with this label; the answer is the click."""
        found = self.chats.find_button(room, label)
        assert found, f"no button {label} in {room}"
        click = await self.chats.press(who, room, found[0].id, found[1].data)
        await self.settle()
        return click

    async def settle(self) -> None:
        """Until nothing is left to be sent."""
        while await self.home.pump.once():
            pass

    def said(self, room: str = GROUP) -> list[Message]:
        """What 党小栖 has said in a room."""
        return [m for m in self.chats.rooms[room].messages.values() if m.author == "web"]

    def last(self, room: str = GROUP) -> Message:
        """The last word of 党小栖."""
        return self.said(room)[-1]

    def now(self, message: Message) -> Message:
        """The same message as it stands now."""
        return self.chats.rooms[message.chat].messages[message.id]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with house(demo_config(f"sqlite:///{tmp_path / 'demo.db'}")) as home:
        chats = await open_chats(home)
        toasts: list[Toast] = []
        chats.listen(toasts.append)
        yield World(home, chats, toasts)
