"""A pairing proposal (结对方案) for one grid: the question that its roster asks, the answer, and what it changes.

Two answers, one after the other: first contacts, then partners (搭档), who are never the first contact of the same
household and for whom the first contacts just proposed count as load. A household that a member of staff looks after is
not in question: that was a person's decision and stays one.

There is no geography in the roster, so distance is counted on the area tree, from the places a volunteer looks after
today in any role: the same door, the same stair, the same building, or only the same grid.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import blake2b
from statistics import median_low
from typing import Any

from domain.assignment import Answer, Cost, Given, Household, Question, Solver, Terms, Volunteer, explain
from domain.roster import Area, AreaKind, Grid, Member, Pairing, PairRole, Role

DISTANCES = {AreaKind.HOUSEHOLD: 0, AreaKind.STAIR: 2, AreaKind.BUILDING: 6, AreaKind.GRID: 20}
"""How far, in units of cost, by the smallest area that the household and a place of the volunteer's lie in together."""

CONTINUITY = 20
"""Whoever looks after a household keeps it unless another way is better by more than the width of a grid."""

SETTLING = timedelta(days=90)
"""A newcomer starts with the grid's mean counted as his, less every day, so that he is not given everything at once."""


class Preset(StrEnum):
    """近, 均衡, 公平: three weights of the load."""

    NEAR = "near"
    BALANCED = "balanced"
    FAIR = "fair"


BALANCE = {Preset.NEAR: 1, Preset.BALANCED: 3, Preset.FAIR: 10}
"""λ: one household more or less between two volunteers costs 2 λ for each household they differ by."""


class Step(StrEnum):
    """What becomes of a household: it keeps whom it has, gets another one, gets one at last, or still has nobody."""

    KEPT = "kept"
    MOVED = "moved"
    NEW = "new"
    UNCOVERED = "uncovered"


@dataclass(frozen=True, slots=True)
class Ask:
    """What is wanted: which households, under which terms. ``avoid``: (member, household)."""

    homes: frozenset[int]
    terms: Terms
    today: date
    avoid: frozenset[tuple[int, int]] = frozenset()


def avoided(grid: Grid, homes: Iterable[int]) -> frozenset[tuple[int, int]]:
    """(member, household) that must not be paired: whoever avoids the household, its stair or its building."""
    return frozenset((member, home) for home in homes for member in grid.avoiding(grid.above_of(home)))


@dataclass(frozen=True, slots=True)
class Change:
    """One household in one role: who it was, who it is to be, and why (or why nobody).

    Who is there while nobody better is found stays there, unless he must not or has left (``closes``).
    """

    household: int
    role: PairRole
    step: Step
    was: int | None
    member: int | None
    closes: bool
    reason: Mapping[str, Any]

    @property
    def then(self) -> int | None:
        """Who looks after the household once the proposal is applied."""
        return self.member if self.member is not None or self.closes else self.was


@dataclass(frozen=True, slots=True)
class Loads:
    """How the households of a grid are spread: of all its volunteers, without names. ``evenness`` in percent."""

    least: int
    middle: int
    most: int
    evenness: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A proposal. ``fingerprint`` is of everything it was made from: the roster, the terms, the day's credits."""

    grid_id: int
    fingerprint: str
    changes: tuple[Change, ...]
    before: Loads
    after: Loads
    costs: Mapping[PairRole, Cost]

    def count(self, step: Step, role: PairRole = PairRole.FIRST) -> int:
        """How many households of this role stay, move, are new, or have nobody."""
        return sum(change.step is step and change.role is role for change in self.changes)

    @property
    def objective(self) -> int:
        """Both answers together."""
        return sum(cost.objective for cost in self.costs.values())


def terms_of(preset: Preset, today: date, *, keep: bool) -> Terms:
    """The terms of a preset; lots are drawn anew each quarter. ``keep``: nothing moves that need not."""
    epoch = f"{today.year}Q{(today.month + 2) // 3}"
    return Terms(BALANCE[preset], None if keep else CONTINUITY, epoch)


def suggest(grid: Grid, ask: Ask, solver: Solver) -> Suggestion:
    """First contacts, then partners. Asks the solver twice, so it may take a second in a large grid."""
    held = _Held(grid, ask)
    question = held.first()
    first = explain(question, ask.terms, solver(question, ask.terms))
    seconds = held.partner(first)
    partner = explain(seconds, ask.terms, solver(seconds, ask.terms))
    changes = [
        *held.changes(PairRole.FIRST, first, question.avoid),
        *held.changes(PairRole.PARTNER, partner, seconds.avoid),
    ]
    return Suggestion(
        grid_id=grid.id,
        fingerprint=held.fingerprint(),
        changes=tuple(sorted(changes, key=lambda c: (c.household, list(PairRole).index(c.role)))),
        before=_loads(held.loads(held.now[PairRole.FIRST].items()).values()),
        after=_loads(held.loads((c.household, c.then) for c in changes if c.role is PairRole.FIRST).values()),
        costs={PairRole.FIRST: first.cost, PairRole.PARTNER: partner.cost},
    )


