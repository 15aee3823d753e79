"""Old orders of a community: whatever its sheet is called and encoded, a wrong line is named and none is left out."""

from pathlib import Path

import pytest

from bot.triage import orders
from bot.triage.rows import BadLine
from domain.triage import Act, Intent

SHEET = """text,code,intent
3栋电梯坏了，打13912345678,FIX01,
着火了,EMG01,
低保怎么办,GOV01,
想学跳舞,CAR06,wish
修好了谢谢,COM04,
今天包饺子,,chat

"""


def load(folder: Path, text: str | bytes, name: str = "old.csv") -> list[tuple[Intent, Act, tuple[str, ...]]]:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return [(row.intent, row.act, row.codes) for row in orders.load(file)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_orders_become_examples(tmp_path: Path, encoding: str) -> None:
    assert load(tmp_path, SHEET.encode(encoding)) == [
        (Intent.REQUEST, Act.TICKET, ("FIX01",)),
        (Intent.REQUEST, Act.ALERT, ("EMG01",)),
        (Intent.INQUIRY, Act.ANSWER, ("GOV01",)),
        (Intent.WISH, Act.TICKET, ("CAR06",)),
        (Intent.PRAISE, Act.THANK, ("COM04",)),
        (Intent.CHAT, Act.SILENT, ()),
    ]
    assert "139" not in orders.load(tmp_path / "old.csv")[0].heard.text


def test_chinese_headings_and_names(tmp_path: Path) -> None:
    assert load(tmp_path, "内容,类目\n楼道灯不亮,楼道灯/路灯不亮\n") == [(Intent.REQUEST, Act.TICKET, ("FIX02",))]


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("text,kind\n灯,FIX02\n", "columns", 1),
        ("", "columns", 1),
        ("text,code\n灯,FIX02\n灯,XXX\n", "code", 3),
        ("text,code\n,FIX02\n", "no_text", 2),
        ("text,code,intent\n灯,FIX02,shout\n", "intent", 2),
        ('text,code\n灯,FIX02\n"灯,FIX02\n', "csv", 3),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, key: str, line: int) -> None:
    with pytest.raises(BadLine) as bad:
        load(tmp_path, text)
    assert (bad.value.key, bad.value.line) == (key, line)


def test_labelled_lines_are_taken_as_they_are(tmp_path: Path) -> None:
    line = (
        '{"id":"x-1","text":"灯坏了","intent":"request","codes":["FIX02"],"urgency":"P2","place":{},"act":"ticket"}\n'
    )
    assert load(tmp_path, line, "old.jsonl") == [(Intent.REQUEST, Act.TICKET, ("FIX02",))]
