"""把握准不准, in cells: for the screen and for the page in the docs."""

from collections.abc import Mapping

from domain.calibration import Calibration, Head
from domain.evaluation import Figure
from texts.sentences import Sentences

Cells = tuple[str, ...]


def summary(said: Sentences, found: Mapping[Head, Calibration]) -> tuple[Cells, list[Cells]]:
    """Headings, and a row for each thing that is stated."""
    heads = _heads(said, "head", "stated", "right", "error", "brier")
    rows: list[Cells] = [
        (_name(said, head), f"{one.stated:.3f}", _true(said, one.right), f"{one.error:.3f}", f"{one.brier:.3f}")
        for head, one in found.items()
    ]
    return heads, rows


def bins(said: Sentences, found: Mapping[Head, Calibration]) -> tuple[Cells, list[Cells]]:
    """Headings, and a row for each step of stated confidence."""
    heads = _heads(said, "head", "range", "stated", "right")
    rows: list[Cells] = [
        (_name(said, head), _range(said, step.low, step.high), f"{step.stated:.3f}", _true(said, step.right))
        for head, one in found.items()
        for step in one.bins
    ]
    return heads, rows


def _heads(said: Sentences, *names: str) -> Cells:
    return tuple(said.say(f"cli.triage.sure_{name}") for name in names)


def _name(said: Sentences, head: Head) -> str:
    return said.say(f"cli.triage.sure_{head}")


def _range(said: Sentences, low: float, high: float) -> str:
    return said.say("cli.triage.sure_between", low=f"{low * 100:.0f}", high=f"{high * 100:.0f}")


def _true(said: Sentences, right: Figure) -> str:
    low, high = right.interval
    values = {"hits": right.hits, "cases": right.cases, "low": f"{low:.3f}", "high": f"{high:.3f}"}
    return said.say("cli.triage.share", share=f"{right.hits / right.cases:.3f}", **values)
