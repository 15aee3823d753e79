"""How 党小栖 speaks in the local chat: the same rows of the same outbox as everywhere, put into memory instead of a network."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.web.chats import Button, Chats, NoSuchMessage
from domain.outgoing import Op
from scheduler.delivery import Outcome, Receipt
from storage.outbox import Row


class WebFace:
    """A channel without a network: an outcome is never unknown and nothing has to wait."""

    per_minute = 0

    def __init__(self, chats: Chats) -> None:
        """``chats``: where it speaks."""
        self._chats = chats

    async def deliver(self, row: Row, text: str) -> Receipt:
        """Do what the row says. A chat that does not exist cannot be reached; a message that is gone cannot be changed."""
        try:
            return Receipt(Outcome.SENT, self._do(row, text))
        except NoSuchMessage as gone:
            known = row.chat.id in self._chats.rooms
            return Receipt(Outcome.FAILED if known else Outcome.UNREACHABLE, error=f"gone:{gone}")

    def _do(self, row: Row, text: str) -> str:
        body, room = row.body, row.chat.id
        match row.op:
            case Op.SEND:
                return self._chats.put(
                    room,
                    text,
                    buttons=_buttons(body),
                    reply_to=str(body.get("reply_to", "")),
                    photo=str(body.get("photo", "")),
                ).id
            case Op.EDIT:
                self._chats.edit(room, row.target, text, _buttons(body))
                return row.target
            case Op.REACT:
                self._chats.react(room, str(body["message_id"]), str(body["emoji"]))
                return ""
            case Op.ANSWER:
                self._chats.answer(str(body["click"]), text)
                return ""


def _buttons(body: Mapping[str, Any]) -> tuple[tuple[Button, ...], ...]:
    rows: Sequence[Sequence[Mapping[str, str]]] = body.get("buttons", ())
    return tuple(tuple(Button(b["label"], b["data"]) for b in row) for row in rows)
