"""What joins a ticket that exists: words, a place, photos, 催办, 我家也是."""

from domain import clock, matching, refusal
from domain import ticket as rules
from domain.incoming import Kind
from domain.outgoing import Kind as Said
from domain.place import Place
from domain.roster import Grid, Member
from domain.screen import plain
from domain.ticket import State, Ticket
from handlers import access, cards, dispatching, notify
from handlers.context import Ask, Context
from handlers.opening import photo_refs
from storage import calls, tickets
from storage.database import WriteTx


async def join(cx: Context, tx: WriteTx, ask: Ask, known: Ticket, place: Place, words: str | None = None) -> Ticket:
    """Add words, a place or photos to the ticket; a place may bring it to somebody who is nearer. The handler hears it."""
    event = ask.event
    words = event.text[:2000] if words is None else words
    photos = tuple(photo_refs(event.attachments))
    had, waited = known.place, known.is_paused
    known = await tickets.save(tx, rules.add(known, words, place, photos, ask.who, cx.now))
    tickets.add_source(tx, known.number, event, "part", cx.now)
    known = await _resume(cx, tx, ask, known)
    grid = access.require_grid(ask)
    if had != known.place:
        known = await _nearer(cx, tx, grid, known)
    title = cards.title(cx, known, public=False)
    if waited and not known.is_paused:
        by = cx.by(known.closing_due_at)
        text = cx.said.say("pause.answered", title=title, words=plain(words, 500), by=by)
    elif matching.is_by(known, ask.who) or not known.is_danger:
        key = "work.added" if words else "work.added_photo"
        text = cx.said.say(key, title=title, words=plain(words, 500))
    else:
        text = cx.said.say("danger.again", title=title, words=plain(words, 500))
    await tell_handler(cx, tx, grid, known, "added", text, photos=photos)
    await cards.show(cx, tx, grid, known)
    return known


async def _resume(cx: Context, tx: WriteTx, ask: Ask, known: Ticket) -> Ticket:
    """等居民 is over with any answer of his: the clocks run on."""
    if not known.is_paused or not matching.is_by(known, ask.who):
        return known
    return await tickets.save(tx, clock.resume(known, ask.who, cx.now, cx.calendar, cx.policy.template))


def received(cx: Context, tx: WriteTx, ask: Ask, known: Ticket) -> None:
    """The receipt for what joined a ticket; in words where no emoji is possible, because no new card says it."""
    instead = cx.said.say("done.added", number=known.number)
    notify.react(cx, tx, ask.event, cx.said.say("emoji.received"), instead=instead)


async def correct(cx: Context, tx: WriteTx, ask: Ask, known: Ticket, text: str) -> Ticket:
    """The writer corrected his message: the new words replace the old ones, a corrected place counts."""
    grid = access.require_grid(ask)
    place = cx.ear_of(grid).place(text)
    was = cx.recent.text_of(ask.event)
    if not was and ask.event.message_id == known.message_id and "\n" not in known.words:
        was = known.words  # said too long ago to be remembered, but nothing was added to it
    had = known.place
    known = await tickets.save(tx, rules.correct(known, was, text[:4096], place, ask.who, cx.now))
    if had != known.place:
        known = await _nearer(cx, tx, grid, known)
    said = cx.said.say("work.corrected", title=cards.title(cx, known, public=False), words=plain(text, 500))
    await tell_handler(cx, tx, grid, known, "corrected", said)
    await cards.show(cx, tx, grid, known)
    return known


async def _nearer(cx: Context, tx: WriteTx, grid: Grid, known: Ticket) -> Ticket:
    """The place came after the invitation: if somebody else is paired with it, he is asked instead."""
    if known.state is not State.DISPATCHED or known.assignee_id is not None or known.is_danger:
        return known
    invitation = await calls.current(tx, known.number)
    here = {area.id for area in grid.areas_of(known.place)[:-1]}
    paired = {p.member_id for p in grid.pairings if p.area_id in here and p.holds(cx.calendar.today(cx.now))}
    if invitation is None or not paired or invitation.member_id in paired:
        return known
    await dispatching.take_back(cx, tx, grid, known, "cancelled")
    return await dispatching.invite_next(cx, tx, grid, known)


async def urge(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, known: Ticket) -> Ticket:
    """催办: the handler hears it once per press of the resident, the group sees the card, nothing new is opened."""
    if await tickets.seen(tx, ask.event.chat, [ask.event.message_id]):
        return known  # the channel handed it over twice
    known = await tickets.save(tx, rules.urge(known, ask.who, cx.now))
    tickets.add_source(tx, known.number, ask.event, "urge", cx.now)
    known = await _resume(cx, tx, ask, known)
    text = cx.said.say("work.urged", title=cards.title(cx, known, public=False), times=known.urges)
    await tell_handler(cx, tx, grid, known, "urged", text)
    if known.urges >= 2:
        for leader in grid.acting(cx.now)[:1]:
            if leader.id != known.assignee_id:
                cards.tell(cx, tx, grid, known, leader, f"urged:{known.number}:{known.version}:leader", text)
    notify.reply(cx, tx, ask.event, standing(cx, grid, known, public=not access.is_private(ask)))
    return known


async def support(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, known: Ticket) -> Ticket:
    """我家也是: counted once per person; the handler sees how many are affected."""
    typed = ask.event.kind is not Kind.BUTTON
    if typed and await tickets.seen(tx, ask.event.chat, [ask.event.message_id]):
        return known  # the channel handed it over twice
    change = rules.support(known, ask.who, cx.now)
    if not await tickets.add_supporter(tx, known.number, ask.who, cx.now):
        raise refusal.AlreadyCounted(number=known.number)
    known = await tickets.save(tx, change)
    if typed:
        tickets.add_source(tx, known.number, ask.event, "support", cx.now)
    text = cx.said.say("work.supported", title=cards.title(cx, known, public=False), count=known.supporters)
    await tell_handler(cx, tx, grid, known, "supported", text)
    await cards.show(cx, tx, grid, known)
    return known


def standing(cx: Context, grid: Grid, ticket: Ticket, *, public: bool = True) -> str:
    """How a ticket stands, in one breath, for whoever asks."""
    values = {
        "title": cards.title(cx, ticket, public=public or cards.is_delicate(ticket)),
        "who": cards.follower(cx, grid, ticket),
        "response": cx.by(ticket.response_due_at),
        "closing": cx.by(ticket.closing_due_at),
    }
    return cx.said.say(f"standing.{ticket.state}", **values)


async def tell_handler(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    known: Ticket,
    what: str,
    text: str,
    photos: tuple[str, ...] = (),
    but: int | None = None,
) -> None:
    """Whoever has the ticket, is being asked, or was called to a danger nobody has answered, hears what came to it - ``but``
    not who did it himself.
    """
    for member in await _handlers(tx, grid, known):
        if member.id == but:
            continue
        notify.to_member(
            cx,
            tx,
            member,
            Said.STAFF,
            f"{what}:{known.number}:{known.version}:{member.id}",
            text,
            near=known.chat,
            photos=photos,
            urgent=known.urgency in ("P0", "P1"),
            ticket=known.number,
            grid_id=grid.id,
        )


async def _handlers(tx: WriteTx, grid: Grid, known: Ticket) -> list[Member]:
    ids: tuple[int, ...] = ()
    if known.assignee_id is not None:
        ids = (known.assignee_id,)
    elif invitation := await calls.current(tx, known.number):
        ids = (invitation.member_id,)
    elif alert := await calls.alert(tx, known.number):
        ids = alert.called
    return [member for i in ids if (member := grid.member(i)) is not None]
