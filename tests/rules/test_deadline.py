"""Time classes: by when somebody answers, by when it should be done."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workdays import workdays
from domain.calendar import Calendar
from domain.category import Urgency
from domain.deadline import EXTENSION, TERMS, Term, Terms, terms

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=CHINA.zone)
INSTANTS = st.integers(1_767_000_000, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(
    ("urgency", "response", "invitation", "closing"),
    [
        (Urgency.P0, "11-20 10:05", "11-20 10:05", "11-21 10:00"),
        (Urgency.P1, "11-20 10:30", "11-20 10:15", "11-21 10:00"),
        (Urgency.P2, "11-21 10:00", "11-20 14:00", "11-27 10:00"),
        (Urgency.P3, "11-21 10:00", "11-20 18:00", "12-11 10:00"),
        (Urgency.Q, "11-23 10:00", "11-20 14:00", "11-25 10:00"),
        (Urgency.W, "11-21 10:00", "11-20 18:00", "12-20 10:00"),
        (Urgency.I, "11-21 10:00", "11-20 14:00", "11-27 10:00"),
        (Urgency.NONE, "11-21 10:00", "11-20 14:00", "11-27 10:00"),
    ],
)
def test_every_class(urgency: Urgency, response: str, invitation: str, closing: str) -> None:
    due = terms(urgency)
    ends = [term.after(FRIDAY, CHINA) for term in (due.response, due.invitation, due.closing)]
    assert [f"{CHINA.local(end):%m-%d %H:%M}" for end in ends] == [response, invitation, closing]


def test_an_extension_is_ten_working_days() -> None:
    assert f"{CHINA.local(EXTENSION.after(FRIDAY, CHINA)):%m-%d}" == "12-04"


@pytest.mark.parametrize("due", TERMS.values(), ids=str)
def test_the_first_answer_comes_before_the_end(due: Terms) -> None:
    assert due.invitation.after(FRIDAY, CHINA) <= due.response.after(FRIDAY, CHINA) < due.closing.after(FRIDAY, CHINA)


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=9)), st.builds(Term, st.integers(0, 48), st.integers(0, 9), st.integers(0, 40)))  # fmt: skip
def test_who_comes_first_is_due_first(at: datetime, later: timedelta, term: Term) -> None:
    end = term.after(at, CHINA)
    assert end >= at
    assert end - timedelta(days=1) <= term.after(at + later, CHINA)
    if not term.workdays:
        assert end == at + timedelta(hours=term.hours, days=term.days)
        assert end <= term.after(at + later, CHINA)
