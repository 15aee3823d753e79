"""households: whom the volunteers visit, with whose consent, and who goes. Names and numbers are sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.sheets.cells import Cells
from bot.sheets.faults import Fault, Faulty
from bot.sheets.reading import Layout, Sheet
from bot.sheets.vault import Vault
from domain.cadence import Cadence, Unit
from domain.roster import AreaKind, PairRole
from domain.visit import Category
from storage.rosters import (
    Changes,
    Closing,
    Key,
    KnownPlan,
    NewArea,
    NewPairing,
    NewPlan,
    Person,
    Snapshot,
    Update,
    area_key,
)

LAYOUT = Layout(
    required=("grid_code", "building", "unit", "room", "category", "consent_on", "first"),
    optional=("every_days", "person", "contact", "partner"),
)


@dataclass
class _Home:
    """One household, from one row for each of its categories."""

    row: int
    key: Key
    pairs: dict[PairRole, Person]
    plans: dict[str, "_Visits"] = field(default_factory=dict)


@dataclass(frozen=True)
class _Visits:
    row: int
    cadence: str | None
    consent_on: date
    person: str | None
    contact: str | None


def plan(
    sheet: Sheet,
    known: Snapshot,
    categories: Mapping[str, Category],
    vault: Vault,
    today: date,
    *,
    complete: bool = False,
) -> Changes:
    """What this sheet changes. ``complete``: households of its grids that do not stand in it are visited no more.

    Raises:
        Faulty: and nothing is changed.

    """
    faults: list[Fault] = []
    found: dict[Key, _Home] = {}
    words = category_words(categories)
    stairs = frozenset(key[1:3] for key in known.areas if key[0] == AreaKind.STAIR)
    for line in sheet.lines:
        _read(Cells(sheet, line, faults), known, stairs, words, vault, today, found)
    if faults:
        raise Faulty(*faults)
    return _changes(sheet, found, known, categories, vault, complete=complete)


def _read(
    cells: Cells,
    known: Snapshot,
    stairs: frozenset[Key],
    words: Mapping[str, str],
    vault: Vault,
    today: date,
    found: dict[Key, _Home],
) -> None:
    key = _household(cells, known, stairs)
    category = cells.choice("category", words)
    days = cells.number("every_days", 1, 366)
    cadence = None if days is None else Cadence.of_days(days).text
    consent_on = cells.day("consent_on", today)
    for column in ("person", "contact"):
        if cells.text(column) and not vault:
            cells.fault("no_key", column)
    pairs = _pairs(cells, known)
    if key is None or not category or consent_on is None or pairs is None:
        return
    row = cells.line.number
    home = found.setdefault(key, _Home(row, key, pairs))
    if home.pairs != pairs:
        cells.fault("other_carers", "first", text="".join(key[2:]), other=home.row)
    if category in home.plans:
        cells.fault("double_household", "room", text="".join(key[2:]), other=home.plans[category].row)
        return
    home.plans[category] = _Visits(row, cadence, consent_on, cells.given("person"), cells.given("contact"))


def _household(cells: Cells, known: Snapshot, stairs: frozenset[Key]) -> Key | None:
    """Its key, if the building and unit are known: a mistyped door would send a volunteer to strangers."""
    code, building, unit, room = cells.need("grid_code"), "", cells.unit("unit"), ""
    if cells.need("building"):
        building = cells.building("building")
    if cells.need("room"):
        room = cells.room("room")
    if code and area_key(AreaKind.GRID, code) not in known.areas:
        cells.fault("no_grid", "grid_code", text=code[:20])
        return None
    if not (code and building and room) or (cells.text("unit") and not unit):
        return None
    if area_key(AreaKind.BUILDING, code, building) not in known.areas:
        cells.fault("no_area", "building", code=code, text=building)
        return None
    if unit and area_key(AreaKind.STAIR, code, building, unit) not in known.areas:
        cells.fault("no_area", "unit", code=code, text=building + unit)
        return None
    if not unit and (code, building) in stairs:
        cells.fault("unit_needed", "unit", text=building)
        return None
    return area_key(AreaKind.HOUSEHOLD, code, building, unit, room)


def _pairs(cells: Cells, known: Snapshot) -> dict[PairRole, Person] | None:
    """Who visits: people of the roster of this grid."""
    grid = area_key(AreaKind.GRID, cells.text("grid_code"))
    found: dict[PairRole, Person] = {}
    for role in PairRole:
        name = cells.name(str(role), need=role is PairRole.FIRST)
        member = known.members.get((grid, name))
        if name and (member is None or not member.active):
            cells.fault("no_member", str(role), text=name)
        elif name and (grid, name) in found.values():
            cells.fault("same_carer", str(role), text=name)
        elif name:
            found[role] = (grid, name)
    complete = PairRole.FIRST in found and (PairRole.PARTNER in found or not cells.text("partner"))
    return found if complete else None


def _changes(
    sheet: Sheet,
    found: dict[Key, _Home],
    known: Snapshot,
    categories: Mapping[str, Category],
    vault: Vault,
    *,
    complete: bool,
) -> Changes:
    new: list[NewPlan] = []
    updates: list[Update] = []
    for home in found.values():
        for category, visits in home.plans.items():
            old = known.plans.get((home.key, category))
            if old is None:
                cadence = visits.cadence or categories[category].cadence.text
                texts = (visits.person or "", visits.contact or "")
                new.append(NewPlan(home.key, category, cadence, visits.consent_on, *texts))
            elif values := _differences(visits, old, vault):
                updates.append(Update("plan", old.id, "".join(home.key[1:]), values))
    closings = _gone(found, known) if complete else []
    still = {(p.household, p.category) for p in known.plans.values() if p.active}
    still -= {(p.household, p.category) for p in known.plans.values() if any(c.id == p.id for c in closings)}
    empty = {p.household for p in known.plans.values()} - {key for key, _ in still} - found.keys()
    pairings = _pair(sheet, found, known, empty if complete else set(), closings)
    return Changes(
        areas=tuple(_area(key) for key in found if key not in known.areas),
        pairings=tuple(pairings),
        plans=tuple(new),
        updates=tuple(updates),
        closings=tuple(closings),
    )


def _area(key: Key) -> NewArea:
    _, code, building, unit, room = key
    parent = area_key(AreaKind.STAIR if unit else AreaKind.BUILDING, code, building, unit)
    return NewArea(key, parent, AreaKind.HOUSEHOLD, building + unit + room)


def _differences(visits: _Visits, old: KnownPlan, vault: Vault) -> tuple[tuple[str, object, object], ...]:
    """What is sealed is compared readable, since it never looks the same twice."""
    wanted: dict[str, tuple[object, object]] = {
        "cadence": (old.cadence, visits.cadence),
        "consent_on": (old.consent_on, visits.consent_on),
        "person": (vault.open(old.person), visits.person),
        "contact": (vault.open(old.contact), visits.contact),
        "active": (old.active, True),
    }
    return tuple((c, was, now) for c, (was, now) in wanted.items() if now is not None and was != now)


def _gone(found: dict[Key, _Home], known: Snapshot) -> list[Closing]:
    codes = {key[1] for key in found}
    return [
        Closing("plan", plan.id, "".join(key[1:]))
        for (key, category), plan in known.plans.items()
        if plan.active and key[1] in codes and (key not in found or category not in found[key].plans)
    ]


def _pair(
    sheet: Sheet, found: dict[Key, _Home], known: Snapshot, empty: set[Key], closings: list[Closing]
) -> list[NewPairing]:
    """Who goes from now on. Without a column for partners, partners stay."""
    wanted = {(home.key, person, role) for home in found.values() for role, person in home.pairs.items()}
    held: set[tuple[Key, Person, PairRole]] = set()
    for pairing in known.pairings:
        here = (pairing.area, pairing.member, pairing.role)
        spoken_of = pairing.role is PairRole.FIRST or "partner" in sheet.columns
        if here not in wanted and (pairing.area in empty or (pairing.area in found and spoken_of)):
            label = f"{''.join(pairing.area[2:])} {pairing.member[1]}"
            closings.append(Closing("pairing", pairing.id, label))
        else:
            held.add(here)
    return [NewPairing(*here) for here in sorted(wanted - held)]


def category_words(categories: Mapping[str, Category]) -> dict[str, str]:
    """What may stand for a category: its name, the same with the dots of official papers, its key."""
    kinds = {key: category for key, category in categories.items() if category.cadence.unit is not Unit.EVENT}
    found = {category.name: key for key, category in kinds.items()}
    found |= {category.name.replace("、", "·"): key for key, category in kinds.items()}
    return found | {key: key for key in kinds}
