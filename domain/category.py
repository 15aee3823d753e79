"""类目: what kind of matter a message is about, and what its kind demands.

The rows come from the community's taxonomy (14 classes, 80 sub-classes) and live in ``texts/heard/categories.toml``;
this module only says what a row is.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Kind = Literal["ticket", "question", "wish", "archive", "followup"]


class Urgency(StrEnum):
    """The service-level class (domain reference, section 4)."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    Q = "Q"
    W = "W"
    I = "I"  # noqa: E741 - the taxonomy's own letter for "archive with thanks"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Category:
    """One second-level row: who is responsible, how fast, and whether a group may see it."""

    code: str
    top: str
    name: str
    urgency: Urgency
    party: str
    hotlines: tuple[str, ...]
    basis: str
    private: bool
    kind: Kind
