"""A small district lives through two months: nothing is forgotten, and what the simulation takes for granted holds."""

from collections.abc import Sequence
from datetime import time, timedelta
from pathlib import Path

import sqlalchemy as sa

from storage.visit_tables import visits
from tests.simulate.district import Size
from tests.simulate.figures import Outcomes, gini, outcomes
from tests.simulate.people import Manners
from tests.simulate.picture import svg
from tests.simulate.year import BEGINS, MORNING, live, opened

SMALL = Size(4, 64, 16)
DAYS = 60
HOURLY = tuple(time(hour) for hour in range(24))

Record = tuple[int, int, str, str]


async def _lives(
    path: Path, answering: float, *, days: int = DAYS, bells: Sequence[time] = MORNING
) -> tuple[Outcomes, list[Record]]:
    """What came of it, and every record: which visit, by whom, on which day, and what was found."""
    async with opened(path / "small.db", SMALL, days, Manners(answering=answering)) as (home, year):
        await live(year, days, bells)
        async with home.database.read() as tx:
            found = await outcomes(tx, year.district, year.people.silent, BEGINS + timedelta(days=days - 1))
            columns = (visits.c.occurrence_id, visits.c.member_id, visits.c.visited_on, visits.c.outcome)
            rows = await tx.rows(sa.select(*columns))
            return found, sorted((r.occurrence_id, r.member_id, str(r.visited_on), r.outcome) for r in rows)


async def test_nothing_is_forgotten(tmp_path: Path) -> None:
    found, _ = await _lives(tmp_path, 0.9)
    assert found.visits > 100
    assert found.forgotten == 0
    assert found.in_window / found.visits >= 0.97
    assert found.homes_gini <= 0.15


async def test_grid_leaders_are_the_last_rung_when_no_volunteer_answers(tmp_path: Path) -> None:
    found, records = await _lives(tmp_path, 0.0)
    assert (found.in_window, found.forgotten) == (0, 0)
    assert set(found.waited) == {1}
    assert records


async def test_a_bell_at_every_hour_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "hourly").mkdir()
    _, daily = await _lives(tmp_path, 0.5, days=30)
    _, hourly = await _lives(tmp_path / "hourly", 0.5, days=30, bells=HOURLY)
    assert daily == hourly


def test_gini_of_known_spreads() -> None:
    assert gini([3, 3, 3]) == 0
    assert gini([]) == 0
    assert gini([0, 0, 0, 8]) == 0.75


def test_the_picture_shows_each_week_and_everybody() -> None:
    drawn = svg("走访", {BEGINS: {"first": 3, "partner": 1}, BEGINS + timedelta(days=7): {"leader": 2}})
    assert drawn.count("<rect") == 1 + 3 + 2 * 3
    assert "第一责任人" in drawn
