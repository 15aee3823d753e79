"""Telegram's updates as the neutral events of ``domain.incoming``.

The raw JSON is read directly: python-telegram-bot's ``Update.de_json`` costs 89 µs an update where this costs a tenth, and one
update it cannot parse must not stop the others (docs/decisions/0002). Whatever is missing or of another shape raises, and the
caller sets that one update aside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeGuard

from domain.incoming import Attachment, Chat, ChatKind, Incoming, Kind, Quoted, Sender, SenderKind

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
"""Always sent with the poll: what is left out would stay as some earlier program set it."""

ANONYMOUS_ADMIN = 1087968824
LINKED_CHANNEL = 777000
_KINDS = {"private": ChatKind.PRIVATE, "group": ChatKind.GROUP, "supergroup": ChatKind.GROUP}
_LEFT = frozenset({"left", "kicked"})
_MOST = 2**63


@dataclass(slots=True)
class Me:
    """Who the bot is, from ``getMe``. The name is empty until Telegram has told it (the channel may be down at start)."""

    id: int
    username: str

    @property
    def bot(self) -> str:
        """The bot as chats name it."""
        return str(self.id)

    @property
    def mention(self) -> str:
        """How people call it in a group, in small letters; empty while its name is not known."""
        return f"@{self.username.lower()}" if self.username else ""


def translate(raw: object, me: Me, now: datetime) -> Incoming | None:
    """One update as an event, or nothing where it is none of our business; an unreadable one is said to be so."""
    if not isinstance(raw, Mapping):
        return None
    try:
        return _event(raw, me, now)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, OSError):
        return _unreadable(raw, me, now)


def _event(raw: Mapping[str, Any], me: Me, now: datetime) -> Incoming | None:
    event = raw["update_id"]
    if not is_update_id(event):
        raise ValueError("update_id")
    if (message := raw.get("message")) is not None:
        return _message(event, message, me, Kind.MESSAGE)
    if (message := raw.get("edited_message")) is not None:
        return _message(event, message, me, Kind.EDIT)
    if (query := raw.get("callback_query")) is not None:
        return _press(event, query, me, now)
    if (change := raw.get("my_chat_member")) is not None:
        return _membership(event, change, me)
    return None


def _unreadable(raw: Mapping[str, Any], me: Me, now: datetime) -> Incoming | None:
    """Keep where it happened, as far as that can be told, so that somebody can look it up in the group."""
    update_id = raw.get("update_id")
    if not is_update_id(update_id):
        return None
    found: Mapping[str, Any] = next((v for v in raw.values() if isinstance(v, Mapping)), {})
    if isinstance(message := found.get("message"), Mapping):  # of a pressed button
        found = message
    chat = found.get("chat")
    where = Chat("telegram", me.bot, _number(chat.get("id")) if isinstance(chat, Mapping) else "")
    private = isinstance(chat, Mapping) and chat.get("type") == "private"
    kind = ChatKind.PRIVATE if private else ChatKind.GROUP
    sender = Sender(where.id if private else "")  # a private chat has the number of its person
    return Incoming(where, kind, Kind.UNREADABLE, update_id, _number(found.get("message_id")), sender, now)


def is_update_id(value: object) -> TypeGuard[int]:
    """Whether this can be the number of an update: anything else could neither be filtered nor confirmed."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST


def _number(value: object) -> str:
    """An id, if it is one: in an unreadable update anything may stand in its place, words too."""
    return str(value) if isinstance(value, int) and abs(value) < _MOST else ""


def _chat(raw: Mapping[str, Any], me: Me) -> tuple[Chat, ChatKind] | None:
    kind = _KINDS.get(raw["type"])
    return None if kind is None else (_known_chat(me.id, int(raw["id"])), kind)


@lru_cache(maxsize=4096)
def _known_chat(bot: int, number: int) -> Chat:
    return Chat("telegram", str(bot), str(number))


def _message(event: int, raw: Mapping[str, Any], me: Me, kind: Kind) -> Incoming | None:
    where = _chat(raw["chat"], me)
    if where is None:
        return None
    chat, chat_kind = where
    new_chat_id = str(raw["migrate_to_chat_id"]) if "migrate_to_chat_id" in raw else ""
    text, addressed, foreign = _text(raw, me)
    attachments = _attachments(raw)
    if foreign or not (text or attachments or new_chat_id or addressed):
        return None  # a command for another bot, or a service message; our bare name is somebody calling us
    at = raw["edit_date"] if kind is Kind.EDIT and raw.get("edit_date") else raw["date"]
    thread = str(raw["message_thread_id"]) if raw.get("is_topic_message") else ""
    replied = raw.get("reply_to_message") or {}
    reply_to = str(replied["message_id"]) if replied and "forum_topic_created" not in replied else ""
    return Incoming(
        chat=chat,
        chat_kind=chat_kind,
        kind=Kind.CHAT_MIGRATED if new_chat_id else kind,
        event=event,
        message_id=str(int(raw["message_id"])),
        sender=_sender(raw),
        at=datetime.fromtimestamp(at, UTC),
        text=text,
        addressed=addressed or chat_kind is ChatKind.PRIVATE,
        forwarded="forward_origin" in raw,
        attachments=attachments,
        reply_to=reply_to,
        album=str(raw.get("media_group_id", "")),
        thread=thread,
        new_chat_id=new_chat_id,
        title=str(raw["chat"].get("title", "")),
        quoted=_quoted(replied) if reply_to and text.startswith("/") else None,
    )


