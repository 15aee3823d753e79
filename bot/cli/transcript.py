"""A group chat as people copy it out of their phones, or as JSON Lines."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

PACE = timedelta(seconds=30)
"""Between two messages without a time: close enough to belong together, far enough not to be one breath."""

_DATE = r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
_CLOCK = r"(?P<H>\d{1,2})[:：](?P<M>\d{2})(?:[:：](?P<S>\d{2}))?"
_STAMP = re.compile(rf"(?P<open>[\[【(（])?(?:{_DATE}[ T]*)?{_CLOCK}(?(open)[\]】)）])\s*")
_SPEAKER = re.compile(
    r"(?P<who>(?!\d+[:：])[^\s:：，。！？；、“”/]{1,24}(?: [^\s:：，。！？；、“”/]{1,24})?)\s*[:：](?!//)\s*(?P<text>.*)"
)


class Unclear(Exception):
    """A line that cannot be read; ``key`` is one of ``cli.replay``."""

    def __init__(self, key: str, line: int) -> None:
        """``line`` counts from 1."""
        super().__init__(key)
        self.key = key
        self.line = line


@dataclass(frozen=True, slots=True)
class Said:
    """One message. ``id`` is its own, or the number of its line."""

    line: int
    id: str
    who: str
    at: datetime
    text: str


def parse(text: str, start: datetime) -> list[Said]:
    """All messages in order; ``start`` dates those that come without a time and gives the zone.

    Raises:
        Unclear: a line without a speaker before the first message, bad JSON, a time that does not exist.

    """
    if text.lstrip("\ufeff \r\n\t").startswith("{"):
        return list(_of_json(text, start))
    return list(_of_talk(text, start))


def _of_talk(text: str, start: datetime) -> Iterator[Said]:
    waiting: Said | None = None
    clock = _Clock(start)
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        stamp = _STAMP.match(line)
        speaker = _SPEAKER.fullmatch(line[stamp.end() :] if stamp else line)
        if speaker is None:
            if waiting is None:
                raise Unclear("no_speaker", number)
            waiting = replace(waiting, text=f"{waiting.text}\n{line}" if waiting.text else line)
            continue
        if waiting is not None:
            yield waiting
        try:
            at = clock.stamped(stamp) if stamp else clock.next()
        except ValueError:
            raise Unclear("bad_time", number) from None
        waiting = Said(number, str(number), speaker["who"], at, speaker["text"])
    if waiting is not None:
        yield waiting


def _of_json(text: str, start: datetime) -> Iterator[Said]:
    clock = _Clock(start)
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise Unclear("bad_json", number) from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise Unclear("no_text", number)
        at = row.get("at")
        try:
            when = clock.given(str(at)) if at else clock.next()
        except ValueError:
            raise Unclear("bad_time", number) from None
        yield Said(number, str(row.get("id", number)), str(row.get("who") or "?"), when, row["text"])


class _Clock:
    """Fills in what a transcript leaves out: the day, or the whole time."""

    def __init__(self, start: datetime) -> None:
        self.last = start - PACE

    def next(self) -> datetime:
        """A little later."""
        self.last += PACE
        return self.last

    def stamped(self, stamp: re.Match[str]) -> datetime:
        """The time that stands there. A clock that goes back means the next day."""
        clock = time(int(stamp["H"]), int(stamp["M"]), int(stamp["S"] or 0))
        if stamp["y"]:
            day = datetime(int(stamp["y"]), int(stamp["m"]), int(stamp["d"]), tzinfo=self.last.tzinfo)
            self.last = datetime.combine(day, clock, self.last.tzinfo)
            return self.last
        at = datetime.combine(self.last, clock, self.last.tzinfo)
        self.last = at if at >= self.last - timedelta(minutes=1) else at + timedelta(days=1)
        return self.last

    def given(self, text: str) -> datetime:
        """ISO, or as in a transcript."""
        stamp = _STAMP.fullmatch(text)
        if stamp is not None:
            return self.stamped(stamp)
        at = datetime.fromisoformat(text)
        self.last = at if at.tzinfo else at.replace(tzinfo=self.last.tzinfo)
        return self.last


def start_at(text: str, zone: ZoneInfo) -> datetime:
    """``--start``.

    Raises:
        ValueError: it is no time.

    """
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=zone)
