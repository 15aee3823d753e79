"""An iCalendar file (RFC 5545) of whole days: lines end in CRLF and are folded at 75 octets, never inside a character."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_FOLD = 75


@dataclass(frozen=True, slots=True)
class Day:
    """A day with something to do. ``uid`` names it for ever: a calendar changes the entry instead of adding another."""

    uid: str
    on: date
    summary: str


def calendar(name: str, days: Sequence[Day], made_at: datetime) -> str:
    """The whole file. ``made_at``: when it was written (aware)."""
    stamp = made_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//dangxiaoqi//visits//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    for day in days:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{day.uid}",
            f"DTSTAMP:{stamp}",
            f"DTSTART;VALUE=DATE:{day.on:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day.on + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_escaped(day.summary)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in folded(line))


def folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets; every piece but the first begins with the blank that marks it (3.1)."""
    piece, room = "", _FOLD
    for letter in line:
        size = len(letter.encode())
        if size > room:
            yield piece
            piece, room = " ", _FOLD - 1
        piece += letter
        room -= size
    yield piece


def _escaped(text: str) -> str:
    """TEXT values (3.3.11)."""
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\\n").replace("\n", "\\n")
