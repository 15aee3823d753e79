"""The pairing roster (结对名册): who looks after a place, now, and why. One resolver for tickets, visits and notices."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b

from domain import refusal
from domain.incoming import Chat
from domain.place import Place


class Role(StrEnum):
    """What a member of the roster is for a grid. Higher roles sit in the areas above."""

    VOLUNTEER = "volunteer"
    LEADER = "leader"
    SECRETARY = "secretary"
    STREET = "street"


class AreaKind(StrEnum):
    """Levels of the area tree, from the street down to one household."""

    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"
    BUILDING = "building"
    STAIR = "stair"
    HOUSEHOLD = "household"


class PairRole(StrEnum):
    """First contact of a place, or the partner (搭档) who steps in."""

    FIRST = "first"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the area tree. ``code`` is unique inside its parent; ``building``, ``unit``, ``room`` are set below a grid."""

    id: int
    parent_id: int | None
    kind: AreaKind
    code: str
    name: str
    building: str = ""
    unit: str = ""
    room: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """值班时段: a span of the local day in which a volunteer likes to be asked. Monday is 0; minutes since midnight."""

    weekday: int
    from_minute: int
    to_minute: int

    def covers(self, local: datetime) -> bool:
        """Whether this wall clock time lies in the span (end not included)."""
        minute = local.hour * 60 + local.minute
        return local.weekday() == self.weekday and self.from_minute <= minute < self.to_minute


@dataclass(frozen=True, slots=True)
class Member:
    """A volunteer or member of staff. ``public_name`` is how he wants to be called in the group, empty for not at all.

    ``capacity``: how many households he looks after at most; ``week_cap``: how often he wants to be asked in seven days, 0
    for as often as it comes; ``duty``: when he likes to be asked, empty for any time.
    """

    id: int
    area_id: int
    role: Role
    name: str
    public_name: str = ""
    chats: tuple[Chat, ...] = ()
    capacity: int = 10
    joined_on: date | None = None
    week_cap: int = 0
    skills: frozenset[str] = frozenset()
    duty: tuple[Duty, ...] = ()

    def on_duty(self, local: datetime) -> bool:
        """Whether he may be asked at this wall clock time before others are."""
        return not self.duty or any(span.covers(local) for span in self.duty)

    @property
    def reachable(self) -> bool:
        """Whether he has opened a private chat with 党小栖."""
        return bool(self.chats)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A member looks after an area from one day to another (end not included). Rows are closed, never edited."""

    area_id: int
    member_id: int
    role: PairRole
    from_on: date
    to_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is in force on this local date."""
        return self.from_on <= day and (self.to_on is None or day < self.to_on)


class AvoidReason(StrEnum):
    """Why a member has nothing to do with a place. A code and no story: whoever reads it learns no more than needed."""

    OWN = "own"
    RELATIVE = "relative"
    RESIDENT = "resident"
    VOLUNTEER = "volunteer"


@dataclass(frozen=True, slots=True)
class Avoid:
    """回避: his own home, relatives, or one side's wish. Beats every other rule."""

    member_id: int
    area_id: int
    reason: AvoidReason


@dataclass(frozen=True, slots=True)
class Leave:
    """请假, half-open; with or without a stand-in (代班)."""

    member_id: int
    from_at: datetime
    to_at: datetime
    stand_in_id: int | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the member is away at this instant."""
        return self.from_at <= at < self.to_at


class Because(StrEnum):
    """Why somebody is asked; each has a sentence in ``texts/said/roster.toml``."""

    HOUSEHOLD = "household"
    STAIR = "stair"
    BUILDING = "building"
    GRID = "grid"
    PARTNER = "partner"
    STAND_IN = "stand_in"
    SKILL = "skill"
    LOAD = "load"
    LEADER = "leader"
    ABOVE = "above"


_PAIRED = {
    AreaKind.HOUSEHOLD: Because.HOUSEHOLD,
    AreaKind.STAIR: Because.STAIR,
    AreaKind.BUILDING: Because.BUILDING,
    AreaKind.GRID: Because.GRID,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be asked, and why. ``of`` names the place, or whom he stands in for."""

    member: Member
    because: Because
    of: str = ""


