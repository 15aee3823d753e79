"""没见到: every word of the volunteer buys 30 minutes, the leader is told once, and what was found is over."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.knock import SILENCE, STEPS, begin, end, next_step, tell

START = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@given(st.lists(st.tuples(st.sampled_from(["next", "tell", "end"]), st.integers(0, 90)), max_size=12))
def test_the_leader_hears_it_once_unless_somebody_is_found(acts: list[tuple[str, int]]) -> None:
    found, now, told = begin(1, 5, date(2026, 11, 20), START), START, 0
    for act, minutes in acts:
        now += timedelta(minutes=minutes)
        if found.tell_at is not None and found.tell_at <= now:
            found, told = tell(found), told + 1
        if found.over:
            assert found.tell_at is None
            continue
        before = found
        if act == "next":
            found = next_step(found, now)
            assert found.step == min(before.step + 1, len(STEPS) - 1)
            assert found.told == before.told
            assert found.told or found.tell_at == now + SILENCE
        elif act == "end":
            found = end(found)
    assert told <= 1
    if not found.over and not told:
        assert found.tell_at is not None


def test_the_steps_in_their_order() -> None:
    found, names = begin(1, 5, date(2026, 11, 20), START), []
    for _ in range(6):
        names.append(found.name)
        found = next_step(found, START)
    assert names == ["knock", "phone", "contact", "neighbour", "wait", "wait"]
