"""The chat server of the demo: groups and private chats in memory, for the people of one sample community.

It is a channel like any other. What a person writes or presses becomes an ``Incoming`` and goes to the inbox; what 党小栖
says arrives here from the pump. Nothing is written to disk: talk that is no request is gone with the process.
"""

import itertools
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.incoming import Attachment, Chat, ChatKind, Incoming, Kind, Sender

CHANNEL = "web"
BOT = "web"
"""The bot's own account, too: no person may have it."""

MENTION = re.compile(r"@党小栖[\s,，:：]*")
LONGEST = 4096
KEPT = 2000
"""Messages of one chat that stay on the page; a demo that runs for weeks must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the sample community. ``role`` is what stands under the name on the page."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message; ``data`` means something to 党小栖 only."""

    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Message:
    """What stands in a chat. Frozen, so that a page sees at a glance whether a message has changed."""

    id: str
    chat: str
    author: str
    text: str
    at: datetime
    buttons: tuple[tuple[Button, ...], ...] = ()
    reply_to: str = ""
    reactions: tuple[str, ...] = ()
    edited_at: datetime | None = None
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Toast:
    """A short answer to one press, for whoever pressed."""

    click: str
    text: str


@dataclass(slots=True)
class Room:
    """A group or a private chat. A private chat has the id of its person's account."""

    id: str
    kind: ChatKind
    title: str
    people: tuple[str, ...]
    messages: dict[str, Message] = field(default_factory=dict)


class NoSuchMessage(Exception):
    """There is no such message, chat or button (any more)."""