def fingerprint(grid: Grid, ask: Ask) -> str:
    """What a proposal for this grid would be made from, without making it."""
    return _Held(grid, ask).fingerprint()


def reach(grid: Grid, homes: Iterable[Area]) -> dict[int, dict[int, int]]:
    """How far each volunteer is from each household. Households of one stair share a mapping unless somebody holds one."""
    doors: dict[int, set[int]] = {}
    stairs: dict[tuple[str, str], set[int]] = {}
    buildings: dict[str, set[int]] = {}
    people = {m.id for m in volunteers(grid)}
    for pairing in grid.pairings:
        area = grid.areas.get(pairing.area_id)
        if pairing.to_on is not None or pairing.member_id not in people or area is None or not area.building:
            continue
        buildings.setdefault(area.building, set()).add(pairing.member_id)
        if area.unit:
            stairs.setdefault((area.building, area.unit), set()).add(pairing.member_id)
        if area.kind is AreaKind.HOUSEHOLD:
            doors.setdefault(area.id, set()).add(pairing.member_id)
    shared: dict[tuple[str, str], dict[int, int]] = {}
    found = {}
    for home in homes:
        where = (home.building, home.unit)
        if where not in shared:
            shared[where] = (
                dict.fromkeys(people, DISTANCES[AreaKind.GRID])
                | dict.fromkeys(buildings.get(home.building, ()), DISTANCES[AreaKind.BUILDING])
                | dict.fromkeys(stairs.get(where, ()), DISTANCES[AreaKind.STAIR])
            )
        here = doors.get(home.id)
        found[home.id] = shared[where] | dict.fromkeys(here, 0) if here else shared[where]
    return found


def volunteers(grid: Grid) -> list[Member]:
    """The volunteers of a grid, in a fixed order."""
    return [m for m in sorted(grid.members.values(), key=lambda m: m.id) if m.role is Role.VOLUNTEER]


