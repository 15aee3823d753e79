"""Fair assignment (结对方案): which volunteer looks after which household, the best there is, in integers, with reasons.

What is made as small as possible (design roster 4): the sum of distances, less a bonus for whoever looks after a household
already (continuity), plus ``balance`` times the sum of squared loads. Never broken: the room each volunteer has, pairs that
must not be (``avoid``), the boundary of a grid. Nobody is left out as long as anybody has room. Of equally good answers a
lot decides, ``blake2b(epoch|household|volunteer)``, whose sum always stays below one unit of cost: no low number is
favoured, and the same question has the same answer however it is shuffled.

Every household counts as one; with unequal weights the question would be a hard one and the answer a guess.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from domain.assignment_paths import cheapest

VERSION = "paths-1"
"""What is written down as the solver of a run; raised when the same question may get another answer."""

_LARGEST = 1 << 59
"""Costs times nodes stay below this, so that a solver of 64 bits answers the very same question."""

_FINEST = 40
_DRAWN = 64
"""Bits of a lot, at most and as drawn."""


class Unsolved(Exception):
    """A solver that counts in 64 bits has no room for numbers as large as these."""


@dataclass(frozen=True, slots=True)
class Volunteer:
    """One who may be given households: ``room`` for how many; ``held`` he has besides, ``credit`` is counted on top."""

    id: int
    grid_id: int
    room: int
    held: int = 0
    credit: int = 0


@dataclass(frozen=True, slots=True)
class Household:
    """To be given to somebody. ``distances``: who is in question, and how far; ``keeper``: who looks after it now."""

    id: int
    grid_id: int
    distances: Mapping[int, int]
    keeper: int | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """``balance`` is the λ of the load, ``continuity`` what staying is worth (None: nothing moves that need not)."""

    balance: int
    continuity: int | None
    epoch: str


@dataclass(frozen=True, slots=True)
class Question:
    """Who is to be given to whom. ``avoid``: (volunteer, household)."""

    volunteers: tuple[Volunteer, ...]
    households: tuple[Household, ...]
    avoid: frozenset[tuple[int, int]] = frozenset()

    def fingerprint(self, terms: Terms) -> str:
        """The same for the same question in any order, another as soon as anything in it differs."""
        people = sorted((v.id, v.grid_id, v.room, v.held, v.credit) for v in self.volunteers)
        homes = sorted((h.id, h.grid_id, h.keeper or 0, sorted(h.distances.items())) for h in self.households)
        plain = (people, homes, sorted(self.avoid), terms.balance, terms.continuity, terms.epoch)
        return blake2b(repr(plain).encode(), digest_size=16).hexdigest()


Chosen = Mapping[int, int]
"""Household → volunteer; who is missing got nobody."""

Solver = Callable[[Question, Terms], Chosen]


class Why(StrEnum):
    """Why somebody was not the one, or why a household got nobody."""

    FULL = "full"
    FARTHER = "farther"
    LOAD = "load"
    CHANGE = "change"
    LOT = "lot"
    AVOID = "avoid"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """Who would have been next, and what spoke against him. ``load``: households he has in the end."""

    volunteer: int
    why: Why
    distance: int
    load: int


@dataclass(frozen=True, slots=True)
class Given:
    """One household and its volunteer. Loads are his: now, and with everything proposed."""

    household: int
    volunteer: int
    distance: int
    continuity: int
    load_before: int
    load_after: int
    runner_up: RunnerUp | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer costs, part by part; ``load`` is balance times the sum of squares, credit included."""

    distance: int
    continuity: int
    load: int
    unassigned: int

    @property
    def objective(self) -> int:
        """The sum that was made as small as possible, besides leaving nobody out."""
        return self.distance - self.continuity + self.load


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything about an answer, each household in exactly one of ``given`` and ``unassigned``."""

    given: tuple[Given, ...]
    unassigned: tuple[tuple[int, Why], ...]
    cost: Cost


@dataclass(frozen=True, slots=True)
class Priced:
    """A question in whole numbers, in a fixed order: per household the cost of each volunteer by his place in the row."""

    volunteers: tuple[Volunteer, ...]
    households: tuple[Household, ...]
    costs: tuple[Mapping[int, int], ...]
    slope: int
    over: int


def solve(question: Question, terms: Terms) -> Chosen:
    """The best answer, grid by grid. Quick up to a grid of 100 volunteers and 1,000 households (docs/结对方案.md)."""
    chosen: dict[int, int] = {}
    for part in _grids(question):
        priced = price(part, terms)
        people = priced.volunteers
        takers = cheapest(
            priced.costs, [v.room for v in people], [v.held + v.credit for v in people], priced.slope, priced.over
        )
        chosen |= {
            h.id: people[taker].id for h, taker in zip(priced.households, takers, strict=True) if taker is not None
        }
    return chosen


def price(question: Question, terms: Terms) -> Priced:
    """Costs in units so fine that all lots together stay below one unit of the real cost."""
    people = tuple(sorted(question.volunteers, key=lambda v: v.id))
    homes = tuple(sorted(question.households, key=lambda h: h.id))
    stay, over = bounds(question, terms)
    bits = _fineness(len(people) + len(homes), len(homes), over)
    unit = max(1, len(homes)) << bits
    by_id = {v.id: v for v in people}
    place = {v.id: n for n, v in enumerate(people)}
    costs = []
    for home in homes:
        lot = blake2b(f"{terms.epoch}|{home.id}|".encode(), digest_size=8)
        row = {}
        for volunteer, distance in _candidates(question, by_id, home):
            here = lot.copy()
            here.update(str(volunteer.id).encode())
            drawn = int.from_bytes(here.digest()) >> (_DRAWN - bits)
            bonus = stay if volunteer.id == home.keeper else 0
            row[place[volunteer.id]] = (distance - bonus) * unit + drawn
        costs.append(row)
    return Priced(people, homes, tuple(costs), terms.balance * unit, over * unit)


def _candidates(question: Question, people: Mapping[int, Volunteer], home: Household) -> list[tuple[Volunteer, int]]:
    """Who may be given this household, and how far he is: of its grid, and nothing against it."""
    return [
        (people[number], distance)
        for number, distance in sorted(home.distances.items())
        if number in people and people[number].grid_id == home.grid_id and (number, home.id) not in question.avoid
    ]


def bounds(question: Question, terms: Terms) -> tuple[int, int]:
    """What staying is worth, and the price of leaving one out.

    One household more or less changes others along a chain in which each volunteer stands once, and loads at its two ends
    only; so these bounds are above anything a chain can bring.
    """
    farthest = max((d for home in question.households for d in home.distances.values()), default=0)
    heaviest = max((v.held + v.credit + v.room for v in question.volunteers), default=0)
    links = min(len(question.volunteers), len(question.households)) + 1
    ends = terms.balance * (2 * heaviest + 1) + 1
    stay = links * farthest + ends if terms.continuity is None else terms.continuity
    return stay, links * (farthest + stay) + ends


def _fineness(nodes: int, homes: int, over: int) -> int:
    """How many bits of a lot are kept."""
    space = _LARGEST // (max(1, nodes) * max(1, homes) * over)
    return min(_FINEST, max(0, space.bit_length() - 1))


def _grids(question: Question) -> list[Question]:
    """One question for each grid."""
    people: dict[int, list[Volunteer]] = {}
    homes: dict[int, list[Household]] = {}
    for volunteer in question.volunteers:
        people.setdefault(volunteer.grid_id, []).append(volunteer)
    for home in question.households:
        homes.setdefault(home.grid_id, []).append(home)
    return [Question(tuple(people.get(g, ())), tuple(some), question.avoid) for g, some in sorted(homes.items())]


def explain(question: Question, terms: Terms, chosen: Chosen) -> Answer:
    """The reasons of an answer, whichever solver gave it."""
    stay, _over = bounds(question, terms)
    people = {v.id: v for v in question.volunteers}
    now = {v.id: v.held for v in question.volunteers}
    then = dict(now)
    for home in question.households:
        if home.keeper in now:
            now[home.keeper] += 1
        if home.id in chosen:
            then[chosen[home.id]] += 1
    given, unassigned = [], []
    for home in sorted(question.households, key=lambda h: h.id):
        if home.id not in chosen:
            unassigned.append((home.id, _why_nobody(question, people, home)))
            continue
        mine = people[chosen[home.id]]
        bonus = stay if mine.id == home.keeper else 0
        given.append(
            Given(
                household=home.id,
                volunteer=mine.id,
                distance=home.distances[mine.id],
                continuity=bonus,
                load_before=now[mine.id],
                load_after=then[mine.id],
                runner_up=_runner_up(_candidates(question, people, home), terms, home, mine, then, stay),
            )
        )
    cost = Cost(
        distance=sum(g.distance for g in given),
        continuity=sum(g.continuity for g in given),
        load=terms.balance * sum((then[v.id] + v.credit) ** 2 for v in question.volunteers),
        unassigned=len(unassigned),
    )
    return Answer(tuple(given), tuple(unassigned), cost)


def _why_nobody(question: Question, people: Mapping[int, Volunteer], home: Household) -> Why:
    if _candidates(question, people, home):
        return Why.FULL
    anybody = Question(question.volunteers, question.households)
    return Why.AVOID if _candidates(anybody, people, home) else Why.NOBODY


def _runner_up(
    asked: Sequence[tuple[Volunteer, int]],
    terms: Terms,
    home: Household,
    mine: Volunteer,
    then: Mapping[int, int],
    stay: int,
) -> RunnerUp | None:
    """The cheapest other one, room or not: that the nearest was full is what people want to know."""

    def parts(volunteer: Volunteer, load: int) -> dict[Why, int]:
        return {
            Why.CHANGE: 0 if volunteer.id == home.keeper else stay,
            Why.LOAD: terms.balance * (2 * (load + volunteer.credit) + 1),
            Why.FARTHER: home.distances[volunteer.id],
        }

    others = [(v, parts(v, then[v.id])) for v, _ in asked if v.id != mine.id]
    if not others:
        return None
    other, cost = min(others, key=lambda found: (sum(found[1].values()), found[0].id))
    own = parts(mine, then[mine.id] - 1)
    more = {why: cost[why] - own[why] for why in cost}
    if then[other.id] - other.held >= other.room:
        why = Why.FULL
    elif sum(more.values()) == 0:
        why = Why.LOT
    else:
        why = max(more, key=lambda w: more[w])
    return RunnerUp(other.id, why, home.distances[other.id], then[other.id])
