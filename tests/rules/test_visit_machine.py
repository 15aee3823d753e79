"""Months of days with people in them: every due visit has exactly one living responsible person and one reminder per rung,
and what somebody reports is never lost.
"""

import itertools
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from typing_extensions import override

from domain import refusal
from domain.cadence import Cadence, Rhythm, Unit
from domain.calendar import Calendar
from domain.roster import Leave
from domain.visit import (
    ENDED,
    OVER,
    UNSETTLED,
    Carers,
    Category,
    Mode,
    Occurrence,
    Plan,
    State,
    carers,
    excuse,
    hand_over,
    latest_on,
    owed,
    postpone,
    settle,
    tick,
    tried,
)
from tests.rules.test_cadence import CADENCES
from tests.rules.test_visit import HOME, LI, PAIR, WU, ZHOU, a_grid

ZONE = Calendar(ZoneInfo("Asia/Shanghai"), lambda _: True)
FIRST = date(2026, 1, 31)
ONE = timedelta(days=1)


class Months(RuleBasedStateMachine):
    """One household, its pair, and everything that can happen to a visit. ``asked``: (visit, revision, rung) → people."""

    def __init__(self) -> None:
        super().__init__()
        self.today = FIRST
        self.visits: dict[str, Occurrence] = {}
        self.asked: dict[tuple[str, int, int], list[int]] = {}
        self.reported: list[tuple[str, date]] = []
        self.leaves: tuple[Leave, ...] = ()

    @initialize(cadence=CADENCES, before=st.integers(0, 9), grace=st.integers(0, 9))
    def begins(self, cadence: Cadence, before: int, grace: int) -> None:
        self.category = Category(
            "solo_elder",
            "x",
            cadence,
            frozenset(Mode),
            high_risk=False,
            need_code="",
            before_days=before,
            grace_days=grace,
        )
        self.plan = Plan(1, 1, HOME, "solo_elder", Rhythm(cadence, FIRST), FIRST, next_on=FIRST)

    @rule(days=st.sampled_from([0, 0, 1, 1, 1, 2, 5, 9, 40]), thorough=st.booleans())
    def passes(self, days: int, *, thorough: bool) -> None:
        """The clock passes, perhaps twice on a day, perhaps after a downtime; or it looks at visits that sleep as well."""
        self.today += timedelta(days=days)
        made, next_on = owed(self.plan, self.category, self.today)
        self.plan = replace(self.plan, next_on=next_on)
        for key, window in made:
            assert key not in self.visits, "a period has one visit"
            self.visits[key] = Occurrence(len(self.visits), self.plan, key, window)
        for key, before in list(self.visits.items()):
            if not thorough and (before.wakes_on is None or before.wakes_on > self.today):
                continue
            after, rung = tick(replace(before, plan=self.plan), self.today)
            self.visits[key] = after
            if rung is not None:
                self._rings(key, after, rung, fresh=before.rung == 0)

    def _rings(self, key: str, found: Occurrence, rung: int, *, fresh: bool) -> None:
        name = (key, found.revision, rung)
        assert name not in self.asked, "one reminder per rung"
        people = [c.member.id for c in self._carers(found).asked(rung, fresh=fresh)]
        assert people
        assert len(people) == len(set(people))
        self.asked[name] = people

    def _carers(self, found: Occurrence) -> Carers:
        grid = a_grid(PAIR, self.leaves)
        return carers(grid, HOME, ZONE.at(self.today, time(9)), self.today, found.assignee_id)

    @rule(member=st.sampled_from([LI, ZHOU]), days=st.integers(1, 20), stand_in=st.sampled_from([None, WU]))
    def goes_away(self, member: int, days: int, stand_in: int | None) -> None:
        """Handover: whoever is asked next is somebody who is there."""
        start = ZONE.at(self.today, time(0))
        self.leaves = (*self.leaves, Leave(member, start, start + timedelta(days=days), stand_in))

    @precondition(lambda self: self.visits)
    @rule(
        data=st.data(),
        act=st.sampled_from(["settle", "tried", "postpone", "hand_over", "excuse"]),
        ago=st.integers(0, 60),
    )
    def says(self, data: st.DataObject, act: str, ago: int) -> None:
        """Somebody reports, about any visit there ever was."""
        key = data.draw(st.sampled_from(sorted(self.visits)))
        found = replace(self.visits[key], plan=self.plan)
        try:
            after = {
                "settle": lambda: settle(found, self.today - ago * ONE),
                "tried": lambda: tried(found, self.today, high_risk=False),
                "postpone": lambda: postpone(found, latest_on(found, self.today), self.today),
                "hand_over": lambda: hand_over(found, WU, self.today),
                "excuse": lambda: excuse(found),
            }[act]()
        except refusal.VisitSettled:
            assert found.state in ENDED, "only what is settled is refused"
            return
        assert found.state not in ENDED
        if act == "settle":
            self.reported.append((key, self.today - ago * ONE))
            assert after.state is State.DONE_LATE or found.state is not State.MISSED
        elif act != "excuse":
            assert after.revision == found.revision + 1
            assert after.due_on >= self.today
        self.visits[key] = after

    @invariant()
    def what_was_reported_stands_there(self) -> None:
        for key, day in self.reported:
            assert self.visits[key].state in (State.DONE, State.DONE_LATE)
            assert self.visits[key].settled_on == day

    @invariant()
    def somebody_is_responsible_for_whatever_is_due(self) -> None:
        for found in self.visits.values():
            if found.state in UNSETTLED:
                owner = self._carers(found).owner()
                assert owner is not None
                assert owner.member.reachable

    @invariant()
    def every_open_visit_wakes_and_no_settled_one_does(self) -> None:
        for found in self.visits.values():
            assert (found.wakes_on is not None) == (found.state in UNSETTLED)

    @invariant()
    def nothing_is_overdue_without_a_word(self) -> None:
        """After a pass of the clock whatever is past its last day has been told on the last rung, or is missed."""
        for key, found in self.visits.items():
            if found.state in UNSETTLED and found.wakes_on is not None and found.wakes_on > self.today:
                rungs = [rung for day, rung in zip(found.rung_days, range(OVER + 1), strict=True) if day <= self.today]
                assert not rungs or found.rung > max(rungs) or (key, found.revision, max(rungs)) in self.asked

    @override
    def teardown(self) -> None:
        """The last clock: no period was left out."""
        if self.plan.rhythm.cadence.unit is not Unit.EVENT and self.visits and self.plan.next_on is not None:
            keys = list(self.visits)
            spans = [self.plan.rhythm.of_key(key) for key in keys]
            assert all(a.to_on == b.from_on for a, b in itertools.pairwise(spans))


Months.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMonths = Months.TestCase
