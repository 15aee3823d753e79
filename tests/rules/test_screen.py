"""Numbers of persons never stand in a group; hotlines, rooms and prices are nobody's secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.screen import bare, has_personal_number, plain, screened

MASK = "\N{FULLWIDTH ASTERISK}" * 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("我电话13800138000", f"我电话{MASK}"),
        ("138 0013 8000 找我", f"{MASK} 找我"),
        ("138-0013-8000", MASK),
        ("025-85551234", MASK),
        ("(025)85551234", f"(025){MASK}"),
        ("8555 1234", MASK),
        ("身份证320102199003078888", f"身份证{MASK}"),
        ("320102 19900307 888X", MASK),
        ("32010219900307888x，谢谢", f"{MASK}，谢谢"),
        ("3201-0219-9003-0788-88", MASK),
        ("13800138000，13900139000", f"{MASK}，{MASK}"),
    ],
)
def test_masked(text: str, shown: str) -> None:
    assert has_personal_number(text)
    assert screened(text) == shown
    assert not has_personal_number(screened(text))


@pytest.mark.parametrize(
    "text",
    [
        "请打 110、119、120、122",
        "热线 12345，电力 95598，电梯 96333",
        "3栋2单元501",
        "3-2-1103",
        "6栋二单元三零一",
        "明天 9:00-11:00 停水",
        "2026年11月20日",
        "12号工单",
        "一共 12345 元",
        "",
    ],
)
def test_left_alone(text: str) -> None:
    assert not has_personal_number(text)
    assert screened(text) == text


DIGITS = st.text("0123456789", min_size=7, max_size=11)


@given(
    st.text("电话是在楼下，。", max_size=6),
    st.sampled_from(["", " ", "-"]),
    st.integers(0, 99_999_999),
    st.text("找我谢，。", max_size=6),
)
def test_no_mobile_number_gets_through(before: str, between: str, tail: int, after: str) -> None:
    digits = f"138{tail:08d}"
    number = between.join([digits[:3], digits[3:7], digits[7:]])
    assert screened(f"{before}{number}{after}") == f"{before}{MASK}{after}"


@given(st.text())
def test_screening_twice_changes_nothing_more(text: str) -> None:
    assert screened(screened(text)) == screened(text)
    assert not has_personal_number(screened(text))


@given(st.text(max_size=300), st.integers(1, 60))
def test_plain_is_one_short_line(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert plain(line, limit) == line
    hidden = {0x200B, 0x200E, 0x200F, 0x202A, 0x202E, 0x2066, 0x2069, 0xFEFF, 0x7F, *range(32)}
    assert not hidden & {ord(c) for c in line}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  3栋\n2单元\t坏了 ", "3栋 2单元 坏了"),
        ("\u202e号码\u200b\ufeff", "号码"),
        ("\x00\x1b[31m红", "[31m红"),
        ("好" * 12, "好" * 9 + "…"),
        ("", ""),
    ],
)
def test_plain(text: str, line: str) -> None:
    assert plain(text, 10) == line


@pytest.mark.parametrize(
    ("text", "word"), [("好的。", "好的"), (" 【谢谢】！", "谢谢"), ("OK~", "ok"), ("……", ""), ("都不是", "都不是")]
)
def test_bare(text: str, word: str) -> None:
    assert bare(text) == word
