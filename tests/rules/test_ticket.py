"""The life of a ticket: whatever anybody tries, it only goes along allowed edges and its history tells all of it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain import clock, correction, refusal, ticket
from domain.calendar import Calendar
from domain.category import Urgency
from domain.incoming import Chat, ChatKind
from domain.place import Place
from domain.templates import DEFAULT
from domain.ticket import ENDED, OPEN, Action, Change, Event, Rating, RefusalCode, State, Ticket, Who
from domain.triage import Act, Intent, Reason, Verdict
from texts.categories import load_categories

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
WANG, ZHANG = Who("telegram", "1", "王阿姨"), Who("telegram", "2", "张大爷")
LI, WU, CHEN = (Who("telegram", str(10 + n), member_id=n) for n in (1, 2, 3))
PEOPLE = st.sampled_from([WANG, ZHANG, LI, WU, CHEN])
STAFF = st.sampled_from([LI, WU, CHEN])

ASKING = {State.TO_ACCEPT, State.TO_DISPATCH, State.DISPATCHED}
EDGES: dict[Action, tuple[set[State], set[State]]] = {
    Action.DISPATCHED: (set(OPEN), {State.DISPATCHED}),
    Action.UNHEARD: (set(OPEN), {State.TO_DISPATCH}),
    Action.TAKEN: (ASKING, {State.IN_PROGRESS}),
    Action.REASSIGNED: (set(OPEN), {State.DISPATCHED}),
    Action.PASSED_ON: (set(OPEN), {State.DISPATCHED}),
    Action.PROGRESS: ({State.DISPATCHED, State.IN_PROGRESS}, {State.IN_PROGRESS}),
    Action.SOLVED: ({State.DISPATCHED, State.IN_PROGRESS}, {State.SOLVED}),
    Action.EXPLAINED: ({State.DISPATCHED, State.IN_PROGRESS}, {State.ANSWERED}),
    Action.CONFIRMED: ({State.SOLVED}, {State.CONFIRMED}),
    Action.REOPENED: ({State.SOLVED, State.CONFIRMED}, {State.IN_PROGRESS, State.TO_DISPATCH}),
    Action.RATED: ({State.CONFIRMED}, {State.ARCHIVED}),
    Action.UNRATED: ({State.SOLVED, State.CONFIRMED}, {State.ARCHIVED}),
    Action.WITHDRAWN: ({*OPEN, State.SOLVED, State.DISMISSED}, {State.WITHDRAWN}),
    Action.DISMISSED: (set(OPEN), {State.DISMISSED}),
    Action.REFUSED: (set(OPEN), {State.REFUSED}),
    Action.ACKNOWLEDGED: (set(OPEN), {State.IN_PROGRESS}),
}
"""What changes the state, from where to where; everything else leaves it as it is."""
STILL = {
    Action.HANDED_BACK: {State.DISPATCHED, State.IN_PROGRESS},
    Action.EXTENDED: set(OPEN),
    Action.PAUSED: {State.IN_PROGRESS},
    Action.RESUMED: set(OPEN),
    Action.NUDGED: set(OPEN),
    Action.OVERDUE: set(OPEN),
    Action.SUPPORTED: set(OPEN),
    Action.CORRECTED: set(OPEN),
    Action.ADDED: {*OPEN, State.SOLVED},
    Action.URGED: {*OPEN, State.SOLVED},
    Action.REMINDED: {State.SOLVED},
    Action.RECODED: set(State) - {State.WITHDRAWN, State.DISMISSED},
}


def a_ticket(urgency: Urgency = Urgency.P2, *, to_accept: bool = False) -> Change:
    return ticket.open_ticket(
        12,
        grid_id=3,
        chat=Chat("telegram", "bot", "-1"),
        chat_kind=ChatKind.GROUP,
        message_id="7",
        thread="",
        reporter=WANG,
        words="灯不亮",
        code="FIX01",
        urgency=urgency,
        place=Place("3栋"),
        private=False,
        why=Verdict(Act.TICKET, Intent.REQUEST, "FIX01", (), urgency, Place("3栋"), 0.8, (Reason("request", ("灯",)),)),
        at=NOW,
        calendar=CHINA,
        template=DEFAULT,
        to_accept=to_accept,
    )


class Life(RuleBasedStateMachine):
    """Anybody tries anything, in any order."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.now = NOW
        self.found: Ticket
        self.told: list[Event] = []

    @initialize(urgency=st.sampled_from(Urgency), to_accept=st.booleans())
    def opened(self, urgency: Urgency, to_accept: bool) -> None:
        self.found, event = a_ticket(urgency, to_accept=to_accept)
        self.told = [event]

    def _try(self, act: Callable[[Ticket, datetime], Change]) -> None:
        before = self.found
        try:
            after, event = act(before, self.now)
        except refusal.Refusal:
            return
        assert (event.ticket, event.at, event.was, event.now) == (12, self.now, before.state, after.state)
        was, now = EDGES.get(event.action, (STILL.get(event.action, set()), {before.state}))
        assert before.state in was, event
        assert after.state in now, event
        self.found = after
        self.told.append(event)

    @rule(minutes=st.integers(1, 20_000))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(reason=st.sampled_from(["building|3栋", "load|"]))
    def dispatch(self, reason: str) -> None:
        self._try(lambda t, at: ticket.dispatch(t, reason, at))

    @rule()
    def await_dispatch(self) -> None:
        self._try(ticket.await_dispatch)

    @rule(who=STAFF)
    def take(self, who: Who) -> None:
        self._try(lambda t, at: ticket.take(t, who.member_id or 0, who, at))

    @rule(who=st.sampled_from([ticket.BOT, CHEN]), to=STAFF)
    def assign(self, who: Who, to: Who) -> None:
        self._try(lambda t, at: ticket.assign(t, to.member_id or 0, "leader_chose|", who, at))

    @rule(who=PEOPLE, before=st.booleans())
    def hand_back(self, who: Who, before: bool) -> None:
        self._try(lambda t, at: ticket.hand_back(t, "电梯证", who, at, before=before))

    @rule(who=PEOPLE)
    def progress(self, who: Who) -> None:
        self._try(lambda t, at: ticket.progress(t, "已联系", who, at))

    @rule(who=PEOPLE)
    def solve(self, who: Who) -> None:
        self._try(lambda t, at: ticket.solve(t, "已换", who, at))

    @rule(who=PEOPLE)
    def explain(self, who: Who) -> None:
        self._try(lambda t, at: ticket.explain(t, "不归社区", who, at))

    @rule(who=PEOPLE)
    def confirm(self, who: Who) -> None:
        self._try(lambda t, at: ticket.confirm(t, who, at))

    @rule(who=PEOPLE)
    def reopen(self, who: Who) -> None:
        self._try(lambda t, at: ticket.reopen(t, who, at, CHINA, DEFAULT))

    @rule(who=PEOPLE, rating=st.sampled_from(Rating))
    def rate(self, who: Who, rating: Rating) -> None:
        self._try(lambda t, at: ticket.rate(t, rating, who, at))

    @rule()
    def remind(self) -> None:
        self._try(clock.remind)

    @rule()
    def archive(self) -> None:
        self._try(clock.archive)

    @precondition(lambda self: len(self.told) > 6)
    @rule(who=PEOPLE)
    def withdraw(self, who: Who) -> None:
        self._try(lambda t, at: ticket.withdraw(t, who, at))

    @precondition(lambda self: len(self.told) > 6)
    @rule(who=STAFF, code=st.sampled_from(RefusalCode))
    def refuse(self, who: Who, code: RefusalCode) -> None:
        self._try(lambda t, at: ticket.refuse(t, code, who, at))

    @rule(who=STAFF)
    def extend(self, who: Who) -> None:
        self._try(lambda t, at: clock.extend(t, "等配件", who, at, CHINA, DEFAULT))

    @rule(who=PEOPLE)
    def pause(self, who: Who) -> None:
        self._try(lambda t, at: clock.pause(t, "在家吗", who, at))

    @rule(who=PEOPLE)
    def resume(self, who: Who) -> None:
        self._try(lambda t, at: clock.resume(t, who, at, CHINA, DEFAULT))

    @rule()
    def nudge(self) -> None:
        self._try(clock.nudge)

    @rule()
    def miss(self) -> None:
        self._try(clock.miss)

    @precondition(lambda self: len(self.told) > 6)
    @rule(who=STAFF)
    def dismiss(self, who: Who) -> None:
        self._try(lambda t, at: correction.dismiss(t, who, at))

    @rule(who=STAFF, code=st.sampled_from(["FIX01", "FIX02", "EMG01", "CAR01", "COM04"]))
    def recode(self, who: Who, code: str) -> None:
        self._try(lambda t, at: correction.recode(t, load_categories()[code], who, at, CHINA, DEFAULT))

    @rule(who=PEOPLE)
    def urge(self, who: Who) -> None:
        self._try(lambda t, at: ticket.urge(t, who, at))

    @rule(who=PEOPLE)
    def support(self, who: Who) -> None:
        self._try(lambda t, at: ticket.support(t, who, at))

    @rule(who=PEOPLE, words=st.sampled_from(["", "二楼"]), place=st.sampled_from([Place(), Place("3栋", "2单元")]))
    def add(self, who: Who, words: str, place: Place) -> None:
        self._try(lambda t, at: ticket.add(t, words, place, ("photo",), who, at))

    @rule(was=st.sampled_from(["", "灯不亮"]), words=st.sampled_from(["门不亮", "灯坏了"]))
    def correct(self, was: str, words: str) -> None:
        self._try(lambda t, at: ticket.correct(t, was, words, Place(), WANG, at))

    @rule(who=STAFF)
    def acknowledge(self, who: Who) -> None:
        self._try(lambda t, at: ticket.acknowledge(t, who.member_id or 0, who, at))

    @invariant()
    def the_history_tells_all_of_it(self) -> None:
        if not self.told:
            return
        count = Counter(event.action for event in self.told)
        assert [e.was for e in self.told[1:]] == [e.now for e in self.told[:-1]]
        assert self.told[-1].now is self.found.state
        assert (self.found.urges, self.found.supporters) == (count[Action.URGED], count[Action.SUPPORTED])
        assert self.found.reworks == count[Action.REOPENED] <= ticket.MAX_REWORKS
        assert self.found.extended is (count[Action.EXTENDED] == 1)
        assert count[Action.EXTENDED] <= 1
        assert count[Action.RATED] + count[Action.UNRATED] <= 1
        rated = [e.note for e in self.told if e.action is Action.RATED]
        assert ([self.found.rating] if self.found.rating else []) == rated
        assert self.found.assignee_id == self._assignee()
        assert len(self.found.photos) == min(10, count[Action.ADDED]) or self.found.state is State.WITHDRAWN

    def _assignee(self) -> int | None:
        held: int | None = None
        for event in self.told:
            match event.action:
                case Action.DISPATCHED | Action.UNHEARD:
                    held = None
                case Action.TAKEN:
                    held = _member(event.by)
                case Action.REASSIGNED | Action.PASSED_ON:
                    held = _member(event.note.rpartition("|")[2])
                case Action.ACKNOWLEDGED if event.was is not State.IN_PROGRESS:
                    held = _member(event.by)
        return held

    @invariant()
    def clocks_run_forward(self) -> None:
        if not self.told:
            return
        found = self.found
        assert found.response_due_at > found.created_at
        assert found.closing_due_at > found.created_at
        assert found.is_open == (found.state in OPEN)
        assert not found.is_paused or found.urgency in clock.PAUSABLE
        assert found.overdue == sum(e.action is Action.OVERDUE for e in self.told)
        assert (found.closed_at is not None) == (found.state in ENDED)
        assert found.state is not State.SOLVED or found.solved_at is not None
        assert found.state is not State.IN_PROGRESS or found.assignee_id is not None
        assert found.state not in (State.SOLVED, State.ANSWERED) or found.responded_at is not None
        assert found.state is not State.WITHDRAWN or (found.words, found.photos, found.why) == ("", (), None)


