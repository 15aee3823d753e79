"""The escalation ladder (督促阶梯): who hears of a deadline, in which order, until the matter is done. It ends at a human.

Volunteer → partner → grid leader → community secretary → street. The steps are copied into the run when it starts; what is
changed in ``config.toml`` later is for new runs. A run keeps no watermark: what is due follows from the run, the ticket and
now, so that a restart or an outage makes a rung late and changes nothing else. One rung at a time, the next one counted from
the one before, so that nobody is passed over because the program stood still.

An alert nobody has acknowledged (险情) climbs by minutes in ``handlers/danger.py``; the ladder of such a ticket begins when a
human has answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from domain import refusal
from domain.calendar import Calendar, QuietHours
from domain.category import Urgency
from domain.roster import Grid, Member, PairRole, Role
from domain.ticket import TO_SENIORS, State, Ticket

MAX_PROMISE_DAYS = 5
"""A promise reaches at most so many working days ahead: it moves a reminder, not the deadline."""


class Step(StrEnum):
    """Who is told. ``SOON`` is before the deadline, ``DUE`` on its day."""

    SOON = "soon"
    DUE = "due"
    PARTNER = "partner"
    LEADER = "leader"
    SECRETARY = "secretary"
    STREET = "street"


OWNERS = frozenset({Step.SOON, Step.DUE})
ORDER = tuple(Step)


class RunState(StrEnum):
    """``HELD``: paused with the ticket, or until a promised day."""

    RUNNING = "running"
    HELD = "held"
    DONE = "done"


LIVING = frozenset({RunState.RUNNING, RunState.HELD})


@dataclass(frozen=True, slots=True)
class Steps:
    """What a run goes by, frozen with it.

    ``gaps``: per step the time to it - before the deadline for ``SOON``, at it for ``DUE``, then since the step before. In
    working days at ``clock``, or in minutes where ``by_minutes`` (P0). ``again``: how often the last step is repeated.
    """

    urgency: Urgency
    gaps: tuple[int, ...]
    again: int
    clock: time
    by_minutes: bool = False

    def packed(self) -> dict[str, Any]:
        """As it is stored with the run."""
        return {
            "urgency": self.urgency,
            "gaps": list(self.gaps),
            "again": self.again,
            "clock": f"{self.clock:%H:%M}",
            "by_minutes": self.by_minutes,
        }

    @classmethod
    def unpacked(cls, kept: Mapping[str, Any]) -> "Steps":
        """Back from storage."""
        return cls(
            Urgency(kept["urgency"]),
            tuple(kept["gaps"]),
            kept["again"],
            time.fromisoformat(kept["clock"]),
            kept["by_minutes"],
        )

    def step(self, position: int) -> Step:
        """The step at a position; after the last one it is the last one again."""
        return ORDER[min(position, len(ORDER) - 1)]


@dataclass(frozen=True, slots=True)
class Ladder:
    """What a community sets: working days before the deadline, and from step to step behind it; when in the day."""

    clock: time = time(9)
    soon: int = 1
    partner: int = 1
    leader: int = 1
    secretary: int = 2
    street: int = 3
    again: int = 5

    def steps(self, urgency: Urgency) -> Steps:
        """The steps of a class. P0 goes by minutes, and by night."""
        if urgency is Urgency.P0:
            return Steps(urgency, (120, 0, 15, 15, 30, 60), 120, self.clock, by_minutes=True)
        gaps = (self.soon, 0, self.partner, self.leader, self.secretary, self.street)
        return Steps(urgency, gaps, self.again, self.clock)


@dataclass(frozen=True, slots=True)
class Run:
    """One climb for one ticket. ``position``: the next step. ``revision`` rises by what a person decides, never by a retry.

    ``due_at``: the deadline it is aimed at. ``missed``: that deadline has been counted as missed.
    """

    id: int
    ticket: int
    steps: Steps
    due_at: datetime
    next_at: datetime | None
    position: int = 0
    revision: int = 0
    state: RunState = RunState.RUNNING
    missed: bool = False
    acked_by: int | None = None
    acked_at: datetime | None = None
    promise_on: date | None = None
    version: int = 1

    @property
    def step(self) -> Step:
        """The next step."""
        return self.steps.step(self.position)


@dataclass(frozen=True, slots=True)
class Hours:
    """When people may be disturbed by a run: the calendar, and the quiet hours of staff."""

    calendar: Calendar
    quiet: QuietHours

    def allowed(self, steps: Steps, at: datetime) -> datetime:
        """The earliest instant a rung may ring; only P0 rings by night."""
        return at if steps.by_minutes else self.quiet.next_allowed(self.calendar, at)


def start(number: int, ticket: Ticket, steps: Steps, hours: Hours) -> Run:
    """A ladder is set up against an open ticket; ``number`` is the run's."""
    return _aim(Run(number, ticket.number, steps, ticket.closing_due_at, None), ticket, hours)


