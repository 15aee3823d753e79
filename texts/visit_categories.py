"""The kinds of must-visit households as community staff keep them (``texts/heard/visit_categories.toml``), read once."""

import tomllib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from domain.cadence import Cadence, Unit
from domain.visit import Category, Mode
from texts.categories import HEARD

_FILE = HEARD / "visit_categories.toml"
_ANCHORS = {"period": "", "rolling": "~"}


@cache
def load_visit_categories() -> Mapping[str, Category]:
    """All rows by key, in the order of the file."""
    rows = tomllib.loads(_FILE.read_text("utf-8"))
    return MappingProxyType(
        {
            key: Category(
                key=key,
                name=row["name"],
                cadence=Cadence.of(row["cadence"] + _ANCHORS[row.get("anchor", "period")]),
                modes=frozenset(Mode(mode) for mode in row["modes"]),
                high_risk=row.get("high_risk", False),
                need_code=row["need"],
                before_days=row.get("before_days", 0),
                grace_days=row.get("grace_days", 0),
                weight=row.get("weight", 1),
                needs_consent=row.get("needs_consent", True),
                within_hours=row.get("within_hours", 0),
            )
            for key, row in rows.items()
        }
    )


@cache
def load_event_words() -> Mapping[str, str]:
    """What a leader may call an event → its key."""
    rows = tomllib.loads(_FILE.read_text("utf-8"))
    events = {key: row for key, row in rows.items() if row["cadence"] == Unit.EVENT}
    return MappingProxyType(
        {word: key for key, row in events.items() for word in (row["name"], *row.get("words", "").split())}
    )


@cache
def load_note_words() -> tuple[str, ...]:
    """Words of a medical history, which does not belong into a note (``texts/heard/note_words.toml``)."""
    return tuple(tomllib.loads((HEARD / "note_words.toml").read_text("utf-8"))["medical"])


def visit_category(key: str) -> Category:
    """A row by its key; one that staff have taken out since is visited on as it was, by every mode."""
    return load_visit_categories().get(key) or Category(
        key, key, Cadence(Unit.EVENT), frozenset(Mode), high_risk=False, need_code=""
    )
