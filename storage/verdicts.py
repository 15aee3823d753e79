"""A verdict as JSON: what a ticket or an open question keeps of why the triage decided as it did."""

from typing import Any

from domain.category import Urgency
from domain.place import Place
from domain.triage import Act, Intent, Reason, Verdict


def packed(verdict: Verdict | None) -> dict[str, Any] | None:
    """Plain values. The words in it are those of the message, so it is erased when they are."""
    if verdict is None:
        return None
    place = verdict.place
    return {
        "act": verdict.act,
        "intent": verdict.intent,
        "code": verdict.code,
        "codes": list(verdict.codes),
        "urgency": verdict.urgency,
        "place": [place.building, place.unit, place.room, place.spot],
        "confidence": round(verdict.confidence, 3),
        "reasons": [[r.rule, list(r.words), round(r.weight, 3)] for r in verdict.reasons],
        "runner_up": verdict.runner_up,
    }


def unpacked(kept: dict[str, Any] | None) -> Verdict | None:
    """Back again."""
    if not kept:
        return None
    return Verdict(
        act=Act(kept["act"]),
        intent=Intent(kept["intent"]),
        code=kept["code"],
        codes=tuple(kept["codes"]),
        urgency=Urgency(kept["urgency"]),
        place=Place(*kept["place"]),
        confidence=kept["confidence"],
        reasons=tuple(Reason(rule, tuple(words), weight) for rule, words, weight in kept["reasons"]),
        runner_up=kept["runner_up"],
    )
