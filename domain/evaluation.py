"""分拣效果: how well a triage answers labelled messages, in counts, shares and what chance leaves open.

The figures and their definitions are those the project is judged by (docs/分拣.md). Pure counting: whoever calls brings
the labelled rows and the answers.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import comb, sqrt
from typing import Final

from domain.category import Urgency
from domain.place import Place
from domain.triage import Act, Heard, Intent, Verdict

_Z: Final = 1.959964
"""The quantile of the normal distribution that leaves 5 % outside on both sides together."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message and what a careful person says about it. ``codes``: the acceptable ones, best first."""

    id: str
    heard: Heard
    intent: Intent
    codes: tuple[str, ...]
    urgency: Urgency
    place: Place
    act: Act


@dataclass(frozen=True, slots=True)
class Figure:
    """So many ``hits`` of so many cases, with the 95 % Wilson interval. Of no cases nothing is known: 0 to 1."""

    hits: int
    cases: int

    @property
    def share(self) -> float | None:
        """The share itself; none where there is no case."""
        return self.hits / self.cases if self.cases else None

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the truth lies with 95 % confidence (Wilson 1927)."""
        if not self.cases:
            return 0.0, 1.0
        share, spread = self.hits / self.cases, _Z * _Z / self.cases
        middle = share + spread / 2
        half = _Z * sqrt(share * (1 - share) / self.cases + spread / (4 * self.cases))
        return max(0.0, (middle - half) / (1 + spread)), min(1.0, (middle + half) / (1 + spread))


class Name(StrEnum):
    """The figures, in the order they are told."""

    P0_RECALL = "p0_recall"
    P0_FALSE_ALARMS = "p0_false_alarms"
    REACHED = "requests_reached"
    PRECISION = "ticket_precision"
    PEACE = "left_in_peace"
    SMALL_TALK = "small_talk_in_peace"
    CODE = "category_second"
    TOP = "category_top"
    PLACE = "place_exact"
    ASKED_REQUESTS = "asked_of_requests"
    ASKED_SILENT = "asked_of_silent"


SMALL_IS_GOOD: Final = frozenset({Name.P0_FALSE_ALARMS, Name.ASKED_REQUESTS, Name.ASKED_SILENT})
"""Of these the aim is few; of all others many."""


SMALL_TALK: Final = "chat"
"""How the ids of messages begin that have nothing to do with an estate, unlike the neighbours' talk about lifts and leaks."""


class Slip(StrEnum):
    """Kinds of error. One answer may be wrong in several ways."""

    MISSED_DANGER = "missed_danger"
    FALSE_ALARM = "false_alarm"
    MISSED = "missed"
    NEEDLESS_TICKET = "needless_ticket"
    DISTURBED = "disturbed"
    CODE = "code"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Fault:
    """One error: which message, in what way, what was answered and what should have been. Never the text."""

    id: str
    slip: Slip
    answered: str
    expected: str


@dataclass(frozen=True, slots=True)
class Report:
    """All figures that these rows allow, and every error."""

    rows: int
    figures: dict[Name, Figure]
    faults: tuple[Fault, ...]


Answer = tuple[Labelled, Verdict]

_REACHED: Final = frozenset({Act.ALERT, Act.TICKET, Act.ASK, Act.ATTACH})
_OPENED: Final = frozenset({Act.ALERT, Act.TICKET})
MAY_OPEN: Final = frozenset({Act.ALERT, Act.TICKET, Act.ASK})
"""What a ticket may rightly be opened for; of what ought to be asked about first, too."""
_TALK: Final = frozenset({Intent.CHAT, Intent.NOTICE})


def evaluate(answers: Iterable[Answer]) -> Report:
    """Count."""
    found = list(answers)
    requests = [(row, said) for row, said in found if row.intent is Intent.REQUEST]
    opened = [(row, said) for row, said in requests if said.act in _OPENED]
    silent = [(row, said) for row, said in found if row.act is Act.SILENT]
    figures = {
        Name.P0_RECALL: _share(said.act is Act.ALERT for row, said in found if row.urgency is Urgency.P0),
        Name.P0_FALSE_ALARMS: _share(said.act is Act.ALERT for row, said in found if row.intent in _TALK),
        Name.REACHED: _share(said.act in _REACHED for _, said in requests),
        Name.PRECISION: _share(row.act in MAY_OPEN for row, said in found if said.act in _OPENED),
        Name.PEACE: _share(said.act is Act.SILENT for _, said in silent),
        Name.SMALL_TALK: _share(said.act is Act.SILENT for row, said in silent if is_small_talk(row)),
        Name.CODE: _share(said.code in row.codes for row, said in opened),
        Name.TOP: _share(top(said.code) in {top(code) for code in row.codes} for row, said in opened),
        Name.PLACE: _share(door(said.place) == door(row.place) for row, said in found if states_place(row)),
        Name.ASKED_REQUESTS: _share(said.act is Act.ASK for _, said in requests),
        Name.ASKED_SILENT: _share(said.act is Act.ASK for _, said in silent),
    }
    return Report(len(found), figures, tuple(fault for row, said in found for fault in slips(row, said)))


