"""Messages as JSON Lines: what was heard, and what a careful person says about it."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from domain.category import Urgency
from domain.evaluation import Labelled
from domain.place import Place
from domain.triage import Act, Earlier, Heard, Intent
from texts.categories import load_categories

LONGEST_LINE = 1024 * 1024
_T = TypeVar("_T")


class BadLine(Exception):
    """A line that is not what it should be; the message is a key of ``cli.triage``, ``line`` where it stands."""

    def __init__(self, key: str, line: int = 0) -> None:
        """The line is filled in by whoever counts."""
        super().__init__(key)
        self.key = key
        self.line = line


def numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines of a stream, one after the other and none longer than may be."""
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        yield number, raw


def parsed(raw: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; nothing for an empty line.

    Raises:
        BadLine: it is something else.

    """
    if len(raw) > LONGEST_LINE:
        raise BadLine("too_long")
    if not raw.strip():
        return None
    try:
        row = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadLine("not_json") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadLine("no_text")
    return row


def heard(row: dict[str, Any]) -> Heard:
    """What the ear is given of a row.

    Raises:
        BadLine: the surroundings are not what they should be.

    """
    before = row.get("before")
    if before is None:
        before = []
    if not isinstance(before, list) or not all(
        isinstance(one, dict) and one.get("who") in ("same", "other") and isinstance(one.get("text"), str)
        for one in before
    ):
        raise BadLine("before")
    if not all(isinstance(row.get(flag, False), bool) for flag in ("forwarded", "addressed")):
        raise BadLine("flag")
    earlier = tuple(Earlier(one["who"] == "same", one["text"]) for one in before)
    forwarded, addressed = row.get("forwarded", False), row.get("addressed", False)
    return Heard(row["text"], earlier, forwarded=forwarded, addressed=addressed)


def labelled(row: dict[str, Any]) -> Labelled:
    """A row with its labels.

    Raises:
        BadLine: a label is missing or unknown.

    """
    codes, place = row.get("codes"), row.get("place") or {}
    if not isinstance(codes, list) or not all(code in load_categories() for code in codes):
        raise BadLine("codes")
    if not isinstance(place, dict) or not all(value is None or isinstance(value, str) for value in place.values()):
        raise BadLine("place")
    return Labelled(
        str(row.get("id", "")),
        heard(row),
        _label(Intent, row, "intent"),
        tuple(codes),
        _label(Urgency, row, "urgency"),
        Place(*(place.get(name) or "" for name in ("building", "unit", "room", "spot"))),
        _label(Act, row, "act"),
    )


def _label(kind: Callable[[Any], _T], row: dict[str, Any], name: str) -> _T:
    try:
        return kind(row.get(name))
    except ValueError:
        raise BadLine(name) from None


def load(paths: Iterable[Path]) -> list[Labelled]:
    """All labelled rows of some files.

    Raises:
        BadLine: with its line; nothing is left out silently.
        OSError: a file cannot be read.

    """
    found: list[Labelled] = []
    for path in paths:
        with path.open("rb") as stream:
            for number, raw in numbered(stream):
                try:
                    row = parsed(raw)
                    if row is not None:
                        found.append(labelled(row))
                except BadLine as bad:
                    raise BadLine(bad.key, number) from None
    return found
