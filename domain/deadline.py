"""Time classes P0-P3, Q, W: by when a human answers and by when a ticket should be closed.

Source: time classes of the domain reference (北京市接诉即办工作条例 11; 济南市12345条例 24; 潍坊市12345条例 20). Hours run through
nights and weekends, working days know 调休.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.calendar import Calendar
from domain.category import Urgency


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time in the unit the rule is written in."""

    hours: float = 0
    workdays: int = 0
    days: int = 0

    def after(self, at: datetime, calendar: Calendar) -> datetime:
        """The instant this term ends when it starts at ``at``."""
        at = at + timedelta(hours=self.hours, days=self.days)
        return calendar.workdays_later(at, self.workdays) if self.workdays else at


@dataclass(frozen=True, slots=True)
class Terms:
    """First human answer, time an invitation waits before it passes on, and closing."""

    response: Term
    invitation: Term
    closing: Term


TERMS: dict[Urgency, Terms] = {
    Urgency.P0: Terms(Term(hours=5 / 60), Term(hours=5 / 60), Term(hours=24)),
    Urgency.P1: Terms(Term(hours=0.5), Term(hours=0.25), Term(hours=24)),
    Urgency.P2: Terms(Term(hours=24), Term(hours=4), Term(workdays=5)),
    Urgency.P3: Terms(Term(hours=24), Term(hours=8), Term(workdays=15)),
    Urgency.Q: Terms(Term(workdays=1), Term(hours=4), Term(workdays=3)),
    Urgency.W: Terms(Term(hours=24), Term(hours=8), Term(days=30)),
}


def terms(urgency: Urgency) -> Terms:
    """The terms of a class; what has none of its own (archive) is treated as P2 so that it can never be left lying."""
    return TERMS.get(urgency, TERMS[Urgency.P2])


EXTENSION = Term(workdays=10)
"""How much one extension adds. The length is not in the law (条例 15(二) leaves it open): our default."""
