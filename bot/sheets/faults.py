"""What is wrong with a sheet, and where: all of it at once, so that nobody uploads a file ten times."""

from dataclasses import dataclass

from texts.sentences import Sentences


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. ``row`` counts as Excel does (0: the whole file), ``column`` is a heading, ``what`` a key of ``sheet.fault``."""

    what: str
    row: int = 0
    column: str = ""
    values: tuple[tuple[str, object], ...] = ()

    def shown(self, said: Sentences) -> str:
        """In Chinese, with its place."""
        text = said.say(f"sheet.fault.{self.what}", **dict(self.values))
        where = "row_column" if self.column else "row" if self.row else "file"
        return said.say(f"sheet.at.{where}", row=self.row, column=self.column, text=text)


class Faulty(Exception):
    """A sheet that is not taken; nothing of it was."""

    def __init__(self, *faults: Fault) -> None:
        """All its faults, in the order of the rows."""
        super().__init__(f"{len(faults)} faults")
        self.faults = tuple(sorted(faults, key=lambda fault: fault.row))