def _aim(run: Run, ticket: Ticket, hours: Hours) -> Run:
    """At the foot of the ladder. The word before the deadline is left out where its hour was over when the clocks were set:
    the term is short.
    """
    soon = _soon(run.steps, run.due_at, hours)
    if soon > (ticket.word_at or ticket.created_at):
        return replace(run, position=0, next_at=soon)
    return replace(run, position=1, next_at=_due(run.steps, run.due_at, hours))


def _soon(steps: Steps, due: datetime, hours: Hours) -> datetime:
    if steps.by_minutes:
        return due - timedelta(minutes=steps.gaps[0])
    day = hours.calendar.today(due)
    for _ in range(steps.gaps[0]):
        day -= timedelta(days=1)
        while not hours.calendar.is_workday(day):
            day -= timedelta(days=1)
    return hours.allowed(steps, hours.calendar.at(day, steps.clock))


def _due(steps: Steps, due: datetime, hours: Hours) -> datetime:
    if steps.by_minutes:
        return due
    return hours.allowed(steps, hours.calendar.at(hours.calendar.today(due), steps.clock))


def _after(steps: Steps, position: int, due: datetime, at: datetime, hours: Hours) -> datetime:
    """When the step at ``position`` rings, the one before having rung at ``at``."""
    gap = steps.gaps[position] if position < len(steps.gaps) else steps.again
    if steps.step(position) is Step.DUE:
        return max(_due(steps, due, hours), at)
    begin = max(at, due)
    if steps.by_minutes:
        return begin + timedelta(minutes=gap)
    day = hours.calendar.add_workdays(hours.calendar.today(begin), gap)
    return hours.allowed(steps, hours.calendar.at(day, steps.clock))


def follow(run: Run, ticket: Ticket, now: datetime, hours: Hours) -> Run:
    """What the ticket has become meanwhile: ended, of another class, paused, or with another deadline."""
    if run.state is RunState.DONE:
        return run
    if not ticket.is_open or ticket.urgency is not run.steps.urgency:
        return replace(run, state=RunState.DONE, next_at=None)
    if ticket.is_paused:
        return run if run.next_at is None else replace(run, state=RunState.HELD, next_at=None)
    if ticket.closing_due_at != run.due_at:
        fresh = replace(
            run,
            due_at=ticket.closing_due_at,
            revision=run.revision + 1,
            state=RunState.RUNNING,
            missed=False,
            acked_by=None,
            acked_at=None,
            promise_on=None,
        )
        return _aim(fresh, ticket, hours)
    if run.next_at is None:  # it was paused, and meanwhile none of the time its deadline counts has gone by
        running = replace(run, state=RunState.RUNNING)
        if run.position <= 1:
            return _aim(running, ticket, hours)
        return replace(running, next_at=_after(run.steps, run.position, run.due_at, now, hours))
    return run


def is_missed(run: Run, now: datetime) -> bool:
    """Whether the deadline has just been found to be over."""
    return run.state in LIVING and run.next_at is not None and not run.missed and now >= run.due_at


def is_broken(run: Run, now: datetime) -> bool:
    """Whether the promised day is over and it is not done."""
    return run.state is RunState.HELD and run.promise_on is not None and run.next_at is not None and now >= run.next_at


def rings(run: Run, now: datetime, hours: Hours) -> bool:
    """Whether a rung rings as of now. In quiet hours it waits, and is not lost."""
    if run.state is RunState.DONE or run.next_at is None or now < run.next_at:
        return False
    return hours.allowed(run.steps, now) <= now


