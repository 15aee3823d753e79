"""``triage versions``, ``use``, ``train``: the learned weights of a community - listed, chosen, made from its own examples."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from bot.app import read_clock
from bot.cli import call as calls
from bot.cli import judging, learning
from bot.cli.database import is_missing
from bot.triage import corpus, orders, reports
from bot.triage.rows import BadLine
from bot.triage.versions import BUILT_IN, NoSuchVersion, Version
from domain.evaluation import Labelled, Name, compare
from domain.evaluation import evaluate as count
from texts.ear import Ear
from texts.learned import About, ModelError, save

app = typer.Typer()
_T = TypeVar("_T")
CORRECTION_WEIGHT = 3.0
"""A leader's correction is about this community, and about a message the weights got wrong: it counts for three examples."""
_TOLD = (Name.P0_RECALL, Name.REACHED, Name.PRECISION, Name.PEACE, Name.CODE)


@app.command()
def versions(ctx: typer.Context) -> None:
    """All versions: when made, from how many examples, how good, which one is in use."""
    call = calls.of(ctx)
    for version in judging.store(call).listed():
        call.print(_line(call, version), style="bold" if version.in_use else "")


def _line(call: calls.Call, version: Version) -> str:
    name = call.say("triage.in_use", name=version.name) if version.in_use else version.name
    found = version.about
    if found is None:
        return call.say("triage.unusable", name=name)
    shares = [(figure, found.figures.get(figure.value)) for figure in _TOLD]
    told = "，".join(f"{call.say(f'triage.figure_{name}')} {share:.3f}" for name, share in shares if share is not None)
    made = call.say("triage.rows", rows=found.rows, corrections=found.corrections)
    return call.say("triage.version", name=name, made=found.made, rows=made, figures=told)


@app.command()
def use(ctx: typer.Context, version: Annotated[str, typer.Argument()]) -> None:
    """Choose a version, forward or back; the running program takes it with its next start."""
    call = calls.of(ctx)
    try:
        judging.store(call).use(version)
    except NoSuchVersion:
        raise call.stop("triage.no_version", 2, name=version[:40], known=known(call)) from None
    except ModelError:
        raise call.stop("triage.bad_version", 2, name=version[:40]) from None
    call.print(call.say("triage.used", name=version))


def known(call: calls.Call) -> str:
    """The names of all versions."""
    return "、".join(version.name for version in judging.store(call).listed())


@app.command()
def train(
    ctx: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument()] = None,
    name: Annotated[str, typer.Option("--as")] = "",
) -> None:
    """Learn from the project's corpus, the leaders' corrections and a community's old orders; tell what it changes."""
    call = calls.of(ctx)
    config = call.settings()
    kept = judging.store(call)
    today = read_clock().astimezone(ZoneInfo(config.community.zone)).date()
    name = name or kept.free_name(today)
    if not kept.is_name(name):
        raise call.stop("triage.name_taken", 2, name=name[:40])
    trainer = _trainer(call)
    own = [] if is_missing(config) else [row for _, row in asyncio.run(learning.examples(call))]
    added = [row for file in files or () for row in _orders(call, file)]
    base = judging.load(call, corpus.learned())
    rows = [*base, *added, *own]
    call.print(call.say("triage.training", base=len(base), added=len(added), own=len(own)))
    weights = [1.0] * (len(base) + len(added)) + [CORRECTION_WEIGHT] * len(own)
    with call.progress() as progress:
        progress.add_task(call.say("triage.busy"), total=None)
        learned = trainer.train(rows, Ear.load(model=None), name, weights)
    check = judging.load(call, corpus.held_out())
    before = count(reports.answers(judging.ear(call, kept.usable()[0]), check))
    about = About(name, today.isoformat(), len(rows), len(own), {})
    with TemporaryDirectory(prefix="dangxiaoqi-") as folder:
        draft = Path(folder) / "draft.json.gz"
        save(draft, learned, about)
        after = count(reports.answers(judging.ear(call, draft), check))
    shares = {figure.value: round(f.share, 4) for figure, f in after.figures.items() if f.share is not None}
    kept.keep(name, learned, replace(about, figures=shares))
    judging.show_change(call, kept.chosen(), name, compare(before, after))
    call.print(call.say("triage.trained", name=name, built_in=BUILT_IN))


@app.command()
def folds(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument()],
    count: Annotated[int, typer.Option("--folds", min=2, max=20)] = 5,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """How well the trainable part tells the kinds of a community's own orders apart: macro-F1 over stratified folds."""
    call = calls.of(ctx)
    trainer = _trainer(call)
    rows = _read(call, file, orders.kinds)
    counted = Counter(kind for _, kind in rows)
    if len(counted) < 2 or min(counted.values()) < count:
        raise call.stop("triage.few_kinds", 2, folds=count)
    macro, each = trainer.folds([text for text, _ in rows], [kind for _, kind in rows], count)
    if as_json:
        plain = {
            "rows": len(rows),
            "folds": count,
            "macro_f1": round(macro, 4),
            "f1": {k: round(v, 4) for k, v in each.items()},
        }
        typer.echo(json.dumps(plain, ensure_ascii=False))
        return
    call.print(call.say("triage.macro", rows=len(rows), folds=count, share=f"{macro:.3f}"))
    for kind, share in each.items():
        call.print(call.say("triage.kind", kind=kind[:40], rows=counted[kind], share=f"{share:.3f}"))


def _trainer(call: calls.Call) -> Any:
    """scikit-learn is wanted for training only, and is not part of the base install."""
    try:
        return import_module("texts.training")
    except ImportError:
        raise call.stop("triage.no_trainer") from None


def _orders(call: calls.Call, file: Path) -> list[Labelled]:
    return _read(call, file, orders.load)


def _read(call: calls.Call, file: Path, how: Callable[[Path], list[_T]]) -> list[_T]:
    try:
        return how(file)
    except BadLine as bad:
        raise call.stop(f"triage.{bad.key}", 2, line=bad.line) from None
    except OSError as error:
        raise call.stop("triage.no_file", 2, path=file, error=error.strerror or "") from None
