"""RFC 5545: lines of at most 75 octets that end in CRLF, and everything comes back as it was."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.ical import Day, calendar, folded

NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LETTERS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300)


@given(LETTERS)
def test_folding_breaks_no_character_and_comes_back(line: str) -> None:
    pieces = list(folded(line))
    assert all(len(piece.encode()) <= 75 for piece in pieces)
    assert all(piece[0] == " " for piece in pieces[1:])
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line


def unescaped(text: str) -> str:
    found, letters = "", iter(text)
    for letter in letters:
        if letter == "\\":
            after = next(letters)
            found += "\n" if after in "nN" else after
        else:
            found += letter
    return found


@given(st.lists(LETTERS, max_size=4))
def test_a_file_is_read_back(summaries: list[str]) -> None:
    days = [Day(f"{n}@x", date(2026, 11, 20), text) for n, text in enumerate(summaries)]
    text = calendar("走访", days, NOW)
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = text.replace("\r\n ", "").split("\r\n")
    assert [unescaped(line.removeprefix("SUMMARY:")) for line in lines if line.startswith("SUMMARY:")] == summaries
    assert len([line for line in lines if line.startswith("UID:")]) == len(days)


def test_one_entry_as_it_stands() -> None:
    text = calendar("走访", [Day("2026-11-20-7@dangxiaoqi", date(2026, 12, 31), "走访 2 户；谢谢, 再见\n好")], NOW)
    assert text.split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//dangxiaoqi//visits//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:走访",
        "BEGIN:VEVENT",
        "UID:2026-11-20-7@dangxiaoqi",
        "DTSTAMP:20261120T010000Z",
        "DTSTART;VALUE=DATE:20261231",
        "DTEND;VALUE=DATE:20270101",
        "SUMMARY:走访 2 户；谢谢\\, 再见\\n好",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
