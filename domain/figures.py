"""The figures of a grid (数字): three rates and what stands beside them, from tickets alone - never by person.

Source of the formulas: design, domain reference 6; a fact the law asks for (响应率, 解决率, 满意率: 条例 32) is counted as it says
there, and what nobody has said is never counted as good. A ticket belongs to the window in which it was received, so that
figures of several grids add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.calendar import Calendar
from domain.category import Urgency
from domain.deadline import Template
from domain.ticket import Rating, State

ENOUGH = 30
"""Below that many cases a rate says nothing (样本不足): towns were ranked last over one 不满意."""

SMALL = 5
"""Counts below that are not told where they could point at a household."""


class Figure(StrEnum):
    """The rates, in the order in which they are read."""

    RESPONSE = "response"
    SOLVED = "solved"
    SATISFIED = "satisfied"
    HANDED_BACK = "handed_back"
    REWORKED = "reworked"
    OVERDUE = "overdue"
    UNRATED = "unrated"


@dataclass(frozen=True, slots=True)
class Case:
    """One ticket without anybody in it: what happened when. ``first_…`` survive a reopening, which starts new clocks.

    ``explained``: 按规定不能办，已说明. ``paused_at``: since when it waits for the resident; ``paused``: whether it ever did.
    ``asked``: whether a rating was asked for (轻生, 家暴, 急病 are left in peace).
    """

    grid_id: int
    code: str
    state: State
    urgency: Urgency
    created_at: datetime
    response_due_at: datetime
    closing_due_at: datetime
    reworks: int = 0
    rating: Rating | None = None
    first_contact_at: datetime | None = None
    first_solved_at: datetime | None = None
    extended_at: datetime | None = None
    paused_at: datetime | None = None
    paused: bool = False
    ended_at: datetime | None = None
    confirmed_at: datetime | None = None
    reopened_at: datetime | None = None
    given: bool = False
    handed_back: bool = False
    explained: bool = False
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int = 0
    cases: int = 0

    def __add__(self, other: "Share") -> "Share":
        """Of two sets of tickets together."""
        return Share(self.hits + other.hits, self.cases + other.cases)

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None for 样本不足."""
        return self.hits / self.cases if self.cases >= ENOUGH else None


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of some tickets. ``refused`` and ``gone`` (withdrawn, or no request) are in none of the shares."""

    received: int = 0
    explained: int = 0
    refused: int = 0
    gone: int = 0
    fair: int = 0
    shares: tuple[Share, ...] = (Share(),) * len(Figure)

    def __add__(self, other: "Tally") -> "Tally":
        """Of two sets of tickets together."""
        return Tally(
            self.received + other.received,
            self.explained + other.explained,
            self.refused + other.refused,
            self.gone + other.gone,
            self.fair + other.fair,
            tuple(one + two for one, two in zip(self.shares, other.shares, strict=True)),
        )

    def share(self, figure: Figure) -> Share:
        """One of the rates."""
        return self.shares[list(Figure).index(figure)]


def tally(cases: Iterable[Case], now: datetime, calendar: Calendar, template: Template) -> Tally:
    """The figures of these tickets, as of now."""
    return sum((_of_one(case, now, calendar, template) for case in cases), Tally())


def _of_one(case: Case, now: datetime, calendar: Calendar, template: Template) -> Tally:
    answers = {
        Figure.RESPONSE: _responded(case, now, calendar, template),
        Figure.SOLVED: _solved(case),
        Figure.SATISFIED: {Rating.GOOD: True, Rating.BAD: False}.get(case.rating) if case.rating else None,
        Figure.HANDED_BACK: case.handed_back if case.given else None,
        Figure.REWORKED: case.reworks > 0 if case.first_solved_at is not None else None,
        Figure.OVERDUE: _overdue(case, now, calendar, template),
        Figure.UNRATED: case.rating is None if case.state is State.ARCHIVED and case.asked else None,
    }
    counted = _needs_somebody(case)
    return Tally(
        received=1,
        explained=int(case.explained),
        refused=int(case.state is State.REFUSED),
        gone=int(case.state in (State.WITHDRAWN, State.DISMISSED)),
        fair=int(case.rating is Rating.FAIR),
        shares=tuple(
            Share() if not counted or (said := answers[figure]) is None else Share(int(said), 1) for figure in Figure
        ),
    )


def _needs_somebody(case: Case) -> bool:
    """Not refused, not withdrawn, no request after all, and not answered at once without a person."""
    if case.state in (State.REFUSED, State.WITHDRAWN, State.DISMISSED):
        return False
    return case.state is not State.ANSWERED or case.explained


def _responded(case: Case, now: datetime, calendar: Calendar, template: Template) -> bool | None:
    """Whether somebody was in touch in time; None while there still is time."""
    due = case.response_due_at
    if case.reworks:  # the clock of the first round is gone from the ticket, its term is not
        due = template.of(case.urgency, case.code).response.after(case.created_at, calendar)
    if case.first_contact_at is not None:
        return case.first_contact_at <= due
    return None if now <= due else False


def _solved(case: Case) -> bool | None:
    """What the resident said last: 已解决 or 没解决. Silence is neither, and an honest 不能办 is counted for itself."""
    if case.explained:
        return None
    if case.confirmed_at is None:
        return None if case.reopened_at is None else False
    return case.reopened_at is None or case.reopened_at < case.confirmed_at


def _overdue(case: Case, now: datetime, calendar: Calendar, template: Template) -> bool | None:
    """Whether it took longer than it may, in the first round or in the last; None while there still is time."""
    if case.reworks and case.first_solved_at is not None and not case.paused:  # a pause has moved the first deadline
        due = template.of(case.urgency, case.code).closing.after(case.created_at, calendar)
        if case.extended_at is not None and case.extended_at < case.first_solved_at:
            due = template.extension.after(due, calendar)
        if case.first_solved_at > due:
            return True
    if case.ended_at is not None:
        return case.ended_at > case.closing_due_at
    return None if (case.paused_at or now) <= case.closing_due_at else True
