"""A community on paper: roster, dispatch, visits and clocks as the rules alone make them, thousands of times.

What the handlers do around the rules is in ``test_database.py``. What must hold is judged by what was said and done here
(``_is_away``, ``_avoids``), never by asking the rules themselves.
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain import cover as covers
from domain import ladder, refusal
from domain import ticket as tickets
from domain.cadence import Cadence, Rhythm
from domain.calendar import Calendar, QuietHours
from domain.category import Urgency
from domain.cover import Cover, CoverState
from domain.incoming import Chat, ChatKind
from domain.ladder import LIVING, Hours, Ladder, Run, Step
from domain.place import Place
from domain.roster import Area, AreaKind, Avoid, AvoidReason, Grid, Leave, Member, Pairing, PairRole, Role
from domain.swap import Swap, SwapState, exchange, places_of
from domain.templates import DEFAULT
from domain.ticket import Ticket, Who
from domain.visit import (
    ENDED,
    LAST,
    OVER,
    UNSETTLED,
    Category,
    Mode,
    Occurrence,
    Plan,
    carers,
    hand_over,
    latest_on,
    morning,
    owed,
    postpone,
    settle,
    tick,
    tried,
)
from tests.rules.test_roster import ABOVE, BUILDING, GRID, HOUSE, LEADERS, OTHER, STAIR, VOLUNTEERS, a_grid, paired

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # thousands of examples, and others may run beside them
CHINA = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
QUIET = QuietHours(time(21), time(8))
HOURS = Hours(CHINA, QUIET)
START = CHINA.at(date(2026, 1, 30), time(10))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CHAT = Chat("web", "web", "g")
RESIDENT = Who("web", "w", "王阿姨")
EVERYBODY = (*VOLUNTEERS, *LEADERS, *ABOVE)
PAIRS = (paired(HOUSE, 11), paired(HOUSE, 12, PairRole.PARTNER), paired(STAIR, 13), paired(BUILDING, 14))
CADENCES = ("week", "2week", "month", "week~", "10d")
MOST = 3
"""So many households, and so many tickets."""


class Paper(RuleBasedStateMachine):
    """``asked``: (visit, revision, rung) → people. ``offered``: ticket → everybody asked. ``climbed``: ticket → last step."""

    def __init__(self) -> None:
        """Before anybody has done anything."""
        super().__init__()
        self.now = START
        self.grid: Grid = a_grid(PAIRS)
        self.plans: dict[int, Plan] = {}
        self.visits: dict[int, dict[str, Occurrence]] = {}
        self.asked: dict[tuple[int, str, int, int], list[int]] = {}
        self.tickets: dict[int, Ticket] = {}
        self.runs: dict[int, Run] = {}
        self.offered: dict[int, list[int]] = {}
        self.covers: list[tuple[Cover, list[int]]] = []
        self.done: dict[tuple[int, str], Occurrence] = {}
        self.looked = False

    # What people do

    @initialize(cadence=st.sampled_from(CADENCES))
    def begins(self, cadence: str) -> None:
        self._visited(HOUSE, cadence)

    @precondition(lambda self: len(self.plans) < MOST)
    @rule(cadence=st.sampled_from(CADENCES), first=st.sampled_from([None, *VOLUNTEERS]))
    def household_added(self, cadence: str, first: int | None) -> None:
        number = 100 + len(self.plans)
        home = Area(number, STAIR, AreaKind.HOUSEHOLD, str(number), str(number), "3栋", "2单元", str(number))
        self.grid = replace(self.grid, areas={**self.grid.areas, number: home})
        self._visited(number, cadence)
        if first is not None:
            self._imported(number, first)

    def _visited(self, household: int, cadence: str) -> None:
        today = CHINA.today(self.now)
        rhythm = Rhythm(Cadence.of(cadence), today)
        self.plans[household] = Plan(household, GRID, household, cadence, rhythm, today, next_on=today)
        self.visits[household] = {}
        self.looked = False

    @precondition(lambda self: len(self.tickets) < MOST)
    @rule(
        urgency=st.sampled_from([Urgency.P0, Urgency.P1, Urgency.P2, Urgency.Q]),
        place=st.sampled_from([Place("3栋", "2单元", "501"), Place("3栋"), Place("4栋"), Place()]),
    )
    def reported(self, urgency: Urgency, place: Place) -> None:
        number = len(self.tickets) + 1
        ticket, _ = tickets.open_ticket(
            number, grid_id=GRID, chat=CHAT, chat_kind=ChatKind.GROUP, message_id=f"m{number}", thread="",
            reporter=RESIDENT, words="灯", code="FIX01", urgency=urgency, place=place, private=False, why=None,
            at=self.now, calendar=CHINA, template=DEFAULT,
        )  # fmt: skip
        self.tickets[number] = ticket
        self.offered[number] = []
        self.runs[number] = ladder.start(number, ticket, Ladder().steps(urgency), HOURS)
        self._offer(number)

    def _offer(self, number: int) -> None:
        """Ask the next one, as ``handlers/dispatching.py`` does: a volunteer, or the end of the ladder."""
        ticket, before = self.tickets[number], self.offered[number]
        found = self.grid.candidates(
            ticket.place, self.now, CHINA.today(self.now), load={}, seed=str(number), without=frozenset(before)
        )
        assert found, "the end of every ladder is a human"
        assert found == self._shuffled().candidates(
            ticket.place, self.now, CHINA.today(self.now), load={}, seed=str(number), without=frozenset(before)
        ), "the same input, the same person"
        member = found[0].member
        self._may_be_asked(member, {a.id for a in self.grid.areas_of(ticket.place)})
        if member.role is Role.VOLUNTEER:
            assert member.id not in before, "nobody is asked twice about the same ticket"
            self.tickets[number], _ = tickets.dispatch(ticket, str(found[0].because), self.now)
        else:
            self.tickets[number], _ = tickets.assign(ticket, member.id, str(found[0].because), tickets.BOT, self.now)
        before.append(member.id)

    def _shuffled(self) -> Grid:
        """The same grid, its rows in another order."""
        grid = self.grid
        return replace(
            grid,
            members=dict(reversed(list(grid.members.items()))),
            areas=dict(reversed(list(grid.areas.items()))),
            pairings=grid.pairings[::-1],
            leaves=grid.leaves[::-1],
            avoids=grid.avoids[::-1],
        )

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, MOST), act=st.sampled_from(["take", "decline", "solve", "reopen"]))
    def answered(self, which: int, act: str) -> None:
        number = which % len(self.tickets) + 1
        ticket, asked = self.tickets[number], self.offered[number][-1]
        who = Who("web", str(asked), member_id=asked)
        try:
            if act == "decline":
                tickets.require_open(ticket)
                if ticket.assignee_id is None:
                    self._offer(number)
                return
            change = {
                "take": lambda: tickets.take(ticket, asked, who, self.now),
                "solve": lambda: tickets.solve(ticket, "换了", who, self.now),
                "reopen": lambda: tickets.reopen(ticket, RESIDENT, self.now, CHINA, DEFAULT),
            }[act]()
        except refusal.Refusal:
            return
        self.tickets[number] = change[0]
        self.looked = False

    @rule(member=st.sampled_from(EVERYBODY), ahead=st.integers(0, 9), days=st.integers(1, 20))
    def goes_on_leave(self, member: int, ahead: int, days: int) -> None:
        """请假: earlier leaves end where this one begins; somebody is asked to stand in."""
        if self.grid.member(member) is None:
            return
        today = CHINA.today(self.now)
        start = max(self.now, CHINA.at(today + ahead * DAY, time(0)))
        end = CHINA.at(today + (ahead + days) * DAY, time(0))
        self._ends_leaves(member, start)
        self.grid = replace(self.grid, leaves=(*self.grid.leaves, Leave(member, start, end)))
        wanted = covers.whom_to_ask(self.grid, member, start, end, today)
        assert member not in wanted
        for each in wanted:
            assert not any(
                leave.member_id == each and leave.from_at < end and start < leave.to_at for leave in self.grid.leaves
            ), "nobody on leave is asked to stand in"
        cover = Cover(len(self.covers), GRID, member, start, end, None, CoverState.ASKED, 0, 0, self.now)
        self.covers.append((cover, wanted))

    def _ends_leaves(self, member: int, at: datetime) -> None:
        self.grid = replace(
            self.grid,
            leaves=tuple(
                replace(leave, to_at=at) if leave.member_id == member and leave.to_at > at else leave
                for leave in self.grid.leaves
            ),
        )

    @rule(member=st.sampled_from(EVERYBODY))
    def comes_back(self, member: int) -> None:
        self._ends_leaves(member, self.now)

    @precondition(lambda self: self.covers)
    @rule(which=st.integers(0, 20), who=st.integers(0, 4), agrees=st.booleans())
    def says_of_standing_in(self, which: int, who: int, *, agrees: bool) -> None:
        index = which % len(self.covers)
        cover, wanted = self.covers[index]
        if not wanted or cover.stand_in_id is not None:
            return
        member = wanted[who % len(wanted)]
        if not agrees:
            wanted.remove(member)
            return
        if self.grid.away_between(member, cover.from_at, cover.to_at):
            return
        self.covers[index] = (replace(cover, stand_in_id=member, state=CoverState.TAKEN), wanted)
        mine = (cover.member_id, cover.from_at, cover.to_at)
        self.grid = replace(
            self.grid,
            leaves=tuple(
                replace(leave, stand_in_id=member) if (leave.member_id, leave.from_at, leave.to_at) == mine else leave
                for leave in self.grid.leaves
            ),
        )

    @rule(one=st.sampled_from(VOLUNTEERS), other=st.sampled_from(VOLUNTEERS))
    def swaps(self, one: int, other: int) -> None:
        """换班: every place keeps as many people as before."""
        if one == other or not {one, other} <= self.grid.members.keys():
            return
        today = CHINA.today(self.now)
        mine, theirs = (tuple(places_of(self.grid, m, today)) for m in (one, other))
        swap = Swap(1, GRID, one, other, mine, tuple(i for i in theirs if i not in mine), SwapState.ASKED, self.now)
        before = self._held()
        try:
            closed, opened = exchange(self.grid, swap, today)
        except refusal.Refusal:
            return
        kept = tuple(replace(p, to_on=today) if p in closed else p for p in self.grid.pairings)
        self.grid = replace(self.grid, pairings=(*kept, *opened))
        assert sorted(area for area, _ in self._held()) == sorted(area for area, _ in before)

    def _held(self) -> list[tuple[int, int]]:
        today = CHINA.today(self.now)
        return [(p.area_id, p.member_id) for p in self.grid.pairings if p.holds(today)]

    @rule(member=st.sampled_from(EVERYBODY), area=st.sampled_from([HOUSE, STAIR, BUILDING, OTHER, 101, 102]))
    def avoids(self, member: int, area: int) -> None:
        if area in self.grid.areas:
            self.grid = replace(self.grid, avoids=(*self.grid.avoids, Avoid(member, area, AvoidReason.OWN)))

    @rule(member=st.sampled_from(VOLUNTEERS), area=st.sampled_from([HOUSE, STAIR, BUILDING, OTHER, GRID, 101, 102]))
    def imported(self, member: int, area: int) -> None:
        if area in self.grid.areas and member in self.grid.members:
            self._imported(area, member)

    def _imported(self, area: int, member: int) -> None:
        """A sheet with somebody else: the former row is closed, a new one opened."""
        today = CHINA.today(self.now)

        def closed(held: Pairing) -> Pairing:
            ends = held.area_id == area and (held.role is PairRole.FIRST or held.member_id == member)
            return replace(held, to_on=today) if ends and held.holds(today) else held

        kept = tuple(closed(p) for p in self.grid.pairings)
        self.grid = replace(self.grid, pairings=(*kept, Pairing(area, member, PairRole.FIRST, today)))

    @precondition(lambda self: len(self.grid.members) > len(EVERYBODY) - 3)
    @rule(member=st.sampled_from(VOLUNTEERS))
    def leaves_the_roster(self, member: int) -> None:
        """Whoever leaves takes nothing with him: his places go to whoever is next."""
        left = {i: m for i, m in self.grid.members.items() if i != member}
        self.grid = replace(self.grid, members=left)

    @precondition(lambda self: any(self.visits.values()))
    @rule(data=st.data(), act=st.sampled_from(["done", "absent", "later", "other"]), ago=st.integers(0, 9))
    def visited(self, data: st.DataObject, act: str, ago: int) -> None:
        known = [(h, key) for h, mine in sorted(self.visits.items()) for key in sorted(mine)]
        household, key = data.draw(st.sampled_from(known))
        found = replace(self.visits[household][key], plan=self.plans[household])
        today = CHINA.today(self.now)
        other = next(i for i in self.grid.members if i in VOLUNTEERS)
        try:
            after = {
                "done": lambda: settle(found, today - ago * DAY),
                "absent": lambda: tried(found, today, high_risk=ago > 4),
                "later": lambda: postpone(found, latest_on(found, today), today),
                "other": lambda: hand_over(found, other, today),
            }[act]()
        except refusal.VisitSettled:
            assert found.state in ENDED
            return
        self.visits[household][key] = after
        if act == "done":
            self.done[household, key] = after

    # What time does

    @rule(minutes=st.sampled_from([1, 30, 600, 1440]), days=st.sampled_from([0, 0, 1, 3, 7, 30, 45]))
    def program_stands_still(self, minutes: int, days: int) -> None:
        """Nobody rings: hours, or weeks."""
        self.now += minutes * MINUTE + days * DAY
        self.looked = False

    @rule(minutes=st.sampled_from([0, 0, 60, 1440, 1440, 3 * 1440, 10 * 1440]))
    def clock_rings(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        today, day = CHINA.today(self.now), morning(self.now, CHINA, time(9))
        for household, before in self.plans.items():
            made, next_on = owed(before, _category(before.category), today)
            self.plans[household] = plan = replace(before, next_on=next_on)
            mine = self.visits[household]
            for key, window in made:
                assert key not in mine, "a period has one visit"
                mine[key] = Occurrence(len(mine), plan, key, window)
            for key, found in list(mine.items()):
                if found.wakes_on is not None and found.wakes_on <= day:
                    mine[key], rung = tick(replace(found, plan=plan), day)
                    if rung is not None:
                        self._rings(household, mine[key], rung, fresh=found.rung == 0)
        for number in self.tickets:
            self._climbs(number)
        self.looked = True

    def _rings(self, household: int, found: Occurrence, rung: int, *, fresh: bool) -> None:
        name = (household, found.period, found.revision, rung)
        assert name not in self.asked, "one reminder per rung"
        now, today = self.now, CHINA.today(self.now)
        people = [
            c.member
            for c in carers(self.grid, household, now, today, found.assignee_id).asked(rung, fresh=fresh)
        ]  # fmt: skip
        ids = [m.id for m in people]
        self.asked[name] = ids
        assert ids, "every rung reaches somebody"
        assert len(ids) == len(set(ids)), "everybody once"
        areas = {a.id for a in self.grid.above_of(household)}
        for member in people:
            self._may_be_asked(member, areas)
        if rung == OVER:
            assert any(m.role is not Role.VOLUNTEER or self._leads(m.id) for m in people), "the leader hears at last"
        if rung == LAST:
            helpers = {i for area, i in self._held() if area == household and self._is_there(i, areas)}
            assert len(ids) > 1 or not helpers - set(ids), "on the last day the partner hears as well"
        start = QUIET.next_allowed(CHINA, now)
        assert not QUIET.covers(CHINA.local(start).time().replace(tzinfo=None))

    def _climbs(self, number: int) -> None:
        run = ladder.follow(self.runs[number], self.tickets[number], self.now, HOURS)
        if run.state not in LIVING and self.tickets[number].is_open:
            steps = Ladder().steps(self.tickets[number].urgency)
            run = ladder.start(number, self.tickets[number], steps, HOURS)
        if ladder.rings(run, self.now, HOURS):
            ticket = self.tickets[number]
            assert ticket.urgency is Urgency.P0 or not QUIET.covers(
                CHINA.local(self.now).time().replace(tzinfo=None)
            ), "nobody is woken for what can wait"
            after, step = ladder.climb(run, self.now, HOURS)
            assert after.position > run.position
            self._hears(ticket, step)
            run = after
        self.runs[number] = run

    def _hears(self, ticket: Ticket, step: Step) -> None:
        people = ladder.told(self.grid, ticket, step, self.now, CHINA.today(self.now))
        assert people, "every step reaches a human"
        for member in people:
            areas = {a.id for a in self.grid.areas_of(ticket.place)}
            self._may_be_asked(member, areas, has_it=member.id == ticket.assignee_id)
            if step not in (*ladder.OWNERS, Step.PARTNER):
                assert member.role is not Role.VOLUNTEER or self._leads(member.id), "from the leader on it is staff"

    # What must hold

    def _is_away(self, member: int) -> bool:
        return any(leave.member_id == member and leave.from_at <= self.now < leave.to_at for leave in self.grid.leaves)

    def _avoids(self, member: int, areas: set[int]) -> bool:
        return any(a.member_id == member and a.area_id in areas for a in self.grid.avoids)

    def _is_there(self, member: int, areas: set[int]) -> bool:
        return member in self.grid.members and not self._is_away(member) and not self._avoids(member, areas)

    def _leads(self, member: int) -> bool:
        """Whether he stands in for a leader who is away."""
        return any(
            leave.stand_in_id == member and leave.member_id in LEADERS and leave.from_at <= self.now < leave.to_at
            for leave in self.grid.leaves
        )

    def _may_be_asked(self, member: Member, areas: set[int], *, has_it: bool = False) -> None:
        """Somebody of the roster who is there and whom nothing keeps off; of staff one of them, when there is no other.

        ``has_it``: he has taken it, whatever was said of the place since.
        """
        assert self.grid.member(member.id) is not None
        staff = [m.id for m in (*self.grid.leaders(), *self.grid.above)]
        if member.role is not Role.VOLUNTEER:
            nobody_else = not any(not self._is_away(i) and not self._avoids(i, areas) for i in staff)
        else:
            nobody_else = self._leads(member.id) and all(self._avoids(i, areas) for i in (*staff, member.id))
        assert nobody_else or not self._is_away(member.id), "nobody on leave is asked"
        assert nobody_else or has_it or not self._avoids(member.id, areas), "nobody is asked who avoids the place"

    @invariant()
    def somebody_is_responsible_for_whatever_is_due(self) -> None:
        today, shuffled = CHINA.today(self.now), self._shuffled()
        for household, mine in self.visits.items():
            areas = {a.id for a in self.grid.above_of(household)}
            for found in mine.values():
                if found.state not in UNSETTLED:
                    continue
                now = carers(self.grid, household, self.now, today, found.assignee_id)
                owner = now.owner()
                assert owner is not None
                assert owner.member.reachable
                self._may_be_asked(owner.member, areas)
                assert now == carers(shuffled, household, self.now, today, found.assignee_id), "the same input"

    @invariant()
    def no_household_is_dropped(self) -> None:
        """Every period since the first look has its visit, slept through or not, and what was reported stands."""
        today = CHINA.today(self.now)
        for household, plan in self.plans.items():
            mine = self.visits[household]
            for found in mine.values():
                assert (found.wakes_on is not None) == (found.state in UNSETTLED), "what is open wakes, nothing else"
            if self.looked:
                period = plan.rhythm.of_key(min(mine))  # a plan begins with the first look
                while period.from_on <= today:
                    assert period.key in mine, "every period has its visit"
                    period = plan.rhythm.period(period.to_on)
        for (household, key), found in self.done.items():
            assert self.visits[household][key] == found

    @invariant()
    def every_open_ticket_has_a_ladder_that_ends_at_a_human(self) -> None:
        for number, ticket in self.tickets.items():
            if self.looked:
                assert (self.runs[number].state in LIVING) == ticket.is_open
            if ticket.is_open:
                for step in Step:
                    self._hears(ticket, step)


def _category(cadence: str) -> Category:
    modes = frozenset(Mode)
    return Category(
        cadence, "x", Cadence.of(cadence), modes, high_risk=False, need_code="", before_days=2, grace_days=1
    )


class _Again(Paper):
    """The same a second time, for the second core."""


_MANY = settings(max_examples=1500, stateful_step_count=20, deadline=None)
TestPaper, TestPaperAgain = Paper.TestCase, _Again.TestCase
TestPaper.settings = TestPaperAgain.settings = _MANY
