"""The pump: empties the outbox through the faces, keeps each chat's pace and order, writes down what came of it."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from domain.incoming import Chat
from domain.outgoing import Kind, Op, SendState
from handlers import alarms, notify
from handlers.context import Context
from scheduler.meter import Meter
from storage import grids, groups, outbox
from storage.database import Database, StorageFault
from storage.outbox import Row

log = structlog.get_logger()

GRACE = timedelta(seconds=7)
"""How long a call that was begun may still take when the program stops: its outcome is worth knowing."""
SETTLE_TRIES = 10
PER_SECOND = 25
"""Messages in a second over all chats of a bot; channels that count at all take about 30."""
_STAFF = frozenset({Kind.INVITATION, Kind.REMINDER, Kind.STAFF})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Outcome(StrEnum):
    """What a face can say about one call."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    LATER = "later"
    MOVED = "moved"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    NO_EMOJI = "no_emoji"


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

    patience = 1.0
    """Seconds between two tries to write down an outcome."""

    def __init__(
        self,
        database: Database,
        faces: Mapping[tuple[str, str], Face],
        context: Callable[[], Context],
        meter: Meter,
        owner: str,
    ) -> None:
        """``faces`` by (channel, bot); ``owner`` names this sender in the leases."""
        self._database = database
        self._faces = faces
        self._context = context
        self._meter = meter
        self._owner = owner
        self._bell = asyncio.Event()
        self._sent: defaultdict[Chat, deque[datetime]] = defaultdict(deque)
        self._spoken: defaultdict[Chat, datetime] = defaultdict(lambda: _LONG_AGO)
        self._all: defaultdict[tuple[str, str], deque[datetime]] = defaultdict(deque)
        self._owed: list[Row] = []

    def wake(self) -> None:
        """There may be something to send."""
        self._bell.set()

    async def recover(self) -> None:
        """At the start of the only sender of a database: whatever is in somebody's hands was left there by one that is gone.

        While the program runs the job ``recover_sends`` takes back what stays behind, lease by lease.
        """
        async with self._database.write("recover") as tx:
            unknown = await outbox.recover(tx, self._context().now, everything=True)
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
                pause = 2 * self.patience
            try:
                async with asyncio.timeout(pause):
                    await self._bell.wait()
            except TimeoutError:
                continue

    async def once(self) -> int:
        """One round; the number of rows claimed.

        Raises:
            StorageFault: some of it could not be written down; what was not begun is given back with the next round.

        """
        async with self._database.write("claim") as tx:
            now = self._context().now
            await outbox.release(tx, self._owed, self._owner, now)
            rows = await outbox.claim(tx, self._owner, now)
        self._owed = []
        faults: list[StorageFault] = []
        by_chat: defaultdict[Chat, list[Row]] = defaultdict(list)
        for row in rows:
            by_chat[row.chat].append(row)
        try:
            async with asyncio.TaskGroup() as group:
                for chat, waiting in by_chat.items():
                    group.create_task(self._guarded(chat, waiting, faults))
        except asyncio.CancelledError:
            # Stopped in between: what has not been begun need not wait for its lease to end.
            async with self._database.write("give_back") as tx:
                await outbox.release(tx, rows, self._owner, now)
            raise
        if faults:
            self._owed = rows
            raise faults[0]
        return len(rows)

    async def _guarded(self, chat: Chat, rows: Sequence[Row], faults: list[StorageFault]) -> None:
        """A database that fails in one chat does not cut the calls of the others short."""
        try:
            await self._chat(chat, rows)
        except StorageFault as fault:
            faults.append(fault)

    async def _pause(self) -> float:
        async with self._database.read() as tx:
            due = await outbox.next_due(tx)
        if due is None:
            return 60.0
        seconds = (due - self._context().now).total_seconds()
        # What is due and was not claimed waits for its chat or for another message: there is no use in asking all the time.
        return min(max(seconds, 0.05), 60.0) if seconds > 0 else 1.0

    async def _chat(self, chat: Chat, rows: Sequence[Row]) -> None:
        """The rows of one chat, one after the other; the first that must wait makes the others wait."""
        for place, row in enumerate(rows):
            cx = self._context()
            quiet = self._after_quiet(cx, row)
            if quiet > cx.now:  # it alone: what may be said at night is not held up by what may not
                async with self._database.write("wait") as tx:
                    await outbox.release(tx, [row], self._owner, quiet)
                continue
            start = self._turn(cx, row)
            if start > cx.now:
                async with self._database.write("wait") as tx:
                    await outbox.release(tx, rows[place:], self._owner, start)
                return
            if not await self._send(chat, row):
                async with self._database.write("release") as tx:
                    await outbox.release(tx, rows[place + 1 :], self._owner, self._context().now)
                return

    @staticmethod
    def _after_quiet(cx: Context, row: Row) -> datetime:
        """When this row may go: not in the quiet hours it slipped into."""
        if row.night:
            return cx.now
        quiet = cx.policy.staff_quiet if row.kind in _STAFF else cx.policy.quiet
        return quiet.next_allowed(cx.calendar, cx.now)

    def _turn(self, cx: Context, row: Row) -> datetime:
        """When it is this row's turn: not faster than the channel takes it. ``now`` means that the turn is taken."""
        line = (row.chat.channel, row.chat.bot)
        face, now = self._faces.get(line), cx.now
        if face is None or not face.per_minute or row.op not in (Op.SEND, Op.EDIT):
            return now
        minute, second = timedelta(minutes=1), timedelta(seconds=1)
        sent, everywhere = _since(self._sent[row.chat], now - minute), _since(self._all[line], now - second)
        start = now
        if len(sent) >= face.per_minute:
            start = max(start, sent[0] + minute)
        if len(everywhere) >= PER_SECOND:
            start = max(start, everywhere[0] + second)
        if row.op is Op.SEND:
            start = max(start, self._spoken[row.chat] + second)
        if start == now:
            sent.append(now)
            everywhere.append(now)
            if row.op is Op.SEND:
                self._spoken[row.chat] = now
        return start

    async def _send(self, chat: Chat, row: Row) -> bool:
        """The intent, the call, the outcome. False when the chat must wait."""
        async with self._database.write("begin") as tx:
            if not await outbox.begin(tx, row, self._owner, self._context().now):
                return True
        call = asyncio.ensure_future(self._call(chat, row))
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            # The message is on its way: cut off now, its outcome would be unknown and it would be sent twice.
            _ = await asyncio.wait([call], timeout=GRACE.total_seconds())
            call.cancel()
            _ = await asyncio.wait([call])
            if not call.cancelled() and (error := call.exception()) is not None:
                log.warning("outcome_not_kept", outbox=row.id, error=type(error).__name__)
            raise

    async def _call(self, chat: Chat, row: Row) -> bool:
        face = self._faces.get((chat.channel, chat.bot))
        if face is None:
            receipt = Receipt(Outcome.FAILED, error="no_face")
        else:
            text = str(row.body.get("text", ""))
            if row.resent and row.op is Op.SEND:  # a photo too: the mark stands below it
                text = self._context().said.say("alarm.resent", text=text)
            receipt = await self._deliver(face, row, text)
        self._meter.sends.labels(row.kind, receipt.outcome).inc()
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
        """The outcome is known and must not be forgotten because the disk is full for a moment."""
        for left in reversed(range(SETTLE_TRIES)):
            try:
                await self._write_down(chat, row, receipt)
            except StorageFault:
                if not left:
                    raise
                log.warning("outcome_not_written", outbox=row.id)
                await asyncio.sleep(self.patience)
            except Exception as error:
                # What follows from an outcome must not stop the sender, or this row would stop it at every start.
                log.exception("settle_broken", outbox=row.id, kind=row.kind)
                async with self._database.write("settle_plainly") as tx:
                    now, name = self._context().now, type(error).__name__
                    await outbox.settle(tx, row, self._owner, SendState.FAILED, now, error=name)
                return
            else:
                return

    async def _write_down(self, chat: Chat, row: Row, receipt: Receipt) -> None:
        cx = self._context()
        now = cx.now
        # A server in trouble is given time: without it both tries of a first card would be gone within a moment.
        later = now + timedelta(seconds=min(30, 2 ** min(row.attempt + 1, 5)))
        async with self._database.write("settle") as tx:
            match receipt.outcome:
                case Outcome.SENT:
                    await outbox.settle(tx, row, self._owner, SendState.SENT, now, provider_id=receipt.message_id)
                case Outcome.NOT_SENT:
                    await outbox.wait(tx, chat, later)  # what stands behind it would fare no better and overtake it
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
                    await outbox.settle(
                        tx, row, self._owner, SendState.UNKNOWN, now, not_before=later, error=receipt.error
                    )
                case _:
                    log.warning("send_failed", outbox=row.id, kind=row.kind, error=receipt.error)
                    state = SendState.FAILED
                    settled = await outbox.settle(tx, row, self._owner, state, now, error=receipt.error)
                    if settled and receipt.outcome is Outcome.NO_EMOJI:
                        notify.without_emoji(cx, tx, row)
                    if settled and row.op is Op.SEND:
                        await alarms.undelivered(cx, tx, row, receipt.outcome)


def _since(times: deque[datetime], start: datetime) -> deque[datetime]:
    while times and times[0] <= start:
        times.popleft()
    return times
