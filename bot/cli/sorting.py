"""``triage classify``: one JSON line in, one out, in order and in constant memory."""

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import typer

from bot.cli import call as calls
from domain.triage import Earlier, Heard, Verdict
from texts.ear import Ear

app = typer.Typer()
triage = typer.Typer()
app.add_typer(triage, name="triage")

LONGEST_LINE = 1024 * 1024


class BadLine(Exception):
    """A line that is not what it should be; the message is a key of ``cli.triage``."""


@triage.callback()
def _several() -> None:
    pass


@triage.command()
def classify(ctx: typer.Context) -> None:
    """Answer line by line; stop at the first bad line, after everything before it was answered."""
    call = calls.of(ctx)
    ear = Ear.load()
    out = sys.stdout
    for number, raw in _numbered(sys.stdin.buffer):
        try:
            found = _read(raw)
        except BadLine as bad:
            out.flush()
            raise call.stop(f"triage.{bad}", 2, line=number) from None
        if found is None:
            continue
        name, heard = found
        out.write(json.dumps({"id": name, **answer(ear.classify(heard))}, ensure_ascii=False) + "\n")
        out.flush()


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := stream.readline(LONGEST_LINE + 1):
        number += 1
        yield number, raw


def _read(raw: bytes) -> tuple[Any, Heard] | None:
    """The id and what was heard; nothing for an empty line."""
    if len(raw) > LONGEST_LINE:
        raise BadLine("too_long")
    if not raw.strip():
        return None
    try:
        row = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadLine("not_json") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadLine("no_text")
    before = row.get("before", [])
    if not isinstance(before, list) or not all(
        isinstance(one, dict) and one.get("who") in ("same", "other") and isinstance(one.get("text"), str)
        for one in before
    ):
        raise BadLine("before")
    if not all(isinstance(row.get(flag, False), bool) for flag in ("forwarded", "addressed")):
        raise BadLine("flag")
    earlier = tuple(Earlier(one["who"] == "same", one["text"]) for one in before)
    forwarded, addressed = row.get("forwarded", False), row.get("addressed", False)
    return row.get("id"), Heard(row["text"], earlier, forwarded=forwarded, addressed=addressed)


def answer(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values."""
    place = verdict.place
    return {
        "act": verdict.act,
        "intent": verdict.intent,
        "code": verdict.code,
        "codes": list(verdict.codes),
        "urgency": verdict.urgency,
        "place": {"building": place.building, "unit": place.unit, "room": place.room, "spot": place.spot},
        "confidence": verdict.confidence,
        "reasons": [f"{r.rule}:{'、'.join(r.words)}" if r.words else r.rule for r in verdict.reasons],
    }
