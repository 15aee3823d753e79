"""Time classes and units: by when somebody answers, by when it should be done, and what time counts."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workdays import workdays
from domain.calendar import Calendar
from domain.category import Urgency
from domain.deadline import CalendarDays, Hours, Length, SameDay, Terms, WorkingDays, WorkingHours
from domain.templates import DEFAULT, TEMPLATES
from texts.categories import load_categories

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=CHINA.zone)
INSTANTS = st.integers(1_767_000_000, 1_790_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
UNITS: st.SearchStrategy[Length] = st.one_of(
    st.integers(0, 48).map(Hours),
    st.integers(0, 30).map(CalendarDays),
    st.integers(0, 20).map(WorkingDays),
    st.integers(0, 30).map(WorkingHours),
    st.just(SameDay()),
)
SPANS = st.timedeltas(timedelta(0), timedelta(days=12))


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
    due = DEFAULT.of(urgency)
    ends = [term.after(FRIDAY, CHINA) for term in (due.response, due.invitation, due.closing)]
    assert [f"{CHINA.local(end):%m-%d %H:%M}" for end in ends] == [response, invitation, closing]


@pytest.mark.parametrize(
    ("template", "urgency", "code", "response", "closing"),
    [
        ("beijing_draft", Urgency.P1, "", "11-20 12:00", "11-21 10:00"),
        ("beijing_draft", Urgency.P2, "", "11-21 10:00", "11-27 10:00"),
        ("beijing_draft", Urgency.P3, "", "11-21 10:00", "12-05 10:00"),
        ("jinan", Urgency.P3, "", "11-21 10:00", "11-27 10:00"),
        ("sanban", Urgency.P2, "", "11-21 10:00", "12-09 10:00"),
        ("sanban", Urgency.Q, "", "11-21 00:00", "11-25 10:00"),
        ("szcg_worktime", Urgency.P2, "ENV01", "11-20 12:00", "11-20 16:00"),
        ("szcg_worktime", Urgency.P2, "PRO01", "11-20 11:00", "11-20 12:00"),
        ("szcg_worktime", Urgency.P3, "ORD01", "11-20 16:00", "12-18 10:00"),
        ("szcg_worktime", Urgency.P1, "FIX06", "11-20 10:30", "11-21 10:00"),
        ("szcg_worktime", Urgency.P2, "FIX01", "11-21 10:00", "11-27 10:00"),
    ],
)
def test_templates(template: str, urgency: Urgency, code: str, response: str, closing: str) -> None:
    due = TEMPLATES[template].of(urgency, code)
    ends = [term.after(FRIDAY, CHINA) for term in (due.response, due.closing)]
    # 4 working hours from 10:00 are 2 in the morning and 2 in the afternoon
    assert [f"{CHINA.local(end):%m-%d %H:%M}" for end in ends] == [response, closing]


def test_kinds_with_terms_of_their_own_exist() -> None:
    kinds = {code for template in TEMPLATES.values() for code in template.kinds}
    assert kinds <= set(load_categories())


def test_an_extension_is_ten_working_days() -> None:
    assert f"{CHINA.local(DEFAULT.extension.after(FRIDAY, CHINA)):%m-%d}" == "12-04"


EVERY_TERM = [due for t in TEMPLATES.values() for due in (*t.classes.values(), *t.kinds.values())]


@pytest.mark.parametrize("due", EVERY_TERM, ids=str)
def test_the_first_answer_comes_before_the_end(due: Terms) -> None:
    assert due.invitation.after(FRIDAY, CHINA) <= due.response.after(FRIDAY, CHINA) < due.closing.after(FRIDAY, CHINA)
    if due.progress is not None:
        assert due.progress.after(FRIDAY, CHINA) < due.closing.after(FRIDAY, CHINA)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-20 08:00", 1, "2026-11-20 10:00"),
        ("2026-11-20 11:30", 1, "2026-11-20 14:30"),
        ("2026-11-20 17:30", 1, "2026-11-23 09:30"),
        ("2026-11-21 12:00", 4, "2026-11-23 15:00"),
        ("2026-02-14 17:00", 2, "2026-02-24 10:00"),  # a make-up Saturday, then the Spring Festival
        ("2026-11-20 17:00", 1, "2026-11-20 18:00"),
    ],
)
def test_working_hours(start: str, hours: int, end: str) -> None:
    at = datetime.fromisoformat(start).replace(tzinfo=CHINA.zone)
    assert f"{CHINA.local(WorkingHours(hours).after(at, CHINA)):%Y-%m-%d %H:%M}" == end


def test_office_hours_are_the_community_s_own() -> None:
    late = Calendar(CHINA.zone, CHINA.is_workday, ((time(13), time(20)),))
    assert f"{late.local(WorkingHours(1).after(FRIDAY, late)):%H:%M}" == "14:00"


@given(INSTANTS, UNITS)
def test_no_term_ends_before_it_starts(at: datetime, unit: Length) -> None:
    assert unit.after(at, CHINA) >= at


@given(INSTANTS, SPANS, SPANS, UNITS)
def test_counted_time_adds_up(at: datetime, first: timedelta, second: timedelta, unit: Length) -> None:
    middle, end = at + first, at + first + second
    both = unit.counted(at, middle, CHINA) + unit.counted(middle, end, CHINA)
    assert unit.counted(at, end, CHINA) == both
    assert timedelta(0) <= both <= first + second


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=4)), UNITS)
def test_later_by_so_much_counts_so_much(at: datetime, by: timedelta, unit: Length) -> None:
    later = unit.later(at, by, CHINA)
    assert later >= at + by
    assert unit.counted(at, later, CHINA) == by


def test_days_off_do_not_count_and_hours_do() -> None:
    saturday, monday = (datetime(2026, 11, day, tzinfo=CHINA.zone) for day in (21, 23))
    assert WorkingDays(1).counted(saturday, monday, CHINA) == timedelta(0)
    assert WorkingHours(1).counted(saturday, monday, CHINA) == timedelta(0)
    assert Hours(1).counted(saturday, monday, CHINA) == CalendarDays(1).counted(saturday, monday, CHINA)
    assert Hours(1).counted(saturday, monday, CHINA) == timedelta(days=2)
