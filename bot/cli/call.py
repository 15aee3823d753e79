"""What most verbs need: the configuration, somewhere to print. The database is ``bot.cli.database``."""

import stat
from dataclasses import dataclass, field
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from bot.cli.stop import Stop
from bot.config import Config, ConfigFault, load
from texts.sentences import Sentences


@dataclass(frozen=True)
class Call:
    """One call of the program. ``path`` is the configuration file, whether or not there is one."""

    path: Path
    given: bool
    said: Sentences
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def say(self, key: str, **values: object) -> str:
        """A sentence of ``cli.toml``."""
        return self.said.say(f"cli.{key}", **values)

    def stop(self, key: str, code: int = 1, **values: object) -> Stop:
        """The end of this call, to be raised."""
        return Stop(self.say(key, **values), code)

    def config(self) -> Config:
        """The configuration, checked."""
        try:
            return load(self.path, self.said)
        except ConfigFault as fault:
            raise Stop(str(fault)) from None
        except OSError as error:
            raise self.stop("no_config", path=self.path, error=error.strerror or "") from None

    def settings(self) -> Config:
        """The configuration where there is one, else what a new community starts with."""
        return self.config() if self.given or self.path.exists() else Config()

    def is_open(self) -> bool:
        """Whether others on this machine can read or change the configuration."""
        return bool(self.path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))

    def progress(self) -> Progress:
        """A bar on standard error, where somebody watches it."""
        console = Console(stderr=True)
        return Progress(console=console, transient=True, disable=not console.is_terminal)

    def print(self, text: str, *, style: str = "") -> None:
        """A line for people. Never read as markup: a name may hold brackets."""
        self.console.print(text, style=style or None, markup=False)


def of(ctx: typer.Context) -> Call:
    """The call a command belongs to."""
    root = ctx.find_root()
    source = root.get_parameter_source("config")
    return Call(root.obj, source is not None and source.name != "DEFAULT", Sentences.load())
