"""What a leader reads when he asks why, for verdicts that no story brings about; and the ear he tuned."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Calendar
from domain.category import Urgency
from domain.place import Place
from domain.roster import Grid
from domain.triage import Act, Heard, Intent, Reason, Verdict
from handlers import explaining
from handlers.context import Context, Policy
from storage.verdicts import packed, unpacked
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

SAID = Sentences.load()
VERDICT = Verdict(
    Act.TICKET,
    Intent.REQUEST,
    "FIX02",
    ("FIX02", "UTL02"),
    Urgency.P1,
    Place("3栋"),
    0.876,
    (Reason("request", ("灯", "不亮"), 1.25), Reason("asking", (), -0.5), Reason("made_up", ("灯",))),
    "UTL02",
)


def a_context() -> Context:
    calendar = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
    return Context(datetime(2026, 11, 20, 2, tzinfo=UTC), SAID, Policy(), calendar, Ear.load(), load_categories())


def test_reasons_with_words_rules_and_weights() -> None:
    assert explaining.reasons(SAID, VERDICT) == [
        "“灯”“不亮”：诉求的说法（+1.2）",
        "规则 asking（-0.5）",
        "“灯”：规则 made_up",
    ]
    assert explaining.reasons(SAID, Verdict(Act.TICKET, Intent.REQUEST, "", (), Urgency.P2, Place(), 1.0, ())) == [
        "没有留下依据"
    ]


@pytest.mark.parametrize(
    ("urgency", "said"),
    [
        (Urgency.P0, "为什么算险情"),
        (Urgency.P1, "按后果改成24 小时内，这一类平常是5 个工作日内"),
        (Urgency.P2, "这一类都是5 个工作日内"),
    ],
)
def test_why_it_is_so_urgent(urgency: Urgency, said: str) -> None:
    verdict = Verdict(Act.TICKET, Intent.REQUEST, "FIX02", (), urgency, Place(), 1.0, ())
    lines = explaining.verdict_lines(a_context(), verdict)
    assert said in lines[-1]
    assert "没听出地点" in "".join(lines)
    assert "没有别的类目沾边" in "".join(lines)


def test_what_came_next() -> None:
    text = "\n".join(explaining.verdict_lines(a_context(), VERDICT))
    assert "其次像：停电/跳闸（UTL02）" in text
    assert "把握：88%" in text
    assert "地点听成：3栋" in text


def test_a_verdict_is_kept_as_it_was() -> None:
    kept = unpacked(packed(VERDICT))
    assert kept is not None
    assert (kept.code, kept.codes, kept.reasons, kept.place) == ("FIX02", VERDICT.codes, VERDICT.reasons, Place("3栋"))
    assert unpacked(packed(None)) is None


def test_a_grid_hears_at_the_point_its_leader_chose() -> None:
    asked: list[str] = []

    def ear_at(point: str) -> Ear:
        asked.append(point)
        return Ear.load(caution=point)

    cx = replace(a_context(), ear_at=ear_at)
    grid = Grid(1, "G01", "网格", {}, {}, (), ())
    tuned = Grid(2, "G02", "网格", {}, {}, (), (), caution="high", nicknames={"小红楼": "3栋"})
    assert cx.ear_of(grid) is cx.ear_of(grid)
    assert cx.ear_of(tuned).place("小红楼2单元").building == "3栋"
    assert asked == ["high"]
    assert a_context().ear_of(tuned).classify(Heard("有人困在电梯里")).act is Act.ALERT
