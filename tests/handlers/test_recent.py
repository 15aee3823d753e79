"""What was just said is kept in memory, a little of it, for a little while."""

from datetime import UTC, datetime, timedelta

from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from handlers.recent import CHATS, MOST, Recent

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


def said(number: int, *, chat: str = "g", text: str = "早", minutes: float = 0) -> Incoming:
    where = Chat("web", "web", chat)
    at = NOW + timedelta(minutes=minutes)
    return Incoming(where, ChatKind.GROUP, Kind.MESSAGE, number, str(number), Sender("w"), at, text=text)


def test_only_the_last_messages_of_the_last_chats() -> None:
    recent = Recent()
    for number in range(MOST + 5):
        recent.remember(said(number))
    assert [old.event for old in recent.before(said(99))] == list(range(5, MOST + 5))
    recent.remember(said(100, chat="quiet"))
    for number in range(CHATS):
        recent.remember(said(number, chat=f"c{number}"))
    assert recent.before(said(101)) == recent.before(said(101, chat="quiet")) == []


def test_a_few_minutes_only() -> None:
    recent = Recent()
    recent.remember(said(1))
    recent.remember(said(2, minutes=11))
    assert [old.event for old in recent.before(said(3, minutes=11))] == [2]
    recent.sweep(NOW + timedelta(minutes=30))
    assert recent.before(said(4, minutes=11)) == []


def test_as_it_was_first_said_and_not_after_it_was_withdrawn() -> None:
    recent = Recent()
    first = said(1, text="3栋电梯坏了")
    edit = first._replace(kind=Kind.EDIT, text="2栋电梯坏了")
    recent.remember(edit)
    assert recent.text_of(edit) == ""
    recent.remember(first)
    recent.remember(edit)
    assert recent.text_of(edit) == "3栋电梯坏了"
    recent.forget(first.chat, "1")
    assert recent.text_of(edit) == ""
