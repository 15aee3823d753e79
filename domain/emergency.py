"""紧急: the layer of its own that comes before everything else (domain reference, section 13).

Recall before precision, facts before tone. A keyword is only disarmed by a circumstance that makes it *not a fact of now
and here*: a drill, a film, the news, another town, years ago, “if”. What happened lately is asked about, never ignored.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from domain.lexicon import Match
from domain.triage_text import Reading

_STILL_URGENT: Final = frozenset({"EMG05", "EMG06", "EMG07", "EMG08"})
"""Kinds in which yesterday's fact is today's danger: a missing person, violence, a burglar, despair."""
_PERSONAL: Final = frozenset({"EMG06", "EMG08"})


class Danger(Enum):
    """What an emergency word turned out to be."""

    NOW = auto()
    PERHAPS = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    danger: Danger
    match: Match | None = None
    disarmed_by: str = ""


def find_danger(reading: Reading) -> Finding:
    """The gravest emergency of a text, or why its words are none."""
    best = Finding(Danger.NONE)
    for match in reading.matches:
        if not match.rule.emergency:
            continue
        circumstance = _circumstance(reading, match)
        if not circumstance:
            return Finding(Danger.NOW, match)
        if circumstance == "lately" and best.danger is Danger.NONE:
            best = Finding(Danger.PERHAPS, match, circumstance)
        elif best.match is None:
            best = Finding(Danger.NONE, match, circumstance)
    return best


def _circumstance(reading: Reading, match: Match) -> str:  # noqa: PLR0912 - a list of circumstances
    code, start, end = match.rule.code, match.start, match.end
    if reading.has("really"):
        return ""
    for frame in ("drill", "fiction"):
        if reading.has(frame):
            return frame
    if reading.has("strong_notice") or reading.count("notice") >= 3:
        return "notice"
    if reading.has("joke") and code != "EMG06":
        return "joke"
    if reading.count("trade") >= 2 or reading.count("ad") >= 2 or (reading.has("trade", "ad") and reading.has("ad")):
        return "trade"
    if reading.clause_before("maybe", start) or (code == "EMG03" and reading.clause_before("nearly", start)):
        return "maybe"
    now = reading.sentence_has("now", start, end)
    if reading.has("news") and not now:
        return "news"
    if reading.before("elsewhere", end) and (code not in _PERSONAL or reading.has("hearsay")):
        return "elsewhere"
    if reading.before("childhood", end) or reading.follows("then", end):
        return "long_ago"
    if reading.before("long_ago", start) and not now:
        return "long_ago"
    if reading.after("resolved", end) and not reading.after("unresolved", end):
        return "resolved"
    if reading.before("lately", start) and not now and code not in _STILL_URGENT:
        return "lately"
    return ""
