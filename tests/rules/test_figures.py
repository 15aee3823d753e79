"""Figures: between nothing and everything, the same whoever adds them up, and silence never makes one better."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.category import Urgency
from domain.figures import ENOUGH, Case, Figure, Share, Tally, tally
from domain.templates import DEFAULT
from domain.ticket import Rating, State

CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
MOMENTS = st.integers(-60 * 24 * 40, 0).map(lambda minutes: NOW + timedelta(minutes=minutes))
ANY = st.builds(
    Case,
    grid_id=st.integers(1, 3),
    code=st.sampled_from(["FIX01", "NOI01", ""]),
    state=st.sampled_from(list(State)),
    urgency=st.sampled_from(list(Urgency)),
    created_at=MOMENTS,
    response_due_at=MOMENTS,
    closing_due_at=MOMENTS,
    reworks=st.integers(0, 2),
    rating=st.none() | st.sampled_from(list(Rating)),
    first_contact_at=st.none() | MOMENTS,
    first_solved_at=st.none() | MOMENTS,
    extended_at=st.none() | MOMENTS,
    ended_at=st.none() | MOMENTS,
    confirmed_at=st.none() | MOMENTS,
    reopened_at=st.none() | MOMENTS,
    given=st.booleans(),
    handed_back=st.booleans(),
    explained=st.booleans(),
    asked=st.booleans(),
)
SETS = st.lists(ANY, max_size=12)


def of(*cases: Case) -> Tally:
    return tally(cases, NOW, CALENDAR, DEFAULT)


def value(share: Share) -> float:
    return share.hits / share.cases if share.cases else 0.0


@given(SETS)
def test_between_nothing_and_everything(cases: list[Case]) -> None:
    found = of(*cases)
    for figure in Figure:
        share = found.share(figure)
        assert 0 <= share.hits <= share.cases <= found.received
    assert found.received == len(cases)
    assert found.refused + found.gone <= found.received


@given(SETS, SETS)
def test_the_figures_of_two_grids_add_up(one: list[Case], two: list[Case]) -> None:
    assert of(*one) + of(*two) == of(*one, *two)
    by_grid = [of(*(case for case in one if case.grid_id == grid)) for grid in (1, 2, 3)]
    assert sum(by_grid, Tally()) == of(*one)


@given(SETS, ANY)
def test_silence_never_raises_satisfaction(cases: list[Case], more: Case) -> None:
    before = of(*cases).share(Figure.SATISFIED)
    silent = replace(more, rating=None)
    assert of(*cases, silent).share(Figure.SATISFIED) == before
    assert of(*cases, replace(more, rating=Rating.FAIR)).share(Figure.SATISFIED) == before
    with_all = of(*cases, more).share(Figure.SATISFIED)
    if more.rating is Rating.BAD:
        assert value(with_all) <= value(before) or before.cases == 0
    else:  # a 满意 that was never said would not make it better
        assert value(of(*cases, silent).share(Figure.SATISFIED)) <= value(with_all)


@given(SETS, ANY, MOMENTS)
def test_silence_and_explanations_never_raise_what_was_solved(cases: list[Case], more: Case, at: datetime) -> None:
    before = of(*cases).share(Figure.SOLVED)
    assert of(*cases, replace(more, confirmed_at=None, reopened_at=None)).share(Figure.SOLVED) == before
    assert of(*cases, replace(more, explained=True)).share(Figure.SOLVED) == before
    unsolved = replace(more, state=State.IN_PROGRESS, explained=False, confirmed_at=None, reopened_at=at)
    assert of(unsolved).share(Figure.SOLVED) == Share(0, 1)


@given(SETS)
def test_few_cases_tell_no_rate(cases: list[Case]) -> None:
    assert [of(*cases).share(figure).rate for figure in Figure] == [None] * len(Figure)
    many = of(*[replace(CASE, rating=Rating.GOOD, state=State.ARCHIVED)] * ENOUGH)
    assert many.share(Figure.SATISFIED).rate == 1.0
    assert of(*[replace(CASE, rating=Rating.GOOD)] * (ENOUGH - 1)).share(Figure.SATISFIED).rate is None


CASE = Case(
    grid_id=1,
    code="FIX01",
    state=State.IN_PROGRESS,
    urgency=Urgency.P2,
    created_at=NOW - timedelta(days=1),
    response_due_at=NOW,
    closing_due_at=NOW + timedelta(days=6),
    given=True,
)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "figure", "share"),
    [
        ({"first_contact_at": NOW - HOUR}, Figure.RESPONSE, Share(1, 1)),
        ({"first_contact_at": NOW + HOUR}, Figure.RESPONSE, Share(0, 1)),
        ({}, Figure.RESPONSE, Share()),  # there still is time
        ({"response_due_at": NOW - HOUR}, Figure.RESPONSE, Share(0, 1)),
        ({"state": State.REFUSED, "first_contact_at": NOW}, Figure.RESPONSE, Share()),
        ({"state": State.WITHDRAWN, "first_contact_at": NOW}, Figure.RESPONSE, Share()),
        ({"state": State.ANSWERED}, Figure.RESPONSE, Share()),  # answered at once
        ({"state": State.ANSWERED, "explained": True, "first_contact_at": NOW}, Figure.RESPONSE, Share(1, 1)),
        # reopened: the first answer was late, whatever the new clock says
        (
            {"reworks": 1, "first_contact_at": NOW + HOUR, "response_due_at": NOW + 2 * HOUR},
            Figure.RESPONSE,
            Share(0, 1),
        ),
        ({"confirmed_at": NOW}, Figure.SOLVED, Share(1, 1)),
        ({"confirmed_at": NOW, "reopened_at": NOW + HOUR}, Figure.SOLVED, Share(0, 1)),
        ({"reopened_at": NOW, "confirmed_at": NOW + HOUR}, Figure.SOLVED, Share(1, 1)),
        ({"rating": Rating.BAD}, Figure.SATISFIED, Share(0, 1)),
        ({"handed_back": True}, Figure.HANDED_BACK, Share(1, 1)),
        ({"given": False}, Figure.HANDED_BACK, Share()),
        ({"reworks": 1, "first_solved_at": NOW}, Figure.REWORKED, Share(1, 1)),
        ({"first_solved_at": NOW}, Figure.REWORKED, Share(0, 1)),
        ({"ended_at": NOW}, Figure.OVERDUE, Share(0, 1)),
        ({"ended_at": NOW + timedelta(days=7)}, Figure.OVERDUE, Share(1, 1)),
        ({"closing_due_at": NOW - HOUR}, Figure.OVERDUE, Share(1, 1)),
        ({}, Figure.OVERDUE, Share()),
        # five working days from a Thursday end next Thursday: solved late, reopened, and in time by its second clock
        ({"reworks": 1, "first_solved_at": NOW + timedelta(days=8), "ended_at": NOW}, Figure.OVERDUE, Share(1, 1)),
        (
            {"reworks": 1, "first_solved_at": NOW + timedelta(days=8), "ended_at": NOW, "extended_at": NOW},
            Figure.OVERDUE,
            Share(0, 1),
        ),
        ({"state": State.ARCHIVED}, Figure.UNRATED, Share(1, 1)),
        ({"state": State.ARCHIVED, "rating": Rating.FAIR}, Figure.UNRATED, Share(0, 1)),
        ({"state": State.ARCHIVED, "asked": False}, Figure.UNRATED, Share()),
        ({"state": State.CONFIRMED}, Figure.UNRATED, Share()),
    ],
)
def test_the_formulas(changes: dict[str, object], figure: Figure, share: Share) -> None:
    assert of(replace(CASE, **changes)).share(figure) == share  # type: ignore[arg-type]


def test_what_is_counted_beside() -> None:
    found = of(
        replace(CASE, state=State.ANSWERED, explained=True),
        replace(CASE, state=State.REFUSED),
        replace(CASE, state=State.WITHDRAWN),
        replace(CASE, state=State.DISMISSED),
        replace(CASE, rating=Rating.FAIR),
    )
    assert (found.received, found.explained, found.refused, found.gone, found.fair) == (5, 1, 1, 2, 1)
