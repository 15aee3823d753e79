"""Whoever is complained of does not handle it himself; whoever is only named may."""

import pytest

from domain.complaint import complained_of

NAMES = {1: ("李建国", "老李"), 2: ("陈红", "", "网格长"), 3: ("周", "老周")}
BEFORE, AFTER = ("投诉", "举报"), ("态度", "不管", "推诿")


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("投诉老李", {1}),
        ("我要投诉志愿者李建国收钱", {1}),
        ("网格长态度太差", {2}),
        ("老周这个人不管事，老李很好", {3}),
        ("举报网格长陈红", {2}),
        ("请老李来看看电梯", set()),
        ("投诉物业，请网格长管管", set()),
        ("周一电梯不管用", set()),
        ("谢谢老周", set()),
        ("", set()),
    ],
)
def test_named_is_not_complained_of(words: str, who: set[int]) -> None:
    assert complained_of(words, NAMES, BEFORE, AFTER) == who