def _member(mark: str) -> int:
    kind, _, number = mark.partition(":")
    assert kind == "member"
    return int(number)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_every_action_is_proved_to_be_possible_or_is_a_note() -> None:
    notes = {Action.OPENED, Action.DECLINED, Action.ALERTED, Action.POINTED_OUT}
    notes |= {Action.RUNG, Action.PROMISED, Action.WHISTLED, Action.WHISTLE_ANSWERED}
    notes |= {Action.SUPERVISED, Action.STRUCK_OFF}
    assert {*EDGES, *STILL, *notes} == set(Action)


def test_a_note_changes_nothing() -> None:
    found, _ = a_ticket()
    after, event = ticket.note(found, Action.ALERTED, "member:3", NOW)
    assert (after, event.was, event.now, event.by) == (found, found.state, found.state, "bot")


def test_marks_name_nobody() -> None:
    assert [who.mark for who in (ticket.BOT, WANG, LI)] == ["bot", "resident", "member:1"]


def test_the_third_rework_is_for_the_leader() -> None:
    found = ticket.take(a_ticket()[0], 1, LI, NOW)[0]
    for _ in range(ticket.MAX_REWORKS):
        found = ticket.reopen(ticket.solve(found, "已换", LI, NOW)[0], WANG, NOW, CHINA, DEFAULT)[0]
    solved = ticket.solve(found, "已换", LI, NOW)[0]
    with pytest.raises(refusal.ReworkedTwice):
        ticket.reopen(solved, WANG, NOW, CHINA, DEFAULT)


