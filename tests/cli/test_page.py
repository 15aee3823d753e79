"""The page of figures: everything by id, nothing by its words, the same to the letter each time."""

from bot.triage.page import page
from domain.calibration import calibrate
from domain.evaluation import by_hand, evaluate
from domain.triage import Act
from domain.triage_judge import Point
from tests.rules.test_evaluation import CHAT, DANGER, LIFT, said
from texts.sentences import Sentences

SAID = Sentences.load()


def test_it_tells_figures_curve_voices_and_errors() -> None:
    answers = [(LIFT, said(Act.SILENT)), (CHAT, said(Act.SILENT)), (DANGER, said(Act.ALERT, "EMG01"))]
    curve = {"适中": evaluate(answers), "宁可安静": evaluate(answers[1:])}
    sweep = [(Point(0.5, 0.25, 0.125), evaluate(answers))]
    text = page(SAID, "适中", curve, sweep, calibrate(answers), by_hand(answers))
    assert text == page(SAID, "适中", curve, sweep, calibrate(answers), by_hand(answers))
    assert "| 险情听出来的 | 1.000 | 1/1 | 0.207–1.000 |" in text
    assert "| 数字 | 适中 | 宁可安静 |" in text
    assert "| 0.50/0.25/0.12 | 0.500 (1/2) | 1.000 (1/1) | 1.000 (1/1) | 0.000 (0/2) |" in text
    assert "| 没事，不出声 | 0.500 | 0.500（1/2，0.095–0.905） | 0.000 | 0.250 |" in text
    assert "| 没事，不出声 | 50–60% | 0.500 | 0.500（1/2，0.095–0.905） |" in text
    assert "不相干的闲聊" not in text
    assert "| a1 | 漏了诉求 | silent | ticket FIX01 |" in text
    assert "| a1 | 地点不对 |  | 3栋2单元501 |" in text
    assert "共 2 处：漏了诉求 1，地点不对 1" in text
    assert "–" in text
    assert "话" not in text.split("## 错在哪")[1].split("\n\n", 2)[2]
