"""What a call ends with, and the journal of all calls (the oracle of most tests)."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from tests.emulator.spec import Json, Upload


class ApiError(Exception):
    """A refusal in Telegram's own words."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters

    @property
    def body(self) -> Json:
        """The answer as Telegram writes it."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        return {**answer, "parameters": self.parameters} if self.parameters else answer


@dataclass(eq=False, slots=True)
class Call:
    """One call that arrived. ``applied`` says whether it had its effect, whatever the caller was told."""

    number: int
    method: str
    params: Json
    at: float
    uploads: dict[str, Upload] = field(default_factory=dict)
    result: Any = None
    error: ApiError | None = None
    fault: str | None = None
    applied: bool = False

    @property
    def ok(self) -> bool:
        """The effect happened and the caller was told so."""
        return self.applied and self.error is None and self.fault is None

    @property
    def chat_id(self) -> int | None:
        """The chat the call was about."""
        chat = self.params.get("chat_id")
        return chat if isinstance(chat, int) else None

    @property
    def text(self) -> str:
        """The words sent, whichever field they were in."""
        return str(self.params.get("text", self.params.get("caption", "")))

    @property
    def plain(self) -> Json:
        """For the control endpoint."""
        return {
            "number": self.number,
            "method": self.method,
            "params": {name: value for name, value in self.params.items() if not isinstance(value, Upload)},
            "at": self.at,
            "result": self.result,
            "error": self.error.body if self.error else None,
            "fault": self.fault,
            "applied": self.applied,
        }

    @override
    def __repr__(self) -> str:
        """Short enough for a failed assertion."""
        end = self.error.description if self.error else self.fault or "ok"
        return f"<{self.number} {self.method} {json.dumps(self.plain['params'], ensure_ascii=False)[:200]} → {end}>"


class Journal:
    """Calls in order of arrival."""

    def __init__(self, size: int | None = None) -> None:
        self._calls: deque[Call] = deque(maxlen=size)
        self._number = 0

    def add(self, method: str, at: float) -> Call:
        """Open the record of a call."""
        self._number += 1
        call = Call(self._number, method, {}, at)
        self._calls.append(call)
        return call

    def __iter__(self) -> Iterator[Call]:
        """Oldest first."""
        return iter(tuple(self._calls))

    def __len__(self) -> int:
        """How many calls arrived, forgotten ones included."""
        return self._number

    def of(self, method: str | None = None, since: int = 0) -> list[Call]:
        """The calls of one method, or of all but the endless polling."""
        if method is None:
            return [call for call in self._calls if call.method != "getUpdates" and call.number > since]
        return [call for call in self._calls if call.method == method and call.number > since]

    def clear(self) -> None:
        """Forget what happened so far."""
        self._calls.clear()
