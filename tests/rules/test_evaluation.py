"""The figures of the triage: definitions by example, intervals against known values, and what must hold of any answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.category import Urgency
from domain.evaluation import (
    Figure,
    Labelled,
    Name,
    Report,
    Slip,
    by_chance,
    by_hand,
    compare,
    evaluate,
    hand,
    shown,
    slips,
    top,
)  # fmt: skip
from domain.place import Place
from domain.triage import Act, Earlier, Heard, Intent, Verdict

NOWHERE = Place()
HOME = Place("3栋", "2单元", "501")


def row(
    act: Act,
    intent: Intent = Intent.REQUEST,
    codes: tuple[str, ...] = (),
    urgency: Urgency = Urgency.NONE,
    place: Place = NOWHERE,
    *,
    name: str = "a1",
    before: tuple[Earlier, ...] = (),
) -> Labelled:
    return Labelled(name, Heard("话", before), intent, codes, urgency, place, act)


def said(act: Act, code: str = "", place: Place = NOWHERE) -> Verdict:
    return Verdict(act, Intent.CHAT, code, (), Urgency.NONE, place, 0.5, ())


DANGER = row(Act.ALERT, codes=("EMG01", "EMG02"), urgency=Urgency.P0)
LIFT = row(Act.TICKET, codes=("FIX01",), urgency=Urgency.P1, place=HOME)
CHAT = row(Act.SILENT, Intent.CHAT)
ASKED = row(Act.ASK, codes=("UTL01",), urgency=Urgency.P1)


def kinds(of: Labelled, answer: Verdict) -> list[Slip]:
    return [slip.slip for slip in slips(of, answer)]


@pytest.mark.parametrize(
    ("of", "answer", "wrong"),
    [
        (DANGER, said(Act.ALERT, "EMG02"), []),
        (DANGER, said(Act.TICKET, "EMG01"), [Slip.MISSED_DANGER]),
        (DANGER, said(Act.SILENT), [Slip.MISSED_DANGER]),
        (LIFT, said(Act.TICKET, "FIX01", HOME), []),
        (LIFT, said(Act.ASK, "FIX01", HOME), []),
        (LIFT, said(Act.ATTACH, "", HOME), []),
        (LIFT, said(Act.THANK, "", HOME), [Slip.MISSED]),
        (LIFT, said(Act.TICKET, "FIX02", Place("3栋", "1单元", "501")), [Slip.CODE, Slip.PLACE]),
        (LIFT, said(Act.TICKET, "FIX01", Place("3栋", "2单元", "501", "楼道")), []),
        (CHAT, said(Act.SILENT), []),
        (CHAT, said(Act.ALERT, "EMG01"), [Slip.FALSE_ALARM]),
        (CHAT, said(Act.TICKET, "FIX01"), [Slip.NEEDLESS_TICKET]),
        (CHAT, said(Act.ASK, "FIX01"), [Slip.DISTURBED]),
        (ASKED, said(Act.TICKET, "UTL01"), []),
        (row(Act.ATTACH, Intent.FOLLOWUP), said(Act.TICKET, "FIX01"), [Slip.NEEDLESS_TICKET]),
        (row(Act.ANSWER, Intent.INQUIRY), said(Act.SILENT), []),
    ],
)
def test_what_counts_as_an_error(of: Labelled, answer: Verdict, wrong: list[Slip]) -> None:
    assert kinds(of, answer) == wrong


def test_the_definitions_of_the_figures() -> None:
    found = evaluate(
        [
            (DANGER, said(Act.ALERT, "EMG09")),
            (DANGER, said(Act.SILENT)),
            (LIFT, said(Act.TICKET, "FIX01", HOME)),
            (LIFT, said(Act.ASK)),
            (CHAT, said(Act.SILENT)),
            (CHAT, said(Act.ASK)),
            (CHAT, said(Act.TICKET, "FIX01")),
            (row(Act.SILENT, Intent.CHAT, name="chat0-1"), said(Act.SILENT)),
            (row(Act.SILENT, Intent.NOTICE), said(Act.ALERT)),
        ]
    ).figures
    assert {name.value: (f.hits, f.cases) for name, f in found.items()} == {
        "p0_recall": (1, 2),
        "p0_false_alarms": (1, 5),
        "requests_reached": (3, 4),
        "ticket_precision": (2, 4),
        "left_in_peace": (2, 5),
        "small_talk_in_peace": (1, 1),
        "category_second": (1, 2),
        "category_top": (2, 2),
        "place_exact": (1, 2),
        "asked_of_requests": (1, 4),
        "asked_of_silent": (1, 5),
    }


def test_a_place_in_context_is_not_counted() -> None:
    later = row(Act.ATTACH, place=HOME, before=(Earlier(mine=True, text="电梯坏了"),))
    assert evaluate([(later, said(Act.ATTACH))]).figures[Name.PLACE].cases == 0
    assert evaluate([(row(Act.TICKET, place=Place(spot="东门")), said(Act.TICKET))]).figures[Name.PLACE].cases == 0


@pytest.mark.parametrize(
    ("figure", "low", "high"),
    [(Figure(0, 10), 0.0, 0.2775), (Figure(8, 10), 0.4902, 0.9433), (Figure(81, 263), 0.2553, 0.3662)],
)
def test_the_interval_is_wilsons(figure: Figure, low: float, high: float) -> None:
    assert figure.interval == pytest.approx((low, high), abs=1e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert Figure(0, 0).share is None
    assert Figure(0, 0).interval == (0.0, 1.0)


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(counts: tuple[int, int]) -> None:
    figure = Figure(*counts)
    low, high = figure.interval
    assert figure.share is not None
    assert 0 <= low <= figure.share + 1e-12
    assert figure.share - 1e-12 <= high <= 1
    doubled = Figure(counts[0] * 2, counts[1] * 2).interval
    assert doubled[1] - doubled[0] < high - low


ROWS = st.builds(
    row,
    st.sampled_from(list(Act)),
    st.sampled_from(list(Intent)),
    st.lists(st.sampled_from(["FIX01", "FIX02", "EMG01"]), max_size=2).map(tuple),
    st.sampled_from(list(Urgency)),
    st.sampled_from([NOWHERE, HOME]),
    name=st.sampled_from(["a1", "a2", "b1", "v01-3", "9"]),
)
SAYINGS = st.builds(said, st.sampled_from(list(Act)), st.sampled_from(["", "FIX01", "EMG01"]), st.sampled_from([HOME]))
ANSWERS = st.lists(st.tuples(ROWS, SAYINGS), max_size=30)


@given(ANSWERS)
def test_any_answers_can_be_counted(found: list[tuple[Labelled, Verdict]]) -> None:
    report = evaluate(found)
    assert report.rows == len(found)
    assert set(report.figures) == set(Name)
    assert all(0 <= f.hits <= f.cases <= len(found) for f in report.figures.values())
    split = by_hand(found)
    for name in Name:
        assert sum(one.figures[name].hits for one in split.values()) == report.figures[name].hits
        assert sum(one.figures[name].cases for one in split.values()) == report.figures[name].cases
    wrong = {Name.P0_FALSE_ALARMS: Slip.FALSE_ALARM, Name.CODE: Slip.CODE, Name.PLACE: Slip.PLACE}
    for name, slip in wrong.items():
        figure, count = report.figures[name], sum(fault.slip is slip for fault in report.faults)
        assert count == (figure.hits if name is Name.P0_FALSE_ALARMS else figure.cases - figure.hits)


@given(ANSWERS)
def test_nothing_changes_against_itself(found: list[tuple[Labelled, Verdict]]) -> None:
    report = evaluate(found)
    change = compare(report, report)
    assert (change.mended, change.broken) == ((), ())


def test_a_change_names_what_it_mended_and_broke() -> None:
    before = evaluate([(LIFT, said(Act.SILENT, "", HOME)), (CHAT, said(Act.SILENT))])
    after = evaluate([(LIFT, said(Act.TICKET, "FIX01", HOME)), (CHAT, said(Act.ASK))])
    change = compare(before, after)
    assert [f.slip for f in change.mended] == [Slip.MISSED]
    assert [f.slip for f in change.broken] == [Slip.DISTURBED]
    assert isinstance(change.after, Report)


@pytest.mark.parametrize(
    ("mended", "broken", "chance"), [(0, 0, 1.0), (1, 1, 1.0), (5, 0, 0.0625), (8, 1, 0.0390625), (1, 8, 0.0390625)]
)
def test_the_sign_test_is_exact(mended: int, broken: int, chance: float) -> None:
    assert by_chance(mended, broken) == pytest.approx(chance)


@pytest.mark.parametrize(("name", "whose"), [("a12", "a"), ("v01-007", "v01"), ("B_3", "B"), ("7", ""), ("", "")])
def test_whose_row_it_is(name: str, whose: str) -> None:
    assert hand(name) == whose


def test_small_words() -> None:
    assert (top("FIX01"), top("")) == ("FIX", "")
    assert (shown(Act.TICKET, "FIX01"), shown(Act.SILENT)) == ("ticket FIX01", "silent")
