"""What came of it, read from the tables when the last day is over."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import sqlalchemy as sa

from domain.visit import Outcome, State
from storage import visits
from storage.database import ReadTx
from storage.visit_tables import visits as records
from tests.simulate.district import District
from tests.simulate.year import Diary
from texts.visit_categories import visit_category

_CLOSED = frozenset({State.EXCUSED, State.CANCELLED})
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Visits whose window and two more days are over when the run ends, those the person did not want left out.

    ``in_window``: somebody answered (正常, 需关注, 没见到) by the last day that was told to people. ``in_time``: somebody was
    there before the period ended, as the figures of the product count it. ``waited``: how many visits were first answered
    so many days after their window, 0 for in it. ``forgotten``: never, or more than two days after it. ``gaps``: the longest
    time between two visits of one household, in days, by cadence.
    """

    visits: int
    in_window: int
    in_time: int
    forgotten: int
    waited: Mapping[int, int]
    gaps: Mapping[str, int]
    homes_gini: float
    visits_gini: float
    by_week: Mapping[date, Mapping[str, int]]


def gini(found: Iterable[int]) -> float:
    """0 for everybody alike, towards 1 for one who has everything."""
    values = sorted(found)
    total = sum(values)
    if not total:
        return 0.0
    return 2 * sum(place * value for place, value in enumerate(values, start=1)) / (len(values) * total) - (
        len(values) + 1
    ) / len(values)


async def outcomes(tx: ReadTx, district: District, silent: frozenset[int], last: date) -> Outcomes:
    """Count. ``silent``: volunteers who never answer; the visits of the others are compared."""
    answered: dict[int, sa.Row[tuple[int, int, date, str]]] = {}
    made: Counter[int] = Counter()
    by_week: dict[date, Counter[str]] = defaultdict(Counter)
    days: dict[int, list[date]] = defaultdict(list)
    stmt = sa.select(records.c.occurrence_id, records.c.member_id, records.c.visited_on, records.c.outcome)
    found = {o.id: o for o in await visits.select(tx)}
    for row in await tx.rows(stmt.order_by(records.c.id)):
        answered.setdefault(row.occurrence_id, row)
        made[row.member_id] += 1
        home = found[row.occurrence_id].plan.household_id
        who = "leader" if row.member_id in district.leaders else "partner"
        who = "first" if district.first[home] == row.member_id else who
        by_week[row.visited_on - timedelta(days=row.visited_on.weekday())][who] += 1
        if row.outcome != Outcome.ABSENT:
            days[found[row.occurrence_id].plan.id].append(row.visited_on)
    waited: Counter[int] = Counter()
    counted = in_window = in_time = forgotten = 0
    cadences: dict[int, str] = {}
    for visit in found.values():
        plan = visit.plan
        cadences[plan.id] = plan.rhythm.cadence.text
        window = visit_category(plan.category).window(plan.rhythm, plan.rhythm.of_key(visit.period))
        if visit.state in _CLOSED or window.to_on + 2 * timedelta(days=1) > last:
            continue
        counted += 1
        first = answered.get(visit.id)
        late = None if first is None else max(0, (first.visited_on - window.to_on).days)
        in_time += visit.state is State.DONE
        forgotten += late is None or late > 2
        if late is not None:
            in_window += late == 0
            waited[late] += 1
    gaps: dict[str, int] = {}
    for plan_id, seen in days.items():
        longest = max(((b - a).days for a, b in pairwise(seen)), default=0)
        gaps[cadences[plan_id]] = max(gaps.get(cadences[plan_id], 0), longest)
    answering = [made[n] for n in district.volunteers if n not in silent]
    return Outcomes(
        counted, in_window, in_time, forgotten, waited, gaps, gini(district.load.values()), gini(answering), by_week
    )


def per_day(diary: Diary, volunteers: Iterable[int], days: int) -> tuple[float, int]:
    """Reminders a volunteer gets on a day: the mean over all of them, and the most anybody got."""
    mine = {str(n) for n in volunteers}
    counts = [many for (_, chat), many in diary.reminders.items() if chat in mine]
    return sum(counts) / (len(mine) * days), max(counts, default=0)
