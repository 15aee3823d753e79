"""The learned weights: what they reach on voices they were not trained on, and that the quick answer is the whole answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.triage import corpus, reports, rows
from domain.evaluation import Name, Report, evaluate
from domain.linear import pieces, tokens
from domain.triage import Act, Earlier, Heard
from domain.triage_judge import facts, is_idle
from texts.ear import POINTS, Ear
from texts.learned import SHIPPED, about, load
from texts.training import train

EXAMPLES = rows.load(corpus.learned())
HELD_OUT = rows.load(corpus.held_out())
SAYINGS = [row.heard.text for row in (*EXAMPLES[::40], *HELD_OUT)]


@pytest.fixture(scope="module")
def report(ear: Ear) -> Report:
    return evaluate(reports.answers(ear, HELD_OUT))


FLOORS = {
    Name.P0_RECALL: 0.80,
    Name.REACHED: 0.86,
    Name.PRECISION: 0.84,
    Name.PEACE: 0.82,
    Name.CODE: 0.80,
    Name.TOP: 0.87,
    Name.PLACE: 0.95,
}
CEILINGS = {Name.P0_FALSE_ALARMS: 0.015, Name.ASKED_REQUESTS: 0.12, Name.ASKED_SILENT: 0.06}


@pytest.mark.parametrize("name", FLOORS)
def test_nothing_falls_below_what_was_reached(report: Report, name: Name) -> None:
    share = report.figures[name].share
    assert share is not None
    assert share >= FLOORS[name]


@pytest.mark.parametrize("name", CEILINGS)
def test_nobody_is_disturbed_more_than_before(report: Report, name: Name) -> None:
    share = report.figures[name].share
    assert share is not None
    assert share <= CEILINGS[name]


def test_the_corpus_is_ours_and_the_held_out_part_is_apart() -> None:
    learned = {row.heard.text for row in EXAMPLES}
    assert len(learned) == len(EXAMPLES)
    assert not learned & {row.heard.text for row in HELD_OUT}
    assert len({row.id for row in EXAMPLES}) == len(EXAMPLES)
    assert not {row.id.rpartition("-")[0] for row in EXAMPLES} & {row.id.rpartition("-")[0] for row in HELD_OUT}
    quiet = sum(row.act is Act.SILENT for row in EXAMPLES)
    assert quiet >= len(EXAMPLES) / 2
    codes = {code for row in EXAMPLES for code in row.codes}
    assert len(codes) == 80


def test_the_shipped_weights_say_where_they_come_from() -> None:
    told = about(SHIPPED)
    assert told.rows == len(EXAMPLES)
    assert told.figures


@given(st.sampled_from(SAYINGS) | st.text(max_size=60))
@settings(max_examples=300)
def test_the_quick_answer_is_the_whole_answer(ear: Ear, text: str) -> None:
    """Where the rules know no word, weighing the text alone must say what the whole judgement says."""
    rules = ear.gather(Heard(text))
    if not rules.reading.text or any(name.startswith(("frame:", "rule:")) for name in facts(rules)):
        return
    idle = is_idle(rules.reading.text, (), load(SHIPPED), POINTS["normal"])
    verdict = ear.classify(Heard(text))
    if idle:
        assert verdict.act is Act.SILENT


@given(st.text(max_size=200))
def test_pieces_are_every_run_of_one_to_three(text: str) -> None:
    marked = tokens(text)
    assert pieces(marked) == {marked[i : i + n] for n in (1, 2, 3) for i in range(len(marked) - n + 1)}


def test_what_others_said_before_is_weighed_only_if_it_wanted_something(ear: Ear) -> None:
    plain = ear.classify(Heard("我家也是"))
    talk = ear.classify(Heard("我家也是", (Earlier(mine=False, text="今天真冷"),)))
    fault = ear.classify(Heard("我家也是", (Earlier(mine=False, text="3栋停水了"),)))
    assert (plain.act, talk.act, fault.act) == (Act.SILENT, Act.SILENT, Act.ATTACH)


def test_a_ticket_says_which_pieces_of_text_spoke_for_it(ear: Ear) -> None:
    verdict = ear.classify(Heard("三单元的门卡一刷就滴一声可门还是不开"))
    learned = [reason for reason in verdict.reasons if reason.rule == "learned"]
    assert verdict.act is Act.TICKET
    assert learned
    assert all(word in "三单元的门卡一刷就滴一声可门还是不开" for word in learned[0].words)
    assert learned[0].weight > 0
    assert verdict.runner_up


def test_the_same_rows_give_the_same_weights() -> None:
    rows_twice = [row for row in EXAMPLES if row.id.startswith(("v01-", "v02-", "chat0-"))]
    ear = Ear.load(model=None)
    assert train(rows_twice, ear) == train(rows_twice, ear)
