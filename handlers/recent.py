"""The last minutes of a chat, in memory only: parts of one request come in several messages."""

from collections import OrderedDict
from datetime import datetime, timedelta
from itertools import islice

from domain.incoming import Chat, Incoming, Kind
from domain.triage import Earlier

KEEP = timedelta(minutes=10)
MOST = 30
CHATS = 5000


class Recent:
    """What was just said, never written to disk. Remembering the same message twice changes nothing."""

    def __init__(self) -> None:
        """Empty: after a restart nothing is known."""
        self._chats: OrderedDict[Chat, dict[str, Incoming]] = OrderedDict()

    def remember(self, event: Incoming) -> None:
        """Keep a message for a few minutes, as it was first said: what an edit made of it is not what it was."""
        if event.kind is Kind.EDIT:
            return
        said = self._chats.get(event.chat)
        if said is None:
            said = self._chats[event.chat] = {}
            if len(self._chats) > CHATS:
                self._chats.popitem(last=False)
        else:
            self._chats.move_to_end(event.chat)
        if event.message_id not in said:
            said[event.message_id] = event
            while len(said) > MOST or next(iter(said.values())).at < event.at - KEEP:
                del said[next(iter(said))]

    def before(self, event: Incoming, within: timedelta = KEEP) -> list[Incoming]:
        """The messages of the chat before this one, oldest first."""
        return self._last(event, within, MOST)

    def earlier(self, event: Incoming) -> tuple[Earlier, ...]:
        """The last three of them, as the ear wants them. A command is no talk: the words in it are for 党小栖."""
        said = self._chats.get(event.chat)
        if not said:
            return ()
        last = list(islice(reversed(said.values()), 4))
        if last[0].message_id == event.message_id:  # it was remembered a moment ago, and nothing after it
            sender, since = event.sender.id, event.at - KEEP
            found = [(old.sender.id == sender, old.text) for old in last[:0:-1] if old.at >= since]
        else:
            found = [(old.sender.id == event.sender.id, old.text) for old in self._last(event, KEEP, 3)]
        return tuple([Earlier(mine, text) for mine, text in found if text and text[0] != "/"])

    def _last(self, event: Incoming, within: timedelta, most: int) -> list[Incoming]:
        said = self._chats.get(event.chat)
        found: list[Incoming] = []
        if not said:
            return found
        since = event.at - within
        known = event.message_id in said
        for old in reversed(said.values()):
            if known:  # what comes after it in the same batch is not “before”
                known = old.message_id != event.message_id
                continue
            if old.at < since or len(found) == most:
                break
            found.append(old)
        found.reverse()
        return found

    def text_of(self, event: Incoming) -> str:
        """What the message of this event said when it was first heard."""
        said = self._chats.get(event.chat, {}).get(event.message_id)
        return said.text if said else ""

    def find(self, chat: Chat, message_id: str) -> Incoming | None:
        """A message of the last minutes."""
        return self._chats.get(chat, {}).get(message_id)

    def forget(self, chat: Chat, message_id: str) -> None:
        """Withdrawn: not even in memory."""
        self._chats.get(chat, {}).pop(message_id, None)

    def sweep(self, now: datetime) -> None:
        """What is older than a few minutes is forgotten, also in chats that have fallen silent."""
        for chat, said in list(self._chats.items()):
            while said and next(iter(said.values())).at < now - KEEP:
                del said[next(iter(said))]
            if not said:
                del self._chats[chat]
