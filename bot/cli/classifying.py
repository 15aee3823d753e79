"""``triage classify``: lines in, lines out."""

import json
import sys
from typing import Any

import typer

from bot.cli import call as calls
from bot.cli import judging
from bot.triage.rows import BadLine, heard, numbered, parsed
from domain.triage import Verdict

app = typer.Typer()


@app.command()
def classify(ctx: typer.Context) -> None:
    """Answer line by line in constant memory; stop at the first bad line, after everything before it was answered."""
    call = calls.of(ctx)
    ear = judging.ear(call, judging.store(call).usable()[0])
    out = sys.stdout
    for number, raw in numbered(sys.stdin.buffer):
        try:
            row = parsed(raw)
            if row is None:
                continue
            verdict = ear.answer(heard(row))
        except BadLine as bad:
            out.flush()
            raise call.stop(f"triage.{bad.key}", 2, line=number) from None
        out.write(json.dumps({"id": row.get("id"), **answer(verdict)}, ensure_ascii=False) + "\n")
        out.flush()


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
