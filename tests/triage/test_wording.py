"""The taxonomy's sample wording: every danger alarms, and at least 95 % of the rest are acted on as their own row."""

import csv
from pathlib import Path

import pytest

from domain.triage import Act, Heard
from texts.ear import Ear

ROWS = list(csv.DictReader((Path(__file__).parent / "wording.csv").read_text("utf-8").splitlines()))
DANGERS = [(r["code"], w) for r in ROWS if r["sla"] == "P0" for w in r["wording"].split("|")]
OTHERS = [(r["code"], w) for r in ROWS if r["sla"] != "P0" for w in r["wording"].split("|")]


@pytest.mark.parametrize(("code", "text"), DANGERS)
def test_every_danger_alarms(ear: Ear, code: str, text: str) -> None:
    verdict = ear.classify(Heard(text))
    assert (verdict.act, verdict.code) == (Act.ALERT, code)


def test_nearly_all_other_wording_is_acted_on(ear: Ear) -> None:
    missed = []
    for code, text in OTHERS:
        verdict = ear.classify(Heard(text))
        if verdict.code != code or verdict.act is Act.SILENT:
            missed.append((code, text, verdict.act, verdict.codes))
    assert len(missed) / len(OTHERS) <= 0.05, missed
