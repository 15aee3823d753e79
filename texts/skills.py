"""What volunteers can do, as community staff keep it (``texts/heard/skills.toml``), read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from texts.categories import HEARD


@dataclass(frozen=True, slots=True)
class Skill:
    """``words``: other ways to say it; ``codes``: the categories it helps with, whole or by their three letters."""

    key: str
    name: str
    words: tuple[str, ...]
    codes: tuple[str, ...]


@cache
def load_skills() -> Mapping[str, Skill]:
    """All rows by key, in the order of the file."""
    rows = tomllib.loads((HEARD / "skills.toml").read_text("utf-8"))
    return MappingProxyType(
        {key: Skill(key, row["name"], tuple(row["words"]), tuple(row["codes"])) for key, row in rows.items()}
    )


def fitting(code: str) -> dict[str, str]:
    """The skills that help with a category: key and name."""
    return {s.key: s.name for s in load_skills().values() if code in s.codes or code[:3] in s.codes}


def skill_of(word: str) -> str | None:
    """The key of a skill as people name it."""
    return next((s.key for s in load_skills().values() if word == s.name or word in s.words), None)
