"""``triage eval``: how good the triage is on labelled messages, in figures with counts and intervals, and where it errs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot.cli import call as calls
from bot.config import POINTS, Config
from bot.triage import confidence, corpus, reports, rows
from bot.triage.page import SWEPT, page, strict
from bot.triage.versions import NoSuchVersion, Store
from domain.calibration import Calibration, Head, calibrate
from domain.evaluation import Answer, Change, Figure, Labelled, Name, Report, Slip, by_chance, by_hand, compare
from domain.evaluation import evaluate as count
from domain.triage_judge import Point
from texts.ear import Ear
from texts.learned import SHIPPED, ModelError
from texts.learned import load as weights

app = typer.Typer()
SHOWN = 200
"""Errors that are listed on a screen; ``--json`` has all."""


@app.command("eval")
def evaluate(
    ctx: typer.Context,
    what: Annotated[list[str] | None, typer.Argument(metavar="[FILE] | A B")] = None,
    on: Annotated[Path | None, typer.Option("--on")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    hands: Annotated[bool, typer.Option("--hands")] = False,
    texts: Annotated[bool, typer.Option("--texts")] = False,
    markdown: Annotated[bool, typer.Option("--markdown")] = False,
) -> None:
    """All figures on one file, by default the held-out part of the corpus; or two versions of the weights side by side."""
    call = calls.of(ctx)
    words = what or []
    if len(words) > 2 or (len(words) == 1 and on is not None):
        raise call.stop("triage.eval_usage", 2)
    files = [Path(words[0])] if len(words) == 1 else [on] if on is not None else corpus.held_out()
    found = load(call, files)
    title = files[0].name if len(files) == 1 else call.say("triage.held_out")
    if len(words) == 2:
        _side_by_side(call, words[0], words[1], found, as_json=as_json)
        return
    model = SHIPPED if markdown else store(call).usable()[0]
    ears = {point: Ear.load(caution=name, model=model) for point, name in POINTS.items()}
    here = Config().manners.caution if markdown else point_of(call)
    answers = reports.answers(ears[here], found)
    curve = reports.curve(ears, found)
    sweep, sure = reports.sweep(ears[here], weights(model), found), calibrate(answers)
    split = by_hand(answers) if hands or markdown else {}
    if markdown:
        typer.echo(page(call.said, here, curve, sweep, sure, split), nl=False)
        return
    if as_json:
        plain = _plain(title, here, count(answers), curve, sweep, sure, split)
        typer.echo(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    show_figures(call, {here: count(answers)}, call.say("triage.on", file=title, count=len(found), point=here))
    show_figures(call, curve, call.say("triage.curve"), short=True)
    _show(call.say("triage.sweep"), *_swept(call, sweep))
    _show(call.say("triage.calibration"), *confidence.summary(call.said, sure))
    _show("", *confidence.bins(call.said, sure))
    if hands:
        show_figures(call, split, call.say("triage.hands"), short=True)
    show_faults(call, answers, texts=texts)


def _side_by_side(call: calls.Call, was: str, now: str, found: Sequence[Labelled], *, as_json: bool) -> None:
    kept = store(call)
    try:
        before, after = (count(reports.answers(ear(call, kept.path(name)), found)) for name in (was, now))
    except NoSuchVersion as missing:
        known = "、".join(version.name for version in kept.listed())
        raise call.stop("triage.no_version", 2, name=str(missing)[:40], known=known) from None
    except ModelError as bad:
        raise call.stop("triage.bad_version", 2, name=str(bad)[:40]) from None
    change = compare(before, after)
    if not as_json:
        show_change(call, was, now, change)
        return
    plain = {
        "rows": before.rows,
        "figures": {was: reports.figures(before), now: reports.figures(after)},
        "mended": [reports.fault(fault) for fault in change.mended],
        "broken": [reports.fault(fault) for fault in change.broken],
    }
    typer.echo(json.dumps(plain, ensure_ascii=False, indent=1))


def show_change(call: calls.Call, was: str, now: str, change: Change) -> None:
    """Two versions: their figures, and of each kind of error how many are gone and how many are new."""
    show_figures(call, {was: change.before, now: change.after}, call.say("triage.versus"), short=True)
    for slip in Slip:
        mended = sum(fault.slip is slip for fault in change.mended)
        broken = sum(fault.slip is slip for fault in change.broken)
        if mended or broken:
            name, chance = call.say(f"triage.slip_{slip}"), f"{by_chance(mended, broken):.2f}"
            call.print(call.say("triage.changed", name=name, mended=mended, broken=broken, chance=chance))
    for fault in change.broken[:SHOWN]:
        slip_name = call.say(f"triage.slip_{fault.slip}")
        call.print(
            call.say("triage.new_fault", id=fault.id, slip=slip_name, answered=fault.answered, expected=fault.expected)
        )


def store(call: calls.Call) -> Store:
    """The versions of this community."""
    return Store.of(call.settings())


def ear(call: calls.Call, model: Path) -> Ear:
    """An ear with these weights at the configured operating point."""
    return Ear.load(caution=POINTS[point_of(call)], model=model)


def point_of(call: calls.Call) -> str:
    """The operating point: of the configuration, where one is given, else the one a new community starts with."""
    return call.settings().manners.caution


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
    file: str,
    point: str,
    report: Report,
    curve: Mapping[str, Report],
    sweep: Sequence[tuple[Point, Report]],
    sure: Mapping[Head, Calibration],
    hands: Mapping[str, Report],
) -> dict[str, Any]:
    return {
        "file": file,
        "rows": report.rows,
        "point": point,
        "figures": reports.figures(report),
        "curve": {name: reports.figures(one) for name, one in curve.items()},
        "sweep": [{"point": asdict(at), "figures": reports.figures(one)} for at, one in sweep],
        "calibration": reports.calibration(sure),
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


def _swept(call: calls.Call, sweep: Sequence[tuple[Point, Report]]) -> tuple[list[str], list[list[str]]]:
    heads = [call.say("triage.strict"), *(call.say(f"triage.figure_{name}") for name in SWEPT)]
    rows = [[strict(call.said, at), *(cell(call, one.figures[n], short=True) for n in SWEPT)] for at, one in sweep]
    return heads, rows


def _show(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(*heads, title=title)
    for cells in rows:
        table.add_row(*cells)
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