def _quoted(raw: Mapping[str, Any]) -> Quoted | None:
    """What is replied to. Wanted by commands only (是诉求), so it is not even read for talk."""
    text = str(raw.get("text") or raw.get("caption") or "")
    return Quoted(text, _sender(raw), datetime.fromtimestamp(raw["date"], UTC)) if text and raw.get("date") else None


def _sender(raw: Mapping[str, Any]) -> Sender:
    person = raw.get("from") or {}
    name = f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
    number = str(person.get("id", ""))
    behind = raw.get("sender_chat")
    if behind is not None:
        hidden = behind["id"] == raw["chat"]["id"]
        return Sender(str(behind["id"]), "", SenderKind.ANONYMOUS_ADMIN if hidden else SenderKind.CHANNEL)
    if raw.get("is_automatic_forward") or person.get("id") == LINKED_CHANNEL:
        return Sender(number, "", SenderKind.CHANNEL)
    return Sender(number, name, SenderKind.BOT if person.get("is_bot") else SenderKind.PERSON)


def _text(raw: Mapping[str, Any], me: Me) -> tuple[str, bool, bool]:
    """The text without the mention of ourselves; whether we were addressed; whether it is a command for another bot."""
    text = str(raw.get("text") or raw.get("caption") or "")
    entities = raw.get("entities") or raw.get("caption_entities") or ()
    if "@" not in text and not entities:
        return text, False, False
    command = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    _, at, whom = command.partition("@")
    if at and whom.lower() != me.username.lower():
        return "", False, True
    mention = me.mention
    place = text.lower().find(mention) if mention else -1
    after = text[place + len(mention) : place + len(mention) + 1]
    if place < 0 or (after.isascii() and (after.isalnum() or after == "_")):  # @dangxiaoqi_bot2 is somebody else
        named = any(e.get("type") == "text_mention" and e["user"]["id"] == me.id for e in entities)
        return text, named, False
    return f"{text[:place]}{text[place + len(mention) :]}".strip(), True, False


def _attachments(raw: Mapping[str, Any]) -> tuple[Attachment, ...]:
    if "text" in raw:
        return ()
    if photos := raw.get("photo"):
        best = max(photos, key=lambda size: size["width"] * size["height"])
        return (Attachment("photo", str(best["file_id"]), int(best.get("file_size", 0))),)
    for kind in ("voice", "video", "document", "audio"):
        if found := raw.get(kind):
            return (Attachment(kind, str(found["file_id"]), int(found.get("file_size", 0))),)
    return ()


def _press(event: int, raw: Mapping[str, Any], me: Me, now: datetime) -> Incoming | None:
    message = raw.get("message")
    where = _chat(message["chat"], me) if message else None
    if message is None or where is None:
        return None
    person = raw["from"]
    name = f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
    return Incoming(
        chat=where[0],
        chat_kind=where[1],
        kind=Kind.BUTTON,
        event=event,
        message_id=str(int(message["message_id"])),
        sender=Sender(str(int(person["id"])), name),
        at=now,
        button=str(raw.get("data", "")),
        click=str(raw["id"]),
        thread=str(message["message_thread_id"]) if message.get("is_topic_message") else "",
    )


def _membership(event: int, raw: Mapping[str, Any], me: Me) -> Incoming | None:
    where = _chat(raw["chat"], me)
    was, now = raw["old_chat_member"]["status"], raw["new_chat_member"]["status"]
    if where is None or where[1] is ChatKind.PRIVATE or (was in _LEFT) == (now in _LEFT):
        return None
    return Incoming(
        chat=where[0],
        chat_kind=where[1],
        kind=Kind.BOT_REMOVED if now in _LEFT else Kind.BOT_ADDED,
        event=event,
        message_id=f"member{event}",
        sender=Sender(str(int(raw["from"]["id"]))),
        at=datetime.fromtimestamp(raw["date"], UTC),
        title=str(raw["chat"].get("title", "")),
    )
