"""The days of the district, one after another, on the real jobs, the real inbox and the real tables."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.app import House, house
from bot.config import Config
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.outgoing import Kind as Said
from domain.outgoing import SendState
from domain.visit import Occurrence
from scheduler.jobs import JOBS
from storage import grids, leaves, visits
from storage.tables import outbox
from tests.simulate.district import BOT, CHANNEL, District, Size, build
from tests.simulate.people import Manners, People

BEGINS = date(2026, 1, 5)
ZONE = ZoneInfo("Asia/Shanghai")
MORNING = (time(9),)
"""Rungs are days and ring at 9:00. Nothing a bell at another hour could find is not found by the next one at 9:00, as long
as messages are sent at once; the test of the small district rings every hour and comes to the same."""

_ANSWERING, _TELLING, _LEAVING, _FORGETTING = time(15), time(16), time(20), time(3)
_BATCH = 100
"""As many as one getUpdates brings."""

_JOBS = {job.name: job.run for job in JOBS}


@dataclass(slots=True)
class Diary:
    """What is counted on the way. ``reminders``: per day and chat, how many messages nobody had asked for.

    ``spent``: seconds of the clock on the wall, by what was done; ``passes``: of each morning's pass.
    """

    reminders: Counter[tuple[date, str]] = field(default_factory=Counter)
    messages: int = 0
    answers: int = 0
    spent: dict[str, float] = field(default_factory=dict)
    passes: list[float] = field(default_factory=list)

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Count the seconds of what is done inside."""
        start = perf_counter()
        yield
        took = perf_counter() - start
        self.spent[what] = self.spent.get(what, 0.0) + took
        if what == "remind":
            self.passes.append(took)


class Year:
    """One district and its clock."""

    def __init__(self, home: House, clock: list[datetime], district: District, people: People) -> None:
        """``clock`` holds one instant: now."""
        self._home = home
        self._clock = clock
        self.people = people
        self.district = district
        self.diary = Diary()
        self._due: dict[date, list[int]] = defaultdict(list)
        self._planned: dict[int, tuple[int, date, str, int]] = {}
        self._event = 0

    def _at(self, day: date, hour: time) -> datetime:
        self._clock[0] = datetime.combine(day, hour, ZONE).astimezone(ZoneInfo("UTC"))
        return self._clock[0]

    async def _ring(self, *names: str) -> None:
        for name in names:
            async with self._home.database.write(name) as tx:
                await _JOBS[name](self._home.context(), tx)

    async def day(self, day: date, bells: Sequence[time] = MORNING) -> None:
        """One day: what is old goes, the bells ring, people read what they are asked, and answer in the afternoon."""
        self._at(day, _FORGETTING)
        with self.diary.timed("forget"):
            await self._ring("forget", "forget_old")
        answered = False
        for bell in sorted(bells):
            if bell > _ANSWERING and not answered:
                answered = await self._answers(day)
            self._at(day, bell)
            with self.diary.timed("remind"):
                await self._ring("remind_visits")
            await self._sent(day)
        if not answered:
            await self._answers(day)
        self._at(day, _TELLING)
        await self._ring("tell_silent")
        await self._sent(day)
        if day.weekday() == 6:
            await self._leave(day)

    async def _sent(self, day: date) -> None:
        """Everything that may be said now has arrived: one update in place of claim, begin and settle for each row."""
        with self.diary.timed("send"):
            await self._send(day)

    async def _send(self, day: date) -> None:
        async with self._home.database.write("sent") as tx:
            now = self._clock[0]
            ready = (outbox.c.state == SendState.PENDING, outbox.c.not_before <= now)
            read = set(await tx.rows(sa.select(outbox.c.key).where(*ready, outbox.c.kind == Said.REMINDER)))
            waiting = [asked for asked in await visits.waiting(tx) if (asked.key,) in read]
            known = {o.id: o for o in await visits.some(tx, {a.occurrence_id for a in waiting})} if waiting else {}
            for asked in waiting:
                self._plan(asked.member_id, known[asked.occurrence_id], asked.rung, day)
            stmt = sa.select(outbox.c.chat_id, outbox.c.kind, sa.func.count().label("many")).where(*ready)
            for row in await tx.rows(stmt.group_by(outbox.c.chat_id, outbox.c.kind)):
                self.diary.messages += row.many
                if row.kind == Said.REMINDER:
                    self.diary.reminders[day, row.chat_id] += row.many
            done = {"state": SendState.SENT, "attempt": 1, "settled_at": now}
            await tx.execute(sa.update(outbox).where(*ready).values(**done, provider_id=sa.cast(outbox.c.id, sa.Text)))

    def _plan(self, member: int, found: Occurrence, rung: int, today: date) -> None:
        """Somebody reads that he is asked, and makes up his mind; of two the earlier one goes."""
        answer = self.people.answer(member, found, rung, today)
        if answer is None:
            return
        planned = self._planned.get(found.id)
        if planned is None or planned[0] != found.revision or answer[0] < planned[1]:
            self._planned[found.id] = (found.revision, *answer, member)
            self._due[answer[0]].append(found.id)

    async def _answers(self, day: date) -> bool:
        """People write what they found: typed into their private chats, a hundred messages in a transaction."""
        now = self._at(day, _ANSWERING)
        events = []
        for number in self._due.pop(day, []):
            planned = self._planned.get(number)
            if planned is None or planned[1] != day:
                continue
            del self._planned[number]
            _, _, words, member = planned
            self._event += 1
            chat, sender = Chat(CHANNEL, BOT, str(member)), Sender(str(member))
            text = f"走访 {number} {words}"
            known = f"m{self._event}"
            events.append(Incoming(chat, ChatKind.PRIVATE, Kind.MESSAGE, self._event, known, sender, now, text))
        with self.diary.timed("answer"):
            await self._take_in(events)
        self.diary.answers += len(events)
        await self._sent(day)
        return True

    async def _take_in(self, events: Sequence[Incoming]) -> None:
        for start in range(0, len(events), _BATCH):
            await self._home.inbox.take_in(events[start : start + _BATCH])

    async def _leave(self, sunday: date) -> None:
        """On Sunday evening those who go on leave in the week to come have said so."""
        self._at(sunday, _LEAVING)
        async with self._home.database.write("leaves") as tx:
            for member, spans in self.people.leaves.items():
                for first, end in spans:
                    if sunday < first <= sunday + timedelta(days=7):
                        from_at, to_at = (datetime.combine(d, time(), ZONE) for d in (first, end))
                        await leaves.add(tx, member, from_at, to_at)
            await grids.changed(tx)


@asynccontextmanager
async def opened(path: Path, size: Size, days: int, manners: Manners) -> AsyncIterator[tuple[House, Year]]:
    """A district before its first day, in a new SQLite file."""
    clock = [datetime.combine(BEGINS, _FORGETTING, ZONE).astimezone(ZoneInfo("UTC"))]
    config = Config.model_validate({"storage": {"url": f"sqlite:///{path}"}})
    async with house(config, now=lambda: clock[0]) as home:
        district = await build(home.database, size, BEGINS, manners.seed)
        yield home, Year(home, clock, district, People(manners, district.volunteers, BEGINS, days))


async def live(
    year: Year, days: int, bells: Sequence[time] = MORNING, *, done: Callable[[date], None] = lambda _day: None
) -> None:
    """So many days, from the first Monday of 2026 on."""
    for n in range(days):
        day = BEGINS + timedelta(days=n)
        await year.day(day, bells)
        done(day)
