"""What was said before: +1, a place afterwards, a photo, a fault told in pieces, quoting replies, forwards."""

import pytest

from domain.category import Urgency
from domain.triage import Act, Earlier, Heard, Intent
from texts.ear import Ear

LIFT = "3栋2单元电梯又坏了"


@pytest.mark.parametrize("text", ["我家也没水", "我们这也是", "+1", "我家也是", "俺家也一样"])
def test_me_too_joins_what_others_reported(ear: Ear, text: str) -> None:
    verdict = ear.classify(Heard(text, before=(Earlier(mine=False, text="5栋怎么又停水了"),)))
    assert (verdict.act, verdict.code) == (Act.ATTACH, "UTL01")


@pytest.mark.parametrize("text", ["我们这也是", "+1", "也是"])
def test_me_too_without_a_report_is_talk(ear: Ear, text: str) -> None:
    assert ear.classify(Heard(text, before=(Earlier(mine=False, text="今天吃火锅"),))).act is Act.SILENT
    assert ear.classify(Heard(text)).act is Act.SILENT


@pytest.mark.parametrize("text", ["3栋的", "3栋2单元", "就是东门那个", "2单元501", "六号楼"])
def test_a_place_afterwards_belongs_to_the_report(ear: Ear, text: str) -> None:
    verdict = ear.classify(Heard(text, before=(Earlier(mine=True, text="电梯又坏了"),)))
    assert (verdict.act, verdict.code) == (Act.ATTACH, "FIX01")


def test_a_photo_afterwards_belongs_to_the_report(ear: Ear) -> None:
    verdict = ear.classify(Heard("", before=(Earlier(mine=True, text=LIFT),), has_photo=True))
    assert (verdict.act, verdict.code) == (Act.ATTACH, "FIX01")
    assert ear.classify(Heard("", has_photo=True)).act is Act.SILENT


def test_a_fault_told_in_pieces(ear: Ear) -> None:
    verdict = ear.classify(Heard("又坏了", before=(Earlier(mine=True, text="3栋2单元电梯"),)))
    assert (verdict.act, verdict.code, verdict.place.building) == (Act.TICKET, "FIX01", "3栋")


def test_danger_told_in_pieces(ear: Ear) -> None:
    verdict = ear.classify(Heard("里面有人出不来", before=(Earlier(mine=True, text="3栋电梯"),)))
    assert (verdict.act, verdict.code) == (Act.ALERT, "EMG04")


@pytest.mark.parametrize("text", ["谢谢", "好的", "收到", "哈哈"])
def test_courtesy_afterwards_is_courtesy(ear: Ear, text: str) -> None:
    assert ear.classify(Heard(text, before=(Earlier(mine=True, text=LIFT),))).act is Act.SILENT


def test_forwards_never_alarm(ear: Ear) -> None:
    verdict = ear.classify(Heard("3栋着火了快来人", forwarded=True))
    assert (verdict.act, verdict.intent) == (Act.SILENT, Intent.NOTICE)


def test_quoting_reply_of_wechat(ear: Ear) -> None:
    verdict = ear.classify(Heard("「王阿姨：5栋停水了」\n- - - - - - - -\n我家也是"))
    assert (verdict.act, verdict.code) == (Act.ATTACH, "UTL01")


def test_whoever_speaks_to_us_gets_an_answer(ear: Ear) -> None:
    assert ear.classify(Heard("你好呀", addressed=True)).act is not Act.SILENT
    assert ear.classify(Heard("@党小栖 你好呀")).act is not Act.SILENT
    assert ear.classify(Heard("你好呀")).act is Act.SILENT


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("楼上装修把承重墙砸了", Urgency.P1),
        ("周末装修吵死了 5栋301", Urgency.P2),
        ("下雨积水都倒灌进一楼家里了", Urgency.P1),
        ("小区门口一下雨就积水", Urgency.P2),
        ("楼道堆满纸箱 把疏散通道都堵了", Urgency.P1),
    ],
)
def test_urgency_follows_the_consequence(ear: Ear, text: str, urgency: Urgency) -> None:
    assert ear.classify(Heard(text)).urgency is urgency


def test_several_requests_in_one_message(ear: Ear) -> None:
    verdict = ear.classify(Heard("3栋电梯坏了，楼道灯也不亮，垃圾三天没人收"))
    assert {"FIX01", "FIX02", "ENV01"} <= set(verdict.codes)


def test_lately_is_asked_about_not_ignored(ear: Ear) -> None:
    verdict = ear.classify(Heard("昨天8栋那边冒烟"))
    assert (verdict.act, verdict.code) == (Act.ASK, "EMG01")
