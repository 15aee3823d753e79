"""Stated against true confidence: what is stated, when it is so, and what must hold of any answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calibration import Head, calibrate, head, is_right
from domain.category import Urgency
from domain.evaluation import Answer, Labelled
from domain.triage import Act, Intent, Verdict
from tests.rules.test_evaluation import ASKED, CHAT, DANGER, LIFT, ROWS, SAYINGS, row, said

DOUBT = replace(said(Act.ASK, "EMG01"), urgency=Urgency.P0)
FOLLOWUP = row(Act.ATTACH, Intent.FOLLOWUP)


@pytest.mark.parametrize(
    ("of", "answer", "what", "right"),
    [
        (CHAT, said(Act.SILENT), Head.PEACE, True),
        (LIFT, said(Act.SILENT), Head.PEACE, False),
        (DANGER, DOUBT, Head.DANGER, True),
        (LIFT, DOUBT, Head.DANGER, False),
        (LIFT, said(Act.TICKET, "FIX02"), Head.WISH, True),
        (ASKED, said(Act.TICKET, "UTL01"), Head.WISH, True),
        (LIFT, said(Act.ASK, "FIX01"), Head.WISH, True),
        (DANGER, said(Act.TICKET, "FIX01"), Head.WISH, True),
        (CHAT, said(Act.ASK, "FIX01"), Head.WISH, False),
        (FOLLOWUP, said(Act.ATTACH), Head.WISH, True),
        (FOLLOWUP, said(Act.TICKET), Head.WISH, False),
        (LIFT, said(Act.THANK), Head.WISH, False),
    ],
)
def test_what_is_stated_and_when_it_is_so(of: Labelled, answer: Verdict, what: Head, right: bool) -> None:
    assert (head(answer), is_right(of, answer)) == (what, right)


def sure(answer: Verdict, confidence: float) -> Verdict:
    return replace(answer, confidence=confidence)


def test_the_definitions_by_example() -> None:
    ticket = said(Act.TICKET, "FIX01")
    answers = [
        (LIFT, sure(ticket, 0.9)),
        (CHAT, sure(ticket, 0.95)),
        (LIFT, sure(ticket, 1.0)),
        (CHAT, sure(ticket, 0.2)),
    ]
    found = calibrate(answers)[Head.WISH]
    assert found.stated == pytest.approx(0.7625)
    assert (found.right.hits, found.right.cases) == (2, 4)
    assert [(one.low, one.high, one.right.hits, one.right.cases) for one in found.bins] == [
        (0.2, 0.3, 0, 1),
        (0.9, 1.0, 2, 3),
    ]
    assert found.bins[1].stated == pytest.approx(0.95)
    assert found.error == pytest.approx((0.2 * 1 + (0.95 - 2 / 3) * 3) / 4)
    assert found.brier == pytest.approx((0.1**2 + 0.95**2 + 0 + 0.2**2) / 4)


def test_what_was_never_stated_is_not_told() -> None:
    assert calibrate([]) == {}
    assert list(calibrate([(CHAT, said(Act.SILENT))])) == [Head.PEACE]


@given(st.lists(st.tuples(ROWS, st.builds(sure, SAYINGS, st.floats(0, 1))), max_size=30))
def test_any_answers_can_be_held_against_the_truth(answers: list[Answer]) -> None:
    found = calibrate(answers)
    assert sum(one.right.cases for one in found.values()) == len(answers)
    for one in found.values():
        assert sum(step.right.cases for step in one.bins) == one.right.cases
        assert sum(step.right.hits for step in one.bins) == one.right.hits
        assert all(step.low <= step.stated + 1e-9 and step.stated <= step.high + 1e-9 for step in one.bins)
        assert abs(one.stated - one.right.hits / one.right.cases) <= one.error + 1e-9 <= 1 + 1e-9
        assert 0 <= one.brier <= 1
        assert one.brier + 1e-9 >= one.error**2


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=20))
def test_a_prophet_has_no_error(truths: list[float]) -> None:
    answers = [(LIFT if so else CHAT, sure(said(Act.TICKET), so)) for so in truths]
    found = calibrate(answers)[Head.WISH]
    assert (found.error, found.brier) == (0, 0)
