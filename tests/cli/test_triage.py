"""``triage classify``: lines in, lines out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.desk import Desk


def test_lines_in_lines_out_in_order(desk: Desk) -> None:
    rows = [
        {"id": 7, "text": "3栋2单元501家里漏水了"},
        {"id": "b", "text": "哈哈"},
        {"id": None, "text": "我家也是", "before": [{"who": "other", "text": "3栋电梯坏了"}], "addressed": False},
        {"text": "有人困在电梯里", "forwarded": False},
    ]
    out = desk.ok("triage", "classify", say="\ufeff" + "\n\n".join(json.dumps(row) for row in rows) + "\n")
    found = [json.loads(line) for line in out.splitlines()]
    assert [one["id"] for one in found] == [7, "b", None, None]
    assert [one["act"] for one in found] == ["ticket", "silent", "attach", "alert"]
    assert found[0]["place"] == {"building": "3栋", "unit": "2单元", "room": "501", "spot": ""}
    assert set(found[0]) == {"id", "act", "intent", "code", "codes", "urgency", "place", "confidence", "reasons"}
    assert all(isinstance(reason, str) for reason in found[0]["reasons"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "不是 JSON"),
        ("[]", "没有 text"),
        ('{"text": 5}', "没有 text"),
        ('{"text": "a", "before": [{"who": "me", "text": "b"}]}', "before 应是"),
        ('{"text": "a", "before": {}}', "before 应是"),
        ('{"text": "a", "addressed": "no"}', "只能是 true 或 false"),
        (b'{"text": "\xff"}', "不是 JSON"),
        ("[" * 100_000, "不是 JSON"),
        ('{"text": "' + "长" * 400_000 + '"}', "太长"),
    ],
)
def test_a_bad_line_ends_it_after_everything_before(desk: Desk, line: str | bytes, said: str) -> None:
    bad = line if isinstance(line, bytes) else line.encode()
    result = desk.call("triage", "classify", say=b'{"id": 1, "text": "a"}\n' + bad + b'\n{"id": 3, "text": "c"}\n')
    assert result.exit_code == 2
    assert result.stderr.startswith("第2行")
    assert said in result.stderr
    assert [json.loads(row)["id"] for row in result.stdout.splitlines()] == [1]


def test_each_line_is_answered_before_the_next_comes() -> None:
    """A program that asks line by line must not have to close its end first."""
    command = [sys.executable, "-c", "from bot.cli import main; main()", "triage", "classify"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as child:  # noqa: S603
        assert child.stdin is not None
        assert child.stdout is not None
        for number in range(3):
            child.stdin.write(json.dumps({"id": number, "text": "3栋电梯坏了"}) + "\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["id"] == number
        child.stdin.close()
    assert child.returncode == 0


ROWS: list[dict[str, object]] = [
    {"id": "a1", "text": "3栋2单元501家里漏水了", "intent": "request", "codes": ["FIX05"], "urgency": "P1",
     "place": {"building": "3栋", "unit": "2单元", "room": "501"}, "act": "ticket"},
    {"id": "a2", "text": "有人困在电梯里", "intent": "request", "codes": ["EMG04"], "urgency": "P0", "place": {}, "act": "alert"},
    {"id": "b1", "text": "今天天气真好", "intent": "chat", "codes": [], "urgency": "none", "place": {}, "act": "silent"},
    {"id": "b2", "text": "我家电梯坏了，这是玩笑么算了", "intent": "chat", "codes": [], "urgency": "none", "place": {}, "act": "silent"},
]  # fmt: skip


def labelled(rows: list[dict[str, object]]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def test_figures_with_counts_intervals_curve_hands_and_errors(desk: Desk) -> None:
    file = desk.file("rows.jsonl", labelled(ROWS))
    found = json.loads(desk.ok("triage", "eval", file, "--json", "--hands"))
    assert (found["rows"], found["point"], found["file"]) == (4, "适中", "rows.jsonl")
    assert found["figures"]["p0_recall"] == {"share": 1.0, "hits": 1, "cases": 1, "low": 0.2065, "high": 1.0}
    assert list(found["curve"]) == ["宁可多问", "适中", "宁可安静"]
    assert found["curve"]["适中"] == found["figures"]
    assert list(found["hands"]) == ["a", "b"]
    assert all(set(one) == set(found["figures"]) for one in (*found["curve"].values(), found["hands"]["a"]))
    assert all(one.keys() == {"share", "hits", "cases", "low", "high"} for one in found["figures"].values())
    sweep = found["sweep"]
    assert (sweep[0]["point"], sweep[-1]["point"]) == (
        {"act": 0, "ask": 0, "estate": 0},
        {"act": 1, "ask": 1, "estate": 1},
    )
    assert {"act": 0.54, "ask": 0.53, "estate": 0.48} in [one["point"] for one in sweep]
    reached = [one["figures"]["requests_reached"]["hits"] for one in sweep]
    assert (reached[0], reached[-1]) == (2, 1)
    peace = [one["figures"]["left_in_peace"]["hits"] for one in sweep]
    assert peace == sorted(peace)
    sure = found["calibration"]
    assert sum(one["cases"] for one in sure.values()) == 4
    assert sure["danger"]["right"] == {"share": 1.0, "hits": 1, "cases": 1, "low": 0.2065, "high": 1.0}
    assert set(sure["danger"]) == {"cases", "stated", "right", "expected_calibration_error", "brier", "bins"}
    assert all(set(one) == {"id", "kind", "answered", "expected"} for one in found["errors"])
    assert "漏水" not in json.dumps(found, ensure_ascii=False)


def test_the_screen_tells_curve_and_confidence(desk: Desk) -> None:
    shown = desk.ok("triage", "eval", desk.file("rows.jsonl", labelled(ROWS)))
    assert "从有事没事都说" in shown
    assert "把握准不准" in shown
    assert "没事，不出声" in shown
    assert "90–100%" in shown


def test_texts_are_shown_only_on_request(desk: Desk) -> None:
    wrong = [{**ROWS[2], "text": "3栋电梯坏了没人修"}]
    file = desk.file("rows.jsonl", labelled(wrong))
    assert "没人修" not in desk.ok("triage", "eval", file)
    shown = desk.ok("triage", "eval", file, "--texts")
    assert "没人修" in shown
    assert "错 1 处" in shown


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROWS[0], "act": "shout"}, "act 不认识"),
        ({**ROWS[0], "intent": None}, "intent 不认识"),
        ({**ROWS[0], "urgency": "P9"}, "urgency 不认识"),
        ({**ROWS[0], "codes": ["XXX99"]}, "codes 应是"),
        ({**ROWS[0], "place": "3栋"}, "place 应是"),
        ({"text": 4}, "没有 text"),
    ],
)
def test_a_row_with_a_wrong_label_is_named(desk: Desk, row: dict[str, object], said: str) -> None:
    file = desk.file("rows.jsonl", labelled([ROWS[0], row]))
    complaint = desk.refused("triage", "eval", file)
    assert complaint.startswith("第2行")
    assert said in complaint


def test_no_rows_no_figures(desk: Desk) -> None:
    assert "没有标注过" in desk.refused("triage", "eval", desk.file("rows.jsonl", "\n"))
    assert "读不到" in desk.refused("triage", "eval", desk.folder / "none.jsonl")


@pytest.mark.parametrize(("word", "point"), [("宁可安静", "宁可安静"), ("quiet", "宁可安静"), ("适中", "适中")])
def test_the_operating_point_is_the_configured_one(desk: Desk, word: str, point: str) -> None:
    desk.config.write_text(desk.config.read_text("utf-8") + f'[manners]\ncaution = "{word}"\n', encoding="utf-8")
    file = desk.file("rows.jsonl", labelled(ROWS))
    assert json.loads(desk.ok("triage", "eval", file, "--json"))["point"] == point
