"""值班时段: what is typed is what is shown, and what is shown can be typed again."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal
from domain.duty import read, shown
from domain.roster import Duty


@given(
    st.sets(
        st.builds(lambda day, start, length: Duty(day, start, min(start + length, 1440)), st.integers(0, 6), st.integers(0, 1439), st.integers(1, 600)),
        min_size=1,
    )
)  # fmt: skip
def test_what_is_shown_reads_back_as_the_same_minutes(duty: set[Duty]) -> None:
    again = read(shown(tuple(duty)))
    assert read(shown(again)) == again
    for minute in range(0, 1440, 7):
        for day in range(7):
            at = datetime(2026, 11, 16 + day, minute // 60, minute % 60, tzinfo=ZoneInfo("Asia/Shanghai"))
            assert any(d.covers(at) for d in duty) == any(d.covers(at) for d in again)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("周一至周五 18:00-21:00", "周一至周五 18:00-21:00"),
        ("工作日18点到21点半；周末 9:00-11:30", "周一至周五 18:00-21:30；周六、日 9:00-11:30"),
        ("9-12，14-17", "每天 9:00-12:00；每天 14:00-17:00"),
        ("周一、三、五", "周一、三、五"),
        ("星期天 8:00~10:00", "周日 8:00-10:00"),
        ("每天 9:00-12:00;周一 11:00-13:00", "周一 9:00-13:00；周二至周日 9:00-12:00"),
    ],
)
def test_as_people_type_it(typed: str, words: str) -> None:
    assert shown(read(typed)) == words


@pytest.mark.parametrize(
    "typed", ["", "；", "有空就行", "25:00", "9:00-8:00", "周五至周一", "9:70-10:00", "周一 9:00-25:00"]
)
def test_what_cannot_be_read_is_said(typed: str) -> None:
    with pytest.raises(refusal.TimeUnclear):
        read(typed)
