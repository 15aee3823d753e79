"""The sentences 党小栖 says, by key, from ``texts/said/*.toml``."""

import string
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "said"


class Sentences:
    """All sentences. A key that does not exist or a value that is missing is a bug and raises ``KeyError``."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        """``sentences``: key to template with ``{name}`` placeholders."""
        self._sentences = dict(sentences)

    @classmethod
    def load(cls, folder: Path = HERE) -> "Sentences":
        """Read every file of the folder; the file name is the first part of the key."""
        found: dict[str, str] = {}
        for path in sorted(folder.glob("*.toml")):
            found.update(_flat(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))))
        return cls(found)

    def say(self, key: str, **values: object) -> str:
        """The sentence, filled in. Values are put in as they are: they cannot bring placeholders of their own."""
        return self._sentences[key].format_map(values)

    def __contains__(self, key: str) -> bool:
        """Whether there is such a sentence."""
        return key in self._sentences

    def names(self) -> list[str]:
        """All keys, for the guards."""
        return sorted(self._sentences)

    def placeholders(self, key: str) -> set[str]:
        """The names a sentence wants."""
        return {name for _, name, _, _ in string.Formatter().parse(self._sentences[key]) if name}


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, str):
            yield f"{prefix}.{name}", value.strip("\n")
        else:
            yield from _flat(f"{prefix}.{name}", value)
