"""Calls that change what is already there: edits, deletions, reactions, answers to button presses."""

from tests.emulator import markup
from tests.emulator.answer import ApiError, Call
from tests.emulator.model import Chat, Message
from tests.emulator.sending import MAX_TEXT
from tests.emulator.spec import Json
from tests.emulator.state import State, content_of, find_message, joined_chat, writable_chat

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
TWO_DAYS = 48 * 3600
EMOJI = frozenset(
    [
        "❤",
        "👍",
        "👎",
        "🔥",
        "🥰",
        "👏",
        "😁",
        "🤔",
        "🤯",
        "😱",
        "🤬",
        "😢",
        "🎉",
        "🤩",
        "🤮",
        "💩",
        "🙏",
        "👌",
        "🕊",
        "🤡",
        "🥱",
        "🥴",
        "😍",
        "🐳",
        "❤\u200d🔥",
        "🌚",
        "🌭",
        "💯",
        "🤣",
        "⚡",
        "🍌",
        "🏆",
        "💔",
        "🤨",
        "😐",
        "🍓",
        "🍾",
        "💋",
        "🖕",
        "😈",
        "😴",
        "😭",
        "🤓",
        "👻",
        "👨\u200d💻",
        "👀",
        "🎃",
        "🙈",
        "😇",
        "😨",
        "🤝",
        "✍",
        "🤗",
        "🫡",
        "🎅",
        "🎄",
        "☃",
        "💅",
        "🤪",
        "🗿",
        "🆒",
        "💘",
        "🙉",
        "🦄",
        "😘",
        "💊",
        "🙊",
        "😎",
        "👾",
        "🤷\u200d♂",
        "🤷",
        "🤷\u200d♀",
        "😡",
    ]
)


def edit_message_text(state: State, call: Call) -> Json:
    """New words; without a keyboard in the call the old one goes."""
    params = call.params
    message = _editable(state, call)
    if "text" not in params:
        raise ApiError(400, "Bad Request: message text is empty")
    if "text" not in message.body:
        raise ApiError(400, "Bad Request: there is no text in the message to edit")
    text, marks = markup.outgoing(params["text"], params.get("parse_mode"), params.get("entities"))
    if not text:
        raise ApiError(400, "Bad Request: message text is empty")
    if len(text) > MAX_TEXT:
        raise ApiError(400, "Bad Request: message is too long")
    new: Json = {"text": text}
    if marks:
        new["entities"] = marks
    return _edited(state, message, {**new, **_keyboard(params)}, ("text", "entities", "reply_markup"))


def edit_message_reply_markup(state: State, call: Call) -> Json:
    """New buttons, or none."""
    return _edited(state, _editable(state, call), _keyboard(call.params), ("reply_markup",))


def _editable(state: State, call: Call) -> Message:
    if "chat_id" not in call.params or "message_id" not in call.params:
        raise ApiError(400, "Bad Request: message identifier is not specified")
    chat = writable_chat(state, call)
    message = find_message(chat, call.params["message_id"], "message to edit not found")
    if not message.by_bot:
        raise ApiError(400, "Bad Request: message can't be edited")
    return message


def _keyboard(params: Json) -> Json:
    keyboard = params.get("reply_markup")
    markup.check_keyboard(keyboard)
    return {"reply_markup": keyboard} if keyboard and keyboard["inline_keyboard"] else {}


def _edited(state: State, message: Message, new: Json, fields: tuple[str, ...]) -> Json:
    before = content_of(message)
    if all(before[name] == new.get(name) for name in fields):
        raise ApiError(400, NOT_MODIFIED)
    message.earlier.append(message.text)
    for name in fields:
        message.body.pop(name, None)
    message.body |= {**new, "edit_date": state.world.date}
    return message.wire()


def delete_message(state: State, call: Call) -> bool:
    """Remove an own message, or another's where the bot has the right; not after 48 hours."""
    chat = joined_chat(state, call)
    message = find_message(chat, call.params["message_id"], "message to delete not found")
    allowed = message.by_bot or chat.type == "private" or chat.member(state.world.bot).admin
    young = state.world.date - message.body["date"] <= TWO_DAYS
    if not allowed or not (young or (chat.type != "private" and chat.member(state.world.bot).admin)):
        raise ApiError(400, "Bad Request: message can't be deleted")
    message.deleted = True
    return True


def set_message_reaction(state: State, call: Call) -> bool:
    """At most one ordinary emoji from a bot; an empty list takes it back."""
    chat = joined_chat(state, call)
    message = find_message(chat, call.params["message_id"], "message to react not found")
    reaction = call.params.get("reaction", [])
    if len(reaction) > 1:
        raise ApiError(400, "Bad Request: REACTIONS_TOO_MANY")
    if any(not _allowed(chat, one) for one in reaction):
        raise ApiError(400, "Bad Request: REACTION_INVALID")
    emoji = [one["emoji"] for one in reaction]
    message.given.pop(state.world.bot.id, None)
    if emoji:
        message.given[state.world.bot.id] = emoji
        message.bot_reactions += emoji
    return True


def _allowed(chat: Chat, reaction: Json) -> bool:
    if reaction["type"] != "emoji" or reaction["emoji"] not in EMOJI:
        return False
    return chat.emoji is None or reaction["emoji"] in chat.emoji


def answer_callback_query(state: State, call: Call) -> bool:
    """Stop the little clock on a button. Too late is an error, a second answer is not."""
    press = state.world.presses.get(call.params["callback_query_id"])
    if press is None or state.clock.now() - press.at > state.press_lifetime:
        raise ApiError(400, TOO_OLD)
    if len(call.params.get("text", "")) > 200:
        raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
    press.answers += 1
    press.answer = call.params.get("text")
    press.alert = call.params.get("show_alert", False)
    press.url = call.params.get("url")
    return True
