"""Sheets for people's programs: CSV with a mark that Excel reads as UTF-8, or XLSX. No cell ever starts a formula."""

import csv
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from bot.sheets.reading import GUARDED

_STARTS = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_767
"""Excel cuts a cell here."""


class Out(Protocol):
    """A sheet being written."""

    def add(self, row: Sequence[object]) -> None:
        """One more row."""
        ...


@contextmanager
def writing(path: Path) -> Iterator[Out]:
    """A new file that appears whole or not at all, readable by its owner only: it holds names.

    The suffix says what it is: ``.csv`` or ``.xlsx``.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    draft = Path(name)
    try:
        if path.suffix.lower() == ".xlsx":
            book = Workbook(write_only=True)
            yield _Xlsx(book)
            book.save(draft)
            book.close()
        else:
            with draft.open("w", encoding="utf-8-sig", newline="") as file:
                yield _Csv(file)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class _Csv:
    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file)

    def add(self, row: Sequence[object]) -> None:
        self._writer.writerow([guarded(str(cell)) for cell in row])


class _Xlsx:
    def __init__(self, book: Workbook) -> None:
        self._sheet = book.create_sheet()

    def add(self, row: Sequence[object]) -> None:
        self._sheet.append([self._cell(cell) for cell in row])

    def _cell(self, value: object) -> object:
        if isinstance(value, int):
            return value
        cell = WriteOnlyCell(self._sheet, ILLEGAL_CHARACTERS_RE.sub("", str(value))[:_LONGEST])
        cell.data_type = "s"  # openpyxl takes “=…” for a formula otherwise
        return cell


def guarded(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula; ``reading`` takes it off again."""
    return f"'{text}" if text.startswith(_STARTS) or GUARDED.match(text) else text
