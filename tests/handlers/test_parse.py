"""What people type: numbers in every form, commands with and without slash - and talk, which is none of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.commands import COMMANDS
from handlers.router import parse

NAMES = [name for c in COMMANDS for name in c.aliases if not name.isascii() or not name.isalpha()]


@pytest.mark.parametrize(
    ("text", "name", "number", "words"),
    [
        ("接单 12", "jiedan", 12, ""),
        ("接单12", "jiedan", 12, ""),
        ("接单 12号", "jiedan", 12, ""),
        ("接单：第12号工单", "jiedan", 12, ""),
        ("接单 #12", "jiedan", 12, ""),
        ("接单 №12", "jiedan", 12, ""),
        ("/接单 12", "jiedan", 12, ""),
        ("/jiedan 12", "jiedan", 12, ""),
        ("/JIEDAN 12", "jiedan", 12, ""),
        ("/jiedan@dangxiaoqi_bot 12", "jiedan", 12, ""),
        ("接单", "jiedan", None, ""),
        ("/why 12", "weishenme", 12, ""),
        ("/是诉求 邻里生活噪声", "shisuqiu", None, "邻里生活噪声"),
        ("地名 小红楼=3栋", "diming", None, "小红楼=3栋"),
        ("接单。", "jiedan", None, ""),
        ("12号 已解决", "jiejue", 12, ""),
        ("12 已解决。", "jiejue", 12, ""),
        ("#12 我家也是", "wojia", 12, ""),
        ("第12号，没修好", "meijiejue", 12, ""),
        ("办结 12 已换门机", "banjie", 12, "已换门机"),
        ("办结12号单，已换门机\n试运行正常", "banjie", 12, "已换门机\n试运行正常"),
        ("评价 12 满意", "pingjia", 12, "满意"),
        ("+1", "wojia", None, ""),
        ("+1 12", "wojia", 12, ""),
        ("没解决，还在漏", "meijiejue", None, "还在漏"),
        ("请假 11-25 11-28 老周", "qingjia", None, "11-25 11-28 老周"),
        ("静默 2", "jingmo", None, "2"),
        ("静默2", "jingmo", None, "2"),
        ("登记 G01", "dengji", None, "G01"),
        ("绑定 12345678", "start", None, "12345678"),
        ("/start g-G01", "start", None, "g-G01"),
        ("通知 3栋停水", "tongzhi", None, "3栋停水"),
        ("/通知停水", "tongzhi", None, "停水"),
        ("我的工单", "jindu", None, ""),
        ("进度 1234567890", "jindu", None, "1234567890"),
    ],
)
def test_commands(text: str, name: str, number: int | None, words: str) -> None:
    typed = parse(text)
    assert typed is not None
    assert (typed.command.name, typed.number, typed.words) == (name, number, words)
    assert typed.exact is (not words and (number is None or text[0] in "1#第"))
    assert typed.slash is text.startswith("/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "进度怎么样了",
        "好了没有啊",
        "催办一下吧",
        "通知大家明天停水",
        "请假条怎么写",
        "帮助别人快乐自己",
        "help me",
        "start",
        "12号楼电梯坏了",
        "12号",
        "3栋2单元电梯坏了",
        "/没有这个命令",
        "/",
        "昨天的接单 12",
        "工单" + "好" * 4096,
    ],
)
def test_talk(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_understood(name: str) -> None:
    for text in (name, f"/{name}", f" {name} 。"):
        typed = parse(text)
        assert typed is not None
        assert name in typed.command.aliases


@given(
    st.text(max_size=60),
    st.sampled_from(["", "/", *NAMES, *[f"/{c.name}" for c in COMMANDS]]),
    st.text(" :：#第0123456789号单", max_size=8),
)
def test_it_never_breaks(text: str, head: str, middle: str) -> None:
    for line in (text, f"{head}{middle}{text}", f"{middle}{head}", f"{middle}{text}"):
        typed = parse(line)
        if typed is not None:
            assert typed.number is None or 0 <= typed.number < 10**9
            assert typed.words == typed.words.strip()
            assert not typed.exact or not typed.words


@given(st.sampled_from(NAMES), st.integers(0, 999_999_999), st.sampled_from(["", " ", "：", "#", " 第", "，"]))
def test_a_number_is_found_in_every_form(name: str, number: int, sep: str) -> None:
    typed = parse(f"{name}{sep}{number}")
    if name == "+1" and sep == "":
        return
    assert typed is not None
    assert name in typed.command.aliases
    if not typed.command.free:
        assert typed.number == number
