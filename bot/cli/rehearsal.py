"""A house with one made-up grid, in which a transcript is spoken and what came of it is read from the tables."""

import itertools
import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.app import House
from bot.cli.transcript import Said
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.outgoing import Op
from domain.roster import AreaKind, Role
from domain.ticket import Ticket
from scheduler.delivery import Outcome as Sent
from scheduler.delivery import Receipt
from storage import grids, groups, rosters, tickets
from storage.database import ReadTx, WriteTx
from storage.outbox import Row
from storage.rosters import Changes, NewArea, NewMember
from storage.tables import accounts, dead_letters, outbox, questions, ticket_sources

CHANNEL = "replay"
GROUP = Chat(CHANNEL, CHANNEL, "group")
_GRID = "R01"
_MENTION = re.compile(r"[@\uff20]党小栖[\s,，:：]*")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one message led to. ``did``: ticket, alert, joined, asked, said, silent or broken."""

    line: int
    id: str
    at: str
    who: str
    text: str
    did: str
    number: int | None
    part: str
    code: str
    category: str
    place: str
    urgency: str
    group: tuple[str, ...]
    private: int
    """How many private messages went to volunteers, the leader or the writer."""


class SilentFace:
    """Takes everything and sends nothing."""

    per_minute = 0

    def __init__(self) -> None:
        self._ids = itertools.count(1)

    async def deliver(self, row: Row, text: str) -> Receipt:
        """Taken."""
        return Receipt(Sent.SENT, message_id=f"bot-{next(self._ids)}")


class Rehearsal:
    """The stage; ``hear`` is called for one message after the other."""

    def __init__(self, home: House) -> None:
        self._home = home
        self._events = itertools.count(1)
        self._last = 0

    @classmethod
    async def open(cls, home: House) -> "Rehearsal":
        """A grid with a leader and a volunteer who can both be reached, so that everything takes its usual way."""
        home.faces[CHANNEL, CHANNEL] = SilentFace()
        cx = home.context()
        async with home.database.write("rehearsal") as tx:
            await _people(tx, cx.calendar.today(cx.now), cx.said.say("cli.replay.grid"), cx.said.say)
            grid = await grids.by_code(tx, _GRID)
            if grid is not None:
                await groups.register(tx, GROUP, grid.id, grid.name)
            await grids.changed(tx)
        return cls(home)

    async def hear(self, said: Said) -> Outcome:
        """Speak it into the group, wait until everything is said, read what came of it."""
        text, mentions = _MENTION.subn("", said.text)
        event = Incoming(
            chat=GROUP,
            chat_kind=ChatKind.GROUP,
            kind=Kind.MESSAGE,
            event=next(self._events),
            message_id=f"{said.line}",
            sender=Sender(said.who, said.who),
            at=said.at,
            text=text,
            addressed=mentions > 0,
        )
        await self._home.inbox.take_in([event])
        async with self._home.database.read() as tx:
            new = await tx.rows(sa.select(outbox).where(outbox.c.id > self._last).order_by(outbox.c.id))
            found = await self._outcome(tx, event, said, list(new))
        if new:
            self._last = new[-1].id
            while await self._home.pump.once():
                pass
        return found

    async def _outcome(self, tx: ReadTx, event: Incoming, said: Said, new: list[sa.Row[Any]]) -> Outcome:
        here = (ticket_sources.c.chat_id == GROUP.id, ticket_sources.c.message_id == event.message_id)
        source = await tx.one(sa.select(ticket_sources).where(*here))
        ticket = await tickets.get(tx, source.ticket) if source is not None else None
        asked = await tx.one(sa.select(questions).where(questions.c.message_id == event.message_id))
        broken = await tx.one(sa.select(dead_letters).where(dead_letters.c.event == event.event))
        heard = [row for row in new if row.chat_id == GROUP.id]
        shown = tuple(_shown(row) for row in heard if row.op in (Op.SEND, Op.EDIT, Op.REACT))
        if broken is not None:
            did = "broken"
        elif ticket is not None and source is not None:
            did = ("alert" if ticket.is_danger else "ticket") if source.part == "original" else "joined"
        elif asked is not None:
            did = "asked"
        else:
            did = "said" if shown else "silent"
        cx = self._home.context()
        return Outcome(
            line=said.line,
            id=said.id,
            at=cx.calendar.local(said.at).isoformat(timespec="seconds"),
            who=said.who,
            text=said.text,
            did=did,
            number=ticket.number if ticket else None,
            part=cx.said.say(f"cli.replay.part_{source.part}") if did == "joined" and source is not None else "",
            code=ticket.code if ticket else "",
            category=cx.category_name(ticket.code) if ticket else "",
            place=_place(ticket),
            urgency=ticket.urgency if ticket else "",
            group=shown,
            private=sum(row.chat_id != GROUP.id and row.op == Op.SEND for row in new),
        )


def _shown(row: sa.Row[Any]) -> str:
    return str(row.body.get("text") or row.body.get("emoji", ""))


def _place(ticket: Ticket | None) -> str:
    return ticket.place.shown() if ticket else ""


async def _people(tx: WriteTx, today: Any, name: str, say: Any) -> None:
    area = rosters.area_key(AreaKind.GRID, _GRID)
    people = {role: say(f"member.role_{role}") for role in (Role.LEADER, Role.VOLUNTEER)}
    changes = Changes(
        areas=(NewArea(area, None, AreaKind.GRID, name),),
        members=tuple(NewMember(area, role, called, "", "", 1000) for role, called in people.items()),
    )
    await rosters.apply(tx, await rosters.load(tx), changes, today, seal=str)
    for member in (await rosters.load(tx)).members.values():
        where = {"channel": CHANNEL, "bot": CHANNEL, "account": f"m{member.id}", "chat_id": f"m{member.id}"}
        tx.add(accounts, {**where, "member_id": member.id})
