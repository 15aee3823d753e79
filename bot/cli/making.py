"""``init``: a checked ``config.toml`` that only its owner can read."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.fernet import Fernet
from rich.prompt import Confirm, Prompt

from bot import config as configuration
from bot.cli import call as calls
from bot.cli.stop import Stop

app = typer.Typer()


@app.command()
def init(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option()] = None,
    token: Annotated[str | None, typer.Option()] = None,
    zone: Annotated[str | None, typer.Option()] = None,
    region: Annotated[str | None, typer.Option()] = None,
    storage_url: Annotated[str | None, typer.Option()] = None,
    yes: Annotated[bool, typer.Option("--yes")] = False,
    force: Annotated[bool, typer.Option("--force")] = False,
    print_key: Annotated[bool, typer.Option("--print-key")] = False,
) -> None:
    """Ask what has no default, check everything, write it."""
    call = calls.of(ctx)
    if print_key:
        typer.echo(Fernet.generate_key().decode())
        return
    if call.path.exists() and not force and (yes or not Confirm.ask(call.say("init.overwrite", path=call.path))):
        raise call.stop("init.exists", path=call.path)

    def ask(what: str, given: str | None, default: str) -> str:
        if given is not None or yes:
            return default if given is None else given
        return Prompt.ask(call.say(f"init.ask_{what}"), default=default, password=what == "token")

    basic = configuration.Community()
    raw: dict[str, Any] = {
        "community": {
            "name": ask("name", name, basic.name),
            "zone": ask("zone", zone, basic.zone),
            "region": ask("region", region, basic.region),
        },
        "storage": {"url": ask("storage_url", storage_url, configuration.StorageSection().url)},
        "secrets": {"keys": [Fernet.generate_key().decode()]},
    }
    if found := ask("token", token, ""):
        raw["telegram"] = {"token": found}
    try:
        config = configuration.check(raw, call.said)
    except configuration.ConfigFault as fault:
        raise Stop(str(fault), 2) from None
    _write(call, call.path, _toml(call, raw))
    call.print(call.say("init.done", path=call.path))
    if config.telegram is not None and config.community.region == "CN":
        call.print(call.said.say("check.region"))


def _toml(call: calls.Call, raw: dict[str, Any]) -> str:
    """JSON's strings and lists are TOML's, too."""
    lines = [call.say("init.head")]
    for section, values in raw.items():
        lines += ["", f"[{section}]"]
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _write(call: calls.Call, path: Path, text: str) -> None:
    """Beside the old one first: the file is never half written and never readable by others, not even for a moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise call.stop("cannot_write", path=path, error=error.strerror or "") from None
