"""The leaves a use case is given: the clock reading, the texts, the policy, the ear."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from domain.calendar import Calendar, QuietHours
from domain.category import Category
from domain.deadline import Template, Terms
from domain.incoming import Chat, Incoming
from domain.ladder import Hours, Ladder
from domain.place import Gazetteer
from domain.roster import Grid, Member, Role
from domain.templates import DEFAULT
from domain.ticket import Ticket, Who
from domain.triage import Verdict
from handlers.recent import Recent
from texts.ear import Ear
from texts.sentences import Sentences

QUIET = QuietHours(time(22), time(7))
STAFF_QUIET = QuietHours(time(21), time(8))


@dataclass(frozen=True, slots=True)
class Policy:
    """What a community may set in ``config.toml``."""

    quiet: QuietHours = field(default=QUIET)
    staff_quiet: QuietHours = field(default=STAFF_QUIET)
    questions_per_day: int = 3
    notices_per_day: int = 2
    join: timedelta = timedelta(minutes=5)
    danger_join: timedelta = timedelta(minutes=10)
    alert_again: timedelta = timedelta(minutes=5)
    remind_solved: timedelta = timedelta(hours=24)
    archive_solved: timedelta = timedelta(days=7)
    question_life: timedelta = timedelta(hours=24)
    visit_at: time = time(9)
    visits_enabled: bool = True
    public_url: str = ""
    caution: str = "normal"
    digest_at: time | None = time(8, 30)
    template: Template = field(default=DEFAULT)
    ladder: Ladder = field(default=Ladder())


def _ear_at(point: str) -> Ear:
    """An ear at another operating point."""
    return Ear.load(caution=point)


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a use case knows besides the transaction. ``now`` is read once per batch, aware UTC."""

    now: datetime
    said: Sentences
    policy: Policy
    calendar: Calendar
    ear: Ear
    categories: Mapping[str, Category]
    recent: Recent = field(default_factory=Recent)
    verdicts: dict[tuple[Chat, str, str], Verdict] = field(default_factory=dict)
    ears: dict[int, tuple[Grid, Ear]] = field(default_factory=dict)
    ear_at: Callable[[str], Ear] = _ear_at

    def ear_of(self, grid: Grid) -> Ear:
        """The ear that knows the buildings, spots and nicknames of this grid, at the operating point its leader chose."""
        known = self.ears.get(grid.id)
        if known is None or known[0] is not grid:
            gazetteer = Gazetteer(grid.gazetteer_buildings(), grid.spots, grid.nicknames)
            tuned = grid.caution and grid.caution != self.policy.caution
            ear = self.ear_at(grid.caution) if tuned else self.ear
            known = self.ears[grid.id] = (grid, ear.with_gazetteer(gazetteer))
        return known[1]

    def terms(self, ticket: Ticket) -> Terms:
        """The terms of this ticket."""
        return self.policy.template.of(ticket.urgency, ticket.code)

    @property
    def staff_hours(self) -> Hours:
        """When staff may be reminded."""
        return Hours(self.calendar, self.policy.staff_quiet)

    def when(self, at: datetime) -> str:
        """A time as people say it: 今天 14:35, 明天 9:00, 11月27日 17:00."""
        local, today = self.calendar.local(at), self.calendar.today(self.now)
        days = (local.date() - today).days
        key = {0: "time.today", 1: "time.tomorrow", -1: "time.yesterday"}.get(days, "time.day")
        return self.said.say(key, month=local.month, day=local.day, clock=f"{local:%H:%M}")

    def by(self, at: datetime) -> str:
        """A time in a message that may be read tomorrow, or waits for the morning: only today is called by a name."""
        local = self.calendar.local(at)
        key = "time.today" if local.date() == self.calendar.today(self.now) else "time.day"
        return self.said.say(key, month=local.month, day=local.day, clock=f"{local:%H:%M}")

    def category_name(self, code: str) -> str:
        """The name of a category as people read it."""
        found = self.categories.get(code)
        return found.name if found else self.said.say("ticket.other")


@dataclass(frozen=True, slots=True)
class Ask:
    """What one person wants: an event, who it is, and what was understood of it (a number, some words)."""

    event: Incoming
    who: Who
    member: Member | None
    grid: Grid | None
    number: int | None = None
    words: str = ""
    stands_in: bool = False

    @property
    def role(self) -> Role | None:
        """The role on the roster; None for residents."""
        return self.member.role if self.member else None

    @property
    def leads(self) -> bool:
        """Whether this person steers the grid, by his role or for a leader who is away (``stands_in``)."""
        return self.stands_in or self.role not in (None, Role.VOLUNTEER)
