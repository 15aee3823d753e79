"""areas: streets, communities, grids, buildings, units, and the words people have for them. Only adds and renames."""

from dataclasses import dataclass, field

from bot.sheets import places
from bot.sheets.cells import Cells
from bot.sheets.faults import Fault, Faulty
from bot.sheets.reading import Layout, Sheet
from domain.roster import AreaKind
from storage.rosters import Changes, Key, NewArea, NewWord, Snapshot, Update, area_key

LAYOUT = Layout(
    required=("street", "community", "grid_code", "grid", "building"),
    optional=("units", "unit", "nickname", "spots"),
)
MOST_UNITS = 30


@dataclass
class _Grid:
    row: int
    street: str
    community: str
    name: str
    buildings: dict[str, dict[str, int]] = field(default_factory=dict)
    """Units of each building, with the row that names them first."""
    words: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)


def plan(sheet: Sheet, known: Snapshot) -> Changes:
    """What this sheet changes.

    Raises:
        Faulty: and nothing is changed.

    """
    faults: list[Fault] = []
    found: dict[str, _Grid] = {}
    for line in sheet.lines:
        _read(Cells(sheet, line, faults), found)
    for code, grid in found.items():
        _check_home(sheet, code, grid, known, faults)
    if faults:
        raise Faulty(*faults)
    return _changes(found, known)


def _read(cells: Cells, found: dict[str, _Grid]) -> None:
    street, community, code, name = (cells.need(c) for c in LAYOUT.required[:4])
    building = cells.building("building")
    units = _units(cells, building)
    if not (street and community and code and name):
        return
    row = cells.line.number
    grid = found.setdefault(code, _Grid(row, street, community, name))
    for column, here in (("street", street), ("community", community), ("grid", name)):
        there = getattr(grid, "name" if column == "grid" else column)
        if here != there:
            cells.fault("differs", column, code=code, other=grid.row, text=there)
    for spot in places.listed(cells.text("spots")):
        grid.words.setdefault(("spot", spot), ("", row))
    if building:
        _add_building(cells, grid, building, units)
    elif cells.text("nickname"):
        cells.fault("building_needed", "nickname")


def _units(cells: Cells, building: str) -> list[str]:
    """Either how many there are, or which."""
    count = cells.number("units", 0, MOST_UNITS)
    named = [(text, places.unit(text)) for text in places.listed(cells.text("unit"))]
    for text, unit in named:
        if not unit:
            cells.fault("bad_unit", "unit", text=text[:20])
    if count is not None and named:
        cells.fault("units_twice", "unit")
    if (count or named) and not building and not cells.text("building"):
        cells.fault("building_needed", "unit" if named else "units")
    return [unit for _, unit in named if unit] or [f"{n}单元" for n in range(1, (count or 0) + 1)]


def _add_building(cells: Cells, grid: _Grid, building: str, units: list[str]) -> None:
    row = cells.line.number
    stairs = grid.buildings.get(building)
    if stairs is None:
        stairs = grid.buildings[building] = {}
    elif not units or "" in stairs:
        cells.fault("double_building", "building", text=building, other=min(stairs.values()))
    for unit in units or [""]:
        if unit in stairs and unit:
            cells.fault("double_unit", "unit", text=building + unit, other=stairs[unit])
        stairs.setdefault(unit, row)
    nicknames = places.listed(cells.text("nickname"))
    if places.has_own_name(building):
        nicknames.append(building)  # the chat knows numbers; a name has to be told
    for word in nicknames:
        means, other = grid.words.setdefault(("nickname", word), (building, row))
        if means != building:
            cells.fault("double_nickname", "nickname", text=word, means=means, other=other)


def _check_home(sheet: Sheet, code: str, grid: _Grid, known: Snapshot, faults: list[Fault]) -> None:
    """A grid stays in its community: its people, tickets and figures belong there."""
    area = known.areas.get(area_key(AreaKind.GRID, code))
    if area is not None and area.parent not in (None, _community(grid)):
        home = "".join(area.parent[1:]) if area.parent else ""
        heading = sheet.headings["grid_code"]
        faults.append(Fault("grid_elsewhere", grid.row, heading, (("code", code), ("home", home))))


def _street(grid: _Grid) -> Key:
    return (str(AreaKind.STREET), grid.street)


def _community(grid: _Grid) -> Key:
    return (str(AreaKind.COMMUNITY), grid.street, grid.community)


def _changes(found: dict[str, _Grid], known: Snapshot) -> Changes:
    new: dict[Key, NewArea] = {}
    words: list[NewWord] = []
    updates: list[Update] = []

    def want(key: Key, parent: Key | None, name: str) -> None:
        area = known.areas.get(key)
        if area is None:
            new.setdefault(key, NewArea(key, parent, AreaKind(key[0]), name))
        elif area.name != name and area.kind is AreaKind.GRID:
            updates.append(Update("area", area.id, area.key[1], (("name", area.name, name),)))

    for code, grid in found.items():
        home, community = area_key(AreaKind.GRID, code), _community(grid)
        if home not in known.areas or known.areas[home].parent is not None:
            want(_street(grid), None, grid.street)
            want(community, _street(grid), grid.community)
        want(home, community, grid.name)
        for building, stairs in grid.buildings.items():
            house = area_key(AreaKind.BUILDING, code, building)
            want(house, home, building)
            for unit in filter(None, stairs):
                want(area_key(AreaKind.STAIR, code, building, unit), house, building + unit)
        for (kind, word), (means, _) in grid.words.items():
            old = known.words.get((home, kind, word))
            if old is None:
                words.append(NewWord(home, kind, word, means))
            elif old.means != means:
                updates.append(Update("word", old.id, f"{code} {word}", (("means", old.means, means),)))
    return Changes(areas=tuple(new.values()), words=tuple(words), updates=tuple(updates))
