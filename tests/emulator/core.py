"""``Emulator``: the whole Bot API of one bot, and the handles a test holds it by."""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar

from tests.emulator.answer import Call, Journal
from tests.emulator.backlog import Backlog
from tests.emulator.clock import Clock
from tests.emulator.dispatch import Dispatcher
from tests.emulator.faults import Fault, Faults, Kind
from tests.emulator.groups import Channel, Group
from tests.emulator.limits import Limits
from tests.emulator.model import Account, Chat, Member, Message
from tests.emulator.people import Person
from tests.emulator.server import Server
from tests.emulator.spec import Json, load
from tests.emulator.state import State
from tests.emulator.world import Press, World

T = TypeVar("T")
TOKEN = "7000000001:AAEmulatorTokenForTestsOnly_0123456"  # noqa: S105 - worthless outside the tests


class Emulator:
    """``async with Emulator() as em:`` serves http://127.0.0.1:PORT/bot<token>/<method> in the running loop."""

    def __init__(
        self,
        *,
        clock: Clock | Callable[[], float] | None = None,
        token: str = TOKEN,
        port: int = 0,
        bot_name: str = "党小栖",
        username: str = "dangxiaoqi_bot",
        privacy: bool = True,
        seed: int = 1,
        journal_size: int | None = None,
    ) -> None:
        self.token = token
        self.clock = clock if isinstance(clock, Clock) else Clock(clock) if clock else Clock()
        spec = load()
        self.backlog = Backlog(self.clock, lambda update: spec.check("Update", update), seed)
        self.world = World(self.clock, self.backlog, int(token.split(":", maxsplit=1)[0]), bot_name, username, seed)
        self.world.privacy = privacy
        self.limits, self.faults, self.journal = Limits(self.clock), Faults(), Journal(journal_size)
        self.state = State(self.clock, spec, self.world, self.backlog, self.limits, self.faults, self.journal)
        self._dispatcher = Dispatcher(self.state)
        self.poller, self.pusher = self._dispatcher.poller, self._dispatcher.pusher
        self.server = Server(self._dispatcher, token, port)

    # ---- life -----------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.server.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.clear()
        await self.pusher.close()
        await self.server.refuse()

    async def go_offline(self) -> None:
        """Refuse connections from now on; open ones are cut."""
        await self.server.refuse()

    async def go_online(self) -> None:
        """Listen again, on the same port."""
        await self.server.listen()

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.server.port}"

    @property
    def base_url(self) -> str:
        """What python-telegram-bot calls ``base_url``."""
        return f"{self.origin}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot calls ``base_file_url``."""
        return f"{self.origin}/file/bot"

    # ---- the world ------------------------------------------------------------------------------------------------

    @property
    def bot(self) -> Account:
        """The bot's own account."""
        return self.world.bot

    def user(
        self, name: str, username: str | None = None, *, started: bool = False, last_name: str | None = None
    ) -> Person:
        """A person. ``started``: has talked to the bot before, so it may write first."""
        person = Person(self.world.number("account"), name, username, last_name=last_name, world=self.world)
        person.started = started
        self.world.accounts[person.id] = person
        return person

    def group(
        self,
        title: str,
        members: Iterable[Account] = (),
        *,
        type: str = "supergroup",
        owner: Account | None = None,
        privacy: bool | None = None,
        bot: bool = True,
        bot_admin: bool = False,
        forum: bool = False,
        username: str | None = None,
        emoji: list[str] | None = None,
    ) -> Group:
        """A group in which the bot already is (unless ``bot=False``). ``privacy`` overrides the bot's switch here."""
        number = -self.world.number("group") if type == "group" else self.world.supergroup_id()
        group = Group(number, type, title, username, is_forum=forum, emoji=emoji, world=self.world)
        self.world.chats[group.id] = group
        group.add(*members)
        if owner is not None:
            group.members[owner.id] = Member(owner, "creator")
        if bot or bot_admin:
            group.add(self.bot, admin=bot_admin)
        if privacy is not None:
            self.world.group_privacy[group.id] = privacy
        return group

    def channel(self, title: str, linked: Group | None = None, *, bot_admin: bool = False) -> Channel:
        """A channel; its posts are forwarded into the linked group."""
        channel = Channel(self.world.supergroup_id(), "channel", title, linked=linked, world=self.world)
        self.world.chats[channel.id] = channel
        if linked is not None:
            linked.linked = channel
        if bot_admin:
            channel.members[self.bot.id] = Member(self.bot, "administrator")
        return channel

    def messages(self, chat: Chat | Person) -> list[Message]:
        """What stands in a chat (a person: the private chat with the bot), oldest first."""
        return chat.visible if isinstance(chat, Chat) else chat.inbox

    def said(self, chat: Chat | Person) -> list[Message]:
        """Only what the bot said there."""
        return [message for message in self.messages(chat) if message.by_bot]

    @property
    def presses(self) -> list[Press]:
        """All button presses so far."""
        return list(self.world.presses.values())

    def inject(self, update: Json, chat: Chat | None = None) -> int | None:
        """Queue an update exactly as given, unchecked; only ``update_id`` is added."""
        return self.backlog.inject(update, chat.id if chat else None)

    # ---- trouble --------------------------------------------------------------------------------------------------

    def fault(
        self,
        kind: Kind,
        method: str = "*",
        count: int = 1,
        *,
        after: int = 0,
        rate: float = 1.0,
        applied: bool = False,
        retry_after: int = 1,
        seconds: float = 0.005,
        when: Callable[[Call], bool] | None = None,
        seed: int = 1,
    ) -> Fault:
        """Spoil the next ``count`` calls of ``method`` (see :data:`tests.emulator.faults.Kind`)."""
        fault = Fault(kind, method, count, after, rate, applied, retry_after, seconds, when, seed)
        return self.faults.add(fault)

    # ---- the oracle -----------------------------------------------------------------------------------------------

    @property
    def violations(self) -> list[str]:
        """What was against the specification, or against an ``on_call`` hook. A fixture asserts that it is empty."""
        return self.state.violations

    @property
    def on_call(self) -> list[Callable[[Call], None]]:
        """Hooks run when a call has arrived, before it has any effect; an AssertionError becomes a violation."""
        return self.state.on_call

    def calls(self, method: str | None = None, *, chat: Chat | Person | None = None, since: int = 0) -> list[Call]:
        """The journal: one method, or everything but getUpdates."""
        found = self.journal.of(method, since)
        return found if chat is None else [call for call in found if call.chat_id == chat.id]

    async def until(self, condition: Callable[[], T], within: float = 5.0) -> T:
        """Wait until something has become true, and return it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not (value := condition()):
            left = end - loop.time()
            if left <= 0:
                raise AssertionError(f"not within {within} s; last calls: {self.calls()[-5:]}")
            self.server.pulse.clear()
            try:
                await asyncio.wait_for(self.server.pulse.wait(), min(left, 0.02))
            except TimeoutError:
                continue
        return value

    async def drained(self, within: float = 5.0) -> None:
        """Wait until the program has confirmed everything queued."""
        await self.until(lambda: len(self.backlog) == 0, within)
