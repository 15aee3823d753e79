"""The prepared day: who says or presses what, one step after the other."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``where`` is empty for the group; ``presses`` is the label of a button that somebody has been sent.

    ``pause``: seconds before it at normal speed. ``quotes``: the words of the message this one answers.
    """

    who: str
    where: str = ""
    says: str = ""
    presses: str = ""
    photo: str = ""
    quotes: str = ""
    pause: float = 2.0


def read_day() -> tuple[Step, ...]:
    """The steps of ``day.toml``, in order."""
    raw: list[dict[str, Any]] = tomllib.loads((HERE / "day.toml").read_text(encoding="utf-8"))["step"]
    return tuple(_step(row) for row in raw)


def _step(row: dict[str, Any]) -> Step:
    private = row.get("in") == "private"
    fields = {key: value for key, value in row.items() if key != "in"}
    return Step(where=row["who"] if private else "", **fields)
