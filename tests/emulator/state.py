"""What the method handlers share, and the checks every call about a chat begins with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.emulator.answer import ApiError, Call, Journal
from tests.emulator.backlog import Backlog
from tests.emulator.clock import Clock
from tests.emulator.faults import Faults
from tests.emulator.limits import Limits
from tests.emulator.model import Chat, Message
from tests.emulator.spec import Json, Spec, Upload
from tests.emulator.world import World


@dataclass(eq=False)
class Hook:
    """Where updates are pushed to, when they are pushed."""

    url: str = ""
    secret: str | None = None
    max_connections: int = 40
    last_error: str | None = None
    last_error_date: int | None = None


@dataclass(eq=False)
class State:
    """One bot's whole Bot API."""

    clock: Clock
    spec: Spec
    world: World
    backlog: Backlog
    limits: Limits
    faults: Faults
    journal: Journal
    hook: Hook = field(default_factory=Hook)
    violations: list[str] = field(default_factory=list)
    on_call: list[Callable[[Call], None]] = field(default_factory=list)
    press_lifetime: float = 60.0  # seconds until a button press can no longer be answered


def find_chat(state: State, chat_id: int | str) -> Chat:
    """The chat of an id or a public name."""
    world = state.world
    if isinstance(chat_id, str):
        named = (chat for chat in world.chats.values() if chat.username and f"@{chat.username}" == chat_id)
        chat = next(named, None)
    else:
        chat = world.chats.get(chat_id)
        if chat is None and chat_id in world.accounts and chat_id != world.bot.id:
            chat = world.private(world.accounts[chat_id])
    if chat is None:
        raise ApiError(400, "Bad Request: chat not found")
    if chat.migrated_to is not None:
        words = "Bad Request: group chat was upgraded to a supergroup chat"
        raise ApiError(400, words, migrate_to_chat_id=chat.migrated_to.id)
    return chat


def joined_chat(state: State, call: Call) -> Chat:
    """A chat the bot may look into."""
    chat = find_chat(state, call.params["chat_id"])
    status = chat.member(state.world.bot).status
    if chat.type != "private" and status in ("left", "kicked"):
        kind = "channel" if chat.type == "channel" else f"{chat.type} chat"
        if status == "kicked":
            raise ApiError(403, f"Forbidden: bot was kicked from the {kind}")
        raise ApiError(403, f"Forbidden: bot is not a member of the {kind}")
    return chat


def writable_chat(state: State, call: Call) -> Chat:
    """A chat the bot may write into."""
    chat = joined_chat(state, call)
    if chat.person is not None:
        if chat.person.deactivated:
            raise ApiError(403, "Forbidden: user is deactivated")
        if chat.person.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if not chat.person.started:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
    member = chat.member(state.world.bot)
    if member.silenced:
        raise ApiError(400, "Bad Request: not enough rights to send text messages to the chat")
    if chat.type == "channel" and not member.admin:
        raise ApiError(403, "Forbidden: bot is not an administrator of the channel chat")
    return chat


def find_message(chat: Chat, message_id: int | None, missing: str) -> Message:
    """A message that still stands in the chat."""
    message = chat.messages.get(message_id or 0)
    if message is None or message.deleted:
        raise ApiError(400, f"Bad Request: {missing}")
    return message


def upload_of(call: Call, value: object) -> Upload | None:
    """The file part a parameter means: the part itself, or one named by ``attach://``."""
    if isinstance(value, Upload):
        return value
    if isinstance(value, str) and value.startswith("attach://"):
        part = call.uploads.get(value.removeprefix("attach://"))
        if part is None:
            raise ApiError(400, "Bad Request: can't parse media: file part not found")
        return part
    return None


def content_of(message: Message) -> Json:
    """What an edit changes: words, marks and buttons."""
    return {name: message.body.get(name) for name in ("text", "entities", "caption", "reply_markup")}
