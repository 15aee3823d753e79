"""What is shown of a ticket: one card in the group that is edited, and the working card of whoever handles it."""

from typing import Any

from domain.incoming import ChatKind
from domain.outgoing import Kind as Said
from domain.place import Place
from domain.roster import Because, Grid, Member, Role
from domain.screen import plain, screened
from domain.ticket import TO_SENIORS, State, Ticket
from domain.whistle import State as Called
from domain.whistle import Whistle
from handlers import notify
from handlers.context import Context
from handlers.notify import Button
from storage import whistles
from storage.database import WriteTx


def card_key(ticket: Ticket) -> str:
    """The one card of a ticket in the group."""
    return f"card:{ticket.number}"


def title(cx: Context, ticket: Ticket, *, public: bool = True) -> str:
    """Number, place and kind in one line. What may be read by everybody has no room number; private kinds show neither."""
    if public and ticket.private:
        return cx.said.say("card.title_private", number=ticket.number)
    if ticket.code in TO_SENIORS:
        return cx.said.say("card.title_human", number=ticket.number)
    where = where_of(cx, ticket.place, public=public)
    return cx.said.say("card.title", number=ticket.number, where=where, what=cx.category_name(ticket.code))


def title_there(cx: Context, ticket: Ticket) -> str:
    """The title for the chat the ticket comes from: in a private chat there is nothing to hide."""
    return title(cx, ticket, public=ticket.chat_kind is ChatKind.GROUP or is_delicate(ticket))


def is_delicate(ticket: Ticket) -> bool:
    """轻生, 家暴, 急病: never named to anybody but those who help, not even on the phone of whoever wrote it."""
    return ticket.private and ticket.is_danger


def is_hushed(ticket: Ticket) -> bool:
    """Whether the chat the ticket comes from must not read what it is about."""
    return ticket.private and ticket.chat_kind is ChatKind.GROUP


def where_of(cx: Context, place: Place, *, public: bool) -> str:
    """The place as people read it, or that none was said."""
    shown = place.public() if public else place.shown()
    return shown or cx.said.say("card.nowhere")


def because(cx: Context, reason: str) -> str:
    """A kept reason (``because|of``) as a sentence: 因为你结对3栋."""
    kind, _, of = reason.partition("|")
    key = f"roster.because_{kind}"
    return cx.said.say(key, of=of) if key in cx.said else reason


def follower(cx: Context, grid: Grid, ticket: Ticket) -> str:
    """Who follows it up, as the group may know it: by role, and by the name he himself wants to be called."""
    kind, _, of = ticket.reason.partition("|")
    member = grid.member(ticket.assignee_id)
    senior = member.role is not Role.VOLUNTEER if member else kind in (Because.LEADER, Because.ABOVE, "")
    if senior:
        role = cx.said.say(f"member.role_{member.role}" if member else "card.by_leader")
    elif kind in (Because.STAIR, Because.BUILDING, Because.GRID, Because.PARTNER):
        role = cx.said.say("card.by_paired", of=of)
    else:
        role = cx.said.say("card.by_volunteer")
    if member is not None and member.public_name:
        return cx.said.say("card.by_name", role=role, name=plain(member.public_name, 10))
    return role


def group_card(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket, called: Whistle | None = None) -> dict[str, Any]:
    """The card everybody in the chat sees. ``called``: the units that were called for it, if any."""
    lines = [title_there(cx, ticket)]
    if ticket.is_danger and ticket.is_open:
        lines.insert(0, hotline(cx, ticket))
    lines.append(_state_line(cx, grid, ticket))
    if ticket.extended and ticket.is_open:
        lines.append(cx.said.say("card.extended", by=cx.by(ticket.closing_due_at)))
    if ticket.reworks and ticket.is_open:
        lines.append(cx.said.say("card.reopened", times=ticket.reworks))
    if called is not None and called.state in (Called.CALLED, Called.ENDED) and not is_hushed(ticket):
        lines.append(whistle_line(cx, called))
    if ticket.supporters and not ticket.private:
        lines.append(cx.said.say("card.supporters", count=ticket.supporters))
    reply_to = ticket.message_id if ticket.chat_kind is ChatKind.GROUP else ""
    buttons: list[list[Button]] = []
    if ticket.is_open:
        offered = _offered(ticket)
        if not ticket.is_danger:
            lines.append(cx.said.say("card.typed", words=_typed(cx, ticket, offered)))
        buttons = [[(name, name, "") for name in offered]]
    return notify.body(cx, tx, "\n".join(lines), buttons=buttons, subject_id=ticket.number, reply_to=reply_to)


def whistle_line(cx: Context, called: Whistle) -> str:
    """Who was called and who came: units, not persons."""
    units = [cx.said.say(f"whistle.card_{unit.answer or 'called'}", unit=plain(unit.name, 20)) for unit in called.units]
    return cx.said.say("whistle.card", units="、".join(units))


def _offered(ticket: Ticket) -> list[str]:
    """What people of the chat can do with one tap. 我家也是 makes no sense where nobody else reads, or to a call for a human."""
    if is_hushed(ticket):
        return ["withdraw"]
    alone = ticket.chat_kind is ChatKind.PRIVATE or ticket.is_danger or ticket.code in TO_SENIORS
    return ["add", "withdraw"] if alone else ["support", "add", "withdraw"]


_TYPED = {"support": "card.typed_support", "add": "card.typed_add", "withdraw": "card.typed_withdraw"}


def _typed(cx: Context, ticket: Ticket, offered: list[str]) -> str:
    return "、".join(cx.said.say(_TYPED[name], number=ticket.number) for name in offered)


