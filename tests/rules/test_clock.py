"""Pauses, extensions and the next word: paused time never counts, in the unit of the rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.workdays import workdays
from domain import clock, refusal, ticket
from domain.calendar import Calendar
from domain.category import Urgency
from domain.deadline import CalendarDays, Hours, Length, Template, WorkingDays, WorkingHours
from domain.templates import DEFAULT
from domain.ticket import Action, State, Ticket
from tests.rules.test_ticket import CHEN, LI, NOW, WANG, WU, a_ticket

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
PAUSABLE = st.sampled_from(sorted(clock.PAUSABLE))
SPANS = st.timedeltas(timedelta(0), timedelta(days=12))
UNITS: st.SearchStrategy[Length] = st.sampled_from([Hours(48), CalendarDays(7), WorkingDays(5), WorkingHours(30)])
INSTANTS = st.integers(1_767_000_000, 1_790_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def handled(urgency: Urgency = Urgency.P2) -> Ticket:
    """Somebody works on it."""
    return ticket.take(a_ticket(urgency)[0], 1, LI, NOW)[0]


def _closing_in(unit: Length) -> Template:
    return Template({u: replace(terms, closing=unit) for u, terms in DEFAULT.classes.items()})


@given(PAUSABLE, UNITS, INSTANTS, st.lists(st.tuples(SPANS, SPANS), min_size=1, max_size=4))
def test_paused_time_never_counts(
    urgency: Urgency, unit: Length, start: datetime, spells: list[tuple[timedelta, timedelta]]
) -> None:
    """However often it waits: the counted time from the start to the deadline, less the pauses, stays the same."""
    template = _closing_in(unit)
    now = start
    found = replace(handled(urgency), created_at=start, closing_due_at=unit.after(start, CHINA))
    whole, waited = unit.counted(start, found.closing_due_at, CHINA), timedelta(0)
    for work, wait in spells:
        now += work
        assume(now < found.closing_due_at)
        found, event = clock.pause(found, "在家吗", LI, now)
        assert (event.action, found.is_paused) == (Action.PAUSED, True)
        waited += unit.counted(now, now + wait, CHINA)
        now += wait
        found, event = clock.resume(found, WANG, now, CHINA, template)
        assert (event.action, found.is_paused) == (Action.RESUMED, False)
        assert unit.counted(start, found.closing_due_at, CHINA) - waited == whole
        assert found.closing_due_at > now


@given(PAUSABLE, SPANS, SPANS)
def test_what_was_late_stays_late(urgency: Urgency, late: timedelta, wait: timedelta) -> None:
    found = handled(urgency)
    at = found.closing_due_at + late
    paused = clock.pause(found, "在家吗", LI, at)[0]
    assert clock.resume(paused, WANG, at + wait, CHINA, DEFAULT)[0].closing_due_at == found.closing_due_at


@pytest.mark.parametrize("urgency", sorted(set(Urgency) - clock.PAUSABLE - {Urgency.NONE, Urgency.I}))
def test_danger_urgent_matters_and_wishes_never_wait(urgency: Urgency) -> None:
    with pytest.raises(refusal.CannotPause):
        clock.pause(handled(urgency), "在家吗", LI, NOW)


def test_who_may_wait_and_when() -> None:
    found = handled()
    with pytest.raises(refusal.NotYourTicket):
        clock.pause(found, "在家吗", WU, NOW)
    with pytest.raises(refusal.NotPaused):
        clock.resume(found, WANG, NOW, CHINA, DEFAULT)
    paused = clock.pause(found, "在家吗", LI, NOW)[0]
    with pytest.raises(refusal.PausedAlready):
        clock.pause(paused, "在家吗", LI, NOW)
    with pytest.raises(refusal.CannotPause):  # chosen by the leader, not taken yet
        clock.pause(ticket.assign(a_ticket()[0], 1, "leader_chose|", CHEN, NOW)[0], "在家吗", LI, NOW)
    solved = ticket.solve(paused, "好", LI, NOW)[0]
    assert not solved.is_paused
    again = ticket.reopen(solved, WANG, NOW + timedelta(days=9), CHINA, DEFAULT)[0]
    assert (again.is_paused, again.closing_due_at > NOW + timedelta(days=9)) == (False, True)


@given(st.timedeltas(timedelta(0), timedelta(days=30)), st.booleans())
def test_extended_once_before_the_deadline(later: timedelta, waits: bool) -> None:
    found = handled()
    at = NOW + later
    if waits:
        found = clock.pause(found, "在家吗", LI, NOW)[0]  # while it waits the deadline cannot pass
    if not waits and at >= found.closing_due_at:
        with pytest.raises(refusal.ExtendedOnce):
            clock.extend(found, "等配件", CHEN, at, CHINA, DEFAULT)
        return
    after = clock.extend(found, "等配件", CHEN, at, CHINA, DEFAULT)[0]
    assert after.closing_due_at == DEFAULT.extension.after(found.closing_due_at, CHINA) > found.closing_due_at
    with pytest.raises(refusal.ExtendedOnce):
        clock.extend(after, "还要等", CHEN, at, CHINA, DEFAULT)


@given(st.sampled_from(sorted(DEFAULT.classes)), st.lists(SPANS, max_size=6))
def test_the_next_word(urgency: Urgency, spells: list[timedelta]) -> None:
    """The first answer is due once and then again; afterwards how it goes, as often as the class says; never twice at once."""
    found = a_ticket(urgency)[0]
    assert clock.word_due(found, CHINA, DEFAULT) == found.response_due_at
    now = NOW
    for spell in spells:
        now += spell
        due = clock.word_due(found, CHINA, DEFAULT)
        assert due is not None
        if due <= now:
            found = clock.nudge(found, now)[0]
            again = clock.word_due(found, CHINA, DEFAULT)
            assert again is not None
            assert again > now
    found = ticket.take(found, 1, LI, now)[0]
    progress = DEFAULT.of(urgency).progress
    due = clock.word_due(found, CHINA, DEFAULT)
    assert due == (None if progress is None else progress.after(now, CHINA))
    told = ticket.progress(found, "在办", LI, now + timedelta(hours=1))[0]
    due = clock.word_due(told, CHINA, DEFAULT)
    assert due == (None if progress is None else progress.after(now + timedelta(hours=1), CHINA))


def test_a_missed_deadline_is_counted_while_it_is_open() -> None:
    after, event = clock.miss(handled(), NOW)
    assert (after.overdue, event.action, after.state) == (1, Action.OVERDUE, State.IN_PROGRESS)
    with pytest.raises(refusal.AlreadyClosed):
        clock.miss(ticket.solve(after, "好", LI, NOW)[0], NOW)
    with pytest.raises(refusal.AlreadyClosed):
        clock.nudge(ticket.solve(after, "好", LI, NOW)[0], NOW)
