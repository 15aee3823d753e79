"""Six must-visit households (六必访): which visit is due, who goes, and what an answer makes of it.

Everything is a function of dates: the period is the identity of a visit, so that downtime, restarts and any pattern of
passes of the clock come to the same result. Recording never closes: a visit made late is still a visit.
"""

import calendar as months
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain import refusal
from domain.calendar import Calendar
from domain.roster import Because, Candidate, Grid

RUNGS = 3
"""On the day: who is responsible. One day over: the partner too. Two days over: the grid leader."""

RETRY = timedelta(days=3)
"""Nobody opened: tried again after three days (roster rules, 5.6)."""

AHEAD = timedelta(days=2)
"""How long before the day a visit is shown in the list."""

LONGEST = timedelta(days=366)
"""How far back visits are written down that nobody was there to remind of."""

NOTE_LONGEST = 200

_DAY = timedelta(days=1)
_WEEK = 7
_MONTH = range(30, 32)
_QUARTER = range(90, 93)


class Outcome(StrEnum):
    """What a visitor reports: 正常, 有需求, 需关注, 没见到."""

    OK = "ok"
    NEED = "need"
    ATTENTION = "attention"
    ABSENT = "absent"


class State(StrEnum):
    """Where one due visit stands. ``ABSENT``: somebody went and nobody opened, so it is still due."""

    PLANNED = "planned"
    OPEN = "open"
    ABSENT = "absent"
    MISSED = "missed"
    DONE = "done"
    DONE_LATE = "done_late"
    CANCELLED = "cancelled"


