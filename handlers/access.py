"""The only way from what a person typed to a thing he may touch."""

from dataclasses import replace

from domain import refusal
from domain.incoming import ChatKind, Incoming
from domain.roster import Grid, Member
from domain.screen import plain
from domain.ticket import State, Ticket
from handlers.context import Ask
from storage import calls, conversation, grids, tickets
from storage.database import ReadTx
from storage.tables import tickets as table


def require_member(ask: Ask) -> Member:
    """Somebody of the roster, in whichever chat."""
    if ask.member is None:
        raise refusal.NotAllowed
    return ask.member


def require_grid(ask: Ask) -> Grid:
    """A person whose grid is known."""
    if ask.grid is None:
        raise refusal.GroupUnknown
    return ask.grid


def require_leader(ask: Ask) -> None:
    """The grid leader or somebody above."""
    if not ask.leads:
        raise refusal.LeaderOnly


def led_grid(ask: Ask) -> Grid:
    """The one grid that is meant: a leader's own, or the only one below whoever sits above."""
    require_leader(ask)
    if ask.grid is None:
        raise refusal.GridUnclear
    return ask.grid


def named(grid: Grid, name: str, *, but: int | None = None) -> Member:
    """The one member of this grid who is called so; ``but``: whoever cannot be meant."""
    others = [m for m in grid.members.values() if m.id != but]
    found = [m for m in others if name in (m.name, m.public_name)]
    if len(found) != 1:
        raise refusal.NoSuchMember(name=plain(name, 20), names="、".join(m.name for m in others))
    return found[0]


def require_private(ask: Ask) -> None:
    """What must not be said in a group."""
    if not is_private(ask):
        raise refusal.PrivateOnly


def is_private(ask: Ask) -> bool:
    """Whether nobody else reads along."""
    return ask.event.chat_kind is ChatKind.PRIVATE


def is_reporter(ask: Ask, ticket: Ticket) -> bool:
    """Whether this person reported it."""
    return (ticket.reporter.channel, ticket.reporter.account) == (ask.who.channel, ask.who.account)


async def ticket(tx: ReadTx, ask: Ask, *, public: bool = False) -> Ticket:
    """The ticket a person means, if he may see it. ``public``: what everybody in its group may do, such as +1."""
    if ask.number is None:
        raise refusal.NumberNeeded
    found = await tickets.get(tx, ask.number)
    if found is None or not await _may_see(tx, ask, found, public=public):
        raise refusal.NoSuchTicket(number=ask.number)
    return found


async def _may_see(tx: ReadTx, ask: Ask, found: Ticket, *, public: bool) -> bool:
    if is_reporter(ask, found):
        return True
    if public and not found.private and ask.grid is not None and ask.grid.id == found.grid_id:
        return True
    if ask.member is None:
        return False
    if ask.leads and (ask.grid is None or ask.grid.id == found.grid_id):
        return ask.grid is not None or found.grid_id in await grids.below(tx, ask.member.area_id)
    if found.assignee_id == ask.member.id or ask.member.id in await calls.asked_before(tx, found.number):
        return True
    alert = await calls.alert(tx, found.number) if found.is_danger else None
    return alert is not None and ask.member.id in alert.called


async def own(tx: ReadTx, ask: Ask, *states: State) -> Ticket:
    """The ticket this resident means when he says no number: the newest of his own in one of these states."""
    if ask.number is not None:
        found = await ticket(tx, ask, public=True)
        if not is_reporter(ask, found):
            raise refusal.NotYourTicket(number=found.number)
        return found
    mine = await tickets.select(
        tx,
        table.c.channel == ask.who.channel,
        table.c.reporter == ask.who.account,
        table.c.state.in_(list(states)),
        limit=1,
    )
    if not mine:
        raise refusal.NumberNeeded
    return mine[0]


async def handled(tx: ReadTx, ask: Ask) -> Ticket:
    """The ticket a handler means: by number, or the only one in his hands."""
    member = require_member(ask)
    if ask.number is not None:
        return await ticket(tx, ask)
    live = [State.DISPATCHED, State.IN_PROGRESS]
    mine = await tickets.select(tx, table.c.assignee_id == member.id, table.c.state.in_(live), limit=2)
    if len(mine) != 1:
        raise refusal.NumberNeeded
    return mine[0]


async def offered(tx: ReadTx, ask: Ask) -> Ticket:
    """The ticket a member is being asked to take: by number, or the only one."""
    member = require_member(ask)
    if ask.number is not None:
        return await ticket(tx, ask)
    asked = await calls.of_member(tx, member.id)
    if len(asked) != 1:
        raise refusal.NumberNeeded
    return await ticket(tx, replace(ask, number=asked[0]))


async def grid_of_resident(tx: ReadTx, event: Incoming) -> Grid | None:
    """A private chat: the grid of the latest ticket, of the link that opened the chat, or the only one there is."""
    if event.chat_kind is not ChatKind.PRIVATE:
        return None
    mine = await tickets.select(
        tx,
        table.c.channel == event.chat.channel,
        table.c.reporter == event.sender.id,
        limit=1,
    )
    if mine:
        return await grids.by_id(tx, mine[0].grid_id)
    expected = await conversation.expected(tx, event.chat, event.sender.id, event.at)
    if expected and expected[0] in ("grid", "misheard"):
        return await grids.by_id(tx, expected[1])
    known = await grids.all_ids(tx)
    return await grids.by_id(tx, known[0]) if len(known) == 1 else None
