"""A chat is played to the real program, and what it would have done is told."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot import cli
from bot.cli.transcript import Said, Unclear, parse
from tests.cli.desk import Desk

START = datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
TALK = """# 示范群
王阿姨：3栋2单元电梯又坏了
李叔：我家也是
小刘：哈哈哈今天天气真好

08:15 张大爷: 有人困在3栋电梯里了
[2026-11-20 08:40] 陈姐: 楼上漏水，天花板
都滴水了 2栋301
王阿姨：电梯还没修好
"""


def played(desk: Desk, text: str, *words: str) -> list[dict[str, Any]]:
    out = desk.ok("replay", desk.file("talk.txt", text), "--json", *words)
    return [json.loads(line) for line in out.splitlines()]


def test_what_would_have_been_done(desk: Desk) -> None:
    """Without any configuration, as somebody calls it who only wants to try."""
    file = desk.file("talk.txt", TALK)
    result = CliRunner().invoke(cli.app, ["replay", str(file), "--json", "--start", "2026-11-20 08:00"])
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["line"], one["who"], one["did"], one["number"]) for one in found] == [
        (2, "王阿姨", "ticket", 1),
        (3, "李叔", "joined", 1),
        (4, "小刘", "silent", None),
        (6, "张大爷", "alert", 2),
        (7, "陈姐", "ticket", 3),
        (9, "王阿姨", "joined", 1),
    ]
    lift, talk, alert, leak, urge = (found[n] for n in (0, 2, 3, 4, 5))
    assert (lift["category"], lift["place"], lift["urgency"]) == ("电梯故障停运", "3栋2单元", "P1")
    assert any("1号工单" in text for text in lift["group"])
    assert (talk["group"], talk["private"]) == ([], 0)
    assert "96333" in alert["group"][0]
    assert alert["urgency"] == "P0"
    assert leak["text"] == "楼上漏水，天花板\n都滴水了 2栋301"
    assert urge["part"] == "催办"


def test_people_read_a_table(desk: Desk) -> None:
    out = desk.ok("replay", desk.file("talk.txt", TALK.encode("gbk")))
    assert "开 1 号工单" in out.replace("\n", "")
    assert "6 条消息：险情 1，开单 2，并入 2，问一句 0，答复 0，不作声 1，出错 0" in out


def test_markup_in_a_chat_is_text(desk: Desk) -> None:
    assert "[/bold]" in desk.ok("replay", desk.file("talk.txt", "小刘：[/bold] 哈哈"))


def test_nothing_of_it_touches_the_database(desk: Desk) -> None:
    desk.filled()
    before = desk.roster()
    played(desk, TALK)
    assert desk.roster() == before
    assert "导出 0 行" in desk.ok("export", "tickets", desk.folder / "t.csv")


def test_json_lines(desk: Desk) -> None:
    rows = [
        {"text": "3栋电梯坏了", "who": "王", "at": "2026-11-20T09:00:00+08:00", "id": "m-7"},
        {"text": "哈哈"},
    ]
    found = played(desk, "\n".join(json.dumps(row) for row in rows))
    assert [(one["id"], one["did"]) for one in found] == [("m-7", "ticket"), ("2", "silent")]
    assert found[0]["at"] == "2026-11-20T09:00:00+08:00"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "里面没有消息"),
        ("# 只有说明\n", "里面没有消息"),
        ("今天没有人说话\n", "第1行看不出是谁说的"),
        ("08:00 甲：好\n25:99 乙：好\n", "第2行的时间不对"),
        ('{"text": "a"}\n{broken', "第2行不是 JSON"),
        ('{"text": 1}', "第1行没有 text"),
        ('{"text": "a", "at": "gestern"}', "第1行的时间不对"),
        (b"\xff\xff\xff", "文字编码认不出来"),
    ],
)
def test_what_cannot_be_played(desk: Desk, text: str | bytes, said: str) -> None:
    assert said in desk.refused("replay", desk.file("talk.txt", text))


def test_other_mistakes(desk: Desk) -> None:
    assert "读不到" in desk.refused("replay", desk.folder / "none.txt")
    assert "--start" in desk.refused("replay", desk.file("talk.txt", TALK), "--start", "later")


def said(text: str) -> list[tuple[str, str, str]]:
    return [(one.who, one.at.strftime("%d %H:%M:%S"), one.text) for one in parse(text, START)]


def test_forms_of_a_transcript() -> None:
    assert said("甲：一\n乙:二\n三 单元 王: 四：五\n") == [
        ("甲", "20 08:00:00", "一"),
        ("乙", "20 08:00:30", "二\n三 单元 王: 四：五"),
    ]
    assert said("[2026/11/20 08:15:30] 甲：一\n9:00 乙：二\n（00:05）丙：三\n【2026-11-22 7:00】丁: 四\n戊：五") == [
        ("甲", "20 08:15:30", "一"),
        ("乙", "20 09:00:00", "二"),
        ("丙", "21 00:05:00", "三"),
        ("丁", "22 07:00:00", "四"),
        ("戊", "22 07:00:30", "五"),
    ]
    assert said("甲：看这个\nhttp://example.com/a\n大家注意，停水时间：8点\n8:30 开会") == [
        ("甲", "20 08:00:00", "看这个\nhttp://example.com/a\n大家注意，停水时间：8点\n8:30 开会"),
    ]


@given(st.text(alphabet='甲乙：: 08[]-#{}"\n,12345@', max_size=80))
def test_any_text_is_messages_or_a_line_that_is_unclear(text: str) -> None:
    found: list[Said] = []
    line = 1
    try:
        found = parse(text, START)
    except Unclear as unclear:
        line = unclear.line
    assert 1 <= line <= text.count("\n") + 1
    assert all(one.who for one in found)
