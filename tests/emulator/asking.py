"""Calls that ask: who am I, who is in the chat, which commands are shown, where is the file."""

import json
import re

from tests.emulator.answer import ApiError, Call
from tests.emulator.model import Member
from tests.emulator.spec import Json
from tests.emulator.state import State, find_chat, joined_chat

MAX_DOWNLOAD = 20 * 1024 * 1024


def get_me(state: State, _: Call) -> Json:
    """The bot; ``can_read_all_group_messages`` shows the privacy switch."""
    return {
        **state.world.bot.wire,
        "can_join_groups": True,
        "can_read_all_group_messages": not state.world.privacy,
        "supports_inline_queries": False,
    }


def get_chat(state: State, call: Call) -> Json:
    """All about a chat."""
    chat = joined_chat(state, call)
    kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    body: Json = {
        **chat.wire,
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(kinds, False),
    }
    if chat.emoji is not None:
        body["available_reactions"] = [{"type": "emoji", "emoji": emoji} for emoji in chat.emoji]
    if chat.linked is not None:
        body["linked_chat_id"] = chat.linked.id
    return body


def get_chat_member(state: State, call: Call) -> Json:
    """One member."""
    chat = joined_chat(state, call)
    account = state.world.accounts.get(call.params["user_id"])
    if account is None:
        raise ApiError(400, "Bad Request: invalid user_id specified")
    return chat.member(account).wire


def get_chat_administrators(state: State, call: Call) -> list[Json]:
    """All administrators but other bots."""
    chat = joined_chat(state, call)
    if chat.type == "private":
        raise ApiError(400, "Bad Request: there are no administrators in the private chat")
    own = state.world.bot
    shown = [member for member in chat.members.values() if member.admin]
    return [member.wire for member in shown if not member.account.is_bot or member.account is own]


def leave_chat(state: State, call: Call) -> bool:
    """The bot goes; it is told so like anybody else."""
    chat, bot = joined_chat(state, call), state.world.bot
    if chat.type == "private":
        raise ApiError(400, "Bad Request: chat member status can't be changed in private chats")
    state.world.member_changed(chat, bot, chat.member(bot), Member(bot, "left"))
    return True


def get_file(state: State, call: Call) -> Json:
    """Where to download a file from."""
    file = state.world.files.get(call.params["file_id"])
    if file is None:
        raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    if len(file.data) > MAX_DOWNLOAD:
        raise ApiError(400, "Bad Request: file is too big")
    sized: Json = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": len(file.data)}
    return {**sized, "file_path": file.path}


def set_my_commands(state: State, call: Call) -> bool:
    """The menu of one scope and language."""
    commands = call.params["commands"]
    if len(commands) > 100:
        raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"/?[a-z0-9_]{1,32}", command["command"]):
            raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise ApiError(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    key = _scope(state, call)
    state.world.commands[key] = commands
    if not commands:
        del state.world.commands[key]
    return True


def delete_my_commands(state: State, call: Call) -> bool:
    """Back to the next wider scope."""
    state.world.commands.pop(_scope(state, call), None)
    return True


def get_my_commands(state: State, call: Call) -> list[Json]:
    """The menu of exactly this scope."""
    return state.world.commands.get(_scope(state, call), [])


def _scope(state: State, call: Call) -> str:
    scope = call.params.get("scope", {"type": "default"})
    if "chat_id" in scope:
        find_chat(state, scope["chat_id"])
    return json.dumps([scope, call.params.get("language_code", "")], sort_keys=True)
