"""A file as rows of named cells, whatever it came as. Everything is text; nothing is evaluated."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.sheets import xlsx
from bot.sheets.decoding import Undecodable, decode
from bot.sheets.faults import Fault, Faulty
from domain.screen import plain
from texts.sentences import Sentences

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 100_000
LONGEST_CELL = 500

GUARDED = re.compile(r"'+[=+\-@\t\r]")
"""What ``bot.sheets.writing`` makes of a cell that looks like a formula; taken back here, so that nothing is lost on the way."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a sheet by key; their headings stand in ``texts/said/sheet.toml``."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One row. ``number`` counts as Excel does, the heading being row 1."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says. ``columns``: the keys that are there; ``headings``: what they are called."""

    columns: frozenset[str]
    headings: dict[str, str]
    lines: tuple[Line, ...]


def read(path: Path, layout: Layout, said: Sentences) -> Sheet:
    """Read a CSV or XLSX file.

    Raises:
        Faulty: with everything that is wrong with the form of the file.

    """
    return _named(_rows(path), layout, said)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise Faulty(Fault("too_big", values=(("limit", MOST_BYTES // 1024 // 1024),)))
        data = path.read_bytes()
    except OSError as error:
        raise Faulty(Fault("no_file", values=(("path", path.name), ("error", error.strerror or "")))) from None
    if data.startswith(xlsx.SIGNATURE):
        return xlsx.rows(data, MOST_ROWS)
    if data.startswith(xlsx.OLD):
        raise Faulty(Fault("old_excel"))
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        raise Faulty(Fault("not_excel"))
    return _of_csv(data)


def _of_csv(data: bytes) -> list[tuple[int, list[str]]]:
    try:
        text = decode(data)
    except Undecodable:
        raise Faulty(Fault("encoding")) from None
    if "\0" in text:
        raise Faulty(Fault("encoding"))
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",\t;", key=head.count), strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if number > MOST_ROWS:
                raise Faulty(Fault("too_many_rows", values=(("limit", MOST_ROWS),)))
            found.append((number, [cell[1:] if GUARDED.match(cell) else cell for cell in cells]))
    except csv.Error:
        raise Faulty(Fault("csv", row=len(found) + 1)) from None
    return found


def _named(rows: Iterable[tuple[int, Sequence[str]]], layout: Layout, said: Sentences) -> Sheet:
    filled = ((number, [clean(cell) for cell in cells]) for number, cells in rows)
    body = [(number, cells) for number, cells in filled if any(cells)]
    if not body:
        raise Faulty(Fault("empty"))
    head_row, head = body[0]
    headings = {key: said.say(f"sheet.column.{key}") for key in (*layout.required, *layout.optional)}
    columns, faults = _columns(head_row, head, layout, headings)
    if faults:
        raise Faulty(*faults)
    if len(body) == 1:
        raise Faulty(Fault("empty"))
    lines = []
    for number, cells in body[1:]:
        faults += [
            Fault("no_heading", row=number, values=(("text", cell[:20]),))
            for place, cell in enumerate(cells)
            if cell and place not in columns
        ]
        faults += [
            Fault("too_long", row=number, column=headings[key], values=(("limit", LONGEST_CELL),))
            for place, key in columns.items()
            if place < len(cells) and len(cells[place]) > LONGEST_CELL
        ]
        found = {key: cells[place] if place < len(cells) else "" for place, key in columns.items()}
        lines.append(Line(number, found))
    if faults:
        raise Faulty(*faults)
    return Sheet(frozenset(columns.values()), headings, tuple(lines))


def clean(cell: str) -> str:
    """One line; a line break inside a cell separates things as “、” does."""
    return plain("、".join(part.strip() for part in cell.splitlines() if part.strip()), LONGEST_CELL + 1)


def _columns(
    row: int, head: Sequence[str], layout: Layout, headings: dict[str, str]
) -> tuple[dict[int, str], list[Fault]]:
    """Which key stands in which place."""
    keys = {heading: key for key, heading in headings.items()}
    known = "、".join(headings.values())
    found: dict[int, str] = {}
    faults: list[Fault] = []
    for place, raw in enumerate(head):
        heading = unicodedata.normalize("NFKC", raw).strip(" *")
        if not heading:
            continue
        key = keys.get(heading)
        if key is None:
            faults.append(Fault("unknown_column", row, heading[:20], (("known", known),)))
        elif key in found.values():
            faults.append(Fault("double_column", row, heading))
        else:
            found[place] = key
    faults += [Fault("missing_column", row, headings[k]) for k in layout.required if k not in found.values()]
    return found, faults
