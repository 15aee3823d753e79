"""``triage corrections``: what leaders said against the triage, as labelled examples."""

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot.cli import call as calls
from bot.cli.database import opened
from domain.correction import example
from domain.evaluation import Labelled, shown
from storage import corrections as rows
from storage import rosters
from storage.corrections import Corrected
from texts.categories import load_categories

app = typer.Typer()


@app.command()
def corrections(ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """The latest correction of each ticket whose words are still kept."""
    call = calls.of(ctx)
    found = asyncio.run(examples(call))
    if as_json:
        for _, row in found:
            typer.echo(json.dumps(plain(row), ensure_ascii=False))
        return
    if not found:
        call.print(call.say("triage.no_corrections"))
        return
    heads = ("ticket", "at", "kind", "was", "now", "text")
    table = Table(*(Column(call.say(f"triage.head_{name}"), overflow="fold") for name in heads))
    for known, row in found:
        one = known.correction
        cells = (
            f"{one.ticket}",
            f"{one.at:%Y-%m-%d}",
            call.say(f"triage.kind_{one.kind}"),
            shown(one.was_act, one.was_code),
            shown(row.act, one.code),
            row.heard.text,
        )
        table.add_row(*map(Text, cells))
    Console().print(table)
    call.print(call.say("triage.corrections", count=len(found)))


async def examples(call: calls.Call) -> list[tuple[Corrected, Labelled]]:
    """Corrections with what they teach; without numbers of persons, and without the names of the roster."""
    config = call.config()
    async with opened(call, config) as database, database.read() as tx:
        known = await rosters.load(tx)
        names = {name for member in known.members.values() for name in (member.name, member.public_name) if name}
        return [
            (found, example(found.correction, found.words, found.place, load_categories(), names))
            async for found in rows.examples(tx)
        ]


def plain(row: Labelled) -> dict[str, Any]:
    """A labelled row as a line of the corpus."""
    place = row.place
    stated = {"building": place.building, "unit": place.unit, "room": place.room, "spot": place.spot}
    before = [{"who": "same" if e.mine else "other", "text": e.text} for e in row.heard.before]
    return {
        "id": row.id,
        "text": row.heard.text,
        **({"before": before} if before else {}),
        "intent": row.intent,
        "codes": list(row.codes),
        "urgency": row.urgency,
        "place": {name: value for name, value in stated.items() if value},
        "act": row.act,
    }