class Passed(StrEnum):
    """Why it is not this person, although he looks after the place."""

    AWAY = "away"
    AVOIDS = "avoids"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Step:
    """One person on the way from the door to the grid leader; ``passed`` says why it is not he."""

    candidate: Candidate
    passed: Passed | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who looks after a place at an instant, who was passed over on the way to him, and who is next."""

    candidate: Candidate
    passed: tuple[Step, ...]
    then: Candidate | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What volunteers have set themselves, at a wall clock time; ``week``: how often each was asked in seven days.

    Danger knows no limits: it is dispatched without them.
    """

    local: datetime
    week: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid as it stands: its places, people and pairings. ``above`` are the people of the areas above, nearest first."""

    id: int
    code: str
    name: str
    areas: Mapping[int, Area]
    members: Mapping[int, Member]
    pairings: tuple[Pairing, ...]
    leaves: tuple[Leave, ...]
    above: tuple[Member, ...] = ()
    groups: tuple[Chat, ...] = ()
    muted_until: datetime | None = None
    spots: tuple[str, ...] = ()
    nicknames: Mapping[str, str] = field(default_factory=dict)
    caution: str = ""
    avoids: tuple[Avoid, ...] = ()

    def member(self, member_id: int | None) -> Member | None:
        """A member of this grid or of the areas above it."""
        if member_id is None:
            return None
        return self.members.get(member_id) or next((m for m in self.above if m.id == member_id), None)

    def leaders(self) -> list[Member]:
        """The grid leaders, in a fixed order."""
        return [m for m in sorted(self.members.values(), key=lambda m: m.id) if m.role is Role.LEADER]

    def away(self, member_id: int, at: datetime) -> Leave | None:
        """The leave this member is on, if any; of several the one that began last, because it was said last."""
        held = [leave for leave in self.leaves if leave.member_id == member_id and leave.holds(at)]
        return max(held, key=lambda leave: (leave.from_at, leave.stand_in_id or 0), default=None)

    def away_between(self, member_id: int, from_at: datetime, to_at: datetime) -> bool:
        """Whether any leave of this member touches the span (half-open)."""
        return any(
            leave.member_id == member_id and leave.from_at < to_at and from_at < leave.to_at for leave in self.leaves
        )

    def leads_for(self, member_id: int, at: datetime) -> bool:
        """Whether this member stands in for a grid leader who is away."""
        leaves = [leave for leader in self.leaders() if (leave := self.away(leader.id, at)) is not None]
        return any(leave.stand_in_id == member_id for leave in leaves)

    def areas_of(self, place: Place) -> list[Area]:
        """The areas a stated place lies in, most specific first; always ends with the grid."""

        def fits(area: Area) -> bool:
            if area.kind is AreaKind.GRID:
                return True
            if area.kind not in _PAIRED or area.building != place.building or not place.building:
                return False
            if area.kind is AreaKind.BUILDING:
                return True
            if area.unit != place.unit:
                return False
            return area.kind is AreaKind.STAIR or (bool(place.room) and area.room == place.room)

        order = list(_PAIRED)
        return sorted((a for a in self.areas.values() if fits(a)), key=lambda a: (order.index(a.kind), a.id))

    def above_of(self, area_id: int) -> list[Area]:
        """An area and those it lies in, up to the grid; none for an area of another grid."""
        found: list[Area] = []
        area = self.areas.get(area_id)
        while area is not None and area.kind in _PAIRED:
            found.append(area)
            area = self.areas.get(area.parent_id) if area.parent_id is not None else None
        return found

    def avoiding(self, areas: Iterable[Area]) -> frozenset[int]:
        """Everybody who has nothing to do with one of these areas (回避)."""
        ids = {area.id for area in areas}
        return frozenset(avoid.member_id for avoid in self.avoids if avoid.area_id in ids)

    def homes_of(self, member_id: int, today: date) -> int:
        """How many households this member looks after first."""
        return sum(
            p.member_id == member_id
            and p.role is PairRole.FIRST
            and p.holds(today)
            and self.areas[p.area_id].kind is AreaKind.HOUSEHOLD
            for p in self.pairings
        )

    def near(self, areas: Iterable[Area], at: datetime, today: date) -> list[Step]:
        """Who is paired with these areas, in their order: the first one, his stand-in while he is away, then the partners.

        The one walk behind tickets, visits and “谁负责”. Partners of one place come in an order of its own, no low number first.
        """
        areas = list(areas)
        barred = self.avoiding(areas)
        found: dict[int, Step] = {}
        for area in areas:
            held = [p for p in self.pairings if p.area_id == area.id and p.holds(today)]
            held.sort(key=lambda p: (p.role is not PairRole.FIRST, _chance(str(p.area_id), p.member_id), p.member_id))
            for pairing in held:
                member = self.members.get(pairing.member_id)
                if member is None:
                    continue
                because = _PAIRED[area.kind] if pairing.role is PairRole.FIRST else Because.PARTNER
                candidate = Candidate(member, because, area.name)
                if leave := self.away(member.id, at):
                    found.setdefault(member.id, Step(candidate, Passed.AWAY))
                    instead = self.member(leave.stand_in_id)
                    if instead is None or self.away(instead.id, at):
                        continue
                    candidate = Candidate(instead, Because.STAND_IN, member.name)
                step = Step(candidate, Passed.AVOIDS if candidate.member.id in barred else None)
                found.setdefault(candidate.member.id, step)
        return list(found.values())

    def owner(self, areas: Iterable[Area], at: datetime, today: date) -> Owner:
        """Who looks after these areas now (most specific first, see ``areas_of``): never nobody as long as the grid has people.

        Pairing, stand-in, partner; then the next larger area; then the grid leader and the people above. Whoever cannot be
        written to is only named when nobody else is there.

        Raises:
            NobodyThere: nobody at all belongs to this grid.

        """
        areas = list(areas)
        steps = self.near(areas, at, today)
        chain = {s.candidate.member.id: s.candidate for s in steps if s.passed is None}
        for senior in self.seniors(at, barred=self.avoiding(areas)):
            chain.setdefault(senior.member.id, senior)
        if not chain:
            anybody = sorted(self.members.values(), key=lambda m: m.id)
            chain = {m.id: Candidate(m, Because.LOAD) for m in anybody}
        order = sorted(chain.values(), key=lambda c: not c.member.reachable)
        if not order:
            raise refusal.NobodyThere(grid=self.name)
        unheard = [s.candidate for s in steps if s.passed is None and not s.candidate.member.reachable]
        passed = [*(s for s in steps if s.passed), *(Step(c, Passed.UNREACHABLE) for c in unheard)]
        passed = [s for s in passed if s.candidate.member.id != order[0].member.id]
        return Owner(order[0], tuple(passed), order[1] if len(order) > 1 else None)

    def candidates(
        self,
        place: Place,
        at: datetime,
        today: date,
        *,
        load: Mapping[int, int],
        seed: str,
        without: frozenset[int] = frozenset(),
        barred: frozenset[int] = frozenset(),
        skills: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> list[Candidate]:
        """Who is asked about this place, in order; the grid leader last. The same input gives the same order.

        First whoever looks after it (``near``), then volunteers with a fitting skill (``skills``: code and name), then
        whoever has the least to do (``load``); ties by a seeded hash so that no low number is favoured. ``barred``: whom it
        concerns himself; they are never asked, nor is anybody who avoids the place. ``limits``: outside of his duty times a
        volunteer is asked after all others, above his week's cap not at all; with as many households as he can look after
        he is asked about his own places only.
        """
        areas = self.areas_of(place)
        barred |= self.avoiding(areas)
        week = limits.week if limits else {}

        def is_free(member: Member) -> bool:
            return (
                member.role is Role.VOLUNTEER
                and member.reachable
                and member.id not in without
                and member.id not in barred
                and not self.away(member.id, at)
                and (not member.week_cap or week.get(member.id, 0) < member.week_cap)
            )

        near = [step.candidate for step in self.near(areas, at, today) if step.passed is None]
        found = {c.member.id: c for c in near if is_free(c.member)}
        rest = [m for m in self.members.values() if m.id not in found and is_free(m)]
        if limits:
            rest = [m for m in rest if self.homes_of(m.id, today) < m.capacity]
        rest.sort(key=lambda m: (load.get(m.id, 0), _chance(seed, m.id), m.id))
        able = {m.id: min(m.skills & skills.keys()) for m in rest if skills and m.skills & skills.keys()}
        found |= {m.id: Candidate(m, Because.SKILL, skills[able[m.id]]) for m in rest if skills and m.id in able}
        found |= {m.id: Candidate(m, Because.LOAD) for m in rest if m.id not in able}
        asked = list(found.values())
        if limits:
            asked.sort(key=lambda c: not c.member.on_duty(limits.local))
        seniors = self.seniors(at, without=without, barred=barred)
        return [*asked, *(c for c in seniors if c.member.id not in found)]

    def seniors(
        self, at: datetime, *, without: frozenset[int] = frozenset(), barred: frozenset[int] = frozenset()
    ) -> list[Candidate]:
        """Grid leader (or his stand-in), then the areas above: the end of every ladder is a human, and be it one on leave.

        ``without``: volunteers who were asked before are not asked again because they stand in for the leader. ``barred``:
        whom it concerns himself, or who avoids the place; only where there is no other human at all it is one of them.
        """
        here: dict[int, Candidate] = {}
        absent: list[Candidate] = []
        for leader in self.leaders():
            leave = self.away(leader.id, at)
            if leave is None:
                here[leader.id] = Candidate(leader, Because.LEADER)
                continue
            absent.append(Candidate(leader, Because.LEADER))
            stand_in = self.member(leave.stand_in_id)
            if stand_in is None or self.away(stand_in.id, at) is not None:
                continue
            if stand_in.role is not Role.VOLUNTEER or stand_in.id not in without:
                here.setdefault(stand_in.id, Candidate(stand_in, Because.STAND_IN, leader.name))
        for member in self.above:
            if self.away(member.id, at) is not None:
                absent.append(Candidate(member, Because.ABOVE))
            else:
                here.setdefault(member.id, Candidate(member, Because.ABOVE))
        found = [*here.values(), *absent]
        return [c for c in found if c.member.id not in barred] or found

    def acting(self, at: datetime) -> list[Member]:
        """The grid leaders as they are now: who is on leave is replaced by his stand-in, all of them away by the next one up."""
        seniors = self.seniors(at)
        here = [c.member for c in seniors if c.because is not Because.ABOVE and not self.away(c.member.id, at)]
        return here or [c.member for c in seniors[:1]]

    def gazetteer_buildings(self) -> frozenset[str]:
        """Names of this grid's buildings in normal form (3栋)."""
        return frozenset(a.building for a in self.areas.values() if a.kind is AreaKind.BUILDING)


def _chance(seed: str, member_id: int) -> bytes:
    return blake2b(f"{seed}|{member_id}".encode(), digest_size=8).digest()
