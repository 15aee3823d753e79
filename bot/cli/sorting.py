"""``triage``: its verbs and where each lives. ``classify`` is started for a handful of lines and must not load what others need."""

from collections.abc import Mapping
from typing import ClassVar

import typer

from bot.cli.lazy import Lazy


class Triage(Lazy):
    """The verbs below ``triage``."""

    verbs: ClassVar[Mapping[str, str]] = {
        "classify": "bot.cli.classifying",
        "eval": "bot.cli.judging",
        "corrections": "bot.cli.learning",
        "versions": "bot.cli.weighing",
        "use": "bot.cli.weighing",
        "train": "bot.cli.weighing",
        "folds": "bot.cli.weighing",
    }
    path: ClassVar[str] = "triage_"


app = typer.Typer()
triage = typer.Typer(cls=Triage)
app.add_typer(triage, name="triage")
