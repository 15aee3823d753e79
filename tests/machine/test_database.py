"""The same on a real database: what people write in private, the jobs in any pattern, restarts, a roster that changes.

The machine keeps its own book of who said he is away; what the program says is judged by that book, not by the program's.
"""

import asyncio
import re
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typing_extensions import override

from bot.workdays import workdays
from domain import ladder, visit
from domain.calendar import Calendar
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.outgoing import Kind as Said
from domain.outgoing import Op, SendState
from domain.roster import AreaKind, PairRole
from handlers import router
from handlers.context import STAFF_QUIET, Context, Policy
from scheduler.jobs import JOBS
from storage import calls, grids, rosters, tickets, visits
from storage.database import Database, ReadTx, WriteTx
from storage.roster_tables import cover_asks, swaps
from storage.rosters import Changes, Closing, NewArea, NewPairing, NewPlan, area_key
from storage.schema import migrate
from storage.tables import leaves, outbox
from storage.visit_tables import occurrences, visit_asks, visit_plans
from tests.community import STAFF, give_visits, settle
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
START = datetime(2026, 11, 20, 2, tzinfo=UTC)
SAID, EAR, CATEGORIES = Sentences.load(), Ear.load(), load_categories()
VOLUNTEERS, SENIORS = STAFF[1:5], (STAFF[0], STAFF[5])
HOMES = (["3栋2单元501", "solo_elder", "老李", "吴姐"], ["2栋1单元301", "illness_care", "老周"])
WORDS = ("3栋2单元楼道灯不亮", "2栋垃圾没人清", "东门路灯坏了", "3栋2单元有人困在电梯里")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
OURS = (Said.INVITATION, Said.REMINDER)
_KEY = re.compile(r"visits?:(\d+):(\d+):(\d+):(\d+)")


@cache
def _fresh() -> bytes:
    """A migrated database with the community in it, made once and copied for every example."""

    async def make(file: Path) -> None:
        database = Database(f"sqlite:///{file}")
        await migrate(database)
        await settle(database, "web", "web", {name: name for name in STAFF}, "g")
        await give_visits(database, CHINA.today(START), HOMES)
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(make(Path(folder) / "fresh.db"))
        return (Path(folder) / "fresh.db").read_bytes()


