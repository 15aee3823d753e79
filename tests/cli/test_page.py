"""The page of figures: everything by id, nothing by its words, the same to the letter each time."""

from bot.triage.page import page
from domain.evaluation import by_hand, evaluate
from domain.triage import Act
from tests.rules.test_evaluation import CHAT, DANGER, LIFT, said
from texts.sentences import Sentences

SAID = Sentences.load()


def test_it_tells_figures_curve_voices_and_errors() -> None:
    answers = [(LIFT, said(Act.SILENT)), (CHAT, said(Act.SILENT)), (DANGER, said(Act.ALERT, "EMG01"))]
    curve = {"适中": evaluate(answers), "宁可安静": evaluate(answers[1:])}
    text = page(SAID, "适中", curve, by_hand(answers))
    assert text == page(SAID, "适中", curve, by_hand(answers))
    assert "| 险情听出来的 | 1.000 | 1/1 | 0.207–1.000 |" in text
    assert "| 数字 | 适中 | 宁可安静 |" in text
    assert "| a1 | 漏了诉求 | silent | ticket FIX01 |" in text
    assert "| a1 | 地点不对 |  | 3栋2单元501 |" in text
    assert "共 2 处：漏了诉求 1，地点不对 1" in text
    assert "–" in text
    assert "话" not in text.split("## 错在哪")[1].split("\n\n", 2)[2]