UNSETTLED = frozenset({State.PLANNED, State.OPEN, State.ABSENT})
ENDED = frozenset({State.DONE, State.DONE_LATE, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Category:
    """One of the six kinds of households, as staff keep it. ``need_code``: the kind of ticket when the words do not say."""

    key: str
    name: str
    every_days: int
    modes: tuple[str, ...]
    high_risk: bool
    need_code: str


@dataclass(frozen=True, slots=True)
class Period:
    """A span of days with one visit in it; ``to_on`` is the first day after it."""

    key: str
    from_on: date
    to_on: date

    @property
    def last_on(self) -> date:
        """Its last day."""
        return self.to_on - _DAY


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a household is visited. Weeks, months and quarters are those of the calendar (“at least once a month”);
    any other number of days rolls on from ``starts_on``, which in every case is the first due day.
    """

    every_days: int
    starts_on: date

    def period(self, day: date) -> Period:
        """The period a day lies in."""
        if self.every_days == _WEEK:
            year, week, weekday = day.isocalendar()
            start = day - timedelta(days=weekday - 1)
            return Period(f"{year}-W{week:02d}", start, start + timedelta(days=_WEEK))
        if self.every_days in _MONTH:
            start = day.replace(day=1)
            return Period(f"{day:%Y-%m}", start, _months_later(start, 1))
        if self.every_days in _QUARTER:
            start = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            return Period(f"{day.year}-Q{start.month // 3 + 1}", start, _months_later(start, 3))
        length = timedelta(days=max(self.every_days, 1))
        start = self.starts_on + (day - self.starts_on) // length * length
        return Period(start.isoformat(), start, start + length)

    def of_key(self, key: str) -> Period:
        """The period of a stored key. The key says itself what kind it is: a plan may have changed its rhythm since."""
        year, rest = int(key[:4]), key[5:]
        if rest.startswith("W"):
            return Rhythm(_WEEK, self.starts_on).period(date.fromisocalendar(year, int(rest[1:]), 1))
        if rest.startswith("Q"):
            return Rhythm(_QUARTER[0], self.starts_on).period(date(year, int(rest[1:]) * 3, 1))
        if len(rest) == 2:
            return Rhythm(_MONTH[0], self.starts_on).period(date(year, int(rest), 1))
        start = date.fromisoformat(key)
        return Period(key, start, start + timedelta(days=max(self.every_days, 1)))

    def due_on(self, period: Period) -> date:
        """The day in a period that corresponds to the first one: the same weekday, the same day of the month (at most its
        last), the same place in the quarter.
        """
        if self.every_days == _WEEK:
            return period.from_on + timedelta(days=self.starts_on.weekday())
        if self.every_days in _MONTH:
            return _clamped(period.from_on, self.starts_on.day)
        if self.every_days in _QUARTER:
            return _clamped(_months_later(period.from_on, (self.starts_on.month - 1) % 3), self.starts_on.day)
        return period.from_on


def _months_later(first: date, count: int) -> date:
    year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
    return date(year, month + 1, 1)


def _clamped(first: date, day: int) -> date:
    return first.replace(day=min(day, months.monthrange(first.year, first.month)[1]))


@dataclass(frozen=True, slots=True)
class Plan:
    """A household that agreed to be visited, from the day of its consent on."""

    id: int
    grid_id: int
    household_id: int
    category: str
    rhythm: Rhythm
    consent_on: date
    active: bool = True

    def wants(self, period: Period) -> bool:
        """Whether a visit belongs into this period: never before the start, never before the consent."""
        return self.active and self.rhythm.due_on(period) >= max(self.rhythm.starts_on, self.consent_on)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One due visit. ``rung`` is the next rung to be rung; ``revision`` rises with every decision of a person about it."""

    id: int
    plan: Plan
    period: str
    due_on: date
    state: State = State.PLANNED
    rung: int = 0
    revision: int = 0
    assignee_id: int | None = None
    settled_on: date | None = None

    @property
    def from_on(self) -> date:
        """The first day a visit counts for this period, as people are told."""
        return self.plan.rhythm.of_key(self.period).from_on

    @property
    def last_on(self) -> date:
        """The last day on which it is in time."""
        return max(self.plan.rhythm.of_key(self.period).last_on, self.due_on)

    @property
    def next_due_on(self) -> date:
        """When the next one is due."""
        period = self.plan.rhythm.period(self.plan.rhythm.of_key(self.period).to_on)
        return self.plan.rhythm.due_on(period)

    @property
    def lapses_on(self) -> date:
        """From this day on nobody is reminded any more: the next visit has taken its place and the ladder is at its end."""
        return max(self.next_due_on, self.due_on + timedelta(days=RUNGS))


def owed(plan: Plan, newest: str, today: date) -> list[tuple[Period, State]]:
    """The visits that must be there today and are not yet: the one of today's period, and those of periods that went by while
    nobody was there to write them down. A visit whose successor is already due is missed; nobody is reminded of it any more.

    ``newest``: the key of the newest period that has its visit, empty for a plan without any: that one begins today.
    """
    current = plan.rhythm.period(today)
    found = []
    start = max(plan.rhythm.of_key(newest).to_on, today - LONGEST) if newest else current.from_on
    period = plan.rhythm.period(start)
    while period.from_on < current.from_on:
        after = plan.rhythm.period(period.to_on)
        if period.from_on >= start and plan.wants(period):
            gone = plan.rhythm.due_on(after) <= today
            found.append((period, State.MISSED if gone else State.PLANNED))
        period = after
    if current.key != newest and plan.wants(current):
        found.append((current, State.PLANNED))
    return found


def rung_at(due_on: date, now: datetime, calendar: Calendar, clock: time) -> int | None:
    """The newest rung that is due: the hour counts on the wall clock of the grid, whatever its zone does."""
    newest = None
    for rung in range(RUNGS):
        if calendar.at(due_on + timedelta(days=rung), clock) <= now:
            newest = rung
    return newest


def tick(found: Occurrence, now: datetime, calendar: Calendar, clock: time) -> tuple[Occurrence, int | None]:
    """What the clock makes of a visit, and the rung to be rung now. Rungs that were slept through are not made up for."""
    if found.state not in UNSETTLED:
        return found, None
    if not found.plan.active:
        return replace(found, state=State.CANCELLED), None
    if calendar.today(now) >= found.lapses_on:
        return replace(found, state=State.MISSED, rung=RUNGS), None
    rung = rung_at(found.due_on, now, calendar, clock)
    if rung is None or rung < found.rung:
        return found, None
    state = State.OPEN if found.state is State.PLANNED else found.state
    return replace(found, state=state, rung=rung + 1), rung


def _require_unsettled(found: Occurrence) -> None:
    if found.state in ENDED:
        raise refusal.VisitSettled(number=found.id)


def settle(found: Occurrence, today: date) -> Occurrence:
    """Somebody was there. A missed visit is made good, late."""
    _require_unsettled(found)
    late = found.state is State.MISSED or today > found.last_on
    return replace(found, state=State.DONE_LATE if late else State.DONE, settled_on=today)


def tried(found: Occurrence, today: date, *, high_risk: bool) -> Occurrence:
    """没见到 settles nothing: tried again in three days, where life may be at risk tomorrow."""
    _require_unsettled(found)
    again_on = today + (_DAY if high_risk else RETRY)
    return replace(found, state=State.ABSENT, due_on=again_on, rung=0, revision=found.revision + 1)


def latest_on(found: Occurrence, today: date) -> date:
    """The last day a visit may be put off to: before the next one is due, and tomorrow in any case."""
    return max(found.next_due_on - _DAY, today + _DAY)


def postpone(found: Occurrence, day: date, today: date) -> Occurrence:
    """改期 to a later day; the ladder starts anew there."""
    _require_unsettled(found)
    if day <= today:
        raise refusal.TimePassed
    state = State.PLANNED if found.state is not State.ABSENT else State.ABSENT
    return replace(found, state=state, due_on=day, rung=0, revision=found.revision + 1)


def hand_over(found: Occurrence, member_id: int, today: date) -> Occurrence:
    """请人代: somebody else is asked now (the first rung is his), so the ladder counts from today."""
    _require_unsettled(found)
    due_on = max(found.due_on, today)
    return replace(found, state=State.OPEN, due_on=due_on, rung=1, revision=found.revision + 1, assignee_id=member_id)


@dataclass(frozen=True, slots=True)
class Carers:
    """Who looks after a household, nearest first, and the people at the end of every ladder."""

    near: tuple[Candidate, ...]
    seniors: tuple[Candidate, ...]

    def owner(self) -> Candidate | None:
        """Whoever is asked first; nobody only in a grid where no one can be written to."""
        return next((c for c in (*self.near, *self.seniors) if c.member.reachable), None)

    def asked(self, rung: int, *, fresh: bool) -> list[Candidate]:
        """Who hears of this rung. ``fresh``: nothing was said before, so whoever is responsible must hear it, too."""
        owner = self.owner()
        if owner is None:
            return []
        if rung == 0:
            return [owner]
        if rung == 1:
            return [owner, *(c for c in self.near if c.member.reachable and c.member.id != owner.member.id)][:2]
        found = [c for c in self.seniors if c.member.reachable][:1]
        if fresh or not found:
            found += [owner] if all(c.member.id != owner.member.id for c in found) else []
        return found

    def after(self, member_id: int) -> Candidate | None:
        """Who is next when this member cannot go."""
        chain = (*self.near, *self.seniors)
        ids = [c.member.id for c in chain]
        start = ids.index(member_id) + 1 if member_id in ids else 0
        return next((c for c in chain[start:] if c.member.reachable and c.member.id != member_id), None)


def carers(grid: Grid, household_id: int, at: datetime, today: date, assignee_id: int | None = None) -> Carers:
    """Most specific pairing first, its stand-in while it is away, its partner next, then stair, building and grid.

    At the end stand the grid leader and the people above, so that there is always somebody.
    """
    areas = grid.above_of(household_id)
    barred = grid.avoiding(areas)
    near: dict[int, Candidate] = {}
    if (member := grid.member(assignee_id)) is not None:
        leave = grid.away(member.id, at)
        of, member = ("", member) if leave is None else (member.name, grid.member(leave.stand_in_id))
        if member is not None and member.id not in barred and grid.away(member.id, at) is None:
            near[member.id] = Candidate(member, Because.STAND_IN, of)
    for step in grid.near(areas, at, today):
        if step.passed is None:
            near.setdefault(step.candidate.member.id, step.candidate)
    seniors = {c.member.id: c for c in grid.seniors(at, barred=barred)}
    if not near and not seniors:
        people = sorted(grid.members.values(), key=lambda m: m.id)
        near = {m.id: Candidate(m, Because.LOAD) for m in people if grid.away(m.id, at) is None}
    return Carers(tuple(near.values()), tuple(seniors.values()))


def may_record(grid: Grid, found: Occurrence, at: datetime, today: date) -> frozenset[int]:
    """Who may answer for a visit besides the grid leader: its pair, whoever stands in for them, and whoever is asked now."""
    ids = {found.assignee_id} if found.assignee_id is not None else set()
    for area in grid.above_of(found.plan.household_id):
        held = [p.member_id for p in grid.pairings if p.area_id == area.id and p.holds(today)]
        if held:
            ids.update(held)
            leaves = [leave for member_id in held if (leave := grid.away(member_id, at))]
            ids.update(leave.stand_in_id for leave in leaves if leave.stand_in_id is not None)
            break
    asked = carers(grid, found.plan.household_id, at, today, found.assignee_id).asked(1, fresh=False)
    return frozenset(ids | {c.member.id for c in asked})
