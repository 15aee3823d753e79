"""The weights that come with the program: ``make model`` learns them from the corpus and writes them down.

``python -m bot.triage.building``
"""

from bot.app import read_clock
from bot.triage import corpus, reports, rows
from domain.evaluation import evaluate as count
from texts.ear import POINTS, Ear
from texts.learned import SHIPPED, About, save
from texts.training import train

NAME = "built-in"


def main() -> None:
    """Learn, check on the held-out part, write."""
    examples = rows.load(corpus.learned())
    ear = Ear.load(model=None)
    learned = train(examples, ear, NAME)
    check = count(reports.answers(ear.weighing(learned, POINTS["normal"]), rows.load(corpus.held_out())))
    shares = {figure.value: round(f.share, 4) for figure, f in check.figures.items() if f.share is not None}
    save(SHIPPED, learned, About(NAME, read_clock().date().isoformat(), len(examples), 0, shares))


if __name__ == "__main__":
    main()
