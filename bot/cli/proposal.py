"""A pairing proposal as people and programs read it: by household, never by person, and nobody is ranked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot.cli.call import Call
from domain.roster import Grid, PairRole
from domain.suggestion import Change, Loads, Preset, Step, Suggestion
from handlers.pairing_lines import name, why
from texts.sentences import Sentences

SHOWN = 300
"""Households listed on a screen; ``--json`` has all."""

_STYLES = {Step.KEPT: "", Step.MOVED: "yellow", Step.NEW: "green", Step.UNCOVERED: "red"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One grid: what is proposed, and what the other presets would come to."""

    grid: Grid
    preset: Preset
    found: Mapping[Preset, Suggestion]

    @property
    def chosen(self) -> Suggestion:
        """The proposal itself."""
        return self.found[self.preset]


def show(call: Call, offers: Sequence[Offer], preset: Preset, stamp: str) -> None:
    """Every household with its reason, what changes first; then all numbers of all presets."""
    heads = ("grid", "household", "role", "step", "was", "member", "why")
    table = Table(*(Column(call.say(f"suggest.head_{head}"), overflow="fold") for head in heads))
    lines = [(offer.grid, change) for offer in offers for change in offer.chosen.changes]
    lines.sort(key=lambda line: line[1].step is Step.KEPT)
    for grid, change in lines[:SHOWN]:
        step = Text(call.say(f"suggest.step_{change.step}"), style=_STYLES[change.step])
        was, member = (_name(call.said, grid, who) for who in (change.was, change.member))
        role = call.said.say(f"sheet.pair.{change.role}")
        reason = why(call.said, grid, change.role, change.reason)
        table.add_row(grid.code, _door(grid, change), role, step, Text(was), Text(member), Text(reason))
    console = Console(width=None if call.console.is_terminal else 200)
    console.print(table)
    if len(lines) > SHOWN:
        call.print(call.say("suggest.more", count=len(lines) - SHOWN))
    console.print(_numbers(call, offers))
    call.print(call.say("suggest.legend"))
    call.print(call.say("suggest.stamp", stamp=stamp, preset=call.say(f"suggest.preset_{preset}")))


def _numbers(call: Call, offers: Sequence[Offer]) -> Table:
    heads = ("preset", "kept", "moved", "new", "uncovered", "alone", "distance", "loads", "evenness")
    table = Table(
        call.say("suggest.head_grid"), *(Column(call.say(f"suggest.head_{head}"), justify="right") for head in heads)
    )
    for offer in offers[:SHOWN]:
        before = offer.chosen.before
        blank = ("", "", "", "", "", "")
        table.add_row(offer.grid.code, call.say("suggest.now"), *blank, _spread(call, before), f"{before.evenness}%")
        for preset, found in offer.found.items():
            counts = (f"{found.count(step)}" for step in Step)
            alone = f"{found.count(Step.UNCOVERED, PairRole.PARTNER)}"
            table.add_row(
                offer.grid.code,
                Text(call.say(f"suggest.preset_{preset}"), style="bold" if preset is offer.preset else ""),
                *counts,
                alone,
                f"{found.costs[PairRole.FIRST].distance}",
                _spread(call, found.after),
                f"{found.after.evenness}%",
            )
    return table


def _spread(call: Call, loads: Loads) -> str:
    return call.say("suggest.loads", least=loads.least, middle=loads.middle, most=loads.most)


def as_json(said: Sentences, offers: Sequence[Offer], stamp: str, version: str) -> str:
    """Everything, for programs."""
    plain = {"number": stamp, "solver": version, "grids": [_plain(said, offer) for offer in offers]}
    return json.dumps(plain, ensure_ascii=False, indent=1)


def _plain(said: Sentences, offer: Offer) -> dict[str, Any]:
    return {
        "grid": offer.grid.code,
        "preset": offer.preset,
        "now": _loads(offer.chosen.before),
        "presets": {preset: _figures(found) for preset, found in offer.found.items()},
        "changes": [
            {
                "household": _door(offer.grid, change),
                "role": change.role,
                "step": change.step,
                "was": _name(said, offer.grid, change.was),
                "member": _name(said, offer.grid, change.member),
                "why": why(said, offer.grid, change.role, change.reason),
                "reason": change.reason,
            }
            for change in offer.chosen.changes
        ],
    }


def _figures(found: Suggestion) -> dict[str, Any]:
    return {
        "steps": {role: {step: found.count(step, role) for step in Step} for role in PairRole},
        "loads": _loads(found.after),
        "cost": {
            role: {"distance": c.distance, "continuity": c.continuity, "load": c.load, "objective": c.objective}
            for role, c in found.costs.items()
        },
    }


def _loads(loads: Loads) -> dict[str, int]:
    return {"min": loads.least, "median": loads.middle, "max": loads.most, "evenness": loads.evenness}


def _door(grid: Grid, change: Change) -> str:
    home = grid.areas[change.household]
    return f"{home.building}{home.unit}{home.room}"


def _name(said: Sentences, grid: Grid, member_id: int | None) -> str:
    return "" if member_id is None else name(said, grid, member_id)
