"""Everything Telegram knows besides the queue: accounts, chats, messages, files, button presses, command menus."""

import random
from dataclasses import dataclass

from tests.emulator import markup
from tests.emulator.backlog import Backlog
from tests.emulator.clock import Clock
from tests.emulator.model import Account, Chat, Member, Message
from tests.emulator.spec import Json

ANONYMOUS_ADMIN = Account(1087968824, "Group", "GroupAnonymousBot", is_bot=True)
TELEGRAM = Account(777000, "Telegram", language=None)
SUPERGROUP = -1_000_000_000_000


@dataclass(eq=False, slots=True)
class StoredFile:
    """Bytes behind one or more file ids."""

    id: str
    unique_id: str
    data: bytes
    path: str
    name: str | None = None
    mime: str | None = None


@dataclass(eq=False, slots=True)
class Press:
    """A button somebody pressed, and what the bot answered."""

    id: str
    account: Account
    message: Message
    data: str
    at: float
    update_id: int | None = None
    answers: int = 0
    answer: str | None = None
    alert: bool = False
    url: str | None = None

    @property
    def answered(self) -> bool:
        """The little clock on the button is gone."""
        return self.answers > 0


class World:
    """The state behind the API, without any transport."""

    def __init__(
        self, clock: Clock, backlog: Backlog, bot_id: int, bot_name: str, username: str, seed: int = 1
    ) -> None:
        self.clock, self.backlog = clock, backlog
        self.bot = Account(bot_id, bot_name, username, is_bot=True)
        self.random = random.Random(seed)
        self.privacy = True  # BotFather's switch; a group may override it in ``group_privacy``
        self.group_privacy: dict[int, bool] = {}
        self.accounts: dict[int, Account] = {self.bot.id: self.bot, TELEGRAM.id: TELEGRAM}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, StoredFile] = {}
        self.presses: dict[str, Press] = {}
        self.commands: dict[str, list[Json]] = {}
        self._next = {
            "account": 5_000_000_000,
            "group": 4_000_000_000,
            "supergroup": 2_000_000_000,
            "message": 1,
            "file": 1,
        }

    @property
    def date(self) -> int:
        """Now, as messages carry it."""
        return int(self.clock.now())

    def number(self, kind: str) -> int:
        """A fresh number of its kind."""
        self._next[kind] += 1
        return self._next[kind]

    def supergroup_id(self) -> int:
        """Ids of supergroups and channels lie below -10¹²."""
        return SUPERGROUP - self.number("supergroup")

    def private(self, account: Account) -> Chat:
        """The private chat with a person; it has the person's id."""
        if account.id not in self.chats:
            chat = Chat(account.id, "private", person=account)
            chat.members = {account.id: Member(account), self.bot.id: Member(self.bot)}
            self.chats[account.id] = chat
        return self.chats[account.id]

    def store(self, data: bytes, folder: str, name: str | None = None, mime: str | None = None) -> StoredFile:
        """Keep bytes for getFile; ids are unguessable and stable under one seed."""
        number = self.number("file")
        key = f"{folder[:2].upper()}{number:06d}{self.random.getrandbits(96):024x}"
        extension = name.rsplit(".", 1)[-1] if name and "." in name else "jpg" if folder == "photos" else "bin"
        self.files[key] = StoredFile(key, f"U{number:08d}", data, f"{folder}/file_{number}.{extension}", name, mime)
        return self.files[key]

    def photo_sizes(self, data: bytes) -> list[Json]:
        """Three sizes, smallest first, each with a file id of its own."""
        sizes = []
        for width, height, share in ((90, 67, 16), (320, 240, 4), (1280, 960, 1)):
            # Every size serves the whole bytes: a decoder must be able to read each of them.
            file = self.store(data, "photos")
            size = len(data) if share == 1 else min(len(data), len(data) // share + 1)
            sizes.append(
                {
                    "file_id": file.id,
                    "file_unique_id": file.unique_id,
                    "width": width,
                    "height": height,
                    "file_size": size,
                }
            )
        return sizes

    def message_id(self, chat: Chat) -> int:
        """Supergroups and channels count for themselves; all other chats of a bot share one counter."""
        if chat.type in ("supergroup", "channel"):
            return max(chat.messages, default=0) + 1
        return self.number("message")

    def post(
        self,
        chat: Chat,
        sender: Account,
        content: Json,
        *,
        reply_to: Message | None = None,
        thread: int | None = None,
    ) -> Message:
        """Put a message into a chat. Tells nobody."""
        body: Json = {"message_id": self.message_id(chat), "date": self.date, "chat": chat.wire}
        if chat.type != "channel":
            body["from"] = sender.wire
        body |= content
        message = Message(chat, body["message_id"], body, by_bot=sender is self.bot, reply_to=reply_to)
        if chat.is_forum:
            thread = reply_to.thread if thread is None and reply_to is not None else thread
            if thread is not None:
                body |= {"message_thread_id": thread, "is_topic_message": True}
                # Telegram shows the opening of a topic as the message replied to. A program must not take it for a reply.
                message.reply_to = reply_to or chat.messages.get(thread)
        elif chat.type == "supergroup" and reply_to is not None:
            # Reply chains of ordinary supergroups carry a thread id too, which is no topic.
            message.thread_root = body["message_thread_id"] = reply_to.thread_root or reply_to.id
        chat.messages[message.id] = message
        return message

    def reaches_bot(self, message: Message, *, service: bool = False) -> bool:
        """Privacy mode: without it, or as administrator, a bot hears everything; else only what is meant for it."""
        chat = message.chat
        if chat.type == "private":
            return True
        member = chat.member(self.bot)
        if not member.present or (chat.type == "channel" and not member.admin):
            return False
        if service or member.admin or not self.group_privacy.get(chat.id, self.privacy):
            return True
        if message.reply_to is not None and message.reply_to.by_bot:
            return True
        name = f"@{self.bot.username}".lower()
        for entity in [*message.body.get("entities", ()), *message.body.get("caption_entities", ())]:
            words = markup.part(message.text, entity).lower()
            if entity["type"] == "bot_command" and ("@" not in words or words.endswith(name)):
                return True
            if entity["type"] == "mention" and words == name:
                return True
        return False

    def announce(self, message: Message, *, edited: bool = False, service: bool = False) -> int | None:
        """Queue the update for a message, if the bot may hear it."""
        if not self.reaches_bot(message, service=service):
            return None
        kind = "channel_post" if message.chat.type == "channel" else "message"
        return self.backlog.push(f"edited_{kind}" if edited else kind, message.wire(), message.chat.id)

    def member_changed(self, chat: Chat, by: Account, old: Member, new: Member) -> int | None:
        """Record a membership and tell the bot: about itself always, about others when it is an administrator."""
        chat.members[new.account.id] = new
        own = new.account is self.bot
        if not own and not chat.member(self.bot).admin:
            return None
        body: Json = {
            "chat": chat.wire,
            "from": by.wire,
            "date": self.date,
            "old_chat_member": old.wire,
            "new_chat_member": new.wire,
        }
        return self.backlog.push("my_chat_member" if own else "chat_member", body, chat.id)
