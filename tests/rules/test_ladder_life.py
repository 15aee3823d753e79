"""Ladders on a real database, whatever people do and whenever the program stands still."""

import asyncio
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from bot.workdays import workdays
from domain import clock, refusal
from domain import ladder as ladder_rules
from domain import ticket as rules
from domain.calendar import Calendar
from domain.category import Urgency
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.ladder import LIVING, Ladder, Steps
from domain.place import Place
from domain.ticket import Action, Change, Ticket, Who
from handlers import ladders as handlers
from handlers.context import Context, Policy
from storage import ladders, tickets
from storage.clock_tables import ladder_runs
from storage.database import Database, WriteTx
from storage.schema import migrate
from storage.tables import outbox
from tests.community import STAFF, settle
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
START = datetime(2026, 11, 20, 2, tzinfo=UTC)
CHAT = Chat("web", "web", "g")
WANG, LI = Who("web", "w", "王阿姨"), Who("web", "老李", member_id=2)
SAID, EAR, CATEGORIES = Sentences.load(), Ear.load(), load_categories()


class Life(RuleBasedStateMachine):
    """A few tickets, people, a clock that jumps, a program that is away for days."""

    def __init__(self) -> None:
        """A fresh community on a fresh database, made once and emptied of tickets."""
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(f"sqlite:///{Path(self.folder.name) / 'life.db'}")
        self.now = START
        self.policy = Policy()
        self.numbers: list[int] = []
        self.frozen: dict[int, Steps] = {}
        self.ticked = False

    @override
    def teardown(self) -> None:
        """Nothing is left behind."""
        self._run(self.database.close())
        self.loop.close()
        self.folder.cleanup()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def _cx(self) -> Context:
        return Context(self.now, SAID, self.policy, CHINA, EAR, CATEGORIES)

    @initialize()
    def community(self) -> None:
        async def make() -> None:
            await migrate(self.database)
            await settle(self.database, "web", "web", {name: name for name in STAFF}, "g")

        self._run(make())

    @rule(urgency=st.sampled_from([Urgency.P0, Urgency.P1, Urgency.P2, Urgency.P3, Urgency.Q, Urgency.W]))
    def opened(self, urgency: Urgency) -> None:
        if len(self.numbers) == 3:
            return

        async def make(tx: WriteTx) -> None:
            number = await tickets.next_number(tx)
            sender = Sender(WANG.account, WANG.name)
            event = Incoming(
                kind=Kind.MESSAGE,
                event=number,
                chat=CHAT,
                chat_kind=ChatKind.GROUP,
                message_id=f"m{number}",
                sender=sender,
                at=self.now,
                text="灯不亮",
            )
            change = rules.open_ticket(
                number, grid_id=3, chat=CHAT, chat_kind=ChatKind.GROUP, message_id=f"m{number}", thread="",
                reporter=WANG, words="灯不亮", code="FIX01", urgency=urgency, place=Place("3栋"), private=False,
                why=None, at=self.now, calendar=CHINA, template=self.policy.template,
            )  # fmt: skip
            tickets.insert(tx, change, event)
            self.numbers.append(number)

        self._write(make)

    def _write(self, act: Any) -> None:
        async def run() -> None:
            async with self.database.write("life") as tx:
                await act(tx)

        self.ticked = False
        self._run(run())

    def _change(self, which: int, act: Any) -> None:
        """Somebody does something to a ticket; what the rules refuse changes nothing."""
        if not self.numbers:
            return

        async def run(tx: WriteTx) -> None:
            found = await tickets.get(tx, self.numbers[which % len(self.numbers)])
            assert found is not None
            try:
                change: Change = act(found)
            except refusal.Refusal:
                return
            await tickets.save(tx, change)

        self._write(run)

    @rule(which=st.integers(0, 2))
    def taken(self, which: int) -> None:
        self._change(which, lambda t: rules.take(t, 2, LI, self.now))

    @rule(which=st.integers(0, 2))
    def paused(self, which: int) -> None:
        self._change(which, lambda t: clock.pause(t, "在家吗", LI, self.now))

    @rule(which=st.integers(0, 2))
    def resumed(self, which: int) -> None:
        self._change(which, lambda t: clock.resume(t, WANG, self.now, CHINA, self.policy.template))

    @rule(which=st.integers(0, 2))
    def extended(self, which: int) -> None:
        self._change(which, lambda t: clock.extend(t, "等配件", LI, self.now, CHINA, self.policy.template))

    @rule(which=st.integers(0, 2))
    def solved(self, which: int) -> None:
        self._change(which, lambda t: rules.solve(t, "换了", LI, self.now))

    @rule(which=st.integers(0, 2))
    def reopened(self, which: int) -> None:
        self._change(which, lambda t: rules.reopen(t, WANG, self.now, CHINA, self.policy.template))

    @rule(which=st.integers(0, 2), days=st.integers(0, 6))
    def promised_(self, which: int, days: int) -> None:
        if not self.numbers:
            return

        async def run(tx: WriteTx) -> None:
            number = self.numbers[which % len(self.numbers)]
            found = await ladders.of_ticket(tx, number)
            if found is None:
                return
            on: date = CHINA.today(self.now) + timedelta(days=days)
            try:
                after = ladder_rules.promise(found, on, 2, self.now, self._cx().staff_hours)
            except refusal.Refusal:
                return
            assert await ladders.save(tx, found, after)
            assert not await ladders.save(tx, found, after)  # the same press again

        self._write(run)

    @rule(leader=st.integers(1, 5), clock_=st.sampled_from([time(9), time(10), time(17)]))
    def configured(self, leader: int, clock_: time) -> None:
        self.policy = replace(self.policy, ladder=Ladder(clock_, leader=leader))

    @rule(minutes=st.integers(1, 60 * 24 * 4))
    def stands_still(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.ticked = False

    @rule(minutes=st.integers(0, 600), times=st.integers(1, 4))
    def ticks(self, minutes: int, times: int) -> None:
        """The pass comes; coming again in the same minute, from anywhere, it has nothing to do."""
        for _ in range(times):
            self.now += timedelta(minutes=minutes)
            self._pass()
        before = self._count()
        self._pass()
        self._pass()
        again = self._count()
        assert again[0] - before[0] <= len(self.numbers)  # steps that were due at once ring one per pass
        self.ticked = True

    def _pass(self) -> None:
        async def run() -> None:
            async with self.database.write("tick") as tx:
                await handlers.remind(self._cx(), tx)

        self._run(run())

    def _count(self) -> tuple[int, int]:
        async def run() -> tuple[int, int]:
            async with self.database.read() as tx:
                words = await tx.value(sa.select(sa.func.count()).select_from(outbox))
                return int(words), int(await tx.value(sa.select(sa.func.count()).select_from(ladder_runs)))

        found: tuple[int, int] = self._run(run())
        return found

    @invariant()
    def one_living_ladder_per_open_ticket(self) -> None:
        for found, runs in self._look():
            living = [run for run in runs if run.state in LIVING]
            assert len(living) <= 1
            if self.ticked:
                assert len(living) == (1 if found.is_open else 0)
                for run in living:
                    assert run.steps.urgency is found.urgency
                    assert run.due_at == found.closing_due_at
                    assert (run.next_at is None) is found.is_paused
            for run in runs:
                assert self.frozen.setdefault(run.id, run.steps) == run.steps

    @invariant()
    def every_rung_told_a_human_in_good_time(self) -> None:
        async def rung(number: int) -> list[Any]:
            async with self.database.read() as tx:
                return [e for e in await tickets.history(tx, number) if e.action in (Action.RUNG, Action.NUDGED)]

        for found, _ in self._look():
            for event in self._run(rung(found.number)):
                local = CHINA.local(event.at).time().replace(tzinfo=None)
                assert found.is_danger or not self.policy.staff_quiet.covers(local)
                assert event.action is Action.NUDGED or "member:" in event.note

    @invariant()
    def every_word_is_private_and_said_once(self) -> None:
        async def words() -> list[Any]:
            async with self.database.read() as tx:
                return list(
                    await tx.rows(sa.select(outbox.c.key, outbox.c.chat_id, outbox.c.not_before, outbox.c.night))
                )

        rows = self._run(words())
        assert all(row.chat_id in STAFF for row in rows)
        for row in rows:
            local = CHINA.local(row.not_before).time().replace(tzinfo=None)
            assert row.night or not self.policy.staff_quiet.covers(local)

    def _look(self) -> list[tuple[Ticket, list[ladder_rules.Run]]]:
        async def run() -> list[tuple[Ticket, list[ladder_rules.Run]]]:
            async with self.database.read() as tx:
                found = [(await tickets.get(tx, n), await ladders.every(tx, n)) for n in self.numbers]
                return [(t, runs) for t, runs in found if t is not None]

        seen: list[tuple[Ticket, list[ladder_rules.Run]]] = self._run(run())
        return seen


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
