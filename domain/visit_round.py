"""轮访: every household once, before a festival, in heat or cold, or all of them within 24 hours in an emergency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.cadence import Unit, Window
from domain.calendar import Calendar
from domain.visit import Occurrence, Plan, State

EMERGENCY_LASTS = timedelta(hours=24)

LONGEST = timedelta(days=31)
"""A round is for an occasion; what goes on longer is a cadence."""

KEPT = timedelta(days=3)
"""How long the single answers of an emergency stay after its end, so that the leader can see who was not reached
(突发事件应对法 84-85: then they are destroyed, and only the counts remain)."""

_DAY = timedelta(days=1)


class Kind(StrEnum):
    """节日, 高温, 寒潮, 应急."""

    FESTIVAL = "festival"
    HEAT = "heat"
    COLD = "cold"
    EMERGENCY = "emergency"


class Stage(StrEnum):
    """Previewed, going on, over, thrown away before it began."""

    DRAFT = "draft"
    OPEN = "open"
    ENDED = "ended"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Round:
    """``category``: one kind of household, empty for all. ``asked`` and ``answered`` are counts of households."""

    id: int
    grid_id: int
    author_id: int
    kind: Kind
    category: str
    stage: Stage
    ends_at: datetime
    asked: int = 0
    answered: int = 0

    @property
    def urgent(self) -> bool:
        """Whether people are asked at night as well."""
        return self.kind is Kind.EMERGENCY

    def last_on(self, calendar: Calendar) -> date:
        """Its last day."""
        return calendar.today(self.ends_at - timedelta(seconds=1))

    def window(self, today: date, calendar: Calendar) -> Window:
        """The days of its visits."""
        last = max(self.last_on(calendar), today)
        return Window(today, last, last)


def ends_at(kind: Kind, last_on: date | None, now: datetime, calendar: Calendar) -> datetime:
    """When it is over: at the end of its last day; an emergency in any case after 24 hours."""
    if kind is Kind.EMERGENCY or last_on is None:
        return now + EMERGENCY_LASTS
    return calendar.at(last_on + _DAY, time(0))


def chosen(plans: Iterable[Plan], category: str, today: date) -> list[Plan]:
    """The plans a round goes by: each household once, nobody who does not want it or is away."""
    found: dict[int, Plan] = {}
    for plan in plans:
        fits = plan.category == category if category else plan.rhythm.cadence.unit is not Unit.EVENT
        if fits and plan.holds(today):
            found.setdefault(plan.household_id, plan)
    return list(found.values())


def counts(found: Iterable[Occurrence]) -> tuple[int, int]:
    """How many households have been seen, and at how many nobody opened."""
    states = [o.state for o in found]
    return sum(s in (State.DONE, State.DONE_LATE) for s in states), states.count(State.ABSENT)
