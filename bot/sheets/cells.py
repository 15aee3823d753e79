"""One row's cells as values. What cannot be read becomes a fault at its place, and reading goes on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from bot.sheets import places
from bot.sheets.faults import Fault
from bot.sheets.reading import Line, Sheet

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00(?::00)?)?")
_NAME = re.compile(r"[^、,，;；\d]{1,30}")


@dataclass
class Cells:
    """The cells of one row and everybody's list of faults."""

    sheet: Sheet
    line: Line
    faults: list[Fault] = field(default_factory=list)

    def fault(self, what: str, column: str = "", **values: object) -> None:
        """Something is wrong in this row."""
        heading = self.sheet.headings[column] if column else ""
        self.faults.append(Fault(what, self.line.number, heading, tuple(values.items())))

    def text(self, column: str) -> str:
        """What stands there, if anything does."""
        return self.line.cells.get(column, "")

    def given(self, column: str) -> str | None:
        """The same, but None where the file has no such column: then what is known stays as it is."""
        return self.line.cells.get(column)

    def need(self, column: str) -> str:
        """What must stand there."""
        found = self.text(column)
        if not found:
            self.fault("needed", column)
        return found

    def name(self, column: str, *, need: bool = True) -> str:
        """A person's name: one, and no number."""
        found = self.need(column) if need else self.text(column)
        if found and not _NAME.fullmatch(found):
            self.fault("name", column, text=found[:20])
            return ""
        return found

    def number(self, column: str, low: int, high: int) -> int | None:
        """A whole number within bounds, where one stands."""
        text = self.text(column)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high):
            self.fault("number", column, text=text[:20], low=low, high=high)
            return None
        return int(text)

    def day(self, column: str, latest: date) -> date | None:
        """A date up to ``latest``, which must stand there."""
        text = self.need(column)
        if not text:
            return None
        found = _DAY.fullmatch(text)
        try:
            day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
        except ValueError:
            day = None
        if day is None:
            self.fault("day", column, text=text[:20])
        elif day > latest:
            self.fault("day_ahead", column, text=text[:20])
        else:
            return day
        return None

    def choice(self, column: str, words: Mapping[str, str], default: str = "") -> str:
        """One of several words; ``words``: what may stand there and what it means."""
        text = (self.text(column) or default) if default else self.need(column)
        if text and text not in words:
            first = {meaning: word for word, meaning in reversed(list(words.items()))}
            self.fault(
                "choice", column, text=text[:20], choices=" / ".join(first[m] for m in dict.fromkeys(words.values()))
            )
            return ""
        return words.get(text, "")

    def building(self, column: str) -> str:
        """A building in normal form, where one stands."""
        return self._place(column, places.building)

    def unit(self, column: str) -> str:
        """A unit in normal form, where one stands."""
        return self._place(column, places.unit)

    def room(self, column: str) -> str:
        """A room in normal form, where one stands."""
        return self._place(column, places.room)

    def _place(self, column: str, read: "places.Reader") -> str:
        text = self.text(column)
        found = read(text) if text else ""
        if text and not found:
            self.fault(f"bad_{column}", column, text=text[:20])
        return found
