"""Why a pairing is as it is, in words: from the reason that stands beside it in ``pairings``."""

from collections.abc import Mapping
from typing import Any

from domain.roster import Grid, PairRole
from domain.suggestion import nearness
from texts.sentences import Sentences


def why(said: Sentences, grid: Grid, role: PairRole, reason: Mapping[str, Any]) -> str:
    """离得近（同单元），现有 8 户…… For those who keep the roster; it names others, so it is not for a group."""
    if "why" in reason:
        nobody = said.say(f"pairing.nobody_{reason['why']}")
        return said.say("pairing.still", why=nobody) if reason["stays"] else nobody
    load = said.say(f"pairing.load_{role}", before=reason["load_before"], after=reason["load_after"])
    return said.say(
        "pairing.stays" if reason["continuity"] else "pairing.why",
        near=_near(said, reason["distance"]),
        load=load,
        next=_next(said, grid, reason["next"]),
    )


def _next(said: Sentences, grid: Grid, other: Mapping[str, Any] | None) -> str:
    if other is None:
        return said.say("pairing.alone")
    near, who = _near(said, other["distance"]), name(said, grid, other["member"])
    return said.say(f"pairing.next_{other['why']}", name=who, near=near, load=other["load"])


def name(said: Sentences, grid: Grid, member_id: int) -> str:
    """His name; he may have left since."""
    member = grid.member(member_id)
    return said.say("pairing.left") if member is None else member.name


def _near(said: Sentences, distance: int) -> str:
    return said.say(f"pairing.near_{nearness(distance)}")
