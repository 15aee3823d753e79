"""One outbox row, one call of the Bot API, one honest outcome."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReactionTypeEmoji,
    ReplyParameters,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from domain.outgoing import Op
from scheduler.delivery import Outcome, Receipt
from storage.outbox import Row

LONGEST = 4096

# The request has surely not reached the server; everything else may have (python-telegram-bot#1045, #3937).
_NOT_SENT = (httpx.PoolTimeout, httpx.ConnectTimeout, httpx.ConnectError, httpx.UnsupportedProtocol)
_GONE = ("chat not found", "user is deactivated", "bot was kicked", "not enough rights", "have no rights")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramFace:
    """Sends through python-telegram-bot's ``Bot``; knows nothing of tickets."""

    def __init__(self, bot: Bot, per_minute: int) -> None:
        """``per_minute``: messages and edits a group may get (Telegram: 20)."""
        self._bot = bot
        self.per_minute = per_minute

    async def deliver(self, row: Row, text: str) -> Receipt:
        """Make the call of this row and say what came of it."""
        try:
            return Receipt(Outcome.SENT, message_id=await self._call(row, text[:LONGEST]))
        except TelegramError as error:
            return _outcome(error)

    async def _call(self, row: Row, text: str) -> str:
        chat_id, body = int(row.chat.id), row.body
        thread = int(row.thread) if row.thread else None
        match row.op:
            case Op.SEND if "photo" in body:
                sent = await self._bot.send_photo(chat_id, body["photo"], text or None, message_thread_id=thread)
                return str(sent.message_id)
            case Op.SEND:
                sent = await self._bot.send_message(
                    chat_id,
                    text,
                    message_thread_id=thread,
                    reply_parameters=_reply(body),
                    reply_markup=_buttons(body),
                    link_preview_options=_NO_PREVIEW,
                )
                return str(sent.message_id)
            case Op.EDIT:
                await self._bot.edit_message_text(
                    text, chat_id, int(row.target), reply_markup=_buttons(body), link_preview_options=_NO_PREVIEW
                )
                return row.target
            case Op.REACT:
                reaction = [ReactionTypeEmoji(body["emoji"])]
                await self._bot.set_message_reaction(chat_id, int(body["message_id"]), reaction)
            case Op.ANSWER:
                await self._bot.answer_callback_query(body["click"], text or None, show_alert=len(text) > 30)
        return ""


def _reply(body: Mapping[str, Any]) -> ReplyParameters | None:
    reply_to = str(body.get("reply_to", ""))
    # The message may be gone, or its id may be none of Telegram's; what we say about it must arrive all the same.
    is_id = reply_to.isascii() and reply_to.isdecimal()
    return ReplyParameters(int(reply_to), allow_sending_without_reply=True) if is_id else None


def _buttons(body: Mapping[str, Any]) -> InlineKeyboardMarkup | None:
    rows = body.get("buttons")
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b["label"], callback_data=b["data"]) for b in row] for row in rows]
    )


def _outcome(error: TelegramError) -> Receipt:
    words = error.message.lower()
    name = type(error).__name__
    match error:
        case RetryAfter():
            wait = error.retry_after
            return Receipt(
                Outcome.LATER, error=name, seconds=wait.total_seconds() if isinstance(wait, timedelta) else wait
            )
        case ChatMigrated():
            return Receipt(Outcome.MOVED, error=name, new_chat_id=str(error.new_chat_id))
        case Forbidden():
            return Receipt(Outcome.UNREACHABLE, error=name)
        case InvalidToken():
            return Receipt(Outcome.NOT_SENT, error=name)
        case BadRequest() if "message is not modified" in words:
            return Receipt(Outcome.SENT)
        case BadRequest() if "reaction" in words:
            return Receipt(Outcome.NO_EMOJI, error=name)
        case BadRequest():
            gone = any(part in words for part in _GONE)
            return Receipt(Outcome.UNREACHABLE if gone else Outcome.FAILED, error=name)
        case NetworkError():
            cause = error.__cause__
            surely = isinstance(cause, _NOT_SENT)
            error_name = type(cause).__name__ if cause is not None else name
            return Receipt(Outcome.NOT_SENT if surely else Outcome.UNKNOWN, error=error_name)
    return Receipt(Outcome.UNKNOWN, error=name)