class Real(RuleBasedStateMachine):
    """``away``: who said that he is, from when to when. ``numbers``: counts what was written."""

    def __init__(self) -> None:
        """A copy of the community."""
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "real.db").write_bytes(_fresh())
        self.database = self._opened()
        self.now = START
        self.numbers = self.reported = 0
        self.homes = len(HOMES)
        self.gone: set[str] = set()
        self.away: list[tuple[str, datetime, datetime]] = []
        self.looked = False

    def _opened(self) -> Database:
        return Database(f"sqlite:///{self.folder / 'real.db'}")

    @override
    def teardown(self) -> None:
        """Nothing is left behind."""
        self._run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def _write(self, act: Callable[[Context, WriteTx], Awaitable[Any]]) -> Any:
        """One transaction, a minute after the one before, so that a row says by its time which step wrote it."""
        self.now += MINUTE
        cx = Context(self.now, SAID, Policy(), CHINA, EAR, CATEGORIES)

        async def run() -> Any:
            async with self.database.write("step") as tx:
                return await act(cx, tx)

        return self._run(run())

    def _read(self, look: Callable[[ReadTx], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            async with self.database.read() as tx:
                return await look(tx)

        return self._run(run())

    def _says(self, name: str, text: str, *, group: bool = False) -> None:
        self.looked = False
        self.numbers += 1
        event = Incoming(
            chat=Chat("web", "web", "g" if group else name),
            chat_kind=ChatKind.GROUP if group else ChatKind.PRIVATE,
            kind=Kind.MESSAGE,
            event=self.numbers,
            message_id=f"m{self.numbers}",
            sender=Sender(name, name),
            at=self.now + MINUTE,
            text=text,
        )
        self._write(lambda cx, tx: router.handle(cx, tx, event))

    @initialize()
    def first_morning(self) -> None:
        """The households are being looked after."""
        self.clock_rings(0)

    # What people do

    @rule(words=st.sampled_from(WORDS), name=st.sampled_from(["王阿姨", "张大爷"]))
    def reports(self, words: str, name: str) -> None:
        self._says(name, words, group=True)
        self.reported += 1

    @precondition(lambda self: self.reported)
    @rule(which=st.integers(0, 4), act=st.sampled_from(["接单", "不接", "办结"]))
    def answers(self, which: int, act: str) -> None:
        """Whoever is asked, or has it."""
        number = which % self.reported + 1

        async def asked(tx: ReadTx) -> int | None:
            found = await calls.current(tx, number)
            ticket = await tickets.get(tx, number)
            return found.member_id if found is not None else ticket.assignee_id if ticket is not None else None

        member = self._read(asked)
        if member is not None:
            self._says(STAFF[member - 1], f"{act} {number} 换了" if act == "办结" else f"{act} {number}")

    @rule(
        name=st.sampled_from(STAFF),
        ahead=st.integers(0, 9),
        days=st.integers(1, 12),
        instead=st.sampled_from(["", "", *VOLUNTEERS]),
    )
    def goes_on_leave(self, name: str, ahead: int, days: int, instead: str) -> None:
        if name in self.gone:
            return
        today = CHINA.today(self.now + MINUTE)
        first, last = today + ahead * DAY, today + (ahead + days - 1) * DAY
        before = self._read(lambda tx: tx.value(sa.select(sa.func.count()).select_from(leaves)))
        self._says(name, f"请假 {first} {last} {instead}")
        if self._read(lambda tx: tx.value(sa.select(sa.func.count()).select_from(leaves))) == before:
            return  # whom he named cannot
        start = max(self.now, CHINA.at(first, time(0)))
        self._ends(name, start)
        self.away.append((name, start, CHINA.at(last + DAY, time(0))))

    def _ends(self, name: str, at: datetime) -> None:
        self.away = [(n, a, min(b, at) if n == name else b) for n, a, b in self.away]

    @rule(name=st.sampled_from(STAFF))
    def comes_back(self, name: str) -> None:
        if name not in self.gone:
            self._says(name, "销假")
            self._ends(name, self.now)

    @rule(which=st.integers(0, 9), agrees=st.booleans())
    def says_of_standing_in(self, which: int, *, agrees: bool) -> None:
        """Whoever was ever asked, in time or too late."""
        asked = self._read(lambda tx: tx.rows(sa.select(cover_asks)))
        if asked:
            row = asked[which % len(asked)]
            self._says(STAFF[row.member_id - 1], f"代班 {row.leave_id}{'' if agrees else ' 不方便'}")

    @rule(name=st.sampled_from(VOLUNTEERS), other=st.sampled_from(VOLUNTEERS))
    def swaps_places(self, name: str, other: str) -> None:
        self._says(name, f"换班 {other}")
        number = self._read(lambda tx: tx.value(sa.select(sa.func.max(swaps.c.id))))
        self._says(other, f"换班 {number or 1}")

    @rule(name=st.sampled_from(VOLUNTEERS), place=st.sampled_from(["3栋2单元501", "2栋1单元301", "3栋"]))
    def avoids(self, name: str, place: str) -> None:
        self._says(name, f"回避 {place}")

    @rule(
        which=st.integers(0, 12),
        words=st.sampled_from(["正常", "没见到", "改期 后天", "请人代", "需求 灯不亮", "电话 正常"]),
    )
    def visited(self, which: int, words: str) -> None:
        """By whoever is responsible now."""

        async def owner(tx: ReadTx) -> tuple[int, str]:
            known = await visits.select(tx)
            found = known[which % len(known)]
            return found.id, str((await self._carers(tx, found)).owner().member.name)

        number, name = self._read(owner)
        self._says(name, f"走访 {number} {words}")

    async def _carers(self, tx: ReadTx, found: visit.Occurrence) -> Any:
        grid = await grids.by_id(tx, found.plan.grid_id)
        today = CHINA.today(self.now)
        return visit.carers(grid, found.plan.household_id, self.now, today, found.assignee_id)

    # The sheet

    def _imports(self, changes: Changes) -> None:
        async def apply(_: Context, tx: WriteTx) -> None:
            await rosters.apply(tx, await rosters.load(tx), changes, CHINA.today(self.now), seal=str)

        self._write(apply)

    @rule(name=st.sampled_from(VOLUNTEERS), building=st.sampled_from(["1栋", "2栋", "3栋"]))
    def pairing_imported(self, name: str, building: str) -> None:
        if name in self.gone:
            return
        known = self._read(rosters.load)
        place = area_key(AreaKind.BUILDING, "G01", building)
        person = (area_key(AreaKind.GRID, "G01"), name)
        held = [p for p in known.pairings if p.area == place and (p.role is PairRole.FIRST or p.member == person)]
        closings = tuple(Closing("pairing", p.id, name) for p in held)
        self._imports(Changes(pairings=(NewPairing(place, person, PairRole.FIRST),), closings=closings))

    @precondition(lambda self: len(self.gone) < 2)
    @rule(name=st.sampled_from(VOLUNTEERS))
    def leaves_the_roster(self, name: str) -> None:
        if name in self.gone:
            return
        known = self._read(rosters.load)
        held = [p for p in known.pairings if p.member[1] == name]
        closings = tuple(Closing("pairing", p.id, name) for p in held)
        self._imports(Changes(closings=(*closings, Closing("member", STAFF.index(name) + 1, name))))
        self.gone.add(name)

    @precondition(lambda self: self.homes < 4)
    @rule(category=st.sampled_from(["solo_elder", "illness_care"]))
    def household_added(self, category: str) -> None:
        today = CHINA.today(self.now)
        stair = area_key(AreaKind.STAIR, "G01", "1栋", "1单元")
        home = area_key(AreaKind.HOUSEHOLD, "G01", "1栋", "1单元", f"10{self.homes}")
        cadence = "week" if category == "solo_elder" else "month"
        area = NewArea(home, stair, AreaKind.HOUSEHOLD, "".join(home[2:]))
        self._imports(Changes(areas=(area,), plans=(NewPlan(home, category, cadence, today, "", ""),)))
        self.homes += 1
        self.looked = False

    # What time and machines do

    @rule(minutes=st.sampled_from([1, 300, 700, 1440]), days=st.sampled_from([0, 0, 2, 6, 30]))
    def program_stands_still(self, minutes: int, days: int) -> None:
        self.now += minutes * MINUTE + days * DAY
        self.looked = False

    @rule()
    def restarts(self) -> None:
        self._run(self.database.close())
        self.database = self._opened()

    @rule(minutes=st.sampled_from([0, 20, 600, 1440, 4320]))
    def time_passes(self, minutes: int) -> None:
        self.clock_rings(minutes)

    @rule(minutes=st.sampled_from([600, 1440, 2880]))
    def days_pass(self, minutes: int) -> None:
        self.clock_rings(minutes)

    def clock_rings(self, minutes: int) -> None:
        """What may arrive by now has arrived, then every job, once."""
        self.now += minutes * MINUTE

        async def ring(cx: Context, tx: WriteTx) -> None:
            by_day = sa.true() if not STAFF_QUIET.covers(self._clock(cx.now)) else outbox.c.night.is_(True)
            due = (outbox.c.state == SendState.PENDING, outbox.c.not_before <= cx.now, by_day)
            await tx.execute(sa.update(outbox).where(*due).values(state=SendState.SENT, provider_id=outbox.c.key))
            for job in JOBS:
                await job.run(cx, tx)

        self._write(ring)
        self.looked = True

    @staticmethod
    def _clock(at: datetime) -> time:
        return CHINA.local(at).time().replace(tzinfo=None)

    # What must hold

    def _is_away(self, name: str, at: datetime | None = None) -> bool:
        return any(n == name and a <= (at or self.now) < b for n, a, b in self.away)

    @invariant()
    def whoever_said_so_is_away_from_the_first_minute_to_the_last(self) -> None:
        async def look(tx: ReadTx) -> None:
            grid = await grids.by_id(tx, 3)
            for name, start, end in self.away:
                for at in (start, end - MINUTE, end):
                    found = grid.away(STAFF.index(name) + 1, at) is not None
                    assert name in self.gone or found == self._is_away(name, at), "away for the days he said"

        self._read(look)

    @invariant()
    def nobody_on_leave_is_asked_and_nobody_woken(self) -> None:
        """Of the people at the end of every ladder one on leave is written to when all of them are."""
        mine = (outbox.c.created_at == self.now, outbox.c.kind.in_([*OURS, Said.STAFF]), outbox.c.op == Op.SEND)
        rows = self._read(lambda tx: tx.rows(sa.select(outbox).where(*mine, outbox.c.chat_id != "g")))
        alone = all(self._is_away(name) for name in SENIORS)
        for row in rows:
            assert row.chat_id in STAFF
            assert row.chat_id not in self.gone, "who has left is written to no more"
            if row.kind in OURS:
                assert not self._is_away(row.chat_id) or (alone and row.chat_id in SENIORS), row.key
            if row.night:
                assert row.ticket is not None, row.key
                assert self._urgency(row.ticket) in ("P0", "P1"), row.key
            else:
                assert not STAFF_QUIET.covers(self._clock(row.not_before)), row.key

    def _urgency(self, number: int) -> str:
        async def look(tx: ReadTx) -> str:
            ticket = await tickets.get(tx, number)
            return "" if ticket is None else str(ticket.urgency)

        return str(self._read(look))

    @invariant()
    def one_reminder_per_rung_and_person(self) -> None:
        """The key of a reminder names visit, revision, rung and person, and nothing a retry could change."""
        rows = self._read(lambda tx: tx.rows(sa.select(visit_asks)))
        for row in rows:
            found = _KEY.fullmatch(row.key)
            assert found is not None, row.key
            assert int(found[4]) == row.member_id
            if row.key.startswith("visit:"):
                assert tuple(map(int, found.groups()[:3])) == (row.occurrence_id, row.revision, row.rung)

    @invariant()
    def every_due_visit_has_somebody_who_is_there(self) -> None:
        async def look(tx: ReadTx) -> list[Any]:
            open_ = await visits.select(tx, occurrences.c.state.in_(sorted(visit.UNSETTLED)))
            return [await self._carers(tx, found) for found in open_]

        alone = all(self._is_away(name) for name in SENIORS)
        for found in self._read(look):
            owner = found.owner()
            assert owner is not None
            assert owner.member.reachable
            name = owner.member.name
            assert name not in self.gone
            assert not self._is_away(name) or (alone and name in SENIORS), name

    @invariant()
    def no_household_is_dropped(self) -> None:
        if not self.looked:
            return
        today = CHINA.today(self.now)

        async def look(tx: ReadTx) -> list[tuple[visit.Plan, set[str]]]:
            plans = await tx.rows(sa.select(visit_plans.c.household_id))
            found = await visits.plans_of(tx, *{row.household_id for row in plans})
            made = await visits.select(tx)
            return [(plan, {o.period for o in made if o.plan.id == plan.id}) for plan in found]

        known = self._read(look)
        assert len(known) == self.homes
        for plan, keys in known:
            period = plan.rhythm.of_key(min(keys))
            while period.from_on <= today:
                assert period.key in keys, (plan.household_id, period.key)
                period = plan.rhythm.period(period.to_on)

    @invariant()
    def every_open_ticket_ends_at_a_human(self) -> None:
        today: date = CHINA.today(self.now)

        async def look(tx: ReadTx) -> None:
            for ticket in await tickets.open_in(tx, 3):
                grid = await grids.by_id(tx, ticket.grid_id)
                for step in ladder.Step:
                    assert ladder.told(grid, ticket, step, self.now, today)
                if ticket.is_danger:
                    alert = await calls.alert(tx, ticket.number)
                    assert alert is not None
                    assert alert.called

        self._read(look)


TestReal = Real.TestCase
TestReal.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
