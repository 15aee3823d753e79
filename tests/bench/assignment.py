"""``python -m tests.bench.assignment``: what a pairing proposal costs in time, and what its weights buy.

times      built-in solver beside OR-tools on the same question; both must come to the same objective
districts  many grids at once, and one pool without grids that only OR-tools can answer
weights    loads and distance of the three presets; how many move when one of the volunteers leaves

Rosters are made up: buildings of four stairs, everybody knows one or two stairs, half as much room again as is needed.
"""

import argparse
import random
import time
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from bot.pairing import district
from domain.assignment import Household, Question, Solver, Terms, Volunteer, explain, solve
from domain.suggestion import BALANCE, CONTINUITY, Preset

SIZES = ((4, 20), (10, 60), (20, 200), (50, 500), (100, 1_000))
TERMS = Terms(BALANCE[Preset.BALANCED], CONTINUITY, "2026Q4")


def question(people: int, homes: int, grids: int = 1, *, asked: int = 0) -> Question:
    """So many volunteers and households in each grid; ``asked``: only so many volunteers are in question for each."""
    chance = random.Random(people * homes)
    volunteers, households = [], []
    buildings = max(2, homes // 40)
    for grid in range(grids):
        first = grid * people + 1
        known = {}
        for n in range(first, first + people):
            known[n] = {(chance.randrange(buildings), chance.randrange(4)) for _ in range(chance.choice((1, 2)))}
        volunteers += [Volunteer(n, grid, -(-homes * 3 // (people * 2))) for n in known]
        for home in range(homes):
            where = (chance.randrange(buildings), chance.randrange(4))
            some = chance.sample(sorted(known), asked) if asked else known
            distances = {n: _far(where, known[n]) for n in some}
            households.append(Household(10_000_000 + grid * homes + home, grid, distances))
    return Question(tuple(volunteers), tuple(households))


def _far(where: tuple[int, int], places: set[tuple[int, int]]) -> int:
    if where in places:
        return 2
    return 6 if any(where[0] == building for building, _ in places) else 20


def _timed(solver: Solver, asked: Question) -> tuple[float, int, int]:
    start = time.process_time()
    chosen = solver(asked, TERMS)
    took = time.process_time() - start
    cost = explain(asked, TERMS, chosen).cost
    return took, cost.objective, cost.unassigned


def _times(rounds: int) -> Table:
    table = Table(title="seconds of one core, the best of the rounds")
    for name in ("question", "built-in", "OR-tools", "ratio", "same objective", "without anybody"):
        table.add_column(name, justify="left" if name == "question" else "right")
    cases = [(f"{people} x {homes:,}", question(people, homes)) for people, homes in SIZES]
    cases.append(("1,248 grids of 4 x 16", question(4, 16, 1_248)))
    cases.append(("100 grids of 50 x 200", question(50, 200, 100)))
    for name, asked in cases:
        own = min(_timed(solve, asked) for _ in range(rounds))
        other = min(_timed(district.solve, asked) for _ in range(rounds))
        same = "yes" if own[1:] == other[1:] else "NO"
        table.add_row(name, f"{own[0]:.3f}", f"{other[0]:.3f}", f"{own[0] / other[0]:.2f}", same, f"{own[2]}")
    for few in (10, 20):
        took, _, left = min(_timed(district.solve, question(5_000, 20_000, asked=few)) for _ in range(rounds))
        table.add_row(f"one pool of 5,000 x 20,000, {few} each", "-", f"{took:.3f}", "-", "-", f"{left}")
    return table


def _weights() -> Table:
    table = Table(title="20 x 200: what the weights buy")
    for name in ("preset", "loads", "distance", "more distance", "leaves", "moved", "moved from scratch"):
        table.add_column(name, justify="left" if name == "preset" else "right")
    asked = question(20, 200)
    nearest = None
    for name, balance in (("distance only", 0), *((preset.value, BALANCE[preset]) for preset in Preset)):
        terms = Terms(balance, CONTINUITY, "2026Q4")
        chosen = solve(asked, terms)
        counts = sorted(list(chosen.values()).count(v.id) for v in asked.volunteers)
        distance = explain(asked, terms, chosen).cost.distance
        nearest = nearest or distance
        gone = asked.volunteers[3].id
        people = tuple(v for v in asked.volunteers if v.id != gone)
        homes = tuple(replace(h, keeper=chosen.get(h.id)) for h in asked.households)
        moved = [
            sum(after.get(home) != volunteer for home, volunteer in chosen.items())
            for after in (
                solve(replace(asked, volunteers=people, households=homes), terms),
                solve(replace(asked, volunteers=people), terms),
            )
        ]
        spread = f"{counts[0]} / {counts[len(counts) // 2]} / {counts[-1]}"
        leaves = f"{list(chosen.values()).count(gone)}"
        table.add_row(name, spread, f"{distance}", f"{distance / nearest - 1:+.0%}", leaves, *map(str, moved))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="benchmarks of pairing proposals")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    console = Console(width=120)
    console.print(_times(options.rounds))
    console.print(_weights())


if __name__ == "__main__":
    main()
