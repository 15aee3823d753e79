"""挂牌督办: what belongs on the list, and who may strike it off."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import refusal, supervision
from domain.category import Urgency
from domain.roster import Role
from domain.supervision import Case, Reason, State
from domain.ticket import ENDED, Rating, Ticket
from domain.ticket import State as TicketState
from tests.rules.test_ticket import CHINA, NOW, a_ticket

OTHER = 9


def a_case(ticket: Ticket, responsible: int | None = 1) -> Case:
    return supervision.put_on(ticket, Reason.LEADER, responsible, NOW, CHINA)


@given(st.sampled_from(TicketState), st.integers(0, 3), st.integers(0, 2), st.integers(0, 4), st.sampled_from(Urgency))
def test_what_belongs_on_the_list(
    state: TicketState, overdue: int, reworks: int, supporters: int, urgency: Urgency
) -> None:
    ticket = replace(
        a_ticket(urgency)[0], state=state, overdue=overdue, reworks=reworks, supporters=supporters, urgency=urgency
    )
    many = supporters >= 2 and urgency is not Urgency.P0
    assert (supervision.why(ticket) is not None) is (ticket.is_open and (overdue >= 2 or reworks >= 2 or many))


def test_days_of_a_case() -> None:
    case = a_case(a_ticket()[0])
    assert (case.due_on, case.next_update_on) == (date(2026, 11, 27), date(2026, 11, 24))
    after = supervision.update(replace(case, reminded_on=date(2026, 11, 24)), "约了电工", date(2026, 11, 24), CHINA)
    assert (after.note, after.next_update_on, after.reminded_on) == ("约了电工", date(2026, 11, 26), None)


@given(
    st.sampled_from(TicketState),
    st.none() | st.sampled_from(Rating),
    st.sampled_from(Role),
    st.sampled_from([1, 2, OTHER]),
    st.sampled_from(["", "上门看过"]),
)
def test_struck_off_by_somebody_else_with_the_resident_s_word(
    state: TicketState, rating: Rating | None, role: Role, member: int, words: str
) -> None:
    ticket = replace(a_ticket()[0], state=state, rating=rating, assignee_id=1)
    case = a_case(ticket, responsible=2)
    if member != OTHER:
        with pytest.raises(refusal.StruckByHandler):
            supervision.strike_off(case, ticket, member, role, words, NOW)
        return
    yes = state in (TicketState.CONFIRMED, TicketState.WITHDRAWN) or (
        state is TicketState.ARCHIVED and rating is not None
    )
    above = role in (Role.SECRETARY, Role.STREET)
    if yes or (state in ENDED and above and words):
        struck = supervision.strike_off(case, ticket, member, role, words, NOW)
        assert (struck.state, struck.struck_by, struck.struck_at) == (State.STRUCK, member, NOW)
        with pytest.raises(refusal.NotSupervised):
            supervision.strike_off(struck, ticket, member, role, words, NOW)
        with pytest.raises(refusal.NotSupervised):
            supervision.update(struck, "x", date(2026, 11, 24), CHINA)
    else:
        with pytest.raises(refusal.NotConfirmed):
            supervision.strike_off(case, ticket, member, role, words, NOW)
