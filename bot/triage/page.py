"""The page docs/分拣效果.md: all figures of the held-out part, the curve, confidence, every voice, and every error by its id."""

from collections.abc import Iterable, Mapping, Sequence

from bot.triage import confidence
from domain.calibration import Calibration, Head
from domain.evaluation import Figure, Name, Report, Slip
from domain.triage_judge import Point
from texts.sentences import Sentences


def page(
    said: Sentences,
    point: str,
    curve: Mapping[str, Report],
    sweep: Sequence[tuple[Point, Report]],
    sure: Mapping[Head, Calibration],
    hands: Mapping[str, Report],
) -> str:
    """Markdown. The same answers give the same page, to the letter."""
    report = curve[point]
    parts = [
        said.say("figures.head", rows=report.rows, voices=len(hands), point=point),
        _whole(said, report),
        said.say("figures.curve"),
        _side_by_side(said, curve),
        said.say("figures.sweep", point=point),
        _sweep(said, sweep),
        said.say("figures.calibration"),
        _table(*confidence.summary(said, sure)),
        said.say("figures.calibration_bins"),
        _table(*confidence.bins(said, sure)),
        said.say("figures.hands"),
        _hands(said, hands),
        said.say("figures.errors", count=len(report.faults), sums=sums(said, report)),
        _faults(said, report),
    ]
    return "\n\n".join(parts) + "\n"


def sums(said: Sentences, report: Report) -> str:
    """How many errors of each kind."""
    counts = {slip: sum(fault.slip is slip for fault in report.faults) for slip in Slip}
    return "，".join(f"{said.say(f'cli.triage.slip_{slip}')} {count}" for slip, count in counts.items() if count)


def _whole(said: Sentences, report: Report) -> str:
    heads = ("name", "share", "count", "interval")
    rows = []
    for name in _told(report):
        figure = report.figures[name]
        low, high = figure.interval
        between = said.say("figures.between", low=f"{low:.3f}", high=f"{high:.3f}")
        rows.append((_name(said, name), _share(figure), f"{figure.hits}/{figure.cases}", between))
    return _table([said.say(f"figures.column_{head}") for head in heads], rows)


def _side_by_side(said: Sentences, curve: Mapping[str, Report]) -> str:
    heads = [said.say("figures.column_name"), *curve]
    rows = [
        (_name(said, name), *(_counted(one.figures[name]) for one in curve.values())) for name in _told(*curve.values())
    ]
    return _table(heads, rows)


SWEPT = (Name.REACHED, Name.PEACE, Name.PRECISION, Name.ASKED_REQUESTS)
"""What the curve is about: what is won and what it costs when the bot speaks more or less."""


def strict(said: Sentences, point: Point) -> str:
    """An operating point in numbers."""
    return said.say(
        "cli.triage.strict_point", act=f"{point.act:.2f}", ask=f"{point.ask:.2f}", estate=f"{point.estate:.2f}"
    )


def _sweep(said: Sentences, sweep: Sequence[tuple[Point, Report]]) -> str:
    heads = [said.say("cli.triage.strict"), *(_name(said, name) for name in SWEPT)]
    rows = [(strict(said, point), *(_counted(one.figures[name]) for name in SWEPT)) for point, one in sweep]
    return _table(heads, rows)


_OF_HANDS = (Name.P0_RECALL, Name.REACHED, Name.PRECISION, Name.PEACE, Name.CODE)


def _hands(said: Sentences, hands: Mapping[str, Report]) -> str:
    heads = [said.say("figures.column_hand"), *(_name(said, name) for name in _OF_HANDS)]
    rows = [(hand, *(_counted(one.figures[name]) for name in _OF_HANDS)) for hand, one in hands.items()]
    return _table(heads, rows)


def _faults(said: Sentences, report: Report) -> str:
    heads = [said.say(f"cli.triage.head_{name}") for name in ("id", "slip", "answered", "expected")]
    rows = [(f.id, said.say(f"cli.triage.slip_{f.slip}"), f.answered, f.expected) for f in report.faults]
    return _table(heads, rows)


def _told(*reports: Report) -> list[Name]:
    """The figures for which there is any case."""
    return [name for name in Name if any(one.figures[name].cases for one in reports)]


def _name(said: Sentences, name: Name) -> str:
    return said.say(f"cli.triage.figure_{name}")


def _share(figure: Figure) -> str:
    return "–" if figure.share is None else f"{figure.share:.3f}"


def _counted(figure: Figure) -> str:
    return "–" if figure.share is None else f"{figure.share:.3f} ({figure.hits}/{figure.cases})"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
