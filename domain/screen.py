"""What must never stand in a group: numbers that belong to a person."""

import re

# Mobile and land-line numbers, and resident identity numbers (GB 11643: 17 digits and a check character). Separators
# people put between the digits are allowed for; three-digit hotlines and five-digit service numbers are left alone.
# A date (2026-11-20, 2026-11-20 14:30) is no such number, though it has as many digits.
_DATE = r"(?:19|20)\d\d-\d{1,2}-\d{1,2}(?:[ T]\d{1,2}(?!\d))?(?!\d)"
_PERSONAL = re.compile(rf"(?<!\d)(?<!\d-)(?!{_DATE})(?:\d[ \-－]?){{6,18}}[\dXx](?!\d)", re.ASCII)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_MASK = "\N{FULLWIDTH ASTERISK}" * 3
_AROUND = re.compile(r"^\W+|\W+$")


def has_personal_number(text: str) -> bool:
    """Whether a text seems to hold a phone or identity number."""
    return _PERSONAL.search(text) is not None


def screened(text: str) -> str:
    """The text with such numbers masked."""
    return _PERSONAL.sub(_MASK, text)


def plain(text: str, limit: int = 200) -> str:
    """One harmless line: no invisible, direction-changing or halved characters, no line breaks, not longer than ``limit``."""
    line = " ".join(_INVISIBLE.sub("", text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def bare(text: str) -> str:
    """The words alone, in small letters: nothing of the marks and spaces around them."""
    return _AROUND.sub("", text).lower()
