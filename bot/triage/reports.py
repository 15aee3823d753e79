"""A report on the triage as plain values, for programs and for the page in the docs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from itertools import pairwise
from typing import Any

from domain.calibration import Calibration, Head
from domain.evaluation import Answer, Fault, Figure, Labelled, Name, Report, evaluate
from domain.triage_judge import Learned, Point
from texts.ear import POINTS, Ear

STEPS = 3
"""Steps from one operating point to the next on the curve."""


def answers(ear: Ear, rows: Iterable[Labelled]) -> list[Answer]:
    """What an ear says to each of them."""
    return [(row, ear.answer(row.heard)) for row in rows]


def curve(ears: Mapping[str, Ear], rows: Sequence[Labelled]) -> dict[str, Report]:
    """A report for each operating point."""
    return {point: evaluate(answers(ear, rows)) for point, ear in ears.items()}


def sweep(ear: Ear, learned: Learned, rows: Sequence[Labelled]) -> list[tuple[Point, Report]]:
    """The whole curve: from speaking whenever it may, through the operating points, to hardly ever."""
    return [(point, evaluate(answers(ear.weighing(learned, point), rows))) for point in _points()]


def _points() -> list[Point]:
    stops = [Point(0, 0, 0), *POINTS.values(), Point(1, 1, 1)]
    found = [
        Point(*(round(a + (b - a) * step / STEPS, 3) for a, b in zip(astuple(was), astuple(now), strict=True)))
        for was, now in pairwise(stops)
        for step in range(STEPS)
    ]
    return [*found, stops[-1]]


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


def calibration(found: Mapping[Head, Calibration]) -> dict[str, Any]:
    """Stated against true confidence, by what was stated."""
    return {head.value: _calibration(one) for head, one in found.items()}


def _calibration(found: Calibration) -> dict[str, Any]:
    return {
        "cases": found.right.cases,
        "stated": round(found.stated, 4),
        "right": figure(found.right),
        "expected_calibration_error": round(found.error, 4),
        "brier": round(found.brier, 4),
        "bins": [
            {"low": one.low, "high": one.high, "stated": round(one.stated, 4), "right": figure(one.right)}
            for one in found.bins
        ],
    }