def _share(hits: Iterable[bool]) -> Figure:
    found = list(hits)
    return Figure(sum(found), len(found))


def is_small_talk(row: Labelled) -> bool:
    """Whether it is ordinary talk about anything but the estate."""
    return row.id.startswith(SMALL_TALK)


def top(code: str) -> str:
    """The letters of a code: its top-level class."""
    return code.rstrip("0123456789")


def door(place: Place) -> tuple[str, str, str]:
    """The three keys that are compared; a spot is free words."""
    return place.building, place.unit, place.room


def states_place(row: Labelled) -> bool:
    """Whether this message by itself states a building, unit or room."""
    return not row.heard.before and any(door(row.place))


def slips(row: Labelled, said: Verdict) -> list[Fault]:
    """What is wrong with one answer; nothing when all is well."""
    found: list[Fault] = []

    def note(slip: Slip, answered: str, expected: str) -> None:
        found.append(Fault(row.id, slip, answered, expected))

    answered, expected = shown(said.act, said.code), shown(row.act, *row.codes[:1])
    if row.urgency is Urgency.P0 and said.act is not Act.ALERT:
        note(Slip.MISSED_DANGER, answered, expected)
    elif row.intent is Intent.REQUEST and said.act not in _REACHED:
        note(Slip.MISSED, answered, expected)
    if said.act is Act.ALERT and row.intent in _TALK:
        note(Slip.FALSE_ALARM, answered, expected)
    elif said.act in _OPENED and row.act not in MAY_OPEN:
        note(Slip.NEEDLESS_TICKET, answered, expected)
    elif row.act is Act.SILENT and said.act is not Act.SILENT:
        note(Slip.DISTURBED, answered, expected)
    if row.intent is Intent.REQUEST and said.act in _OPENED and said.code not in row.codes:
        note(Slip.CODE, said.code, "/".join(row.codes))
    if states_place(row) and door(said.place) != door(row.place):
        note(Slip.PLACE, "".join(door(said.place)), "".join(door(row.place)))
    return found


def shown(act: Act, code: str = "") -> str:
    """An answer in one word or two: ``ticket FIX01``."""
    return f"{act.value} {code}".strip()


_HAND = re.compile(r"[^-_]+(?=[-_])|[A-Za-z]+")


def hand(row_id: str) -> str:
    """Whose message it is: what stands before the dash of its id (``v01-007``), else its leading letters (``a12``)."""
    found = _HAND.match(row_id)
    return found[0] if found else ""


def by_hand(answers: Iterable[Answer]) -> dict[str, Report]:
    """A report for each hand, by its name."""
    split: dict[str, list[Answer]] = {}
    for row, said in answers:
        split.setdefault(hand(row.id), []).append((row, said))
    return {name: evaluate(split[name]) for name in sorted(split)}


@dataclass(frozen=True, slots=True)
class Change:
    """Two versions on the same rows. ``mended``: errors that are gone, ``broken``: errors that are new."""

    before: Report
    after: Report
    mended: tuple[Fault, ...]
    broken: tuple[Fault, ...]


def compare(before: Report, after: Report) -> Change:
    """What a change of the triage has changed. An error that is only answered otherwise is the same error."""
    was = {(fault.id, fault.slip) for fault in before.faults}
    now = {(fault.id, fault.slip) for fault in after.faults}
    mended = tuple(fault for fault in before.faults if (fault.id, fault.slip) not in now)
    return Change(before, after, mended, tuple(fault for fault in after.faults if (fault.id, fault.slip) not in was))


def by_chance(mended: int, broken: int) -> float:
    """How likely at least so uneven a split is when each difference falls either way alike (exact sign test)."""
    count = mended + broken
    few = sum(comb(count, n) for n in range(min(mended, broken) + 1))
    return min(1.0, 2 * few / float(2**count))
