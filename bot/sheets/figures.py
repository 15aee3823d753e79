"""The figures in a sheet: per grid and category, every rate with its formula, its window and what is left out."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from domain.calendar import Calendar
from domain.category import Category
from domain.deadline import Template
from domain.figures import SMALL, Case, Figure, Tally, tally
from texts.sentences import Sentences

FIGURES = ("grid_code", "grid", "category", "figure", "hits", "cases", "rate", "formula", "window", "without")
_PRIVATE = "private"


def figure_rows(
    found: Iterable[Case],
    grids: Mapping[int, tuple[str, str]],
    categories: Mapping[str, Category],
    said: Sentences,
    calendar: Calendar,
    template: Template,
    *,
    first: date,
    last: date,
    now: datetime,
) -> Iterator[list[object]]:
    """``grids``: code and name by id. All grids together first, then each grid, each with its categories.

    Categories that must stay confidential are put together, and a handful of them is not counted out.
    """
    window = said.say("rates.window_column", start=first, end=last)
    parts: dict[tuple[int, str], list[Case]] = {}
    for case in found:
        parts.setdefault((case.grid_id, _category(categories, case.code)), []).append(case)
    cells = {key: tally(cases, now, calendar, template) for key, cases in parts.items()}
    order = ["", *categories, _PRIVATE]
    for grid_id in (0, *sorted(grids, key=lambda grid_id: grids[grid_id])):
        code, name = grids.get(grid_id, ("", said.say("rates.all")))
        here = {key: one for key, one in cells.items() if grid_id in (0, key[0])}
        for category in (None, *order):
            mine = [one for key, one in here.items() if category is None or key[1] == category]
            if not mine and category is not None:
                continue
            label = said.say("rates.all") if category is None else _label(categories, said, category)
            for row in _rows(sum(mine, Tally()), said, hushed=category == _PRIVATE):
                yield [code, name, label, *row[:-1], window, row[-1]]


def _category(categories: Mapping[str, Category], code: str) -> str:
    known = categories.get(code)
    return "" if known is None else _PRIVATE if known.private else code


def _label(categories: Mapping[str, Category], said: Sentences, category: str) -> str:
    if category == _PRIVATE:
        return said.say("rates.private")
    return categories[category].name if category else said.say("ticket.other")


def _rows(found: Tally, said: Sentences, *, hushed: bool) -> Iterator[list[object]]:
    """Name, hits, cases, rate, formula, exclusions. ``hushed``: small counts are not told."""

    def told(count: int) -> object:
        return said.say("rates.few") if hushed and count < SMALL else count

    for name in ("received", "explained", "refused", "gone", "fair"):
        yield [said.say(f"rates.name.{name}"), told(getattr(found, name)), "", "", "", ""]
    for figure in Figure:
        share = found.share(figure)
        rate = said.say("rates.too_few") if share.rate is None else f"{share.rate:.1%}"
        yield [
            said.say(f"rates.name.{figure}"),
            told(share.hits),
            told(share.cases),
            rate,
            said.say(f"rates.formula.{figure}"),
            said.say(f"rates.without.{figure}"),
        ]
