"""roster: who is who, and who looks after which building, unit or grid."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.sheets import places
from bot.sheets.cells import Cells
from bot.sheets.faults import Fault, Faulty
from bot.sheets.reading import Layout, Sheet
from domain import refusal
from domain.duty import read as read_duty
from domain.roster import AreaKind, Duty, PairRole, Role
from storage.rosters import (
    Changes,
    Closing,
    Key,
    KnownMember,
    NewMember,
    NewPairing,
    Person,
    Snapshot,
    Update,
    area_key,
)
from texts.sentences import Sentences
from texts.skills import load_skills, skill_of

LAYOUT = Layout(
    required=("grid_code", "name", "role"),
    optional=("public_name", "phone", "pairs", "pair_role", "capacity", "week_cap", "skills", "duty"),
)
CAPACITY = 10
_LEVEL = {Role.SECRETARY: AreaKind.COMMUNITY, Role.STREET: AreaKind.STREET}
_PAIRED = (AreaKind.GRID, AreaKind.BUILDING, AreaKind.STAIR)
"""Levels a roster speaks of; who visits a household is said by the sheet of households."""


@dataclass
class _Entry:
    """One person, from one row or several."""

    row: int
    area: Key
    name: str
    role: Role
    grids: set[Key]
    public_name: str | None = None
    phone: str | None = None
    capacity: int | None = None
    week_cap: int | None = None
    skills: tuple[str, ...] | None = None
    duty: tuple[Duty, ...] | None = None
    pairs: dict[tuple[Key, PairRole], int] = field(default_factory=dict)


def plan(sheet: Sheet, known: Snapshot, said: Sentences, *, complete: bool = False) -> Changes:
    """What this sheet changes. ``complete``: whoever of its grids does not stand in it has left.

    Raises:
        Faulty: and nothing is changed.

    """
    faults: list[Fault] = []
    found: dict[Person, _Entry] = {}
    for line in sheet.lines:
        _read(Cells(sheet, line, faults), known, said, found)
    _check_firsts(sheet, found.values(), faults)
    if faults:
        raise Faulty(*faults)
    return _changes(sheet, found, known, complete=complete)


def _read(cells: Cells, known: Snapshot, said: Sentences, found: dict[Person, _Entry]) -> None:
    code, name = cells.need("grid_code"), cells.name("name")
    role = cells.choice("role", role_words(said))
    pair_role = cells.choice("pair_role", pair_words(said), said.say("sheet.pair.first"))
    told = {
        "capacity": cells.number("capacity", 0, 1000),
        "week_cap": cells.number("week_cap", 0, 99),
        "skills": _skills(cells),
        "duty": _duty(cells),
    }
    grid = area_key(AreaKind.GRID, code)
    if code and grid not in known.areas:
        cells.fault("no_grid", "grid_code", text=code[:20])
        return
    if not (code and name and role and pair_role):
        return
    area = _home(known, grid, Role(role))
    if area is None:
        cells.fault("no_level", "role", code=code)
        return
    entry = found.setdefault((area, name), _Entry(cells.line.number, area, name, Role(role), set()))
    entry.grids.add(grid)
    _merge(cells, entry, Role(role), told)
    _read_pairs(cells, known, code, PairRole(pair_role), entry)


def _skills(cells: Cells) -> tuple[str, ...] | None:
    """Skills by their names; an empty cell empties them, no column leaves them as they are."""
    text = cells.given("skills")
    if text is None:
        return None
    found = {word: skill_of(word) for word in places.listed(text)}
    for word, key in found.items():
        if key is None:
            known = "、".join(skill.name for skill in load_skills().values())
            cells.fault("skill", "skills", text=word[:20], known=known)
    return tuple(sorted({key for key in found.values() if key is not None}))


def _duty(cells: Cells) -> tuple[Duty, ...] | None:
    text = cells.given("duty")
    if not text:
        return None if text is None else ()
    try:
        return read_duty(text)
    except refusal.TimeUnclear:
        cells.fault("duty", "duty", text=text[:20])
        return None


def _merge(cells: Cells, entry: _Entry, role: Role, told: Mapping[str, object]) -> None:
    """Several rows may speak of one person; they must not contradict each other."""
    values: dict[str, object] = {
        "public_name": cells.given("public_name"),
        "phone": cells.given("phone"),
        **told,
    }
    if role is not entry.role:
        cells.fault("same_name", "role", name=entry.name, other=entry.row)
    for column, here in values.items():
        there = getattr(entry, column)
        if here and there and here != there:
            cells.fault("same_name", column, name=entry.name, other=entry.row)
        elif here or there is None:
            setattr(entry, column, here)


def _read_pairs(cells: Cells, known: Snapshot, code: str, role: PairRole, entry: _Entry) -> None:
    parts = places.listed(cells.text("pairs"))
    if parts and entry.role in _LEVEL:
        cells.fault("pairs_above", "pairs")
        return
    for part in parts:
        key = _paired_area(known, code, part)
        if key is None:
            cells.fault("no_area", "pairs", code=code, text=part[:20])
        elif (key, role) in entry.pairs:
            cells.fault("double_pair", "pairs", text=part, name=entry.name, other=entry.pairs[key, role])
        else:
            entry.pairs[key, role] = cells.line.number


def _paired_area(known: Snapshot, code: str, text: str) -> Key | None:
    if text in ("全网格", "整个网格"):
        return area_key(AreaKind.GRID, code)
    place = places.stair(text)
    if place is None:
        return None
    building, unit = place
    key = area_key(AreaKind.STAIR if unit else AreaKind.BUILDING, code, building, unit)
    return key if key in known.areas else None


def _home(known: Snapshot, grid: Key, role: Role) -> Key | None:
    """The area a role belongs to: the grid, or the community or street above it."""
    level = _LEVEL.get(role, AreaKind.GRID)
    key: Key | None = grid
    while key is not None and known.areas[key].kind is not level:
        key = known.areas[key].parent
    return key


def _check_firsts(sheet: Sheet, entries: Iterable[_Entry], faults: list[Fault]) -> None:
    """Of each place one person is the first; others are partners."""
    firsts: dict[Key, tuple[str, int]] = {}
    for entry in entries:
        for (key, role), row in entry.pairs.items():
            if role is not PairRole.FIRST:
                continue
            name, other = firsts.setdefault(key, (entry.name, row))
            if name != entry.name:
                values = (("area", shown(key)), ("name", name), ("other", other))
                faults.append(Fault("two_firsts", row, sheet.headings["pairs"], values))


def _changes(sheet: Sheet, found: dict[Person, _Entry], known: Snapshot, *, complete: bool) -> Changes:
    new: list[NewMember] = []
    updates: list[Update] = []
    closings: list[Closing] = []
    for person, entry in found.items():
        old = known.members.get(person)
        if old is None:
            capacity = CAPACITY if entry.capacity is None else entry.capacity
            public_name, phone = entry.public_name or "", entry.phone or ""
            more = (entry.week_cap or 0, entry.skills or (), entry.duty or ())
            new.append(NewMember(entry.area, entry.role, entry.name, public_name, phone, capacity, *more))
        elif values := _differences(entry, old):
            updates.append(Update("member", old.id, entry.name, values))
    gone = _gone(found, known) if complete else set()
    closings += [Closing("member", known.members[p].id, p[1]) for p in sorted(gone)]
    pairings: list[NewPairing] = []
    if "pairs" in sheet.columns or gone:
        pairings = _pair(sheet, found, known, gone, closings)
    return Changes(members=tuple(new), pairings=tuple(pairings), updates=tuple(updates), closings=tuple(closings))


def _differences(entry: _Entry, old: KnownMember) -> tuple[tuple[str, object, object], ...]:
    """Columns a file does not have stay as they are; a cell that was emptied empties the value."""
    wanted: dict[str, object] = {
        "role": entry.role,
        "public_name": entry.public_name,
        "phone": entry.phone,
        "capacity": entry.capacity,
        "week_cap": entry.week_cap,
        "skills": entry.skills,
        "duty": entry.duty,
        "active": True,
    }
    return tuple(
        (column, getattr(old, column), value)
        for column, value in wanted.items()
        if value is not None and value != getattr(old, column)
    )


def _gone(found: dict[Person, _Entry], known: Snapshot) -> set[Person]:
    spoken_of = {grid for entry in found.values() for grid in entry.grids}
    return {p for p, m in known.members.items() if m.active and m.area in spoken_of and p not in found}


def _pair(
    sheet: Sheet, found: dict[Person, _Entry], known: Snapshot, gone: set[Person], closings: list[Closing]
) -> list[NewPairing]:
    """Pairings that are no more are closed, others opened. One person's new first place ends it for the former one."""
    says = "pairs" in sheet.columns
    wanted = {(key, p, role) for p, entry in found.items() for key, role in entry.pairs} if says else set()
    taken = {key for key, _, role in wanted if role is PairRole.FIRST}
    held: set[tuple[Key, Person, PairRole]] = set()
    for pairing in known.pairings:
        here = (pairing.area, pairing.member, pairing.role)
        spoken_of = AreaKind(pairing.area[0]) in _PAIRED
        ends = pairing.member in gone or (
            spoken_of
            and here not in wanted
            and ((says and pairing.member in found) or (pairing.role is PairRole.FIRST and pairing.area in taken))
        )
        if ends:
            closings.append(Closing("pairing", pairing.id, f"{shown(pairing.area)} {pairing.member[1]}"))
        else:
            held.add(here)
    return [NewPairing(*here) for here in sorted(wanted - held)]


def shown(key: Key) -> str:
    """An area as people name it inside its grid; the grid itself by its code."""
    return "".join(key[2:]) or key[1]


def role_words(said: Sentences) -> dict[str, str]:
    """志愿者 → volunteer …"""
    return {said.say(f"member.role_{role}"): str(role) for role in Role}


def pair_words(said: Sentences) -> dict[str, str]:
    """结对 → first …"""
    return {said.say(f"sheet.pair.{role}"): str(role) for role in PairRole}
