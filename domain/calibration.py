"""把握准不准: whether a triage that says “90 %” is right nine times in ten.

Three different things are stated with a confidence (``Head``), and each is held against what a careful person says. Pure
counting, like ``domain.evaluation``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.category import Urgency
from domain.evaluation import MAY_OPEN, Answer, Figure, Labelled
from domain.triage import Act, Verdict

BINS: Final = 10
"""Steps of stated confidence: 0 to 10 %, 10 to 20 %, and so on."""


class Head(StrEnum):
    """What a verdict's confidence is about."""

    DANGER = "danger"
    WISH = "wish"
    PEACE = "peace"


def head(said: Verdict) -> Head:
    """That somebody is in danger, that he wants just this (a ticket, an answer, a word of thanks), or that he wants nothing."""
    if said.act is Act.SILENT:
        return Head.PEACE
    return Head.DANGER if said.urgency is Urgency.P0 else Head.WISH


def is_right(row: Labelled, said: Verdict) -> bool:
    """Whether what was stated is so. A ticket and a question about it state the same: here is something to be done."""
    match head(said):
        case Head.PEACE:
            return row.act is Act.SILENT
        case Head.DANGER:
            return row.urgency is Urgency.P0
        case Head.WISH if said.act in {Act.TICKET, Act.ASK}:
            return row.act in MAY_OPEN
    return row.act is said.act


@dataclass(frozen=True, slots=True)
class Bin:
    """The verdicts stated with ``low`` to ``high``: the mean of what was stated, and how often it was so."""

    low: float
    high: float
    stated: float
    right: Figure


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the stated confidence can be believed: the mean of what was stated, how often it was so, and by steps.

    Steps without a verdict are left out of ``bins``.

    ``error``: the expected calibration error, the mean distance between stated and true share over the bins, weighted by
    their verdicts (Naeini et al. 2015). ``brier``: the mean squared distance of each statement from the truth (Brier 1950);
    0 is a prophet, 0.25 whoever says 50 % to everything.
    """

    stated: float
    right: Figure
    error: float
    brier: float
    bins: tuple[Bin, ...]


def calibrate(answers: Iterable[Answer]) -> dict[Head, Calibration]:
    """Stated against true, for each thing that was stated at all."""
    found: dict[Head, list[tuple[float, bool]]] = {}
    for row, said in answers:
        found.setdefault(head(said), []).append((said.confidence, is_right(row, said)))
    return {one: _calibration(found[one]) for one in Head if one in found}


def _calibration(found: Sequence[tuple[float, bool]]) -> Calibration:
    split: dict[int, list[tuple[float, bool]]] = {}
    for stated, so in found:
        split.setdefault(min(int(stated * BINS), BINS - 1), []).append((stated, so))
    bins = tuple(Bin(step / BINS, (step + 1) / BINS, *_told(split[step])) for step in sorted(split))
    error = sum(abs(one.stated * one.right.cases - one.right.hits) for one in bins) / len(found)
    brier = sum((stated - so) ** 2 for stated, so in found) / len(found)
    return Calibration(*_told(found), error, brier, bins)


def _told(found: Sequence[tuple[float, bool]]) -> tuple[float, Figure]:
    """The mean of what was stated, and how often it was right."""
    return sum(stated for stated, _ in found) / len(found), Figure(sum(so for _, so in found), len(found))
