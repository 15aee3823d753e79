"""Plays the prepared day in the chats, at the speed of whoever watches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.web.chats import Chats
from bot.web.sample import Step
from storage.database import StorageFault

log = structlog.get_logger()

PATIENCE = 10.0
"""Seconds to wait for a button before the play is given up."""
_GLANCE = 0.1
SPEEDS = {"slow": 2.0, "normal": 1.0, "fast": 0.35}
"""How much longer or shorter the pauses become."""


@dataclass(frozen=True, slots=True)
class Playing:
    """Where the play stands: ``at`` steps of ``count`` are done. ``broken``: the button that never came."""

    at: int = 0
    count: int = 0
    on: bool = False
    broken: str = ""

    @property
    def finished(self) -> bool:
        """Whether it came to its end by itself."""
        return bool(self.count) and self.at == self.count and not self.on


class Player:
    """One play at a time, seen by everybody who has the page open."""

    def __init__(self, chats: Chats, steps: Sequence[Step]) -> None:
        """``steps``: the day."""
        self._chats = chats
        self._steps = steps
        self._wanted = asyncio.Event()
        self.factor = SPEEDS["normal"]
        self.state = Playing()

    def start(self) -> None:
        """From the first step; while it plays this does nothing."""
        self._wanted.set()

    def stop(self) -> None:
        """After the step that is being done."""
        self._wanted.clear()

    async def run(self) -> None:
        """Until cancelled: wait for ``start``, play, wait again."""
        while True:
            await self._wanted.wait()
            try:
                await self.play()
            except StorageFault:
                log.exception("storage_fault_in_play")
            self._wanted.clear()

    async def play(self, *, until: int | None = None) -> None:
        """The steps, or the first ``until`` of them, unless ``stop`` comes."""
        self._wanted.set()
        steps = self._steps[:until]
        for at, step in enumerate(steps):
            self.state = Playing(at, len(steps), on=True)
            await self._wait(step.pause)
            if not self._wanted.is_set():
                self.state = Playing(at, len(steps))
                return
            if not await self._do(step):
                self.state = Playing(at + 1, len(steps), broken=step.presses)
                return
        self.state = Playing(len(steps), len(steps))

    async def _wait(self, pause: float) -> None:
        waited = 0.0
        while waited < pause * self.factor and self._wanted.is_set():
            await asyncio.sleep(_GLANCE)
            waited += _GLANCE

    async def _do(self, step: Step) -> bool:
        room = step.where or next(iter(self._chats.rooms))
        if step.presses:
            return await self._press(step, room)
        await self._chats.say(step.who, room, step.says, reply_to=self._quoted(step, room), photo=step.photo)
        return True

    async def _press(self, step: Step, room: str) -> bool:
        waited = 0.0
        while (found := self._chats.find_button(room, step.presses)) is None:
            if waited >= PATIENCE:
                return False
            await asyncio.sleep(_GLANCE)
            waited += _GLANCE
        message, button = found
        await self._chats.press(step.who, room, message.id, button.data)
        return True

    def _quoted(self, step: Step, room: str) -> str:
        if not step.quotes:
            return ""
        messages = reversed(self._chats.rooms[room].messages.values())
        return next((m.id for m in messages if step.quotes in m.text), "")
