"""``triage eval``: how good the triage is on labelled messages, in figures with counts and intervals, and where it errs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot.cli import call as calls
from bot.config import POINTS, Config
from bot.triage import reports, rows
from domain.evaluation import Answer, Figure, Labelled, Name, Report, Slip, by_hand
from domain.evaluation import evaluate as count
from texts.ear import Ear

SHOWN = 200
"""Errors that are listed on a screen; ``--json`` has all."""


def evaluate(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument()],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    hands: Annotated[bool, typer.Option("--hands")] = False,
    texts: Annotated[bool, typer.Option("--texts")] = False,
) -> None:
    """All figures on one file."""
    call = calls.of(ctx)
    found = load(call, [file])
    ears = {point: Ear.load(caution=name) for point, name in POINTS.items()}
    here = point_of(call)
    answers = reports.answers(ears[here], found)
    curve = reports.curve(ears, found)
    split = by_hand(answers) if hands else {}
    if as_json:
        typer.echo(json.dumps(_plain(file.name, here, count(answers), curve, split), ensure_ascii=False, indent=1))
        return
    show_figures(call, {here: count(answers)}, call.say("triage.on", file=file.name, count=len(found), point=here))
    show_figures(call, curve, call.say("triage.curve"), short=True)
    if hands:
        show_figures(call, split, call.say("triage.hands"), short=True)
    show_faults(call, answers, texts=texts)


def point_of(call: calls.Call) -> str:
    """The operating point: of the configuration, where one is given, else the one a new community starts with."""
    return (call.config() if call.given else Config()).manners.caution


def load(call: calls.Call, files: Sequence[Path]) -> list[Labelled]:
    """Labelled rows, or one line of complaint."""
    try:
        found = rows.load(files)
    except rows.BadLine as bad:
        raise call.stop(f"triage.{bad.key}", 2, line=bad.line) from None
    except OSError as error:
        raise call.stop("triage.no_file", 2, path=error.filename, error=error.strerror or "") from None
    if not found:
        raise call.stop("triage.empty", 2)
    return found


def _plain(
    file: str, point: str, report: Report, curve: Mapping[str, Report], hands: Mapping[str, Report]
) -> dict[str, Any]:
    return {
        "file": file,
        "rows": report.rows,
        "point": point,
        "figures": reports.figures(report),
        "curve": {name: reports.figures(one) for name, one in curve.items()},
        **({"hands": {name: reports.figures(one) for name, one in hands.items()}} if hands else {}),
        "errors": [reports.fault(fault) for fault in report.faults],
    }


def show_figures(call: calls.Call, found: Mapping[str, Report], title: str, *, short: bool = False) -> None:
    """A table: one line for each figure, one column for each report. ``short``: where several stand side by side."""
    table = Table(call.say("triage.figure"), *(Column(name, justify="right") for name in found), title=title)
    for name in Name:
        cells = (cell(call, one.figures[name], short=short) for one in found.values())
        table.add_row(call.say(f"triage.figure_{name}"), *cells)
    Console().print(table)


def cell(call: calls.Call, figure: Figure, *, short: bool = False) -> str:
    """A figure as people read it."""
    if figure.share is None:
        return call.say("triage.no_case")
    low, high = figure.interval
    values = {"share": f"{figure.share:.3f}", "hits": figure.hits, "cases": figure.cases}
    if short:
        return call.say("triage.share_short", **values)
    return call.say("triage.share", **values, low=f"{low:.3f}", high=f"{high:.3f}")


def show_faults(call: calls.Call, answers: Sequence[Answer], *, texts: bool) -> None:
    """Every error by id. The texts stay where they are unless somebody who has them asks."""
    faults = count(answers).faults
    by_id = {row.id: row.heard.text for row, _ in answers}
    heads = ["id", "slip", "answered", "expected", *(["text"] if texts else [])]
    table = Table(*(Column(call.say(f"triage.head_{name}"), overflow="fold") for name in heads))
    for fault in faults[:SHOWN]:
        cells = [fault.id, call.say(f"triage.slip_{fault.slip}"), fault.answered, fault.expected]
        table.add_row(*map(Text, [*cells, *([by_id[fault.id]] if texts else [])]))
    Console().print(table)
    sums = "，".join(f"{call.say(f'triage.slip_{s}')} {n}" for s in Slip if (n := sum(f.slip is s for f in faults)))
    call.print(call.say("triage.faults", count=len(faults), sums=sums))
