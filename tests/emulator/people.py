"""Persons a test plays: they write, reply, edit, press buttons, react, block. All of it reaches the bot as updates."""

import re
from dataclasses import dataclass, field

from tests.emulator import markup
from tests.emulator.model import Account, Chat, Member, Message
from tests.emulator.spec import Json
from tests.emulator.world import ANONYMOUS_ADMIN, Press, World

PIXEL = bytes.fromhex(  # a valid PNG of one pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass(eq=False, repr=False)
class Person(Account):
    """``wang = em.user("王阿姨"); wang.says(group, "3栋电梯坏了")``."""

    world: World = field(kw_only=True, repr=False)

    @property
    def private(self) -> Chat:
        """The private chat with the bot."""
        return self.world.private(self)

    @property
    def inbox(self) -> list[Message]:
        """What stands in the private chat with the bot."""
        return self.private.visible

    def says(
        self,
        chat: Chat,
        text: str,
        *,
        reply_to: Message | None = None,
        thread: int | None = None,
        anonymous: bool = False,
        mentions: Account | None = None,
    ) -> Message:
        """Write a text. ``anonymous``: as an administrator who hides behind the group's name.

        ``mentions`` marks the first occurrence of that account's name as a mention without a username.
        """
        text = text.strip()
        content: Json = {"text": text}
        marks = markup.entities(text)
        if mentions is not None:
            start = markup.units(text[: text.index(mentions.name)])
            mark = {
                "type": "text_mention",
                "offset": start,
                "length": markup.units(mentions.name),
                "user": mentions.wire,
            }
            marks = sorted([*marks, mark], key=lambda entity: entity["offset"])
        if marks:
            content["entities"] = marks
        return self.sends(chat, content, reply_to=reply_to, thread=thread, anonymous=anonymous)

    def tells(self, text: str, *, reply_to: Message | None = None) -> Message:
        """Write to the bot in private."""
        return self.says(self.private, text, reply_to=reply_to)

    def starts(self, code: str = "") -> Message:
        """Press START in the private chat, with the code of a deep link."""
        return self.tells(f"/start {code}".strip())

    def opens(self, url: str) -> Message:
        """Follow a deep link ``https://t.me/<bot>?start=<code>``."""
        link = re.fullmatch(r"(?:https://t\.me/|tg://resolve\?domain=)(\w+)(?:[?&]start=([A-Za-z0-9_-]{1,64}))?", url)
        if link is None or link[1].lower() != (self.world.bot.username or "").lower():
            raise AssertionError(f"{url!r} does not lead to this bot")
        return self.starts(link[2] or "")

    def replies(self, message: Message, text: str, *, anonymous: bool = False) -> Message:
        """Reply to a message with a text."""
        return self.says(message.chat, text, reply_to=message, anonymous=anonymous)

    def sends(
        self,
        chat: Chat,
        content: Json,
        *,
        reply_to: Message | None = None,
        thread: int | None = None,
        anonymous: bool = False,
    ) -> Message:
        """Send any content in wire form (``{"sticker": {...}}``, ``{"location": {...}}``)."""
        sender: Account = self
        if anonymous:
            sender, content = ANONYMOUS_ADMIN, {"sender_chat": chat.wire, **content}
        if chat.type == "private":
            self.started = True
        message = self.world.post(chat, sender, content, reply_to=reply_to, thread=thread)
        self.world.announce(message)
        return message

    def photo(
        self,
        chat: Chat,
        caption: str = "",
        data: bytes = PIXEL,
        *,
        reply_to: Message | None = None,
        thread: int | None = None,
    ) -> Message:
        """Send a picture."""
        return self.sends(chat, self._picture(data, caption), reply_to=reply_to, thread=thread)

    def album(
        self, chat: Chat, count: int = 2, caption: str = "", *, last: bool = False, thread: int | None = None
    ) -> list[Message]:
        """Send pictures together: separate updates with one ``media_group_id``; the caption is on the first (or last)."""
        captioned = count - 1 if last else 0
        group_id = str(self.world.random.getrandbits(53))
        return [
            self.sends(
                chat,
                {**self._picture(PIXEL, caption if index == captioned else ""), "media_group_id": group_id},
                thread=thread,
            )
            for index in range(count)
        ]

    def _picture(self, data: bytes, caption: str) -> Json:
        content: Json = {"photo": self.world.photo_sizes(data)}
        if caption:
            content["caption"] = caption
            if marks := markup.entities(caption):
                content["caption_entities"] = marks
        return content

    def document(
        self, chat: Chat, name: str, data: bytes, mime: str = "application/octet-stream", caption: str = ""
    ) -> Message:
        """Send a file."""
        file = self.world.store(data, "documents", name, mime)
        document = {"file_id": file.id, "file_unique_id": file.unique_id, "file_name": name, "mime_type": mime}
        content: Json = {"document": {**document, "file_size": len(data)}}
        return self.sends(chat, {**content, "caption": caption} if caption else content)

    def location(self, chat: Chat, latitude: float, longitude: float) -> Message:
        """Send a place."""
        return self.sends(chat, {"location": {"latitude": latitude, "longitude": longitude}})

    def forwards(self, message: Message, chat: Chat, *, hidden: bool = False) -> Message:
        """Forward a message; ``hidden``: its author shows no link to the account."""
        origin: Json = {"type": "user", "date": message.body["date"], "sender_user": message.body.get("from")}
        if hidden:
            origin = {"type": "hidden_user", "date": message.body["date"], "sender_user_name": message.sender}
        kept = ("text", "entities", "caption", "caption_entities", "photo", "document", "location")
        content = {name: message.body[name] for name in kept if name in message.body}
        return self.sends(chat, {"forward_origin": origin, **content})

    def edits(self, message: Message, text: str) -> Message:
        """Change the words of an own message."""
        field_name = "text" if "text" in message.body else "caption"
        message.earlier.append(message.text)
        message.body |= {field_name: text, "edit_date": self.world.date}
        marks = "entities" if field_name == "text" else "caption_entities"
        message.body.pop(marks, None)
        if found := markup.entities(text):
            message.body[marks] = found
        self.world.announce(message, edited=True)
        return message

    def deletes(self, message: Message) -> None:
        """Remove a message. Bots are never told."""
        message.deleted = True

    def presses(
        self, message: Message, button: str | int = 0, *, data: str | None = None, inaccessible: bool = False
    ) -> Press:
        """Press an inline button, named by the beginning of its label or its place.

        ``data`` forges the payload, as a hand-made client can. Anonymous administrators press under their real id.
        """
        if data is None:
            found = message.button(button)
            if found.data is None:
                raise AssertionError(f"button {found.label!r} is a link to {found.url}")
            data = found.data
        world = self.world
        press = Press(str(world.random.getrandbits(62)), self, message, data, world.clock.now())
        world.presses[press.id] = press
        shown = message.wire()
        if inaccessible or message.deleted:
            shown = {"chat": message.chat.wire, "message_id": message.id, "date": 0}
        body: Json = {
            "id": press.id,
            "from": self.wire,
            "chat_instance": str(message.chat.id * 7919),
            "message": shown,
            "data": data,
        }
        press.update_id = world.backlog.push("callback_query", body, message.chat.id)
        return press

    def reacts(self, message: Message, *emoji: str) -> None:
        """Set (or, without emoji, remove) a reaction. Only an administrator bot that asked for it hears of it."""
        old = message.given.get(self.id, [])
        message.given[self.id] = list(emoji)
        if message.chat.type != "private" and not message.chat.member(self.world.bot).admin:
            return
        body: Json = {
            "chat": message.chat.wire,
            "message_id": message.id,
            "user": self.wire,
            "date": self.world.date,
            "old_reaction": [{"type": "emoji", "emoji": one} for one in old],
            "new_reaction": [{"type": "emoji", "emoji": one} for one in emoji],
        }
        self.world.backlog.push("message_reaction", body, message.chat.id)

    def joins(self, chat: Chat) -> Message:
        """Come into a group."""
        self.world.member_changed(chat, self, chat.member(self), Member(self))
        message = self.world.post(chat, self, {"new_chat_members": [self.wire]})
        self.world.announce(message, service=True)
        return message

    def leaves(self, chat: Chat) -> Message:
        """Go out of a group."""
        self.world.member_changed(chat, self, chat.member(self), Member(self, "left"))
        message = self.world.post(chat, self, {"left_chat_member": self.wire})
        self.world.announce(message, service=True)
        return message

    def blocks(self) -> None:
        """Block the bot: it is told once, and gets 403 from then on."""
        self._bot_becomes("kicked")
        self.blocked = True

    def unblocks(self) -> None:
        """Let the bot write again."""
        self.blocked = False
        self._bot_becomes("member")

    def _bot_becomes(self, status: str) -> None:
        bot = self.world.bot
        self.world.member_changed(self.private, self, self.private.member(bot), Member(bot, status))
