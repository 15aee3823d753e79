"""How much volunteers have to do, as one figure per member for whoever is asked next. Never shown, never a ranking.

Source: design "Assignment": convex load, so that work is spread; newcomers start with what the others have on average.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.roster import Member

SETTLING_IN = timedelta(days=30)
"""So long somebody counts as new."""

_OPEN = 4
"""One open task weighs as much as four times having been asked during the last month; two weigh four times that."""


@dataclass(frozen=True, slots=True)
class Work:
    """``open``: tickets in his hands or asked about now; ``month``: how often he was asked in the last 30 days."""

    open: int = 0
    month: int = 0


def burdens(members: Iterable[Member], work: Mapping[int, Work], today: date) -> dict[int, int]:
    """Less is asked sooner. A newcomer counts as if he had been asked as often as the others on average."""
    people = list(members)
    new = {m.id for m in people if m.joined_on is not None and today - m.joined_on < SETTLING_IN}
    older = [work.get(m.id, Work()).month for m in people if m.id not in new]
    mean = sum(older) // len(older) if older else 0
    found = {}
    for member in people:
        mine = work.get(member.id, Work())
        month = max(mine.month, mean) if member.id in new else mine.month
        found[member.id] = _OPEN * mine.open**2 + month
    return found
