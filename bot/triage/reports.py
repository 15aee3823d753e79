"""A report on the triage as plain values, for programs and for the page in the docs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from domain.evaluation import Answer, Fault, Figure, Labelled, Name, Report, evaluate
from texts.ear import Ear


def answers(ear: Ear, rows: Iterable[Labelled]) -> list[Answer]:
    """What an ear says to each of them."""
    return [(row, ear.answer(row.heard)) for row in rows]


def curve(ears: Mapping[str, Ear], rows: Sequence[Labelled]) -> dict[str, Report]:
    """A report for each operating point."""
    return {point: evaluate(answers(ear, rows)) for point, ear in ears.items()}


def figure(found: Figure) -> dict[str, Any]:
    """Share, count and interval of a figure."""
    low, high = found.interval
    share = None if found.share is None else round(found.share, 4)
    return {"share": share, "hits": found.hits, "cases": found.cases, "low": round(low, 4), "high": round(high, 4)}


def figures(report: Report) -> dict[str, Any]:
    """All figures of a report, by name."""
    return {name.value: figure(report.figures[name]) for name in Name}


def fault(found: Fault) -> dict[str, str]:
    """An error."""
    return {"id": found.id, "kind": found.slip.value, "answered": found.answered, "expected": found.expected}
