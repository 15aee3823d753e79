"""The pump: empties the outbox through the faces, keeps each chat's pace and order, writes down what came of it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from domain.incoming import Chat
from domain.outgoing import Op, SendState
from handlers import alarms
from handlers.context import Context
from storage import grids, groups, outbox
from storage.database import Database, StorageFault
from storage.outbox import Row

log = structlog.get_logger()


class Outcome(StrEnum):
    """What a face can say about one call."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    LATER = "later"
    MOVED = "moved"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one call. ``SENT`` means that the channel took it; that a person read it is never known."""

    outcome: Outcome
    message_id: str = ""
    error: str = ""
    seconds: float = 0
    new_chat_id: str = ""


class Face(Protocol):
    """What the pump needs of a channel."""

    per_minute: int
    """How many messages and edits a group may get in a minute; 0 for as many as one likes."""

    async def deliver(self, row: Row, text: str) -> Receipt:
        """Make the one call of this row. Never raises for what the channel answers."""
        ...


class Pump:
    """Sends what is due. Any number of pumps may work on one database."""

    def __init__(
        self,
        database: Database,
        faces: Mapping[tuple[str, str], Face],
        context: Callable[[], Context],
        owner: str,
    ) -> None:
        """``faces`` by (channel, bot); ``owner`` names this sender in the leases."""
        self._database = database
        self._faces = faces
        self._context = context
        self._owner = owner
        self._bell = asyncio.Event()
        self._sent: defaultdict[Chat, deque[datetime]] = defaultdict(deque)

    def wake(self) -> None:
        """There may be something to send."""
        self._bell.set()

    async def recover(self, *, everything: bool) -> None:
        """Take care of what a sender left behind that is gone; see ``outbox.recover``."""
        async with self._database.write("recover") as tx:
            unknown = await outbox.recover(tx, self._context().now, everything=everything)
        if unknown:
            log.warning("sends_of_unknown_outcome", count=unknown)

    async def run(self) -> None:
        """Until cancelled: send, then sleep until the bell or the next due row."""
        while True:
            self._bell.clear()
            try:
                while await self.once():
                    pass
                pause = await self._pause()
            except StorageFault:
                log.exception("storage_fault_in_delivery")
                pause = 2.0
            try:
                async with asyncio.timeout(pause):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def once(self) -> int:
        """One round; the number of rows claimed."""
        async with self._database.write("claim") as tx:
            now = self._context().now
            rows = await outbox.claim(tx, self._owner, now)
        by_chat: defaultdict[Chat, list[Row]] = defaultdict(list)
        for row in rows:
            by_chat[row.chat].append(row)
        try:
            async with asyncio.TaskGroup() as group:
                for chat, waiting in by_chat.items():
                    group.create_task(self._chat(chat, waiting))
        except asyncio.CancelledError:
            # Stopped in between: what has not been begun need not wait for its lease to end.
            async with self._database.write("give_back") as tx:
                await outbox.release(tx, rows, self._owner, now)
            raise
        return len(rows)

    async def _pause(self) -> float:
        async with self._database.read() as tx:
            due = await outbox.next_due(tx)
        if due is None:
            return 60.0
        return min(max((due - self._context().now).total_seconds(), 0.05), 60.0)

    async def _chat(self, chat: Chat, rows: Sequence[Row]) -> None:
        """The rows of one chat, one after the other; the first that must wait makes the others wait."""
        for place, row in enumerate(rows):
            cx = self._context()
            start = self._earliest(cx, row)
            if start > cx.now:
                async with self._database.write("wait") as tx:
                    await outbox.release(tx, rows[place:], self._owner, start)
                return
            if not await self._send(chat, row):
                async with self._database.write("release") as tx:
                    await outbox.release(tx, rows[place + 1 :], self._owner, self._context().now)
                return

    def _earliest(self, cx: Context, row: Row) -> datetime:
        """When this row may go: not in the quiet hours it slipped into, not faster than the channel takes it."""
        face = self._faces.get((row.chat.channel, row.chat.bot))
        quiet = cx.now if row.night else cx.policy.quiet.next_allowed(cx.calendar, cx.now)
        if face is None or not face.per_minute or row.op not in (Op.SEND, Op.EDIT):
            return quiet
        sent = self._sent[row.chat]
        while sent and sent[0] <= cx.now - timedelta(minutes=1):
            sent.popleft()
        return max(quiet, sent[0] + timedelta(minutes=1)) if len(sent) >= face.per_minute else quiet

    async def _send(self, chat: Chat, row: Row) -> bool:
        """The intent, the call, the outcome. False when the chat must wait."""
        face = self._faces.get((chat.channel, chat.bot))
        async with self._database.write("begin") as tx:
            if not await outbox.begin(tx, row, self._owner, self._context().now):
                return True
        cx = self._context()
        if face is None:
            receipt = Receipt(Outcome.FAILED, error="no_face")
        else:
            text = str(row.body.get("text", ""))
            receipt = await self._deliver(
                face, row, cx.said.say("alarm.resent", text=text) if row.resent and text else text
            )
        if row.op in (Op.SEND, Op.EDIT):
            self._sent[chat].append(cx.now)
        await self._settle(chat, row, receipt)
        return receipt.outcome not in (Outcome.LATER, Outcome.NOT_SENT, Outcome.MOVED)

    async def _deliver(self, face: Face, row: Row, text: str) -> Receipt:
        try:
            return await face.deliver(row, text)
        except Exception as error:
            # A face must not raise; one row that makes it do so must not stop the others.
            log.exception("face_broken", outbox=row.id, kind=row.kind)
            return Receipt(Outcome.FAILED, error=type(error).__name__)

    async def _settle(self, chat: Chat, row: Row, receipt: Receipt) -> None:
        cx = self._context()
        now = cx.now
        async with self._database.write("settle") as tx:
            match receipt.outcome:
                case Outcome.SENT:
                    await outbox.settle(tx, row, self._owner, SendState.SENT, now, provider_id=receipt.message_id)
                case Outcome.NOT_SENT:
                    later = now + timedelta(seconds=min(60, 2 ** min(row.attempt, 6)))
                    await outbox.settle(
                        tx, row, self._owner, SendState.PENDING, now, not_before=later, error=receipt.error
                    )
                case Outcome.LATER:
                    later = now + timedelta(seconds=receipt.seconds)
                    await outbox.wait(tx, chat, later)
                    await outbox.settle(
                        tx, row, self._owner, SendState.PENDING, now, not_before=later, error=receipt.error
                    )
                case Outcome.MOVED:
                    await outbox.settle(tx, row, self._owner, SendState.PENDING, now)
                    new = Chat(chat.channel, chat.bot, receipt.new_chat_id)
                    await groups.move(tx, chat, new)
                    await outbox.move(tx, chat, new)
                    await grids.changed(tx)
                case Outcome.UNKNOWN:
                    log.warning("send_unknown", outbox=row.id, kind=row.kind, error=receipt.error)
                    await outbox.settle(tx, row, self._owner, SendState.UNKNOWN, now, error=receipt.error)
                case _:
                    log.warning("send_failed", outbox=row.id, kind=row.kind, error=receipt.error)
                    state = SendState.FAILED
                    settled = await outbox.settle(tx, row, self._owner, state, now, error=receipt.error)
                    if settled and row.op is Op.SEND:
                        await alarms.undelivered(cx, tx, row, receipt.outcome)
