"""``replay FILE``: what 党小栖 would have done in this chat. The real handlers, a database that is thrown away, a fake clock."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot import logs
from bot.app import House, house, read_clock
from bot.cli import call as calls
from bot.cli.rehearsal import Outcome, Rehearsal
from bot.cli.transcript import Said, Unclear, parse, start_at
from bot.config import Config, StorageSection
from bot.sheets.decoding import Undecodable, decode
from bot.sheets.reading import MOST_BYTES
from bot.triage.versions import Store

app = typer.Typer()


@app.command()
def replay(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument()],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    start: Annotated[str | None, typer.Option()] = None,
) -> None:
    """One line for each message, and the sums."""
    call = calls.of(ctx)
    logs.configure()
    config = call.config() if call.given else Config()
    said = _read(call, file, _start(call, config, start))
    outcomes = asyncio.run(_play(call, config, said))
    if as_json:
        for outcome in outcomes:
            typer.echo(json.dumps(asdict(outcome), ensure_ascii=False))
    else:
        _show(call, outcomes)


def _start(call: calls.Call, config: Config, text: str | None) -> datetime:
    zone = ZoneInfo(config.community.zone)
    if text is None:
        return datetime.combine(read_clock().astimezone(zone), time(8), zone)
    try:
        return start_at(text, zone)
    except ValueError:
        raise call.stop("replay.bad_start", 2, text=text[:40]) from None


def _read(call: calls.Call, file: Path, start: datetime) -> list[Said]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise call.stop("replay.too_big", 2)
        found = parse(decode(file.read_bytes()), start)
    except OSError as error:
        raise call.stop("replay.no_file", 2, path=file, error=error.strerror or "") from None
    except Undecodable:
        raise call.stop("replay.encoding", 2) from None
    except Unclear as unclear:
        raise call.stop(f"replay.{unclear.key}", 2, line=unclear.line) from None
    if not found:
        raise call.stop("replay.empty", 2)
    return found


async def _play(call: calls.Call, config: Config, said: Sequence[Said]) -> list[Outcome]:
    with TemporaryDirectory(prefix="dangxiaoqi-") as folder:
        own = StorageSection(url=f"sqlite:///{folder}/replay.db")
        clock = [said[0].at]
        weights = config.triage.model_copy(update={"models": str(Store.of(config).folder)})
        settings = config.model_copy(update={"storage": own, "telegram": None, "triage": weights})
        async with house(settings, now=lambda: clock[0]) as home:
            return await _rehearse(call, home, clock, said)


async def _rehearse(call: calls.Call, home: House, clock: list[datetime], said: Sequence[Said]) -> list[Outcome]:
    stage = await Rehearsal.open(home)
    found = []
    with call.progress() as progress:
        for one in progress.track(said, description=call.say("replay.playing")):
            clock[0] = max(clock[0], one.at)
            found.append(await stage.hear(one))
    return found


def _show(call: calls.Call, outcomes: Sequence[Outcome]) -> None:
    heads = [Column(call.say(f"replay.head_{name}"), overflow="fold") for name in ("at", "who", "text", "did", "group")]
    table = Table(*heads, show_lines=True)
    styles = {"alert": "bold red", "ticket": "green", "joined": "cyan", "asked": "yellow", "broken": "bold red"}
    for one in outcomes:
        did = call.say(f"replay.did_{one.did}", number=one.number or 0, part=one.part)
        about = " ".join(filter(None, (one.category, one.place, one.urgency)))
        # Text, because people write brackets and rich would read them as markup
        cells = (one.at[11:16], one.who, one.text, f"{did} {about}".strip(), "\n".join(one.group))
        table.add_row(*(Text(cell, style=styles.get(one.did, "") if at == 3 else "") for at, cell in enumerate(cells)))
    Console().print(table)
    kinds = ("alert", "ticket", "joined", "asked", "said", "silent", "broken")
    counts = {kind: sum(one.did == kind for one in outcomes) for kind in kinds}
    call.print(call.say("replay.sum", total=len(outcomes), **counts))
