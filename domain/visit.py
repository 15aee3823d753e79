"""Six must-visit households (六必访): which visit is due, who goes, and what an answer makes of it.

Everything is a function of dates: the period is the identity of a visit, so that downtime, restarts and any pattern of
passes of the clock come to the same result. Recording never closes: a visit made late is still a visit.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain import refusal
from domain.cadence import Cadence, Period, Rhythm, Window
from domain.calendar import Calendar
from domain.roster import Because, Candidate, Grid

FROM, DUE, LAST, OVER = range(4)
"""The rungs. The window opens, the day it is meant for: whoever is responsible. The last day of the window: the partner too.
The day after: the grid leader."""

RUNGS = 4

RETRY = timedelta(days=3)
"""Nobody opened: tried again after three days (roster rules, 5.6)."""

AHEAD = timedelta(days=2)
"""How long before the day a visit is shown in the list."""

LONGEST = timedelta(days=366)
"""How far back visits are written down that nobody was there to remind of."""

EVENT_STAYS = timedelta(days=30)
"""How long a visit after an event stays in the lists when nobody went."""

NOTE_LONGEST = 200

EVENT_KEY, ROUND_KEY = "evt:", "rnd:"
"""How the keys of visits begin that belong to no period: opened for an event, or with a round (轮访)."""

_DAY = timedelta(days=1)


class Outcome(StrEnum):
    """What a visitor reports: 正常, 有需求, 需关注, 没见到, 不要来了. ``EXCUSED``: the leader says that none is needed."""

    OK = "ok"
    NEED = "need"
    ATTENTION = "attention"
    ABSENT = "absent"
    REFUSED = "refused"
    EXCUSED = "excused"


class Mode(StrEnum):
    """How somebody was visited: 上门, 电话, 视频, 见面."""

    HOME = "home"
    PHONE = "phone"
    VIDEO = "video"
    MET = "met"


class State(StrEnum):
    """Where one due visit stands. ``ABSENT``: somebody went and nobody opened, so it is still due."""

    PLANNED = "planned"
    OPEN = "open"
    ABSENT = "absent"
    MISSED = "missed"
    DONE = "done"
    DONE_LATE = "done_late"
    EXCUSED = "excused"
    CANCELLED = "cancelled"


UNSETTLED = frozenset({State.PLANNED, State.OPEN, State.ABSENT})
ENDED = frozenset({State.DONE, State.DONE_LATE, State.EXCUSED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of household or event, as staff keep it. ``need_code``: the kind of ticket when the words do not say.

    ``within_hours``: of an event, how soon somebody should have been there. ``weight``: how much of a volunteer's load it is.
    """

    key: str
    name: str
    cadence: Cadence
    modes: frozenset[Mode]
    high_risk: bool
    need_code: str
    before_days: int = 0
    grace_days: int = 1
    weight: int = 1
    needs_consent: bool = True
    within_hours: int = 0

    def window(self, rhythm: Rhythm, period: Period) -> Window:
        """When a visit of this kind is asked for."""
        return rhythm.window(period, self.before_days, self.grace_days)