def _state_line(cx: Context, grid: Grid, ticket: Ticket) -> str:
    """Where it stands and who has it, in one sentence."""
    who = follower(cx, grid, ticket)
    match ticket.state:
        case State.TO_ACCEPT | State.TO_DISPATCH | State.DISPATCHED:
            key = "card.danger_calling" if ticket.is_danger else "card.asking"
            return cx.said.say(key, who=who, by=cx.by(ticket.response_due_at))
        case State.IN_PROGRESS if ticket.is_paused:
            return cx.said.say("card.paused", who=who)
        case State.IN_PROGRESS:
            key = "card.danger_heard" if ticket.is_danger else "card.taken"
            at = cx.by(ticket.responded_at or cx.now)
            return cx.said.say(key, who=who, by=cx.by(ticket.closing_due_at), at=at)
        case State.SOLVED:
            return cx.said.say("card.solved", who=who)
        case State.CONFIRMED | State.ARCHIVED:
            return cx.said.say("card.confirmed" if _said_yes(ticket) else "card.unrated")
        case State.ANSWERED | State.REFUSED if is_hushed(ticket):
            return cx.said.say("card.ended_private", number=ticket.number)
        case State.ANSWERED:
            return cx.said.say("card.explained", note=screened(plain(ticket.done)))
        case State.REFUSED:
            return cx.said.say(f"refusal_code.{ticket.done}")
        case State.WITHDRAWN:
            return cx.said.say("card.withdrawn")
        case State.DISMISSED:
            return cx.said.say("card.dismissed")


def hotline(cx: Context, ticket: Ticket) -> str:
    """The number to dial first. For what must not be repeated in a group it says only whom to call."""
    key = f"danger.{ticket.code}"
    return cx.said.say(key if key in cx.said else "danger.any")


def _said_yes(ticket: Ticket) -> bool:
    return ticket.closed_at is not None and (ticket.state is State.CONFIRMED or ticket.rating is not None)


async def show(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket) -> None:
    """Bring the group card up to date; where it cannot be changed any more (the group has moved) a new one is posted."""
    content = group_card(cx, tx, grid, ticket, await whistles.of_ticket(tx, ticket.number))
    if not await notify.change(cx, tx, card_key(ticket), content, ticket.version, ticket=ticket.number):
        post(cx, tx, grid, ticket)


def post(cx: Context, tx: WriteTx, grid: Grid, ticket: Ticket) -> None:
    """Put the card into the chat for the first time: at once for danger and what is urgent, else after the quiet hours."""
    kind = Said.HOTLINE if ticket.is_danger else Said.CARD
    notify.to_chat(
        cx,
        tx,
        ticket.chat,
        kind,
        card_key(ticket),
        group_card(cx, tx, grid, ticket),
        thread=ticket.thread,
        urgent=ticket.urgency in ("P0", "P1") or ticket.chat_kind is ChatKind.PRIVATE,
        ticket=ticket.number,
        grid_id=ticket.grid_id,
    )


def tell_end(cx: Context, tx: WriteTx, ticket: Ticket, key: str, **values: object) -> None:
    """One message about how it ends (or takes longer). Of private kinds a group reads nothing, the reporter all of it."""
    name = f"end:{ticket.number}:{ticket.version}"
    if is_hushed(ticket):
        text = cx.said.say(key, title=title(cx, ticket, public=is_delicate(ticket)), **values)
        notify.to_person(cx, tx, ticket, Said.PROGRESS, name, text)
        return
    content = notify.body(cx, tx, cx.said.say(key, title=title_there(cx, ticket), **values), reply_to=ticket.message_id)
    notify.to_chat(cx, tx, ticket.chat, Said.PROGRESS, name, content, thread=ticket.thread, ticket=ticket.number)


def work_text(cx: Context, ticket: Ticket, *, reason: str) -> str:
    """The private card of whoever is asked or handles it: what was said, where exactly, by when, whom to involve."""
    category = cx.categories.get(ticket.code)
    lines = [
        title(cx, ticket, public=False),
        cx.said.say("work.words", words=plain(ticket.words.replace("\n", "；"), 600)),
        cx.said.say("work.reporter", name=ticket.reporter.name or cx.said.say("work.nameless")),
        cx.said.say("work.because", because=because(cx, reason)),
        cx.said.say("work.terms", response=cx.by(ticket.response_due_at), closing=cx.by(ticket.closing_due_at)),
    ]
    if category is not None and category.party:
        lines.append(cx.said.say("work.party", party=category.party))
    if ticket.private:
        lines.append(cx.said.say("work.private"))
    if ticket.is_paused:
        lines.append(cx.said.say("work.paused"))
    if ticket.supporters:
        lines.append(cx.said.say("card.supporters", count=ticket.supporters))
    return "\n".join(lines)


def work_buttons(ticket: Ticket) -> list[list[Button]]:
    """What the handler can do with one tap; every button has a typed equivalent."""
    return [
        [("progress", "progress", ""), ("solve", "solve", "")],
        [("explain", "explain", ""), ("hand_back", "hand_back", "")],
    ]


def tell(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    ticket: Ticket,
    member: Member | None,
    key: str,
    text: str,
    *,
    buttons: list[list[Button]] | None = None,
    kind: Said = Said.STAFF,
) -> bool:
    """A private word about this ticket to somebody on the roster."""
    if member is None:
        return False
    return notify.to_member(
        cx,
        tx,
        member,
        kind,
        key,
        text,
        buttons=buttons or (),
        subject_id=ticket.number,
        near=ticket.chat,
        urgent=ticket.urgency in ("P0", "P1"),
        ticket=ticket.number,
        grid_id=grid.id,
    )
