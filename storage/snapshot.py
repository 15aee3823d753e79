"""What a copy of the database is, and why there may be none. See ``storage/snapshots.py``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

COUNTED: Final = ("tickets", "members", "visit_plans", "outbox")
"""Tables whose rows are counted in a copy, so that a person sees whether it is the right one."""


class SnapshotFault(Exception):
    """A copy cannot be made or used; nothing was changed. ``code`` names the reason, ``detail`` is a word from the tool."""

    def __init__(self, code: str, detail: str = "") -> None:
        """``code``: a key of ``cli.backup``."""
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Contents:
    """What a copy holds. ``revision``: of its schema; ``rows``: of the tables in ``COUNTED``."""

    revision: str
    rows: Mapping[str, int]
