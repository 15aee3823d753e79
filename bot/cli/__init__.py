"""``dangxiaoqi``: one verb, one module. A verb's module is loaded when the verb is used (``bot.cli.lazy``), so that help is quick."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer import rich_utils
from typing_extensions import override

from bot.cli.lazy import Lazy, dress
from bot.cli.stop import Stop
from texts.sentences import Sentences

VERBS = {
    "run": "bot.cli.running",
    "demo": "bot.cli.running",
    "init": "bot.cli.making",
    "check": "bot.cli.checking",
    "doctor": "bot.cli.doctoring",
    "migrate": "bot.cli.migrating",
    "backup": "bot.cli.backing",
    "restore": "bot.cli.backing",
    "keys": "bot.cli.keying",
    "audit": "bot.cli.auditing",
    "import": "bot.cli.importing",
    "export": "bot.cli.exporting",
    "replay": "bot.cli.replaying",
    "triage": "bot.cli.sorting",
    "roster": "bot.cli.rosters",
}
"""Every verb and the module it lives in."""


class Verbs(Lazy):
    """The table above as a command group; its faults are one Chinese line each."""

    verbs = VERBS

    @override
    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **__: Any) -> Any:
        """Run and leave with a code; never with a traceback for what a person did."""
        said = Sentences.load()
        dress(self, "root", said)
        rich_utils.ARGUMENTS_PANEL_TITLE = said.say("cli.panel.arguments")
        rich_utils.OPTIONS_PANEL_TITLE = said.say("cli.panel.options")
        rich_utils.COMMANDS_PANEL_TITLE = said.say("cli.panel.commands")
        words = list(sys.argv[1:] if args is None else args) or ["--help"]
        try:
            code = super().main(words, "dangxiaoqi", standalone_mode=False)
        except Stop as stop:
            typer.echo(str(stop), err=True)
            sys.exit(stop.code)
        except typer.TyperException as error:
            typer.echo(_misused(error), err=True)
            sys.exit(2)
        except typer.Abort:
            typer.echo(said.say("cli.aborted"), err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(cls=Verbs, add_completion=False)


@app.callback()
def _root(ctx: typer.Context, config: Annotated[Path, typer.Option()] = Path("config.toml")) -> None:
    ctx.obj = config


def main() -> None:
    """The console script."""
    typer.main.get_command(app).main()


def _misused(error: typer.TyperException) -> str:
    """A usage error of typer's in one Chinese line."""
    said = Sentences.load()
    ctx = getattr(error, "ctx", None)
    param = getattr(error, "param", None)
    name = getattr(error, "option_name", "") or (param.get_error_hint().strip("'") if param is not None else "")
    key = f"cli.usage.{type(error).__name__}"
    path = ctx.command_path if ctx is not None else "dangxiaoqi"
    return said.say(key if key in said else "cli.usage.any", name=name, command=path)
