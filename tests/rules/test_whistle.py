"""吹哨报到: how it is typed, who may come when, and when it is too often."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workdays import workdays
from domain import refusal, whistle
from domain.calendar import Calendar
from domain.whistle import Answer, Kind, State, Unit, Wanted, Whistle

CHINA = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
TODAY = date(2026, 11, 20)
KINDS = {"应急": Kind.EMERGENCY, "执法": Kind.ENFORCEMENT, "重难点": Kind.HARD}


def blown(*units: str, kind: Kind = Kind.ENFORCEMENT) -> Whistle:
    return Whistle(1, 12, 3, kind, 1, "劝过", TODAY, tuple(Unit(u) for u in units or ("城管", "消防")), NOW)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("执法 城管、消防 11-25 劝过", Wanted(Kind.ENFORCEMENT, ("城管", "消防"), date(2026, 11, 25), "劝过")),
        ("应急 水务 明天 关了 总阀", Wanted(Kind.EMERGENCY, ("水务",), date(2026, 11, 21), "关了 总阀")),
        ("重难点 住建局,住建局 11-25 三次会", Wanted(Kind.HARD, ("住建局",), date(2026, 11, 25), "三次会")),
        ("执法 城管 11-25", None),
        ("执法 城管", None),
        ("联合 城管 11-25 劝过", None),
        ("", None),
        ("执法 、 11-25 劝过", None),
        (f"执法 {'、'.join(str(n) for n in range(9))} 11-25 劝过", None),
        (f"执法 {'长' * 21} 11-25 劝过", None),
    ],
)
def test_what_is_typed(words: str, wanted: Wanted | None) -> None:
    assert whistle.read(words, KINDS, TODAY) == wanted


def test_a_day_that_is_none() -> None:
    with pytest.raises(refusal.TimeUnclear):
        whistle.read("执法 城管 过几天 劝过", KINDS, TODAY)


@pytest.mark.parametrize(
    ("kind", "by"), [(Kind.EMERGENCY, "11-20 10:30"), (Kind.ENFORCEMENT, "11-23 10:00"), (Kind.HARD, "11-23 10:00")]
)
def test_time_to_report_starts_with_the_word_of_the_street(kind: Kind, by: str) -> None:
    called = whistle.confirm(blown(kind=kind), 31, NOW, CHINA)
    assert (called.state, called.confirmed_by, called.confirmed_at) == (State.CALLED, 31, NOW)
    assert called.remind_at is not None
    assert f"{CHINA.local(called.remind_at):%m-%d %H:%M}" == by


@pytest.mark.parametrize("state", [State.CALLED, State.REFUSED, State.ENDED])
def test_the_street_decides_once(state: State) -> None:
    found = replace(blown(), state=state)
    with pytest.raises(refusal.WhistledAlready):
        whistle.confirm(found, 31, NOW, CHINA)
    with pytest.raises(refusal.WhistledAlready):
        whistle.reject(found, 31, NOW)


@pytest.mark.parametrize(
    ("state", "no"),
    [
        (State.ASKED, refusal.WhistleUnconfirmed),
        (State.REFUSED, refusal.NotWhistled),
        (State.ENDED, refusal.NotWhistled),
    ],
)
def test_nobody_comes_who_was_not_called(state: State, no: type[refusal.Refusal]) -> None:
    with pytest.raises(no):
        whistle.answer(replace(blown(), state=state), (), Answer.ARRIVED, by_street=False)


def test_only_units_that_were_called() -> None:
    with pytest.raises(refusal.UnknownChoice):
        whistle.answer(whistle.confirm(blown(), 31, NOW, CHINA), ("水务",), Answer.ARRIVED, by_street=False)


ANSWERS = st.tuples(
    st.lists(st.sampled_from(["城管", "消防", "水务"]), max_size=3).map(tuple), st.sampled_from(Answer), st.booleans()
)


@given(st.lists(ANSWERS, max_size=8))
def test_it_goes_on_until_everybody_has_done_it(answers: list[tuple[tuple[str, ...], Answer, bool]]) -> None:
    found = whistle.confirm(blown("城管", "消防", "水务"), 31, NOW, CHINA)
    for names, said, street in answers:
        before = found
        if found.state is State.ENDED and not street:
            with pytest.raises(refusal.NotWhistled):
                whistle.answer(found, names, said, by_street=street)
            break
        over = found.state is State.ENDED
        found = whistle.answer(found, names, said, by_street=street)
        for old, new in zip(before.units, found.units, strict=True):
            meant = not names or new.name in names
            assert new.answer is (said if meant and not over else old.answer)
            assert new.mark is (said if meant and street else old.mark)
        assert (found.state is State.ENDED) is all(u.answer is Answer.DONE for u in found.units)
        assert found.missing == [u for u in found.units if u.answer in (None, Answer.ABSENT)]
        if not found.missing:
            assert found.remind_at is None


def test_asked_again_after_the_same_time() -> None:
    found = whistle.remind(whistle.confirm(blown(kind=Kind.EMERGENCY), 31, NOW, CHINA), NOW, CHINA)
    assert found.remind_at == whistle.arrive_by(Kind.EMERGENCY, NOW, CHINA)


@pytest.mark.parametrize(
    ("whistled", "opened", "often"), [(3, 30, False), (4, 30, True), (29, 29, False), (0, 0, False), (10, 100, False), (11, 100, True)]
)  # fmt: skip
def test_more_than_one_in_ten_is_too_often(whistled: int, opened: int, often: bool) -> None:
    assert whistle.is_too_often(whistled, opened) is often
