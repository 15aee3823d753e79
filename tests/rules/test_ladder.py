"""The ladder: one step after the other, whatever the clock does; it ends at a human, and by night only for danger."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.workdays import workdays
from domain import clock, ladder, refusal, ticket
from domain.calendar import Calendar, QuietHours
from domain.category import Urgency
from domain.ladder import Hours, Ladder, Run, RunState, Step, Steps
from domain.place import Place
from domain.roster import Avoid, AvoidReason, Grid, PairRole, Role
from domain.templates import DEFAULT
from domain.ticket import Ticket
from tests.rules.test_roster import BUILDING, GRIDS, PLACES, a_grid, a_member, away, paired
from tests.rules.test_roster import NOW as ROSTER_NOW
from tests.rules.test_roster import TODAY as ROSTER_TODAY
from tests.rules.test_ticket import LI, WANG, a_ticket

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
HOURS = Hours(CHINA, QuietHours(time(21), time(8)))
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
CLASSES = st.sampled_from([Urgency.P0, Urgency.P1, Urgency.P2, Urgency.P3, Urgency.Q, Urgency.W])
LADDERS = st.builds(
    Ladder,
    st.sampled_from([time(8), time(9), time(17, 30), time(22)]),
    *[st.integers(1, 4) for _ in range(6)],
)
GAPS = st.lists(st.integers(1, 60 * 24 * 9), min_size=1, max_size=40)


def handled(urgency: Urgency) -> Ticket:
    return ticket.take(a_ticket(urgency)[0], 1, LI, NOW)[0]


def climbed(run: Run, moments: Iterable[datetime]) -> list[tuple[datetime, Step]]:
    """What rings when the pass comes at these moments."""
    rung = []
    for now in moments:
        if ladder.rings(run, now, HOURS):
            run, step = ladder.climb(run, now, HOURS)
            rung.append((now, step))
    return rung


def moments(gaps: list[int]) -> list[datetime]:
    """Passes that come when they come."""
    found = [NOW]
    for minutes in gaps:
        found.append(found[-1] + timedelta(minutes=minutes))
    return found


@given(CLASSES, LADDERS, GAPS)
def test_an_outage_makes_it_late_and_changes_nothing_else(urgency: Urgency, made: Ladder, gaps: list[int]) -> None:
    """No step is passed over, none comes twice, none comes before its time; only the word before the deadline may be
    overtaken by the one at the deadline, which is for the same person.
    """
    run = ladder.start(1, handled(urgency), made.steps(urgency), HOURS)
    late = climbed(run, moments(gaps))
    steps = [step for _, step in late]
    order = [step for step in ladder.ORDER if step is not Step.SOON or Step.SOON in steps]
    assert steps == [*order, *[Step.STREET] * 40][: len(steps)]
    punctual = climbed(run, (NOW + timedelta(minutes=n) for n in range(0, 60 * 24 * 20, 7)))
    for step in set(steps):
        first = next((at for at, known in punctual if known is step), None)
        if first is not None:
            assert next(at for at, known in late if known is step) >= first - timedelta(minutes=7)


@given(CLASSES, LADDERS, GAPS)
def test_nobody_is_rung_by_night_except_for_danger(urgency: Urgency, made: Ladder, gaps: list[int]) -> None:
    run = ladder.start(1, handled(urgency), made.steps(urgency), HOURS)
    for at, _ in climbed(run, moments(gaps)):
        assert urgency is Urgency.P0 or not HOURS.quiet.covers(CHINA.local(at).time().replace(tzinfo=None))


@given(CLASSES, LADDERS, GAPS)
def test_a_quiet_hour_is_late_and_not_lost(urgency: Urgency, made: Ladder, gaps: list[int]) -> None:
    """Whenever the passes stop for the night, the first one in the morning rings what was due."""
    run = ladder.start(1, handled(urgency), made.steps(urgency), HOURS)
    for now in moments(gaps):
        assert run.next_at is not None
        morning = HOURS.quiet.next_allowed(CHINA, max(now, run.next_at))
        assert ladder.rings(run, morning, HOURS)
        if ladder.rings(run, now, HOURS):
            run, _ = ladder.climb(run, now, HOURS)


@given(CLASSES, LADDERS)
def test_the_steps_are_kept_as_they_were(urgency: Urgency, made: Ladder) -> None:
    steps = made.steps(urgency)
    assert Steps.unpacked(steps.packed()) == steps
    assert steps.by_minutes is (urgency is Urgency.P0)


def test_when_an_ordinary_ticket_climbs() -> None:
    run = ladder.start(1, handled(Urgency.P2), Ladder().steps(Urgency.P2), HOURS)
    rung = climbed(run, (NOW + timedelta(minutes=n) for n in range(0, 60 * 24 * 30, 10)))
    assert [f"{CHINA.local(at):%m-%d %H:%M} {step}" for at, step in rung] == [
        "11-26 09:00 soon",
        "11-27 09:00 due",
        "11-30 09:00 partner",
        "12-01 09:00 leader",
        "12-03 09:00 secretary",
        "12-08 09:00 street",
        "12-15 09:00 street",
    ]


def test_when_a_danger_climbs() -> None:
    run = ladder.start(1, handled(Urgency.P0), Ladder().steps(Urgency.P0), HOURS)
    rung = climbed(run, (NOW + timedelta(minutes=n) for n in range(60 * 29)))
    assert [f"{CHINA.local(at):%m-%d %H:%M} {step}" for at, step in rung] == [
        "11-21 08:00 soon",
        "11-21 10:00 due",
        "11-21 10:15 partner",
        "11-21 10:30 leader",
        "11-21 11:00 secretary",
        "11-21 12:00 street",
        "11-21 14:00 street",
    ]


@given(GRIDS, PLACES, st.sampled_from(Step), st.none() | st.integers(11, 31), st.booleans())
def test_every_step_ends_at_a_human(grid: Grid, place: Place, step: Step, handler: int | None, private: bool) -> None:
    """As long as a leader or somebody above can be reached, and only people who can be reached are told."""
    found = replace(a_ticket()[0], place=place, private=private)
    if handler is not None:
        found = replace(found, assignee_id=handler, state=ticket.State.IN_PROGRESS)
    told = ladder.told(grid, found, step, ROSTER_NOW, ROSTER_TODAY)
    seniors = [c.member for c in grid.seniors(ROSTER_NOW) if c.member.reachable]
    assert all(m.reachable for m in told)
    assert told or not seniors
    if step not in ladder.OWNERS and private:
        assert all(m in seniors for m in told)


def test_street_and_secretary_hear_their_own_step() -> None:
    secretary = a_member(31)
    street = replace(a_member(32), role=Role.STREET)
    both = Grid(1, "G01", "网格", {}, {}, (), (), (secretary, street))
    one = Grid(1, "G01", "网格", {}, {}, (), (), (secretary,))
    found = a_ticket()[0]
    assert ladder.told(both, found, Step.STREET, ROSTER_NOW, ROSTER_TODAY) == [street]
    assert ladder.told(both, found, Step.SECRETARY, ROSTER_NOW, ROSTER_TODAY) == [secretary]
    assert ladder.told(one, found, Step.STREET, ROSTER_NOW, ROSTER_TODAY) == [secretary]


@given(st.frozensets(st.sampled_from([21, 22, 31, 32])), st.sampled_from(Step))
def test_nobody_above_who_is_on_leave_hears_a_step_while_there_is_another(gone: frozenset[int], step: Step) -> None:
    grid = a_grid(leaves=tuple(away(i) for i in gone))
    grid = replace(grid, above=(*grid.above, replace(a_member(32), role=Role.STREET)))
    told = ladder.told(grid, a_ticket()[0], step, ROSTER_NOW, ROSTER_TODAY)
    assert told
    assert len(gone) == 4 or all(m.id not in gone for m in told)


@given(st.frozensets(st.sampled_from([12, 13, 21, 31])), st.booleans(), st.sampled_from(Step))
def test_nobody_who_avoids_the_place_or_is_away_himself_hears_a_step(
    kept_off: frozenset[int], both_away: bool, step: Step
) -> None:
    pair = (paired(BUILDING, 11), paired(BUILDING, 12, PairRole.PARTNER))
    avoids = tuple(Avoid(i, BUILDING, AvoidReason.RELATIVE) for i in kept_off)
    leaves = (away(11, 13), away(13)) if both_away else (away(11, 13),)
    grid = replace(a_grid(pair, leaves), avoids=avoids)
    found = replace(a_ticket()[0], place=Place("3栋"), assignee_id=11, state=ticket.State.IN_PROGRESS)
    told = ladder.told(grid, found, step, ROSTER_NOW, ROSTER_TODAY)
    assert told
    assert all(m.id not in kept_off and not grid.away(m.id, ROSTER_NOW) for m in told)


@given(st.integers(0, 12), st.integers(1, 20))
def test_a_promise_moves_one_rung_once(day: int, passes: int) -> None:
    found = handled(Urgency.P2)
    run = ladder.start(1, found, Ladder().steps(Urgency.P2), HOURS)
    with pytest.raises(refusal.NothingToPromise):
        ladder.promise(run, CHINA.today(NOW), 1, NOW, HOURS)
    now = run.next_at
    assert now is not None
    run, rung = ladder.climb(run, now, HOURS)
    on = CHINA.today(now) + timedelta(days=day)
    far = on > CHINA.add_workdays(CHINA.today(now), ladder.MAX_PROMISE_DAYS)
    if far:
        with pytest.raises(refusal.PromiseTooFar):
            ladder.promise(run, on, 1, now, HOURS)
        return
    promised = ladder.promise(run, on, 1, now, HOURS)
    assert promised.state is RunState.HELD
    assert promised.next_at is not None
    for n in range(passes):
        at = now + (promised.next_at - now) * n / passes
        assert not ladder.rings(promised, at, HOURS)
        assert not ladder.is_broken(promised, at)
    assert ladder.is_broken(promised, promised.next_at)
    again, same = ladder.climb(promised, promised.next_at, HOURS)
    assert same is rung or same is Step.DUE  # the same rung, or the newer one for the same person
    assert again.revision == run.revision + 1
    with pytest.raises(refusal.PromisedBefore):
        ladder.promise(again, CHINA.today(promised.next_at), 1, promised.next_at, HOURS)


@given(CLASSES, st.integers(0, 5), st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_becomes_of_the_ticket(urgency: Urgency, rungs: int, later: timedelta) -> None:
    """Ended, another class, another deadline, paused: the run follows, and following twice changes nothing."""
    found = handled(urgency)
    run = ladder.start(1, found, Ladder().steps(urgency), HOURS)
    for _ in range(rungs):
        assert run.next_at is not None
        run, _ = ladder.climb(run, run.next_at, HOURS)
    now = NOW + later
    assert ladder.follow(run, found, now, HOURS) is run
    ended = ladder.follow(run, ticket.solve(found, "好", LI, now)[0], now, HOURS)
    assert (ended.state, ended.next_at) == (RunState.DONE, None)
    assert ladder.follow(ended, found, now, HOURS) is ended
    assert not ladder.rings(ended, now + timedelta(days=99), HOURS)
    other = Urgency.P3 if urgency is not Urgency.P3 else Urgency.P2
    assert ladder.follow(run, replace(found, urgency=other), now, HOURS).state is RunState.DONE
    moved = replace(found, closing_due_at=found.closing_due_at + timedelta(days=10), word_at=now)
    aimed = ladder.follow(run, moved, now, HOURS)
    assert (aimed.due_at, aimed.revision, aimed.missed) == (moved.closing_due_at, run.revision + 1, False)
    assert aimed.position <= 1
    assert aimed.next_at is not None
    assert ladder.follow(aimed, moved, now, HOURS) == aimed


@given(st.integers(0, 5), st.timedeltas(timedelta(0), timedelta(days=6)))
def test_a_paused_ticket_rings_nobody(rungs: int, wait: timedelta) -> None:
    found = handled(Urgency.P2)
    run = ladder.start(1, found, Ladder().steps(Urgency.P2), HOURS)
    now = NOW
    for _ in range(rungs):
        assert run.next_at is not None
        now = run.next_at
        run, _ = ladder.climb(run, now, HOURS)
    paused = clock.pause(found, "在家吗", LI, now)[0]
    held = ladder.follow(run, paused, now, HOURS)
    assert (held.state, held.next_at) == (RunState.HELD, None)
    assert not ladder.rings(held, now + wait, HOURS)
    assert not ladder.is_missed(held, now + wait)
    resumed = clock.resume(paused, WANG, now + wait, CHINA, DEFAULT)[0]
    running = ladder.follow(held, resumed, now + wait, HOURS)
    assume(resumed.closing_due_at == found.closing_due_at)
    assert (running.state, running.position) == (RunState.RUNNING, max(run.position, running.position))
    assert running.next_at is not None
