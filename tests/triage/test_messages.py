"""Our own messages: dangers all alarm, requests reach their own category, ordinary talk is left in peace."""

import pytest

from domain.triage import Act, Heard
from tests.triage.messages import labelled, quiet
from texts.ear import Ear

MORE = labelled("more_requests") + labelled("third_requests")


def danger(code: str) -> bool:
    return "EMG01" <= code <= "EMG09"


@pytest.mark.parametrize(("code", "text"), labelled("emergencies") + [r for r in MORE if danger(r[0])])
def test_danger_alarms_with_its_own_code(ear: Ear, code: str, text: str) -> None:
    verdict = ear.classify(Heard(text))
    assert (verdict.act, verdict.code) == (Act.ALERT, code)


@pytest.mark.parametrize(("code", "text"), labelled("requests") + [r for r in MORE if not danger(r[0])])
def test_request_is_heard(ear: Ear, code: str, text: str) -> None:
    verdict = ear.classify(Heard(text))
    assert verdict.act is not Act.SILENT
    assert code in verdict.codes


def test_requests_reach_their_own_category(ear: Ear) -> None:
    rows = labelled("requests")
    right = sum(ear.classify(Heard(text)).code == code for code, text in rows)
    assert right / len(rows) >= 0.95


@pytest.mark.parametrize("text", quiet("quiet") + quiet("quiet_more") + quiet("quiet_third"))
def test_ordinary_talk_is_left_in_peace(ear: Ear, text: str) -> None:
    assert ear.classify(Heard(text)).act is Act.SILENT
