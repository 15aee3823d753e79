"""Files of learned weights: plain JSON, packed, written by ``texts.training`` and read at start."""

import gzip
import json
import sys
from array import array
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from domain.linear import Linear, Table
from domain.triage_judge import Learned

SHIPPED: Final = Path(__file__).parent / "heard" / "model" / "triage.json.gz"
FORMAT: Final = 1


class ModelError(ValueError):
    """A file that is no model, or one of another program; says which."""


@dataclass(frozen=True, slots=True)
class About:
    """Where weights come from: a name, the day they were made (ISO), how many labelled messages, and measured shares."""

    name: str
    made: str
    rows: int
    corrections: int
    figures: dict[str, float]


def save(path: Path, learned: Learned, about: About) -> None:
    """Write a model. The same weights give the same bytes."""
    linear = learned.linear
    body = {
        "format": FORMAT,
        "about": asdict(about),
        "first_bias": list(linear.first_bias),
        "heads": list(linear.heads),
        "bias": list(linear.bias),
        "pieces": _packed(linear.pieces),
        "facts": _packed(linear.facts),
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _read(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError) as error:
        raise ModelError(path.name) from error
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise ModelError(path.name)
    return body


def about(path: Path) -> About:
    """What a file says of itself.

    Raises:
        ModelError: it is no model of this program.

    """
    return About(**_read(path)["about"])


@cache
def load(path: Path = SHIPPED) -> Learned:
    """The weights in a file.

    Raises:
        ModelError: it is no model of this program.

    """
    body = _read(path)
    tables = (_table(body["pieces"]), _table(body["facts"]))
    linear = Linear(tuple(body["first_bias"]), body["heads"], body["bias"], *tables)
    return Learned(linear, body["about"]["name"])


_PARTS: Final = {"starts": "I", "heads": "B", "weights": "f"}
"""Columns of a table and how their numbers are kept: a hundred thousand Python numbers would cost a second at every start."""


def _packed(table: Table) -> dict[str, Any]:
    columns = {part: _text(array(kind, getattr(table, part))) for part, kind in _PARTS.items()}
    return {"names": "\n".join(table.names), "first": [table.first[name] for name in table.names], **columns}


def _table(packed: dict[str, Any]) -> Table:
    names = packed["names"].split("\n")
    starts, heads, weights = (_column(kind, packed[part]) for part, kind in _PARTS.items())
    return Table(names, dict(zip(names, packed["first"], strict=True)), starts, heads, weights)


def _text(column: "array[Any]") -> str:
    if sys.byteorder == "big":
        column.byteswap()
    return b64encode(column.tobytes()).decode()


def _column(kind: str, text: str) -> "array[Any]":
    column = array(kind)
    column.frombytes(b64decode(text))
    if sys.byteorder == "big":
        column.byteswap()
    return column
