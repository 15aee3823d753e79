"""The six kinds of must-visit households as community staff keep them (``texts/heard/visit_categories.toml``), read once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from domain.visit import Category
from texts.categories import HEARD


@cache
def load_visit_categories() -> Mapping[str, Category]:
    """All rows by key, in the order of the file."""
    rows = tomllib.loads((HEARD / "visit_categories.toml").read_text("utf-8"))
    return MappingProxyType(
        {
            key: Category(
                key=key,
                name=row["name"],
                every_days=row["every_days"],
                modes=tuple(row["modes"]),
                high_risk=row.get("high_risk", False),
                need_code=row["need"],
            )
            for key, row in rows.items()
        }
    )
