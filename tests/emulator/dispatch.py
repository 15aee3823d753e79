"""From a checked call to its checked answer."""

import json
from collections.abc import Callable
from typing import Any

from tests.emulator import asking, editing, sending
from tests.emulator.answer import ApiError, Call
from tests.emulator.backlog import Entry
from tests.emulator.faults import Fault
from tests.emulator.polling import Gone, Poller
from tests.emulator.spec import SpecError
from tests.emulator.state import State
from tests.emulator.webhook import Pusher

Handler = Callable[[State, Call], Any]

HANDLERS: dict[str, Handler] = {
    "answerCallbackQuery": editing.answer_callback_query,
    "deleteMessage": editing.delete_message,
    "deleteMyCommands": asking.delete_my_commands,
    "editMessageReplyMarkup": editing.edit_message_reply_markup,
    "editMessageText": editing.edit_message_text,
    "getChat": asking.get_chat,
    "getChatAdministrators": asking.get_chat_administrators,
    "getChatMember": asking.get_chat_member,
    "getFile": asking.get_file,
    "getMe": asking.get_me,
    "getMyCommands": asking.get_my_commands,
    "leaveChat": asking.leave_chat,
    "sendDocument": sending.send_document,
    "sendMediaGroup": sending.send_media_group,
    "sendMessage": sending.send_message,
    "sendPhoto": sending.send_photo,
    "setMessageReaction": editing.set_message_reaction,
    "setMyCommands": asking.set_my_commands,
}


class Dispatcher:
    """Finds the handler of a method, applies the limits, checks what comes out."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.poller, self.pusher = Poller(state), Pusher(state)
        self._hooks: dict[str, Callable[[Call], Any]] = {
            "setWebhook": self.pusher.set_webhook,
            "deleteWebhook": self.pusher.delete_webhook,
            "getWebhookInfo": self.pusher.info,
        }

    @property
    def methods(self) -> frozenset[str]:
        """Everything that can be called."""
        return frozenset({*HANDLERS, *self._hooks, "getUpdates"})

    async def execute(self, call: Call, fault: Fault | None, gone: Gone) -> tuple[int, bytes]:
        """HTTP status and body of the true answer, whatever then becomes of it."""
        try:
            if call.method == "getUpdates":
                return 200, await self._get_updates(call, fault, gone)
            self.state.limits.check(call)
            if call.method in self._hooks:
                call.result = self._hooks[call.method](call)
            else:
                call.result = HANDLERS[call.method](self.state, call)
            call.applied = True
            self.state.spec.check_result(call.method, call.result)
        except ApiError as error:
            return self.refuse(call, error)
        except SpecError as problem:
            self.state.violations.append(f"the emulator's own answer: {problem}")
        return 200, json.dumps({"ok": True, "result": call.result}, ensure_ascii=False).encode()

    def refuse(self, call: Call, error: ApiError) -> tuple[int, bytes]:
        """An error answer, itself checked."""
        call.error = error
        self.state.spec.check("ResponseParameters", error.parameters)
        return error.code, json.dumps(error.body, ensure_ascii=False).encode()

    async def _get_updates(self, call: Call, fault: Fault | None, gone: Gone) -> bytes:
        """Updates were checked and encoded when they were queued; here they are only joined."""
        backlog = self.state.backlog
        kind = fault.kind if fault else None
        before = backlog.last_batch
        if kind == "unparsable_update":
            chat = {"id": -1, "type": "supergroup", "title": "?"}
            backlog.inject(
                {"message": {"message_id": 1, "date": "yesterday", "chat": chat, "text": ["not", "a", "text"]}}
            )
        elif kind == "unknown_update":
            backlog.inject({"telepathy": {"thought": "x", "date": self.state.world.date}})
        batch = await self.poller.get_updates(call, gone)
        if kind == "oversize_batch":
            batch = backlog.pending()
        backlog.last_batch = batch
        if kind == "duplicate_updates":
            batch = [*before, *batch]
        elif kind == "doubled_updates":
            batch = [entry for entry in batch for _ in range(2)]
        elif kind == "shuffled_updates":
            batch = self._shuffled(batch)
        call.result = [entry.id for entry in batch]
        return b'{"ok":true,"result":[' + b",".join(entry.raw for entry in batch) + b"]}"

    def _shuffled(self, batch: list[Entry]) -> list[Entry]:
        """Chats in any order, each chat's own updates in theirs."""
        places = [entry.chat for entry in batch]
        self.state.world.random.shuffle(places)
        queues = {chat: iter([entry for entry in batch if entry.chat == chat]) for chat in places}
        return [next(queues[chat]) for chat in places]
