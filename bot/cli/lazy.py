"""Groups of verbs whose modules are loaded when a verb is used, not before: nicegui, telegram and jieba cost seconds."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from bot.cli.stop import Stop
from texts.sentences import Sentences


class Lazy(TyperGroup):
    """A command group that is a table.

    ``verbs``: every verb and the module it lives in; each module has a ``typer.Typer`` named ``app`` with the verb in it.
    ``path``: what stands before a verb in the keys of its help.
    """

    verbs: ClassVar[Mapping[str, str]]
    path: ClassVar[str] = ""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.verbs)

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """For the list of verbs a line of help is enough."""
        if cmd_name not in self.verbs:
            return None
        return TyperCommand(cmd_name, help=Sentences.load().say(f"cli.help.{self.path}{cmd_name}"))

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The verb itself, with everything it needs."""
        if args[0] not in self.verbs:
            known = "、".join(self.verbs)
            raise Stop(Sentences.load().say("cli.no_verb", verb=args[0][:40], verbs=known), 2)
        return args[0], self._load(args[0]), args[1:]

    def _load(self, verb: str) -> Any:
        """The one place where a verb's module is imported: what other verbs need costs seconds that this one must not."""
        module = import_module(self.verbs[verb])
        command = typer.main.get_group(module.app).commands[verb]
        dress(command, f"{self.path}{verb}", Sentences.load())
        return command


def dress(command: Any, path: str, said: Sentences) -> None:
    """Put the help texts on a command, its options and the commands below it."""
    if path != "root":
        command.help = said.say(f"cli.help.{path}")
    for param in command.params:
        param.help = said.say(f"cli.option.{param.name}")
    for name, below in getattr(command, "commands", {}).items():
        dress(below, f"{path}_{name}", said)
