"""纠正 by the grid leader: another kind, no request at all, a request nobody heard. Each is kept as an example to learn from."""

from dataclasses import replace

from domain import correction as rules
from domain import refusal
from domain.category import Category, Urgency
from domain.correction import Correction, Kind
from domain.incoming import ChatKind, Incoming, SenderKind
from domain.incoming import Kind as Event
from domain.screen import plain
from domain.ticket import Action, Ticket, Who, note
from domain.triage import Act, Heard, Intent, Reason, Verdict
from handlers import access, cards, danger, dispatching, joining, notify, opening
from handlers.context import Ask, Context
from storage import audit, calls, corrections, grids, tickets
from storage.database import WriteTx

_OFFERED = 6


async def recode(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """改类: by button among the likely ones, or typed by code or name."""
    access.require_leader(ask)
    was = await access.ticket(tx, ask)
    word = ask.words.strip()
    if not word:
        buttons: list[list[notify.Button]] = [[(f"category.{code}", "recode", code)] for code in _likely(cx, was)]
        text = cx.said.say("why.recode", number=was.number)
        notify.reply(cx, tx, ask.event, text, buttons=buttons, subject_id=was.number, part="?")
        return
    category = rules.find_category(word, cx.categories)
    if category is None:
        raise refusal.NoSuchCategory(text=plain(word, 20), names=_named_like(cx, word), number=was.number)
    ticket = await tickets.save(tx, rules.recode(was, category, ask.who, cx.now, cx.calendar, cx.policy.template))
    await _keep(cx, tx, ask, was, Kind.CODE, category.code)
    ticket = await _follow(cx, tx, was, ticket)
    grid = await grids.by_id(tx, ticket.grid_id)
    text = cx.said.say(
        "work.recoded",
        title=cards.title(cx, ticket, public=False),
        response=cx.by(ticket.response_due_at),
        closing=cx.by(ticket.closing_due_at),
    )
    if ticket.is_open:
        me = access.require_member(ask).id
        await joining.tell_handler(cx, tx, grid, ticket, "recoded", text, but=me)
    notify.reply(cx, tx, ask.event, cx.said.say("done.recoded", number=ticket.number, what=category.name))
    await cards.show(cx, tx, grid, ticket)


def _likely(cx: Context, ticket: Ticket) -> list[str]:
    """What the ear thought of too, then what lies beside it in the table."""
    heard = (ticket.why.runner_up, *ticket.why.codes, ticket.why.code) if ticket.why else ()
    known = cx.categories.get(ticket.code)
    beside = [c.code for c in cx.categories.values() if known is not None and c.top == known.top]
    found = [code for code in dict.fromkeys((*heard, *beside)) if code in cx.categories and code != ticket.code]
    return found[:_OFFERED]


def _named_like(cx: Context, word: str) -> str:
    """Categories whose name shares two characters with the word."""
    pairs = {word[i : i + 2] for i in range(len(word) - 1)}
    found = [c.name for c in cx.categories.values() if any(pair in c.name for pair in pairs)]
    return "、".join(found[:10]) or cx.said.say("reply.none")


async def _follow(cx: Context, tx: WriteTx, was: Ticket, ticket: Ticket) -> Ticket:
    """A kind that is a danger calls people; one that is none stops calling them and is dispatched as usual."""
    if not ticket.is_open or was.is_danger is ticket.is_danger:
        return ticket
    grid = await grids.by_id(tx, ticket.grid_id)
    if ticket.is_danger:
        await dispatching.take_back(cx, tx, grid, ticket, "cancelled")
        return await danger.raise_late(cx, tx, grid, ticket)
    await calls.close_alert(tx, ticket.number, "heard")
    if ticket.assignee_id is not None:
        return ticket
    return await dispatching.invite_next(cx, tx, grid, ticket)


async def dismiss(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """不是诉求, says the leader: the card says so, whoever was asked or has it hears so, nobody is rated by it."""
    access.require_leader(ask)
    was = await access.ticket(tx, ask)
    change = rules.dismiss(was, ask.who, cx.now)
    grid = await grids.by_id(tx, was.grid_id)
    asked = await dispatching.take_back(cx, tx, grid, was, "dismissed")
    ticket = await tickets.save(tx, change)
    await _keep(cx, tx, ask, was, Kind.NOT_REQUEST, "")
    if ticket.is_danger:
        await danger.called_off(cx, tx, grid, ticket, "dismissed")
    elif ticket.assignee_id not in (asked, access.require_member(ask).id):
        text = cx.said.say("work.dismissed", title=cards.title(cx, ticket, public=False))
        cards.tell(cx, tx, grid, ticket, grid.member(ticket.assignee_id), f"dismissed:{ticket.number}", text)
    if ticket.chat_kind is ChatKind.PRIVATE:  # an edited card makes no sound there
        cards.tell_end(cx, tx, ticket, "solved.dismissed")
    notify.reply(cx, tx, ask.event, cx.said.say("done.dismissed", number=ticket.number))
    await cards.show(cx, tx, grid, ticket)


async def point_out(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """是诉求, in reply to a message that was left in peace: it becomes a ticket of whoever wrote it."""
    access.require_leader(ask)
    grid = access.require_grid(ask)
    if ask.number is not None:
        raise refusal.AlreadyTicket(number=ask.number)
    quoted = _quoted(cx, ask.event)
    if quoted is None:
        raise refusal.NothingQuoted
    word = ask.words.strip()
    category = rules.find_category(word, cx.categories)
    if word and category is None:
        raise refusal.NoSuchCategory(text=plain(word, 20), names=_named_like(cx, word), number="")
    ear = cx.ear_of(grid)
    heard = ear.classify(Heard(quoted.text, cx.recent.earlier(quoted)))
    likely = heard if heard.code else ear.classify(Heard(quoted.text, addressed=True))
    category = category or _of_a_request(cx, likely.code)
    who = Who(quoted.chat.channel, quoted.sender.id, quoted.sender.name)
    verdict = _as_request(likely, category)
    ticket = await opening.submit(cx, tx, grid, quoted, who, verdict, to_accept=category is None)
    ticket = await tickets.save(tx, note(ticket, Action.POINTED_OUT, ticket.code, cx.now, ask.who))
    made = Correction(ticket.number, grid.id, Kind.REQUEST, heard.act, heard.code, ticket.code, cx.now)
    corrections.add(tx, made)
    await _note(cx, tx, ask, ticket.number)
    notify.react(cx, tx, ask.event, cx.said.say("emoji.done"))


def _of_a_request(cx: Context, code: str) -> Category | None:
    """The kind the ear thought of, if somebody can be sent for it: thanks and 催办 are no requests of their own."""
    found = cx.categories.get(code)
    return found if found is not None and found.kind in ("ticket", "question", "wish") else None


def _quoted(cx: Context, event: Incoming) -> Incoming | None:
    """The message that is pointed at: as the channel brings it along, else as it is remembered for some minutes."""
    if event.chat_kind is not ChatKind.GROUP or not event.reply_to:
        return None
    known = cx.recent.find(event.chat, event.reply_to)
    if known is None and event.quoted is not None:
        said = event.quoted
        known = event._replace(
            kind=Event.MESSAGE, message_id=event.reply_to, sender=said.sender, at=said.at, text=said.text,
            reply_to="", attachments=(), album="", click="", button="", quoted=None, addressed=False,
        )  # fmt: skip
    if known is None or not known.text or known.sender.kind in (SenderKind.BOT, SenderKind.CHANNEL):
        return None
    return known


def _as_request(heard: Verdict, category: Category | None) -> Verdict:
    urgency = category.urgency if category is not None else Urgency.P2
    code = category.code if category is not None else ""
    return replace(
        heard,
        act=Act.ALERT if urgency is Urgency.P0 else Act.TICKET,
        intent=Intent.REQUEST,
        code=code,
        codes=tuple(dict.fromkeys((code, *heard.codes))) if code else heard.codes,
        urgency=urgency,
        confidence=1.0,
        reasons=(*heard.reasons, Reason("leader")),
    )


async def _keep(cx: Context, tx: WriteTx, ask: Ask, was: Ticket, kind: Kind, code: str) -> None:
    """What the triage said of the ticket, or whoever corrected it before, and what is said now."""
    act = was.why.act if was.why is not None else Act.TICKET
    corrections.add(tx, Correction(was.number, was.grid_id, kind, act, was.code, code, cx.now))
    await _note(cx, tx, ask, was.number)


async def _note(cx: Context, tx: WriteTx, ask: Ask, number: int) -> None:
    leader = audit.member(access.require_member(ask).id)
    await audit.note(tx, cx.now, audit.Act.CORRECTION, leader, f"ticket:{number}")
