"""Properties that hold for every text."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.place import Gazetteer, find_place
from domain.triage import Act, Earlier, Heard
from tests.triage.messages import labelled, quiet
from texts.ear import Ear

MESSAGES = [t for _, t in labelled("emergencies") + labelled("requests")] + quiet("quiet")
DANGERS = [t for _, t in labelled("emergencies")]
calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@calm
@given(text=st.text(max_size=300), mine=st.booleans(), before=st.text(max_size=40))
def test_never_raises(ear: Ear, text: str, mine: bool, before: str) -> None:
    ear.classify(Heard(text, before=(Earlier(mine, before),), has_photo=True, addressed=mine))


@calm
@given(parts=st.lists(st.sampled_from([*MESSAGES, "3-2-1103", "百栋", "十号楼", "「", "”", "：", "\n"]), max_size=8))
def test_never_raises_on_mixtures(ear: Ear, parts: list[str]) -> None:
    text = "".join(parts)
    ear.classify(Heard(text))
    find_place(text, Gazetteer())


@calm
@given(text=st.sampled_from(MESSAGES))
def test_width_case_punctuation_and_emoji_change_nothing(ear: Ear, text: str) -> None:
    verdict = ear.classify(Heard(text))
    for other in (
        wide(text),
        text.upper(),
        text + "!!",
        text + "。",
        text + "？",
        text + "😂😂",
        "🔥" + text,
        text + "\ufe0f",
    ):
        again = ear.classify(Heard(other))
        assert (again.act, again.code, again.place) == (verdict.act, verdict.code, verdict.place), other


@calm
@given(text=st.sampled_from(DANGERS), hello=st.sampled_from(["大家好", "大家好，", "各位好 ", "邻居们好！"]))
def test_a_greeting_never_silences_a_danger(ear: Ear, text: str, hello: str) -> None:
    assert ear.classify(Heard(hello + text)).act is Act.ALERT


@pytest.mark.parametrize(
    "seed", ["啊", "电梯坏了", "着火", "3栋", "哈", "没", "1", "「", "垃圾臭", "a1-", "🔥", "一二三"]
)
def test_long_texts_stay_cheap(ear: Ear, seed: str) -> None:
    text = (seed * 4096)[:4096]
    ear.classify(Heard(text))
    best = min(_seconds(ear, text) for _ in range(3))
    assert best < 0.05, "20 ms is the aim; the limit leaves room for a busy machine"


def _seconds(ear: Ear, text: str) -> float:
    start = time.process_time()
    ear.classify(Heard(text))
    return time.process_time() - start
