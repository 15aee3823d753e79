"""The pairing roster (结对名册): who looks after a place, now, and why. One resolver for tickets, visits and notices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import blake2b

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


@dataclass(frozen=True, slots=True)
class Member:
    """A volunteer or member of staff. ``public_name`` is how he wants to be called in the group, empty for not at all."""

    id: int
    area_id: int
    role: Role
    name: str
    public_name: str = ""
    chats: tuple[Chat, ...] = ()
    capacity: int = 10
    joined_on: date | None = None

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

    def candidates(
        self,
        place: Place,
        at: datetime,
        today: date,
        *,
        load: Mapping[int, int],
        seed: str,
        without: frozenset[int] = frozenset(),
    ) -> list[Candidate]:
        """Who is asked about this place, in order; the grid leader last. The same input gives the same order.

        Pairing first (household > stair > building > grid), then the partners, then stand-ins of those who are away, then
        whoever of the grid has the least open work; ties by a seeded hash so that no low number is favoured.
        """

        def chance(member_id: int) -> bytes:
            return blake2b(f"{seed}|{member_id}".encode(), digest_size=8).digest()

        found: dict[int, Candidate] = {}

        def offer(member_id: int, because: Because, of: str) -> None:
            member = self.members.get(member_id)
            if member is None or member.role is not Role.VOLUNTEER or member_id in without or member_id in found:
                return
            if member.reachable and not self.away(member_id, at):
                found[member_id] = Candidate(member, because, of)

        areas = self.areas_of(place)
        pairings = sorted(self.pairings, key=lambda p: (chance(p.member_id), p.member_id))
        held = [(area, p) for area in areas for p in pairings if p.area_id == area.id and p.holds(today)]
        for area, pairing in held:
            if pairing.role is PairRole.FIRST:
                offer(pairing.member_id, _PAIRED[area.kind], area.name)
        for area, pairing in held:
            if pairing.role is PairRole.PARTNER:
                offer(pairing.member_id, Because.PARTNER, area.name)
        for _area, pairing in held:
            leave = self.away(pairing.member_id, at)
            if leave and leave.stand_in_id is not None:
                offer(leave.stand_in_id, Because.STAND_IN, self.members[pairing.member_id].name)
        rest = [m for m in self.members.values() if m.id not in found]
        rest.sort(key=lambda m: (load.get(m.id, 0), chance(m.id), m.id))
        for member in rest:
            offer(member.id, Because.LOAD, "")
        taken = found.keys()
        return [*found.values(), *(c for c in self.seniors(at, without=without) if c.member.id not in taken)]

    def seniors(self, at: datetime, *, without: frozenset[int] = frozenset()) -> list[Candidate]:
        """Grid leader (or his stand-in), then the areas above: the end of every ladder is a human, and be it one on leave.

        ``without``: volunteers who were asked before are not asked again because they stand in for the leader.
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
            here.setdefault(member.id, Candidate(member, Because.ABOVE))
        return [*here.values(), *absent]

    def gazetteer_buildings(self) -> frozenset[str]:
        """Names of this grid's buildings in normal form (3栋)."""
        return frozenset(a.building for a in self.areas.values() if a.kind is AreaKind.BUILDING)