def test_not_extended_after_the_deadline() -> None:
    found = a_ticket()[0]
    with pytest.raises(refusal.ExtendedOnce):
        clock.extend(found, "等配件", CHEN, found.closing_due_at, CHINA, DEFAULT)


@pytest.mark.parametrize(
    ("act", "no"),
    [
        (lambda t: ticket.rate(t, Rating.GOOD, WANG, NOW), refusal.NotYetSolved),
        (lambda t: ticket.confirm(t, WANG, NOW), refusal.NotYetSolved),
        (lambda t: ticket.reopen(t, WANG, NOW, CHINA, DEFAULT), refusal.NotYetSolved),
        (lambda t: ticket.rate(ticket.solve(t, "好", LI, NOW)[0], Rating.GOOD, WANG, NOW), refusal.ConfirmFirst),
        (lambda t: ticket.support(t, WANG, NOW), refusal.AlreadyCounted),
        (lambda t: ticket.confirm(ticket.solve(t, "好", LI, NOW)[0], ZHANG, NOW), refusal.NotYourTicket),
        (lambda t: ticket.solve(t, "好", WU, NOW), refusal.NotYourTicket),
        (lambda t: ticket.solve(t, "好", WANG, NOW), refusal.NotYourTicket),
        (lambda t: ticket.hand_back(t, "不会", LI, NOW, before=True), refusal.HandedBackOnce),
        (lambda t: ticket.take(t, 2, WU, NOW), refusal.AlreadyTaken),
        (lambda t: ticket.withdraw(ticket.withdraw(t, WANG, NOW)[0], WANG, NOW), refusal.AlreadyClosed),
        (lambda t: ticket.confirm(ticket.withdraw(t, WANG, NOW)[0], WANG, NOW), refusal.AlreadyClosed),
        (lambda t: ticket.rate(ticket.withdraw(t, WANG, NOW)[0], Rating.BAD, WANG, NOW), refusal.AlreadyClosed),
    ],
)
def test_every_no_has_its_name(act: Callable[[Ticket], Change], no: type[refusal.Refusal]) -> None:
    found = ticket.take(a_ticket()[0], 1, LI, NOW)[0]
    with pytest.raises(no):
        act(found)


def test_rated_once() -> None:
    found = ticket.solve(ticket.take(a_ticket()[0], 1, LI, NOW)[0], "好", LI, NOW)[0]
    rated = ticket.rate(ticket.confirm(found, WANG, NOW)[0], Rating.GOOD, WANG, NOW)[0]
    with pytest.raises(refusal.AlreadyRated):
        ticket.rate(rated, Rating.BAD, WANG, NOW)


@pytest.mark.parametrize(
    ("was", "words", "kept"),
    [("灯不亮", "门不亮", "门不亮"), ("没说过", "门不亮", "灯不亮\n门不亮"), ("", "门不亮", "灯不亮\n门不亮")],
)
def test_a_corrected_message(was: str, words: str, kept: str) -> None:
    after, _ = ticket.correct(a_ticket()[0], was, words, Place("2栋"), WANG, NOW)
    assert (after.words, after.place) == (kept, Place("2栋"))
