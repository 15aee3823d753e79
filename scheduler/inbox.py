"""From a channel to the handlers: one transaction per batch, and the channel hears “got it” only after the commit."""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import structlog

from domain.incoming import Chat, ChatKind, Incoming, Kind
from domain.roster import Grid
from handlers import alarms, router
from handlers.context import Context
from scheduler.meter import Meter
from scheduler.watch import Watch
from storage import conversation, grids, intake
from storage.database import Database, StorageFault, WriteTx
from storage.glance import glance

log = structlog.get_logger()

MOST_TRIES = 3
_FRESH = 900.0

Order = Literal["queue", "chat", "none"]


class Inbox:
    """Takes in what channels hand over. When ``take_in`` returns, everything that matters is on disk."""

    def __init__(
        self, database: Database, context: Callable[[], Context], wake: Callable[[], None], meter: Meter
    ) -> None:
        """``context`` reads the clock anew for each batch; ``wake`` tells the pump that there may be work."""
        self._database = database
        self._context = context
        self._wake = wake
        self._meter = meter
        self._ahead = 0.0, 0.0
        self._alone: set[tuple[str, str]] = set()
        self._checked: set[tuple[str, str]] = set()
        self._grids: dict[Chat, Grid] = {}
        self.watches: list[Watch] = []

    def watch(self, channel: str, bot: str) -> Watch:
        """A watchdog for a line that we ask for its messages."""
        found = Watch(self._database, self._context, self._wake, channel, bot)
        self.watches.append(found)
        return found

    async def take_in(self, events: Sequence[Incoming], *, order: Order = "queue") -> None:
        """Handle a batch in order of arrival.

        ``order``: event numbers grow over the whole channel (``queue``, polling), inside a chat (``chat``, webhook), or say
        nothing about repeats (``none``).

        Raises:
            StorageFault: the database did not take it; nothing was changed, the channel must keep it and hand it over again.

        """
        if not events:
            return
        cx = self._context()
        await self._take_in(cx, events, order)
        self._measure(cx, events)

    def behind(self) -> float:
        """Seconds by which our clock is behind the newest message of a quarter of an hour; 0 when it is not, or none came."""
        ahead, at = self._ahead
        return ahead if time.monotonic() - at < _FRESH else 0.0

    def _measure(self, cx: Context, events: Sequence[Incoming]) -> None:
        channel = events[0].chat.channel
        self._meter.updates.labels(channel).inc(len(events))
        written = [event.at for event in events if event.kind is Kind.MESSAGE]
        if written:
            self._meter.lag.labels(channel).set(max((cx.now - min(written)).total_seconds(), 0.0))
            self._ahead = max((max(written) - cx.now).total_seconds(), 0.0), time.monotonic()

    async def _take_in(self, cx: Context, events: Sequence[Incoming], order: Order) -> None:
        channel, bot = events[0].chat.channel, events[0].chat.bot
        early = self._early(cx, events)
        if early is None:
            events = await self._effective(cx, events, channel, bot, order=order)
            if not events:
                return
        try:
            if (channel, bot) in self._alone:
                raise _OneByOneError
            async with self._database.write("intake") as tx:
                # Looked at again inside the transaction: the same update may have come twice at once by webhook.
                line = _line(events[0], order)
                seen = await glance(tx, channel, line, [(event.chat, event.message_id) for event in events], cx.now)
                if early is not None and await grids.of_group(tx, events[0].chat) != early:
                    cx.verdicts.clear()  # heard with the words of a roster that has changed since
                fresh = [event for event in events if seen is None or event.event > seen]
                for event in fresh:
                    await router.handle(cx, tx, event)
                if fresh:
                    self._keep_offset(cx, tx, fresh[-1], order)
        except StorageFault:
            raise
        except Exception as error:
            if not isinstance(error, _OneByOneError):
                log.warning("batch_broken", channel=channel, error=type(error).__name__, events=len(events))
            for event in events:
                await self._alone_with(cx, event, order=order)
            self._alone.discard((channel, bot))
        self._wake()

    def _early(self, cx: Context, events: Sequence[Incoming]) -> Grid | None:
        """The grid, as last seen, of a single message that wants something: no look beforehand can make it needless."""
        event = events[0]
        grid = self._grids.get(event.chat)
        line = (event.chat.channel, event.chat.bot)
        if len(events) > 1 or grid is None or line in self._alone or line not in self._checked:
            return None
        cx.recent.remember(event)
        return None if self._is_idle(cx, grid, event, set()) else grid

    async def _effective(
        self, cx: Context, events: Sequence[Incoming], channel: str, bot: str, *, order: Order
    ) -> list[Incoming]:
        """Leave out repeats and plain talk, without writing anything."""
        found: list[Incoming] = []
        async with self._database.read() as tx:
            seen = await glance(tx, channel, _line(events[0], order), [], cx.now)
            if (channel, bot) not in self._checked:
                self._checked.add((channel, bot))
                if await intake.tried(tx, channel, bot):
                    self._alone.add((channel, bot))
            waited_for = await conversation.waited_for(tx, cx.now)
            here: set[int] = set()
            for event in events:
                if order != "none" and (event.event in here or (seen is not None and event.event <= seen)):
                    continue
                here.add(event.event)
                grid = None if event.chat_kind is ChatKind.PRIVATE else await grids.of_group(tx, event.chat)
                if grid is not None:
                    self._grids[event.chat] = grid
                cx.recent.remember(event)
                if not self._is_idle(cx, grid, event, waited_for):
                    found.append(event)
        return found

    def _is_idle(self, cx: Context, grid: Grid | None, event: Incoming, waited_for: set[tuple[Chat, str]]) -> bool:
        try:
            return router.is_idle(cx, grid, event, waited_for)
        except Exception:
            return False

    async def _alone_with(self, cx: Context, event: Incoming, *, order: Order) -> None:
        """One event, alone, at most three times; then it is set aside and somebody is told where to read it."""
        while True:
            async with self._database.write("try") as tx:
                tries = await intake.count_try(tx, event, cx.now)
                if tries > MOST_TRIES:
                    await self._set_aside(cx, tx, event, "killed", order=order)
                    return
            try:
                async with self._database.write("intake_one") as tx:
                    await router.handle(cx, tx, event)
                    await self._done(cx, tx, event, order=order)
            except StorageFault:
                raise
            except Exception as error:
                log.warning(
                    "event_broken", channel=event.chat.channel, event_id=event.event, error=type(error).__name__
                )
                if tries >= MOST_TRIES:
                    async with self._database.write("set_aside") as tx:
                        await self._set_aside(cx, tx, event, type(error).__name__, order=order)
                    return
            else:
                return

    async def _set_aside(self, cx: Context, tx: WriteTx, event: Incoming, error: str, *, order: Order) -> None:
        await intake.set_aside(tx, event, error, cx.now)
        await alarms.dead_letter(cx, tx, event)
        await self._done(cx, tx, event, order=order)

    async def _done(self, cx: Context, tx: WriteTx, event: Incoming, *, order: Order) -> None:
        await intake.forget_try(tx, event)
        self._keep_offset(cx, tx, event, order)

    @staticmethod
    def _keep_offset(cx: Context, tx: WriteTx, event: Incoming, order: Order) -> None:
        if (line := _line(event, order)) is not None:
            intake.keep_offset(tx, event.chat.channel, line, event.event, cx.now)


def _line(event: Incoming, order: Order) -> str | None:
    """In which line the event numbers grow: of the bot, or of what its webhook delivers one after the other.

    Telegram keeps order among the messages of a chat, among the presses of a person and among the changes of membership of
    a chat, and delivers these side by side: a press that overtakes a message must not make that message look like a repeat.
    """
    bot, chat = event.chat.bot, event.chat.id
    if order == "none":
        return None
    if order == "queue":
        return bot
    if event.kind is Kind.BUTTON:
        return f"{bot}|{chat}|press|{event.sender.id}"
    if event.kind in (Kind.BOT_ADDED, Kind.BOT_REMOVED):
        return f"{bot}|{chat}|member"
    if event.kind is Kind.UNREADABLE:
        return f"{bot}|{chat}|unreadable"
    return f"{bot}|{chat}"


class _OneByOneError(Exception):
    """An event was being tried alone when the program stopped."""
