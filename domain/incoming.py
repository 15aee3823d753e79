"""What comes in, in the neutral form every face translates to. Use cases know no channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ChatKind(StrEnum):
    """A group is read by everybody; a private chat is between one person and 党小栖."""

    GROUP = "group"
    PRIVATE = "private"


class Kind(StrEnum):
    """What happened in the channel."""

    MESSAGE = "message"
    EDIT = "edit"
    BUTTON = "button"
    BOT_ADDED = "bot_added"
    BOT_REMOVED = "bot_removed"
    CHAT_MIGRATED = "chat_migrated"
    UNREADABLE = "unreadable"


class SenderKind(StrEnum):
    """Only persons can report or command. An anonymous admin is a person who hides which one he is."""

    PERSON = "person"
    ANONYMOUS_ADMIN = "anonymous_admin"
    CHANNEL = "channel"
    BOT = "bot"


class Chat(NamedTuple):
    """Where: ids repeat across bots and channels, so all three belong together.

    A tuple, as all here: some are made of every message of a group and looked up by, nearly always for nothing.
    """

    channel: str
    bot: str
    id: str


class Sender(NamedTuple):
    """Who, as the channel names them. ``name`` may be empty and is never trusted for rights."""

    id: str
    name: str = ""
    kind: SenderKind = SenderKind.PERSON


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or file, by the channel's own reference. It is fetched only when a ticket needs it."""

    kind: str
    ref: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that is being replied to, where the channel brings it along."""

    text: str
    sender: Sender
    at: datetime


class Incoming(NamedTuple):
    """One thing that happened in one chat. ``event`` orders the events of a channel; ``at`` is aware UTC."""

    chat: Chat
    chat_kind: ChatKind
    kind: Kind
    event: int
    message_id: str
    sender: Sender
    at: datetime
    text: str = ""
    addressed: bool = False
    forwarded: bool = False
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ""
    album: str = ""
    thread: str = ""
    button: str = ""
    click: str = ""
    new_chat_id: str = ""
    title: str = ""
    quoted: Quoted | None = None
