"""Accounts, chats and messages: what Telegram remembers, each with its form on the wire."""

from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from tests.emulator.spec import Json

ADMIN_RIGHTS: Json = {
    "can_manage_chat": True,
    "can_delete_messages": True,
    "can_manage_video_chats": False,
    "can_restrict_members": False,
    "can_promote_members": False,
    "can_change_info": False,
    "can_invite_users": True,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_pin_messages": True,
}
LIMITED_RIGHTS = [
    "can_add_web_page_previews",
    "can_change_info",
    "can_edit_tag",
    "can_invite_users",
    "can_manage_topics",
    "can_pin_messages",
    "can_react_to_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_messages",
    "can_send_other_messages",
    "can_send_photos",
    "can_send_polls",
    "can_send_video_notes",
    "can_send_videos",
    "can_send_voice_notes",
]
PRESENT = frozenset({"creator", "administrator", "member", "restricted"})


@dataclass(eq=False, repr=False)
class Account:
    """A person or a bot."""

    id: int
    name: str
    username: str | None = None
    is_bot: bool = False
    last_name: str | None = None
    language: str | None = "zh-hans"
    started: bool = False  # has written to our bot, so the bot may write back
    blocked: bool = False  # has blocked our bot
    deactivated: bool = False

    @override
    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    @property
    def wire(self) -> Json:
        """The ``User`` object."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        if self.last_name:
            user["last_name"] = self.last_name
        if self.username:
            user["username"] = self.username
        if self.language and not self.is_bot:
            user["language_code"] = self.language
        return user


@dataclass(eq=False)
class Member:
    """An account in a chat."""

    account: Account
    status: str = "member"
    anonymous: bool = False
    silenced: bool = False

    @property
    def present(self) -> bool:
        """Is in the chat."""
        return self.status in PRESENT

    @property
    def admin(self) -> bool:
        """Has administrator rights."""
        return self.status in ("creator", "administrator")

    @property
    def wire(self) -> Json:
        """The ``ChatMember`` object."""
        body: Json = {"status": self.status, "user": self.account.wire}
        match self.status:
            case "creator":
                body["is_anonymous"] = self.anonymous
            case "administrator":
                body |= {"can_be_edited": False, "is_anonymous": self.anonymous, **ADMIN_RIGHTS}
            case "restricted":
                body |= {"is_member": True, "until_date": 0}
                body |= {right: not (self.silenced and right.startswith("can_send")) for right in LIMITED_RIGHTS}
            case "kicked":
                body["until_date"] = 0
        return body


@dataclass(eq=False, repr=False)
class Chat:
    """A conversation. Deleted messages stay in ``messages``, marked, because a test asks what happened to them."""

    id: int
    type: str
    title: str | None = None
    username: str | None = None
    is_forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    messages: "dict[int, Message]" = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    emoji: list[str] | None = None  # allowed reactions; None: all
    linked: "Chat | None" = None
    migrated_to: "Chat | None" = None
    person: Account | None = None  # the other side of a private chat

    @property
    def wire(self) -> Json:
        """The ``Chat`` object."""
        if self.person is not None:
            body: Json = {"id": self.id, "type": "private", "first_name": self.person.name}
            if self.person.last_name:
                body["last_name"] = self.person.last_name
        else:
            body = {"id": self.id, "type": self.type, "title": self.title or ""}
        name = self.person.username if self.person is not None else self.username
        if name:
            body["username"] = name
        if self.is_forum:
            body["is_forum"] = True
        return body

    def member(self, account: Account) -> Member:
        """The membership of an account; one who never came has left."""
        return self.members.get(account.id) or Member(account, "left")

    @override
    def __repr__(self) -> str:
        return f"<{self.type} {self.id} {self.title or self.person!r}>"

    @property
    def visible(self) -> "list[Message]":
        """What a person who opens the chat sees, oldest first."""
        return [message for message in self.messages.values() if not message.deleted]


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button."""

    label: str
    data: str | None
    url: str | None
    row: int


@dataclass(eq=False, repr=False)
class Message:
    """A message; ``body`` is its wire form without the message it replies to."""

    chat: Chat
    id: int
    body: Json
    by_bot: bool = False
    reply_to: "Message | None" = None
    deleted: bool = False
    thread_root: int | None = None
    earlier: list[str] = field(default_factory=list)  # texts before each edit
    given: dict[int, list[str]] = field(default_factory=dict)  # account id → reactions shown now
    bot_reactions: list[str] = field(default_factory=list)  # every reaction our bot ever set, in order
    keyboard: Json | None = None  # a reply keyboard, which no answer repeats

    def wire(self, nested: bool = True) -> Json:
        """The ``Message`` object; a nested message is never nested further."""
        if nested and self.reply_to is not None:
            return {**self.body, "reply_to_message": self.reply_to.wire(nested=False)}
        return dict(self.body)

    @property
    def text(self) -> str:
        """The words, of a text or under a picture."""
        return str(self.body.get("text", self.body.get("caption", "")))

    @property
    def edited(self) -> bool:
        """Shows the mark "edited"."""
        return "edit_date" in self.body

    @property
    def thread(self) -> int | None:
        """The topic it lies in."""
        return self.body.get("message_thread_id") if self.body.get("is_topic_message") else None

    @property
    def sender(self) -> str:
        """The name shown above it."""
        shown: dict[str, Any] = self.body.get("sender_chat") or self.body.get("from") or {}
        return str(shown.get("title") or shown.get("first_name") or "")

    @property
    def reactions(self) -> list[str]:
        """All emoji shown under it."""
        return [emoji for given in self.given.values() for emoji in given]

    @property
    def buttons(self) -> list[Button]:
        """Inline buttons in reading order."""
        rows = self.body.get("reply_markup", {}).get("inline_keyboard", [])
        return [
            Button(button["text"], button.get("callback_data"), button.get("url"), number)
            for number, row in enumerate(rows)
            for button in row
        ]

    @property
    def labels(self) -> list[str]:
        """What the buttons say."""
        return [button.label for button in self.buttons]

    def button(self, which: str | int) -> Button:
        """A button by its place, or by how its label begins (or, failing that, by a part of it)."""
        buttons = self.buttons
        if isinstance(which, int):
            return buttons[which]
        for fits in (str.startswith, str.__contains__):
            for button in buttons:
                if fits(button.label, which):
                    return button
        raise AssertionError(f"no button {which!r} under {self.text[:60]!r}, only {self.labels}")

    @property
    def plain(self) -> Json:
        """For the control endpoint."""
        return {
            "id": self.id,
            "chat": self.chat.id,
            "from": self.sender,
            "by_bot": self.by_bot,
            "text": self.text,
            "buttons": [{"label": button.label, "data": button.data, "url": button.url} for button in self.buttons],
            "edited": self.edited,
            "reply_to": self.reply_to.id if self.reply_to else None,
            "thread": self.thread,
            "reactions": self.reactions,
            "date": self.body["date"],
        }

    @override
    def __repr__(self) -> str:
        """Short enough for a failed assertion."""
        marks = "".join((" (edited)" if self.edited else "", f" {self.reactions}" if self.given else ""))
        return f"<{self.chat.id}/{self.id} {self.sender}: {self.text!r:.80} {self.labels or ''}{marks}>"
