"""XLSX files from strangers: measured before they are unpacked, parsed without entities, never evaluated."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import openpyxl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string

from bot.sheets.faults import Fault, Faulty

SIGNATURE = b"PK\x03\x04"
OLD = b"\xd0\xcf\x11\xe0"
"""The head of .xls files and of encrypted .xlsx files."""

MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 2000
MOST_RATIO = 200
"""Sheets shrink ten- to thirtyfold; a bomb a thousandfold."""

SMALL = 1024 * 1024
"""Below this the ratio says nothing: a part of blanks is no bomb."""

MOST_COLUMNS = 100


def rows(data: bytes, most_rows: int) -> list[tuple[int, list[str]]]:
    """The rows of the first sheet as text, with their numbers.

    Raises:
        Faulty: too big, damaged, merged cells.

    """
    try:
        _measure(data)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            sheet = book.worksheets[0]
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                _inspect(archive, str(sheet._worksheet_path).lstrip("/"), most_rows)  # type: ignore[attr-defined]
            sheet.reset_dimensions()  # what the file says of its own size is not to be trusted
            return [(number, cells) for number, cells in _cells(sheet)]
        finally:
            book.close()
    except Faulty:
        raise
    except DefusedXmlException:
        raise Faulty(Fault("entities")) from None
    except Exception as error:
        # zipfile, zlib and openpyxl say “damaged” in a dozen ways; openpyxl also wraps what the parser refuses
        refused = isinstance(error.__cause__, DefusedXmlException)
        raise Faulty(Fault("entities" if refused else "damaged")) from None


def _measure(data: bytes) -> None:
    """The zip directory first. It cannot lie: zipfile reads no more of a part than its directory says."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if (
        len(parts) > MOST_PARTS
        or unpacked > MOST_UNPACKED
        or (unpacked > SMALL and unpacked > MOST_RATIO * max(packed, 1))
    ):
        raise Faulty(Fault("bomb", values=(("limit", MOST_UNPACKED // 1024 // 1024),)))
    if any(part.flag_bits & 1 for part in parts):
        raise Faulty(Fault("locked"))


def _inspect(archive: zipfile.ZipFile, path: str, most_rows: int) -> None:
    """What the read-only reader does not tell: merged cells, and how far the cells really go."""
    merged: list[str] = []
    with archive.open(path) as part:
        for _, element in iterparse(part):
            name = str(element.tag).rpartition("}")[2]
            if name == "mergeCell":
                merged.append(str(element.get("ref", "")))
            elif name == "c" and (place := element.get("r")):
                letters, row = coordinate_from_string(place)
                if row > most_rows:
                    raise Faulty(Fault("too_many_rows", values=(("limit", most_rows),)))
                if column_index_from_string(letters) > MOST_COLUMNS:
                    raise Faulty(Fault("too_many_columns", row=row, values=(("limit", MOST_COLUMNS),)))
            if name in ("row", "mergeCell"):
                element.clear()
    if merged:
        raise Faulty(*(Fault("merged", row=_first_row(ref), values=(("place", ref),)) for ref in merged))


def _first_row(ref: str) -> int:
    return int(coordinate_from_string(ref.partition(":")[0])[1])


def _cells(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        for cell in row:
            if cell.data_type == "e":
                raise Faulty(Fault("formula_error", row=number, values=(("text", cell.value),)))
        cells = [_text(cell.value) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        yield number, cells


def _text(value: Any) -> str:
    """A cell as a person reads it. A formula is the text that was typed, never its result."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
        case date():
            return value.isoformat()
    formula = getattr(value, "text", None)  # array formulas are objects
    return str(value) if formula is None else str(formula)
