"""``roster``: its verbs and where each lives."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from bot.cli.lazy import Lazy


class Roster(Lazy):
    """The verbs below ``roster``."""

    verbs: ClassVar[Mapping[str, str]] = {"suggest": "bot.cli.suggesting", "who": "bot.cli.rostering"}
    path: ClassVar[str] = "roster_"


app = typer.Typer()
roster = typer.Typer(cls=Roster)
app.add_typer(roster, name="roster")
