"""``make simulate``: a district of made-up households and volunteers lives through a year of visits.

The jobs, the inbox, the handlers and the tables (SQLite, synchronous=FULL) are the real ones; the clock, the people and the
channel are not. What is sent is marked as sent in one statement in place of the pump (docs/走访.md says what else is missing).
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.simulate.district import Size
from tests.simulate.figures import Outcomes, outcomes, per_day
from tests.simulate.people import Manners
from tests.simulate.picture import svg
from tests.simulate.year import BEGINS, Year, live, opened


@dataclass(frozen=True, slots=True)
class _Lived:
    """A run that is over. ``built``, ``lived``: seconds."""

    size: Size
    manners: Manners
    days: int
    year: Year
    found: Outcomes
    built: float
    lived: float


async def _run(path: Path, size: Size, days: int, manners: Manners) -> _Lived:
    start = time.perf_counter()
    async with opened(path, size, days, manners) as (home, year):
        built = time.perf_counter() - start
        with Progress(console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("", total=days)
            await live(year, days, done=lambda _day: progress.advance(bar))
        lived = time.perf_counter() - start - built
        async with home.database.read() as tx:
            last = BEGINS + timedelta(days=days - 1)
            found = await outcomes(tx, year.district, year.people.silent, last)
    return _Lived(size, manners, days, year, found, built, lived)


def _table(run: _Lived, megabytes: float) -> Table:
    size, found, diary = run.size, run.found, run.year.diary
    mean, most = per_day(diary, run.year.district.volunteers, run.days)
    asked = max(found.visits, 1)
    loads = sorted(run.year.district.load.values())
    title = f"{size.grids:,} grids, {size.households:,} households, {size.volunteers:,} volunteers, {run.days} days"
    table = Table(title=f"{title}, {run.manners.answering:.0%} of them answer")
    for name in ("what", "measured", "aim"):
        table.add_column(name, justify="left" if name == "what" else "right")
    rows = [
        ("visits whose window is over", f"{found.visits:,}", ""),
        ("answered in the window people were told", f"{found.in_window / asked:.2%}", "≥ 99.5 %"),
        ("done before the period ended (按时)", f"{found.in_time / asked:.2%}", "≥ 99.5 %"),
        ("answered later than two days after the window, or never", f"{found.forgotten}", "0"),
        ("longest wait after the window, days", f"{max(found.waited, default=0)}", "≤ 2"),
        *((f"longest gap between visits, days: {name}", f"{gap}", "") for name, gap in sorted(found.gaps.items())),
        ("households per volunteer, least / most", f"{loads[0]} / {loads[-1]}", ""),
        ("Gini of households per volunteer", f"{found.homes_gini:.3f}", "≤ 0.15"),
        ("Gini of visits made, volunteers who answer", f"{found.visits_gini:.3f}", "≤ 0.15"),
        ("reminders per volunteer and day, mean / most", f"{mean:.2f} / {most}", ""),
        ("answers written / messages said", f"{diary.answers:,} / {diary.messages:,}", ""),
        ("morning pass, first / mean / longest, s", _passes(diary.passes), ""),
        ("seconds: " + ", ".join(diary.spent), " / ".join(f"{s:.0f}" for s in diary.spent.values()), ""),
        ("seconds: to build the district / to live", f"{run.built:.0f} / {run.lived:.0f}", "≤ 600"),
        ("database at the end, MB", f"{megabytes:.0f}", ""),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def _passes(seconds: list[float]) -> str:
    return f"{seconds[0]:.2f} / {sum(seconds) / len(seconds):.2f} / {max(seconds):.2f}"


def main() -> None:
    """Live and print."""
    parser = argparse.ArgumentParser(description="a year of visits in a made-up district")
    parser.add_argument("--grids", type=int, default=1_248)
    parser.add_argument("--households", type=int, default=20_000)
    parser.add_argument("--volunteers", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--answering", type=float, default=0.9, help="share of volunteers who ever answer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/images/simulate.svg"))
    options = parser.parse_args()
    size = Size(options.grids, options.households, options.volunteers)
    manners = Manners(options.seed, options.answering)
    with TemporaryDirectory() as folder:
        run = asyncio.run(_run(Path(folder) / "district.db", size, options.days, manners))
        megabytes = sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6
    Console(width=110).print(_table(run, megabytes))
    title = f"每周走访由谁答复：{size.households:,} 户，{options.days} 天"
    options.out.write_text(svg(title, run.found.by_week), "utf-8")


if __name__ == "__main__":
    main()
