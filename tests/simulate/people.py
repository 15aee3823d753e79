"""How the people of the district behave. Every choice is drawn from what it is about, so that no order of events changes it."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from domain.visit import LAST, Occurrence

_LEAVE = timedelta(days=7)
_LEAVES_A_YEAR = 2


@dataclass(frozen=True, slots=True)
class Manners:
    """``answering``: so many of the volunteers ever answer, the others never do. The rest are chances of one answer."""

    seed: int = 1
    answering: float = 0.9
    absent: float = 0.02
    attention: float = 0.01
    refused: float = 0.0005


class People:
    """Volunteers who answer or do not, and go on leave without a stand-in. Grid leaders always answer."""

    def __init__(self, manners: Manners, volunteers: tuple[int, ...], begins_on: date, days: int) -> None:
        """``volunteers``: a share of them is silent for the whole time."""
        self._manners = manners
        order = sorted(volunteers, key=lambda n: self._chance("silent", n).random())
        self.silent = frozenset(order[: round(len(order) * (1 - manners.answering))])
        self.leaves: dict[int, list[tuple[date, date]]] = {}
        for member in volunteers:
            chance = self._chance("leave", member)
            for _ in range(_LEAVES_A_YEAR * -(-days // 365)):
                first = begins_on + timedelta(days=chance.randrange(365 * -(-days // 365)))
                self.leaves.setdefault(member, []).append((first, first + _LEAVE))

    def _chance(self, *what: object) -> Random:
        return Random(":".join(map(str, (self._manners.seed, *what))))

    def away(self, member: int, day: date) -> bool:
        """Whether somebody is on leave on this day."""
        return any(first <= day < end for first, end in self.leaves.get(member, ()))

    def answer(self, member: int, found: Occurrence, rung: int, today: date) -> tuple[date, str] | None:
        """On which day somebody who was asked today answers, and what he writes; nothing for nothing.

        Asked early people go today, tomorrow or the day after, asked on the last day or later they go at once.
        """
        if member in self.silent:
            return None
        chance = self._chance(member, found.plan.id, found.period, found.revision, rung)
        day = today + timedelta(days=0 if rung >= LAST else chance.choices((0, 1, 2), (60, 25, 15))[0])
        if self.away(member, day):
            return None
        kind, m = chance.random(), self._manners
        if kind < m.refused:
            return day, "不要来了"
        if kind < m.refused + m.absent:
            return day, "没见到"
        if kind < m.refused + m.absent + m.attention:
            return day, "需关注 想有人多来说说话"
        return day, "正常"