class Chats:
    """All rooms. ``take_in`` is where events go; when it returns, what matters is on disk."""

    def __init__(
        self,
        take_in: Callable[[Sequence[Incoming]], Awaitable[None]],
        now: Callable[[], datetime],
        people: Sequence[Person],
        groups: Sequence[tuple[str, str]],
    ) -> None:
        """``groups``: (id, title); everybody is in every group and has a private chat with 党小栖."""
        self._take_in = take_in
        self._now = now
        self.people = {person.id: person for person in people}
        self.rooms = {
            **{id_: Room(id_, ChatKind.GROUP, title, tuple(self.people)) for id_, title in groups},
            **{p.id: Room(p.id, ChatKind.PRIVATE, p.name, (p.id,)) for p in people},
        }
        # Numbers start at the clock: the database outlives this memory, and an id it has seen is never used again.
        self._numbers = itertools.count(int(now().timestamp() * 1000))
        self._subscribers: set[Callable[[], None]] = set()
        self._listeners: set[Callable[[Toast], None]] = set()
        self._clicks: dict[str, str] = {}
        self.version = 0

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Hear of every change of any room; the answer ends it."""
        self._subscribers.add(changed)
        return lambda: self._subscribers.discard(changed)

    def listen(self, toast: Callable[[Toast], None]) -> Callable[[], None]:
        """Hear the answers to presses; whoever did not press must look at ``Toast.click`` and be silent."""
        self._listeners.add(toast)
        return lambda: self._listeners.discard(toast)

    async def say(self, person_id: str, room_id: str, text: str, *, reply_to: str = "", photo: str = "") -> Message:
        """A person writes, or shows a photo."""
        person, room = self._entered(person_id, room_id)
        if reply_to and reply_to not in room.messages:
            raise NoSuchMessage(reply_to)
        text = text.strip()[:LONGEST]
        message = self._add(room, person.id, text, reply_to=reply_to, photo=photo)
        words, mentions = MENTION.subn("", text)
        private = room.kind is ChatKind.PRIVATE
        await self._hand_over(
            room,
            person,
            Kind.MESSAGE,
            message.id,
            text=words.strip(),
            addressed=private or mentions > 0,
            attachments=(Attachment("photo", photo),) if photo else (),
            reply_to=reply_to,
        )
        return message

    async def press(self, person_id: str, room_id: str, message_id: str, data: str, *, click: str = "") -> str:
        """A person presses a button; the answer comes as a toast with this click id (``new_click`` makes one before)."""
        person, room = self._entered(person_id, room_id)
        message = room.messages.get(message_id)
        if message is None or not any(b.data == data for row in message.buttons for b in row):
            raise NoSuchMessage(message_id)
        click = click or self.new_click()
        self._clicks[click] = person.id
        await self._hand_over(room, person, Kind.BUTTON, message_id, button=data, click=click)
        return click

    def new_click(self) -> str:
        """An id for a press, so that a page knows which answer is its own."""
        return str(next(self._numbers))

    def put(
        self,
        room_id: str,
        text: str,
        *,
        buttons: tuple[tuple[Button, ...], ...] = (),
        reply_to: str = "",
        photo: str = "",
    ) -> Message:
        """党小栖 says something."""
        room = self._room(room_id)
        return self._add(room, BOT, text, buttons=buttons, reply_to=reply_to, photo=photo)

    def edit(self, room_id: str, message_id: str, text: str, buttons: tuple[tuple[Button, ...], ...]) -> None:
        """党小栖 changes what it said; its buttons are replaced as well."""
        message = self._message(room_id, message_id)
        if (message.text, message.buttons) != (text, buttons):
            self._keep(replace(message, text=text, buttons=buttons, edited_at=self._now()))

    def react(self, room_id: str, message_id: str, emoji: str) -> None:
        """党小栖 sticks an emoji on a message: one at a time, as a bot may."""
        message = self._message(room_id, message_id)
        if message.reactions != (emoji,):
            self._keep(replace(message, reactions=(emoji,)))

    def answer(self, click: str, text: str) -> None:
        """The short answer to a press. Too late or empty is nothing."""
        if self._clicks.pop(click, "") and text:
            for listener in list(self._listeners):
                listener(Toast(click, text))

    def find_button(self, room_id: str, label: str) -> tuple[Message, Button] | None:
        """The newest button with this label in a room."""
        for message in reversed(self._room(room_id).messages.values()):
            for row in message.buttons:
                for button in row:
                    if button.label == label:
                        return message, button
        return None

    async def _hand_over(
        self,
        room: Room,
        person: Person,
        kind: Kind,
        message_id: str,
        *,
        text: str = "",
        addressed: bool = False,
        attachments: tuple[Attachment, ...] = (),
        reply_to: str = "",
        button: str = "",
        click: str = "",
    ) -> None:
        event = Incoming(
            chat=Chat(CHANNEL, BOT, room.id),
            chat_kind=room.kind,
            kind=kind,
            event=next(self._numbers),
            message_id=message_id,
            sender=Sender(person.id, person.name),
            at=self._now(),
            text=text,
            addressed=addressed,
            attachments=attachments,
            reply_to=reply_to,
            button=button,
            click=click,
            title=room.title,
        )
        await self._take_in([event])

    def _entered(self, person_id: str, room_id: str) -> tuple[Person, Room]:
        """Nobody writes as somebody who is not there: the page's word is not enough."""
        room = self._room(room_id)
        if person_id not in room.people:
            raise NoSuchMessage(room_id)
        return self.people[person_id], room

    def _room(self, room_id: str) -> Room:
        room = self.rooms.get(room_id)
        if room is None:
            raise NoSuchMessage(room_id)
        return room

    def _message(self, room_id: str, message_id: str) -> Message:
        message = self._room(room_id).messages.get(message_id)
        if message is None:
            raise NoSuchMessage(message_id)
        return message

    def _add(
        self,
        room: Room,
        author: str,
        text: str,
        *,
        buttons: tuple[tuple[Button, ...], ...] = (),
        reply_to: str = "",
        photo: str = "",
    ) -> Message:
        number = str(next(self._numbers))
        message = Message(number, room.id, author, text, self._now(), buttons, reply_to, photo=photo)
        while len(room.messages) >= KEPT:
            del room.messages[next(iter(room.messages))]
        self._keep(message)
        return message

    def _keep(self, message: Message) -> None:
        self.rooms[message.chat].messages[message.id] = message
        self.version += 1
        for changed in list(self._subscribers):
            changed()