@dataclass(frozen=True, slots=True)
class Plan:
    """A household that agreed to be visited, from the day of its consent on.

    ``next_on``: the first day of the next period the clock has to look at; nothing while visits are stopped or have no rhythm.
    ``paused``: why nobody goes at present, empty for somebody does; until ``next_on``, if there is such a day.
    """

    id: int
    grid_id: int
    household_id: int
    category: str
    rhythm: Rhythm
    consent_on: date
    active: bool = True
    next_on: date | None = None
    paused: str = ""

    def holds(self, today: date) -> bool:
        """Whether somebody may go there: neither ended nor paused."""
        return self.active and (not self.paused or (self.next_on is not None and self.next_on <= today))


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One due visit. ``rung`` is the next rung to be rung; ``revision`` rises with every decision of a person about it."""

    id: int
    plan: Plan
    period: str
    window: Window
    state: State = State.PLANNED
    rung: int = 0
    revision: int = 0
    assignee_id: int | None = None
    settled_on: date | None = None
    round_id: int | None = None

    @property
    def due_on(self) -> date:
        """The day it is meant for."""
        return self.window.due_on

    @property
    def is_single(self) -> bool:
        """Whether it was opened by a person, and no next one follows it."""
        return self.period.startswith((EVENT_KEY, ROUND_KEY))

    @property
    def first_on(self) -> date:
        """The first day on which a visit counts for this one."""
        return self.window.from_on if self.is_single else self.plan.rhythm.of_key(self.period).from_on

    @property
    def last_on(self) -> date:
        """The last day on which it is in time."""
        if self.is_single:
            return self.window.to_on
        return max(self.plan.rhythm.of_key(self.period).last_on, self.window.to_on)

    @property
    def next_due_on(self) -> date | None:
        """When the next one is due; nothing for a single one and where visits have no rhythm (any more)."""
        if self.is_single or self.plan.next_on is None:
            return None
        period = self.plan.rhythm.period(self.plan.rhythm.of_key(self.period).to_on)
        return self.plan.rhythm.due_on(period)

    @property
    def rung_days(self) -> tuple[date, date, date, date]:
        """The local days of the rungs, in order."""
        return self.window.from_on, self.window.due_on, self.window.to_on, self.window.to_on + _DAY

    @property
    def lapses_on(self) -> date:
        """From this day on nobody is reminded any more: the next visit has taken its place and the ladder is at its end."""
        end = self.window.to_on + 2 * _DAY
        if self.period.startswith(EVENT_KEY):
            return end + EVENT_STAYS
        return max(self.next_due_on or end, end)

    @property
    def wakes_on(self) -> date | None:
        """The next local day on which the clock makes something of it; nothing when it is settled."""
        if self.state not in UNSETTLED:
            return None
        return self.rung_days[self.rung] if self.rung < RUNGS else self.lapses_on


def owed(plan: Plan, category: Category, today: date) -> tuple[list[tuple[str, Window]], date | None]:
    """The visits that must be there today and are not yet, oldest first, and the plan's next day to look.

    Those of periods that went by while nobody was there to write them down are among them: the clock finds them missed. A
    plan that nobody has looked at yet begins today.
    """
    if not plan.active or plan.next_on is None or plan.next_on > today:
        return [], plan.next_on
    since = max(plan.rhythm.starts_on, plan.consent_on)
    if plan.paused:
        since = max(since, plan.next_on)
    begun = plan.next_on != plan.rhythm.starts_on
    period = plan.rhythm.period(max(plan.next_on, today - LONGEST) if begun else today)
    found = []
    while period.from_on <= today:
        window = category.window(plan.rhythm, period)
        if window.due_on >= since:
            found.append((period.key, window))
        period = plan.rhythm.period(period.to_on)
    return found, period.from_on


def morning(now: datetime, calendar: Calendar, clock: time) -> date:
    """The newest local day whose hour of reminding has come, whatever the zone of the grid does with its clocks."""
    today = calendar.today(now)
    return today if calendar.at(today, clock) <= now else today - _DAY


def tick(found: Occurrence, day: date) -> tuple[Occurrence, int | None]:
    """What the clock makes of a visit, and the rung to be rung now. Rungs that were slept through are not made up for.

    ``day``: the newest one whose hour of reminding has come (``morning``).
    """
    if found.state not in UNSETTLED:
        return found, None
    if not found.plan.active:
        return replace(found, state=State.CANCELLED), None
    if day >= found.lapses_on:
        return replace(found, state=State.MISSED, rung=RUNGS), None
    rung = max((n for n, rings_on in enumerate(found.rung_days) if rings_on <= day), default=None)
    if rung is None or rung < found.rung:
        return found, None
    state = State.OPEN if found.state is State.PLANNED else found.state
    return replace(found, state=state, rung=rung + 1), rung


def _require_unsettled(found: Occurrence) -> None:
    if found.state in ENDED:
        raise refusal.VisitSettled(number=found.id)


def settle(found: Occurrence, visited_on: date) -> Occurrence:
    """Somebody was there on that day. A missed visit is made good, late."""
    _require_unsettled(found)
    late = found.state is State.MISSED or visited_on > found.last_on
    return replace(found, state=State.DONE_LATE if late else State.DONE, settled_on=visited_on)


def excuse(found: Occurrence) -> Occurrence:
    """This one is not needed: the household is away, in hospital, was seen elsewhere."""
    _require_unsettled(found)
    return replace(found, state=State.EXCUSED)


def cancel(found: Occurrence) -> Occurrence:
    """Nobody goes: the person does not want it."""
    _require_unsettled(found)
    return replace(found, state=State.CANCELLED)


def _moved(found: Occurrence, day: date) -> Window:
    """The same visit on another day: nobody is asked before it, and it has as long as before."""
    return Window(day, day, day + (found.window.to_on - found.window.due_on))


def tried(found: Occurrence, today: date, *, high_risk: bool) -> Occurrence:
    """没见到 settles nothing: tried again in three days, where life may be at risk tomorrow."""
    _require_unsettled(found)
    window = _moved(found, today + (_DAY if high_risk else RETRY))
    return replace(found, state=State.ABSENT, window=window, rung=0, revision=found.revision + 1)


def latest_on(found: Occurrence, today: date) -> date:
    """The last day a visit may be put off to: before the next one is due, and tomorrow in any case."""
    next_due_on = found.next_due_on or max(found.window.to_on, found.due_on + RETRY) + _DAY
    return max(next_due_on - _DAY, today + _DAY)


def postpone(found: Occurrence, day: date, today: date) -> Occurrence:
    """改期 to a later day; the ladder starts anew there."""
    _require_unsettled(found)
    if day <= today:
        raise refusal.TimePassed
    state = State.PLANNED if found.state is not State.ABSENT else State.ABSENT
    return replace(found, state=state, window=_moved(found, day), rung=0, revision=found.revision + 1)


def hand_over(found: Occurrence, member_id: int, today: date) -> Occurrence:
    """请人代: somebody else is asked now (the first rungs are his), so the ladder counts from today."""
    _require_unsettled(found)
    window = found.window if found.due_on >= today else _moved(found, today)
    return replace(
        found, state=State.OPEN, window=window, rung=LAST, revision=found.revision + 1, assignee_id=member_id
    )


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
        if rung <= DUE:
            return [owner]
        if rung == LAST:
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
    asked = carers(grid, found.plan.household_id, at, today, found.assignee_id).asked(LAST, fresh=False)
    return frozenset(ids | {c.member.id for c in asked})