class _Held:
    """The pairings of households as they stand, and the questions they ask."""

    def __init__(self, grid: Grid, ask: Ask) -> None:
        self.grid = grid
        self.ask = ask
        self.people = volunteers(grid)
        ids = {m.id for m in self.people}
        open_rows = sorted(
            (p for p in grid.pairings if p.to_on is None and self._is_home(p)), key=lambda p: (p.from_on, p.member_id)
        )
        staffed = {(p.role, p.area_id) for p in open_rows if p.member_id not in ids and p.member_id in grid.members}
        homes = [a for a in grid.areas.values() if a.id in ask.homes and a.kind is AreaKind.HOUSEHOLD]
        self.asked = {
            role: sorted((a for a in homes if (role, a.id) not in staffed), key=lambda a: a.id) for role in PairRole
        }
        inside = {role: {a.id for a in areas} for role, areas in self.asked.items()}
        self.now: dict[PairRole, dict[int, int]] = {role: {} for role in PairRole}
        self.besides = {role: dict.fromkeys(ids, 0) for role in PairRole}
        self.seconds: set[tuple[int, int]] = set()
        for pairing in open_rows:
            if pairing.area_id in inside[pairing.role] and pairing.area_id not in self.now[pairing.role]:
                self.now[pairing.role][pairing.area_id] = pairing.member_id
            elif pairing.member_id in ids:
                self.besides[pairing.role][pairing.member_id] += 1
                self.seconds.add((pairing.member_id, pairing.area_id))
        self.reach = reach(grid, homes)

    def _is_home(self, pairing: Pairing) -> bool:
        area = self.grid.areas.get(pairing.area_id)
        return area is not None and area.kind is AreaKind.HOUSEHOLD

    def first(self) -> Question:
        """Who is to be the first contact of each household."""
        besides = self.besides[PairRole.FIRST]
        people = [
            Volunteer(m.id, self.grid.id, max(0, m.capacity - besides[m.id]), besides[m.id], self._credit(m))
            for m in self.people
        ]
        return self._question(PairRole.FIRST, people, self.now[PairRole.FIRST], frozenset())

    def partner(self, first: Answer) -> Question:
        """Who is to be the partner, once the first contacts are these."""
        besides = self.besides[PairRole.PARTNER]
        firsts = self.loads((g.household, g.volunteer) for g in first.given)
        people = [
            Volunteer(
                m.id,
                self.grid.id,
                max(0, m.capacity - besides[m.id]),
                besides[m.id] + firsts[m.id],
                self._credit(m),
            )
            for m in self.people
        ]
        taken = {g.household: g.volunteer for g in first.given}
        for home in self.asked[PairRole.FIRST]:  # uncovered: whoever is there now stays for the time being
            if home.id not in taken and home.id in self.now[PairRole.FIRST]:
                taken[home.id] = self.now[PairRole.FIRST][home.id]
        keepers = {h: m for h, m in self.now[PairRole.PARTNER].items() if taken.get(h) != m}
        twice = {(m, h) for h, m in taken.items()} | self.seconds  # nobody is two things to one household
        return self._question(PairRole.PARTNER, people, keepers, frozenset(twice))

    def _question(
        self,
        role: PairRole,
        people: Sequence[Volunteer],
        keepers: Mapping[int, int],
        besides: frozenset[tuple[int, int]],
    ) -> Question:
        homes = tuple(
            Household(area.id, self.grid.id, self.reach[area.id], keepers.get(area.id)) for area in self.asked[role]
        )
        return Question(tuple(people), homes, self.ask.avoid | besides)

    def _credit(self, member: Member) -> int:
        """The grid's mean, less a ninetieth of it for every day since he joined."""
        days = SETTLING.days if member.joined_on is None else (self.ask.today - member.joined_on).days
        mean = len(self.asked[PairRole.FIRST]) // len(self.people)
        return mean * max(0, SETTLING.days - max(0, days)) // SETTLING.days

    def loads(self, held: Iterable[tuple[int, int | None]]) -> dict[int, int]:
        """Households each volunteer is the first contact of, those out of the question included."""
        found = dict(self.besides[PairRole.FIRST])
        for _household, member in held:
            if member in found:
                found[member] += 1
        return found

    def changes(self, role: PairRole, answer: Answer, avoid: frozenset[tuple[int, int]]) -> list[Change]:
        """Against what stands now, one for each household."""
        now = self.now[role]
        found = []
        for given in answer.given:
            was = now.get(given.household)
            step = Step.NEW if was is None else Step.KEPT if was == given.volunteer else Step.MOVED
            closes = step is Step.MOVED
            found.append(Change(given.household, role, step, was, given.volunteer, closes, self._reason(given)))
        for household, why in answer.unassigned:
            was = now.get(household)
            closes = was is not None and ((was, household) in avoid or was not in self.grid.members)
            reason = {"why": str(why), "stays": was is not None and not closes}
            found.append(Change(household, role, Step.UNCOVERED, was, None, closes, reason))
        return found

    def _reason(self, given: Given) -> dict[str, Any]:
        """Why, as plain values for the row: cost parts, loads, who was next and what spoke against him."""
        terms, other = self.ask.terms, given.runner_up
        return {
            "distance": given.distance,
            "continuity": given.continuity,
            "balance": terms.balance,
            "load_before": given.load_before,
            "load_after": given.load_after,
            "epoch": terms.epoch,
            "next": None
            if other is None
            else {"member": other.volunteer, "why": str(other.why), "distance": other.distance, "load": other.load},
        }

    def fingerprint(self) -> str:
        """Of both questions: the second one as it stands before the first is answered."""
        besides = self.besides[PairRole.PARTNER]
        people = [Volunteer(m.id, self.grid.id, m.capacity, besides[m.id]) for m in self.people]
        first = self.first()
        second = self._question(PairRole.PARTNER, people, self.now[PairRole.PARTNER], frozenset())
        both = first.fingerprint(self.ask.terms) + second.fingerprint(self.ask.terms)
        return blake2b(both.encode(), digest_size=8).hexdigest()


def _loads(found: Collection[int]) -> Loads:
    """Least, middle, most, and evenness: the mean of smaller over larger, over all pairs of volunteers."""
    if not found:
        return Loads(0, 0, 0, 100)
    ordered = sorted(found)
    below, shares = 0, 0.0
    for place, load in enumerate(ordered):
        shares += below / load if load else place  # nought beside nought is even
        below += load
    pairs = len(ordered) * (len(ordered) - 1) // 2
    return Loads(ordered[0], median_low(ordered), ordered[-1], round(100 * shares / pairs) if pairs else 100)


def nearness(distance: int) -> AreaKind:
    """The area that a distance stands for."""
    return next(kind for kind, length in DISTANCES.items() if length == distance)
