"""The stage a story is played on: the world, what every chat showed before the last action, what happened last."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.emulator import Chat, Message, Person, Press
from tests.telegram_house import World


class StoryFailed(AssertionError):
    """What the story expected did not happen; names the line."""


@dataclass
class Stage:
    """A story while it is played. ``heard``: the updates of the last action; ``buttons``: every button ever seen."""

    world: World
    seen: dict[int, list[tuple[int, str, tuple[str, ...]]]] = field(default_factory=dict)
    last: Message | None = None
    press: Press | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)
    buttons: list[tuple[Message, str, str]] = field(default_factory=list)

    def person(self, name: str) -> Person:
        """Somebody of the community, by name."""
        return self.world.people[name]

    def chats(self) -> list[Chat]:
        """The group and everybody's private chat."""
        return [self.world.group, *(p.private for p in self.world.people.values())]

    def snapshot(self) -> None:
        """Remember what every chat shows, so that the next expectations are about what is new or changed."""
        for chat in self.chats():
            said = self.world.em.said(chat)
            self.seen[chat.id] = [(m.id, m.text, tuple(m.labels)) for m in said]
            for message in said:
                for button in message.buttons:
                    known = (message, button.label, button.data or "")
                    if known not in self.buttons:
                        self.buttons.append(known)

    def news(self, chat: Chat) -> list[Message]:
        """What the bot said or changed in this chat since the last action."""
        before = set(self.seen.get(chat.id, []))
        return [m for m in self.world.em.said(chat) if (m.id, m.text, tuple(m.labels)) not in before]

    def find(self, chats: list[Chat], snippet: str) -> Message:
        """The newest message of anybody with these words."""
        for chat in chats:
            for message in reversed(self.world.em.messages(chat)):
                if snippet in message.text:
                    return message
        raise StoryFailed(f"没有含“{snippet}”的消息")

    def words(self, text: str) -> str:
        """A line as it is typed: ``\\n`` breaks it, ``{哈×30}`` repeats, ``@党小栖`` is the bot's own name."""
        text = re.sub(r"\{(.+?)×(\d+)\}", lambda m: m[1] * int(m[2]), text.replace("\\n", "\n"))
        return text.replace("@党小栖", f"@{self.world.em.bot.username}")
