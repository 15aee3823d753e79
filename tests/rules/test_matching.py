"""Is it the same matter? A wrong merge loses a person, a missed one costs a second card."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.category import Urgency
from domain.incoming import Chat, ChatKind
from domain.matching import fits, is_by, is_part, is_same_danger, is_shared
from domain.place import Place
from domain.ticket import OPEN, State, Ticket, Who

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
SINCE = NOW - timedelta(minutes=5)
GROUP, OTHER = Chat("telegram", "bot", "-1"), Chat("telegram", "bot", "-2")
WANG, ZHANG = Who("telegram", "1", "王阿姨"), Who("telegram", "2", "张大爷")
STAIR = Place("3栋", "2单元")
PLACES = st.builds(
    Place,
    st.sampled_from(["", "3栋", "2栋"]),
    st.sampled_from(["", "2单元", "1单元"]),
    st.sampled_from(["", "501", "301"]),
    st.sampled_from(["", "东门", "地下车库"]),
)


def known(place: Place = STAIR, state: State = State.DISPATCHED, *, private: bool = False) -> Ticket:
    due = NOW + timedelta(days=1)
    urgency = Urgency.P1
    return Ticket(
        12, 3, GROUP, ChatKind.GROUP, "7", WANG, "电梯坏了", "FIX01", urgency, place, private, NOW, due, due, state
    )


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (Place("3栋"), Place("3栋", "2单元"), True),
        (Place("3栋", "2单元"), Place("3栋", "1单元"), False),
        (Place("3栋"), Place("2栋"), False),
        (Place("3栋", "2单元", "501"), Place("3栋", "2单元", "301"), False),
        (Place(), Place("3栋"), True),
        (Place("3栋"), Place(spot="东门"), True),
        (Place(spot="地下车库"), Place(spot="东门"), False),
    ],
)
def test_places_that_may_be_one(one: Place, two: Place, same: bool) -> None:
    assert fits(one, two) is fits(two, one) is same


@given(PLACES, PLACES)
def test_fitting_is_mutual_and_everything_fits_itself_and_nothing_said(one: Place, two: Place) -> None:
    assert fits(one, two) == fits(two, one)
    assert fits(one, one)
    assert fits(one, Place())
    if fits(one, two):
        assert fits(one.merged(two), one)
        assert fits(one.merged(two), two)


def test_whose_it_is() -> None:
    assert is_by(known(), WANG)
    assert is_by(known(), replace(WANG, name="别的名字"))
    assert not is_by(known(), ZHANG)
    assert not is_by(known(), replace(WANG, channel="web"))


@pytest.mark.parametrize(
    ("who", "code", "place", "since", "part"),
    [
        (WANG, "FIX01", Place(), SINCE, True),
        (WANG, "FIX01", Place("3栋"), NOW, True),
        (WANG, "FIX01", Place("3栋", "1单元"), SINCE, False),
        (WANG, "FIX02", Place(), SINCE, False),
        (ZHANG, "FIX01", Place(), SINCE, False),
        (WANG, "FIX01", Place(), NOW + timedelta(seconds=1), False),
    ],
)
def test_a_part_of_the_same_report(who: Who, code: str, place: Place, since: datetime, part: bool) -> None:
    assert is_part(known(), who, code, place, since) is part


@pytest.mark.parametrize(
    ("place", "shared"),
    [
        (Place("3栋"), True),
        (Place("3栋", "2单元"), True),
        (Place("3栋", "2单元", "501"), True),
        (Place("3栋", "1单元"), False),
        (Place("2栋"), False),
        (Place(), False),
        (Place(spot="东门"), False),
    ],
)
def test_a_neighbour_says_the_same(place: Place, shared: bool) -> None:
    assert is_shared(known(), "FIX01", place) is shared
    assert not is_shared(known(), "FIX02", place)
    assert not is_shared(known(private=True), "FIX01", place)


def test_spots_are_shared_and_rooms_are_not() -> None:
    assert is_shared(known(Place(spot="东门")), "FIX01", Place(spot="东门"))
    assert not is_shared(known(Place(spot="东门")), "FIX01", Place("3栋", spot="东门"))
    assert not is_shared(known(Place("3栋", "2单元", "501")), "FIX01", Place("3栋", "2单元", "301"))


@pytest.mark.parametrize("state", State)
def test_nothing_joins_what_has_ended(state: State) -> None:
    found = known(state=state)
    danger = replace(found, urgency=Urgency.P0)
    assert is_part(found, WANG, "FIX01", Place(), SINCE) is (state in OPEN)
    assert is_shared(found, "FIX01", Place("3栋")) is (state in OPEN)
    assert is_same_danger(danger, GROUP, "FIX01", Place(), SINCE) is (state in OPEN)


def test_the_same_danger() -> None:
    danger = replace(known(), urgency=Urgency.P0)
    assert is_same_danger(danger, GROUP, "FIX01", Place("3栋"), SINCE)
    assert not is_same_danger(known(), GROUP, "FIX01", Place("3栋"), SINCE)
    assert not is_same_danger(danger, OTHER, "FIX01", Place("3栋"), SINCE)
    assert not is_same_danger(danger, GROUP, "EMG01", Place("3栋"), SINCE)
    assert not is_same_danger(danger, GROUP, "FIX01", Place("2栋"), SINCE)
    assert not is_same_danger(danger, GROUP, "FIX01", Place("3栋"), NOW + timedelta(seconds=1))
