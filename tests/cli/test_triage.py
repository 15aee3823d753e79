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
