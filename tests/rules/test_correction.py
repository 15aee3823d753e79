"""Corrections: what changes with a kind, what ends with a dismissal, and what an example may hold."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import correction, refusal
from domain.category import Urgency
from domain.correction import Correction, Kind, example, find_category
from domain.place import Place
from domain.screen import has_personal_number
from domain.templates import DEFAULT
from domain.ticket import ENDED, Action, State
from domain.triage import Act, Intent
from tests.rules.test_ticket import CHEN, CHINA, LI, NOW, a_ticket
from texts.categories import load_categories

KNOWN = load_categories()
CODES = st.sampled_from(list(KNOWN))


@given(CODES, CODES, st.integers(0, 60 * 24 * 40))
def test_another_kind_brings_its_urgency_and_clocks(was: str, code: str, minutes: int) -> None:
    ticket = replace(a_ticket(KNOWN[was].urgency)[0], code=was, private=KNOWN[was].private)
    at = NOW + timedelta(minutes=minutes)
    if was == code:
        with pytest.raises(refusal.SameCategory):
            correction.recode(ticket, KNOWN[code], CHEN, at, CHINA, DEFAULT)
        return
    after, event = correction.recode(ticket, KNOWN[code], CHEN, at, CHINA, DEFAULT)
    assert (event.action, event.note, event.by) == (Action.RECODED, f"{was}|{code}", "member:3")
    assert after.code == code
    assert after.private == (ticket.private or KNOWN[code].private)
    assert after.urgency not in (Urgency.NONE, Urgency.I) or after.urgency is ticket.urgency
    if after.urgency is ticket.urgency:
        assert (after.response_due_at, after.closing_due_at) == (ticket.response_due_at, ticket.closing_due_at)
    else:
        assert after.closing_due_at > at
        assert after.response_due_at > at
        on_time = DEFAULT.of(after.urgency).closing.after(ticket.created_at, CHINA)
        assert after.closing_due_at == on_time or on_time <= at


@pytest.mark.parametrize("state", sorted(ENDED - {State.WITHDRAWN, State.DISMISSED}))
def test_of_an_ended_ticket_only_the_kind_changes(state: State) -> None:
    ticket = replace(a_ticket()[0], state=state, closed_at=NOW)
    after, _ = correction.recode(ticket, KNOWN["EMG04"], CHEN, NOW, CHINA, DEFAULT)
    assert after == replace(ticket, code="EMG04")


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.DISMISSED])
def test_what_was_none_has_no_kind(state: State) -> None:
    with pytest.raises(refusal.AlreadyClosed):
        correction.recode(replace(a_ticket()[0], state=state), KNOWN["EMG04"], CHEN, NOW, CHINA, DEFAULT)


def test_a_dismissed_ticket_is_over_and_was_not_solved() -> None:
    after, event = correction.dismiss(a_ticket()[0], CHEN, NOW)
    assert (after.state, after.closed_at, after.solved_at, after.done) == (State.DISMISSED, NOW, None, "")
    assert event.action is Action.DISMISSED
    with pytest.raises(refusal.AlreadyClosed):
        correction.dismiss(after, LI, NOW)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("NOI01", "NOI01"),
        (" noi01 ", "NOI01"),
        ("电梯困人", "EMG04"),
        ("楼道灯", "FIX02"),
        ("噪声", ""),
        ("微心愿", "CAR06"),
        ("没有", ""),
        ("", ""),
    ],
)
def test_a_category_by_code_name_or_part(word: str, code: str) -> None:
    found = find_category(word, KNOWN)
    assert (found.code if found else "") == code


def corrected(kind: Kind, code: str) -> Correction:
    return Correction(7, 3, kind, Act.TICKET, "FIX01", code, NOW)


@pytest.mark.parametrize(
    ("kind", "code", "intent", "act", "codes"),
    [
        (Kind.CODE, "FIX02", Intent.REQUEST, Act.TICKET, ("FIX02",)),
        (Kind.CODE, "EMG04", Intent.REQUEST, Act.ALERT, ("EMG04",)),
        (Kind.REQUEST, "GOV01", Intent.INQUIRY, Act.ANSWER, ("GOV01",)),
        (Kind.CODE, "COM04", Intent.PRAISE, Act.THANK, ("COM04",)),
        (Kind.REQUEST, "", Intent.REQUEST, Act.TICKET, ()),
        (Kind.NOT_REQUEST, "", Intent.CHAT, Act.SILENT, ()),
    ],
)
def test_what_a_correction_teaches(kind: Kind, code: str, intent: Intent, act: Act, codes: tuple[str, ...]) -> None:
    row = example(corrected(kind, code), "3栋的事", Place("3栋"), KNOWN)
    assert (row.id, row.intent, row.act, row.codes, row.place) == ("c-7", intent, act, codes, Place("3栋"))


@given(st.text("老李建国张王阿姨的灯坏了 ", max_size=20), st.integers(10**10, 10**11 - 1))
def test_an_example_holds_no_name_of_the_roster_and_no_number(talk: str, number: int) -> None:
    row = example(corrected(Kind.CODE, "FIX02"), f"{talk}老李{number}李建国", Place(), KNOWN, {"老李", "李建国", "李"})
    assert "老李" not in row.heard.text
    assert "李建国" not in row.heard.text
    assert not has_personal_number(row.heard.text)
