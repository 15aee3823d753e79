"""The category table as community staff keep it (``texts/heard/categories.toml``), read once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.category import Category, Kind, Urgency

HEARD: Final = Path(__file__).parent / "heard"
_KINDS: Final[Mapping[str, Kind]] = {"Q": "question", "W": "wish", "I": "archive", "-": "followup"}


@cache
def load_categories() -> Mapping[str, Category]:
    """All 80 rows by code, in the order of the file."""
    rows = tomllib.loads((HEARD / "categories.toml").read_text("utf-8"))
    return MappingProxyType(
        {
            code: Category(
                code=code,
                top=row["top"],
                name=row["name"],
                urgency=Urgency.NONE if row["sla"] == "-" else Urgency(row["sla"]),
                party=row["party"],
                hotlines=tuple(row["hotlines"]),
                basis=row["basis"],
                private=row.get("private", False),
                kind=_KINDS.get(row["sla"], "ticket"),
            )
            for code, row in rows.items()
        }
    )