def climb(run: Run, now: datetime, hours: Hours) -> tuple[Run, Step]:
    """The step that rings, and the run after it. Of two for the same person that are both due only the newer one rings."""
    position = run.position
    if run.steps.step(position) is Step.SOON and now >= _due(run.steps, run.due_at, hours):
        position += 1
    rung = run.steps.step(position)
    later = _after(run.steps, position + 1, run.due_at, now, hours)
    return replace(run, position=position + 1, next_at=later, state=RunState.RUNNING), rung


def promise(run: Run, on: date, member_id: int, now: datetime, hours: Hours) -> Run:
    """答应: the owner has heard it and names a day. It moves the next rung once; not kept, the same rung rings again.

    Raises:
        NothingToPromise: no reminder has come yet.
        PromisedBefore: this is the second one; the grid leader decides.
        PromiseTooFar: later than ``MAX_PROMISE_DAYS`` working days, or over already.

    """
    calendar = hours.calendar
    if run.state is RunState.DONE or run.position == 0 or run.next_at is None:
        raise refusal.NothingToPromise(number=run.ticket)
    if run.acked_by is not None:
        raise refusal.PromisedBefore(number=run.ticket)
    today = calendar.today(now)
    if not today <= on <= calendar.add_workdays(today, MAX_PROMISE_DAYS):
        raise refusal.PromiseTooFar(days=MAX_PROMISE_DAYS)
    check = hours.allowed(run.steps, calendar.at(calendar.add_workdays(on, 1), run.steps.clock))
    return replace(
        run,
        position=run.position - 1,
        revision=run.revision + 1,
        state=RunState.HELD,
        next_at=check,
        acked_by=member_id,
        acked_at=now,
        promise_on=on,
    )


def told(grid: Grid, ticket: Ticket, step: Step, at: datetime, today: date) -> list[Member]:
    """Who hears a step: the one it names, else the next one up. Empty only when nobody can be reached at all.

    Whoever avoids the place hears of it only when he has the ticket, or when there is no other human.
    """
    barred = grid.avoiding(grid.areas_of(ticket.place))
    if step in OWNERS:
        found = _owner(grid, ticket, at, barred)
    elif step is Step.PARTNER:
        found = _partner(grid, ticket, at, today, barred)
    elif step is Step.LEADER:
        found = None
    else:
        found = _above(grid, Role.STREET if step is Step.STREET else Role.SECRETARY, at, barred)
    if found is None:
        found = next((c.member for c in grid.seniors(at, barred=barred) if c.member.reachable), None)
    return [] if found is None else [found]


def _owner(grid: Grid, ticket: Ticket, at: datetime, barred: frozenset[int]) -> Member | None:
    """Whoever has it, or stands in for him. Whoever is only invited has promised nothing."""
    member = grid.member(ticket.assignee_id) if ticket.state in (State.DISPATCHED, State.IN_PROGRESS) else None
    if member is None:
        return None
    leave = grid.away(member.id, at)
    if leave is not None:
        member = grid.member(leave.stand_in_id)
        if member is not None and (member.id in barred or grid.away(member.id, at)):
            return None
    return member if member is not None and member.reachable else None


def _partner(grid: Grid, ticket: Ticket, at: datetime, today: date, barred: frozenset[int]) -> Member | None:
    """The nearest partner of the place. Of what is private, and of complaints about the community, no further volunteer hears."""
    if ticket.private or ticket.code in TO_SENIORS:
        return None
    for area in grid.areas_of(ticket.place):
        for pairing in grid.pairings:
            member = grid.members.get(pairing.member_id)
            here = pairing.area_id == area.id and pairing.role is PairRole.PARTNER and pairing.holds(today)
            if not here or member is None or member.id == ticket.assignee_id:
                continue
            if member.reachable and member.id not in barred and not grid.away(member.id, at):
                return member
    return None


def _above(grid: Grid, role: Role, at: datetime, barred: frozenset[int]) -> Member | None:
    """The one of this role who is there and can be reached; where there is none of the street office, the secretary."""
    wanted = (Role.STREET, Role.SECRETARY) if role is Role.STREET else (Role.SECRETARY,)
    there = [m for m in grid.above if m.reachable and m.id not in barred and not grid.away(m.id, at)]
    above = [m for want in wanted for m in there if m.role is want]
    return above[0] if above else None
