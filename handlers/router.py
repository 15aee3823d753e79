"""Who is it, and what is it: a press, a command, a line that was waited for, an answer to a card - or talk to be heard."""

import re
from collections.abc import Container
from dataclasses import dataclass, replace

from domain import refusal
from domain.incoming import Chat, ChatKind, Incoming, Kind, SenderKind
from domain.roster import Grid
from domain.ticket import OPEN, State, Who
from domain.triage import Act
from handlers import access, alarms, followups, groups, intake, joining, notify, questions
from handlers import tickets as ticket_cases
from handlers.commands import BUTTONS, COMMANDS, LINES, Command, may
from handlers.context import Ask, Context
from handlers.tickets import RATINGS
from storage import conversation, grids, tickets
from storage import intake as intake_rows
from storage.database import WriteTx
from storage.tables import tickets as ticket_table


@dataclass(frozen=True, slots=True)
class Typed:
    """A command as it was typed. ``exact``: nothing but the command stood there."""

    command: Command
    number: int | None
    words: str
    exact: bool
    slash: bool


def is_idle(cx: Context, grid: Grid | None, event: Incoming, waited_for: Container[tuple[Chat, str]]) -> bool:
    """Whether this event is plain talk that needs nothing at all: most of what comes, decided without the database.

    ``waited_for``: the people and chats from whom a line is awaited.
    """
    if event.kind is not Kind.MESSAGE or event.chat_kind is not ChatKind.GROUP or event.addressed or event.reply_to:
        return False
    if event.sender.kind in (SenderKind.BOT, SenderKind.CHANNEL):
        return True
    if event.attachments or (event.chat, event.sender.id) in waited_for or not event.text:
        return not event.attachments and not event.text
    if parse(event.text) is not None or event.text.startswith("/"):
        return False
    if event.text.strip() in RATINGS:
        return False
    if grid is None:
        return True
    verdict = intake.listen(cx, grid, event)
    if verdict.act is Act.SILENT:
        return True
    cx.verdicts[event.chat, event.message_id, event.text] = verdict  # it is handled in a moment, and heard once
    return False


async def handle(cx: Context, tx: WriteTx, event: Incoming) -> None:
    """One event, in one transaction. A refusal is an answer like any other and undoes nothing of other events."""
    match event.kind:
        case Kind.BOT_ADDED:
            await groups.added(cx, tx, event)
            return
        case Kind.BOT_REMOVED:
            await groups.removed(cx, tx, event)
            return
        case Kind.UNREADABLE:
            await intake_rows.set_aside(tx, event, "unreadable", cx.now)
            await alarms.dead_letter(cx, tx, event)
            return
        case Kind.CHAT_MIGRATED:
            await groups.migrated(cx, tx, event)
            return
    if event.sender.kind in (SenderKind.BOT, SenderKind.CHANNEL):
        return
    ask = await _who(tx, event)
    try:
        if event.kind is Kind.BUTTON:
            await _press(cx, tx, ask)
            notify.click(cx, tx, event)
        elif event.kind is Kind.EDIT:
            await _edited(cx, tx, ask)
        else:
            await _message(cx, tx, ask)
    except refusal.Refusal as no:
        _refused(cx, tx, ask, no)


async def _who(tx: WriteTx, event: Incoming) -> Ask:
    chat, sender = event.chat, event.sender
    who = Who(chat.channel, sender.id, sender.name)
    grid: Grid | None = None
    if event.chat_kind is ChatKind.GROUP:
        grid = await grids.of_group(tx, chat)
    if sender.kind is SenderKind.ANONYMOUS_ADMIN:
        # Nobody knows which admin it is: he may write like a resident and never has the rights of a role.
        return Ask(event, who, None, grid)
    found = await grids.of_account(tx, chat.channel, chat.bot, sender.id)
    if found is None:
        return Ask(event, who, None, grid or await access.grid_of_resident(tx, event))
    member, home = found
    if home is None and len(below := await grids.below(tx, member.area_id)) == 1:
        home = await grids.by_id(tx, below[0])
    stands_in = home is not None and home.leads_for(member.id, event.at)
    return Ask(event, replace(who, member_id=member.id), member, grid or home, stands_in=stands_in)


async def _press(cx: Context, tx: WriteTx, ask: Ask) -> None:
    token, _, place = ask.event.button.partition(":")
    keyboard = await conversation.keyboard(tx, token, cx.now)
    if keyboard is None or not place.isascii() or not place.isdigit() or int(place) >= len(keyboard.actions):
        raise refusal.ButtonExpired
    if keyboard.audience and keyboard.audience != ask.who.account:
        raise refusal.NotForYou
    action, argument = keyboard.actions[int(place)]
    await BUTTONS[action](cx, tx, replace(ask, number=keyboard.subject_id, words=argument))


async def _message(cx: Context, tx: WriteTx, ask: Ask) -> None:
    event = ask.event
    private = event.chat_kind is ChatKind.PRIVATE
    typed = None if event.forwarded else parse(event.text)
    if typed is not None and await _is_meant(cx, tx, ask, typed):
        await _run(cx, tx, ask, typed)
        return
    if event.text.strip() in RATINGS and not event.forwarded and await _has_unrated(tx, ask):
        await ticket_cases.rate(cx, tx, replace(ask, words=event.text))
        return
    if event.text.startswith("/") and not event.forwarded:
        if private or event.addressed:
            raise refusal.UnknownChoice(choices=_known(ask))
        return
    expected = await conversation.expected(tx, event.chat, event.sender.id, cx.now) if _may_be_line(event) else None
    if expected is not None and expected[0] == "choose":
        chosen = await questions.typed(cx, tx, expected[1], event.text)
        if chosen is not None:
            await conversation.stop_expecting(tx, event.chat, event.sender.id)
            await questions.choose(cx, tx, replace(ask, number=expected[1], words=chosen))
            return
    if expected is not None and expected[0] in LINES and not _is_danger(cx, ask, expected[0]):
        await conversation.stop_expecting(tx, event.chat, event.sender.id)
        await LINES[expected[0]](cx, tx, replace(ask, number=expected[1], words=event.text))
        return
    if ask.grid is None:
        if private:
            notify.reply(cx, tx, event, cx.said.say("reply.no_grid"))
        elif event.addressed:
            raise refusal.GroupUnknown
        return
    await intake.hear(cx, tx, ask, ask.grid)


def _is_danger(cx: Context, ask: Ask, action: str) -> bool:
    """A resident who was asked for a 补充, or for an answer, and cries fire is not adding to his ticket."""
    if action not in ("add", "answer") or ask.grid is None or not ask.event.text:
        return False
    return intake.listen(cx, ask.grid, ask.event).act is Act.ALERT


def _may_be_line(event: Incoming) -> bool:
    return event.kind is Kind.MESSAGE and not event.forwarded


def _known(ask: Ask) -> str:
    return " ".join(f"/{c.alias}" for c in COMMANDS if may(c, ask))


async def _run(cx: Context, tx: WriteTx, ask: Ask, typed: Typed) -> None:
    if not may(typed.command, ask):
        raise refusal.NotAllowed
    if typed.command.private and ask.event.chat_kind is not ChatKind.PRIVATE:
        raise refusal.PrivateOnly
    number = typed.number
    if number is None and (known := await followups.replied_to(tx, ask)):
        number = known.number
    await typed.command.run(cx, tx, replace(ask, number=number, words=typed.words))


async def _is_meant(cx: Context, tx: WriteTx, ask: Ask, typed: Typed) -> bool:
    """In a group people say 进度 and 好了 all day: without a slash a word is a command only when it is clearly one."""
    if typed.slash or ask.event.addressed:
        return True
    if ask.event.chat_kind is ChatKind.PRIVATE:
        return typed.exact or typed.number is not None or bool(typed.words)
    if typed.command.whom is not typed.command.whom.RESIDENT:
        return typed.command.pointing and typed.exact and bool(ask.event.reply_to) and may(typed.command, ask)
    if typed.number is not None:
        return await tickets.get(tx, typed.number) is not None
    if not typed.exact:
        return _is_verdict(cx, ask, typed) and await _has_own(tx, ask, typed.command)
    if typed.command.name == "rengong":
        return typed.command.alias == ask.event.text.strip()
    if await followups.replied_to(tx, ask):
        return True
    return typed.command.bare and await _has_own(tx, ask, typed.command)


def _is_verdict(cx: Context, ask: Ask, typed: Typed) -> bool:
    """“没解决，还在漏”, “修好了，谢谢老李”: the word is about the ticket, what follows says nothing else."""
    if typed.command.name == "meijiejue":
        return True
    if typed.command.name != "jiejue" or ask.grid is None or ask.event.text.strip().startswith(_TOO_SHORT):
        return False
    return intake.listen(cx, ask.grid, ask.event).act in (Act.SILENT, Act.THANK)


async def _has_own(tx: WriteTx, ask: Ask, command: Command) -> bool:
    """Whether this person has a ticket that the bare word can be about."""
    states = {"chehui": OPEN, "jiejue": {State.SOLVED}, "meijiejue": {State.SOLVED}}.get(
        command.name, {*OPEN, State.SOLVED}
    )
    mine = await tickets.select(
        tx,
        ticket_table.c.channel == ask.who.channel,
        ticket_table.c.reporter == ask.who.account,
        ticket_table.c.state.in_(list(states)),
        limit=1,
    )
    return bool(mine)


async def _has_unrated(tx: WriteTx, ask: Ask) -> bool:
    confirmed = await tickets.select(
        tx,
        ticket_table.c.channel == ask.who.channel,
        ticket_table.c.reporter == ask.who.account,
        ticket_table.c.state == State.CONFIRMED,
        limit=1,
    )
    return bool(confirmed)


async def _edited(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """An edit corrects the ticket of the message; it never makes a second one. What was no request may now be one."""
    event = ask.event
    known = await tickets.of_message(tx, event.chat, event.message_id)
    if known is None:
        if ask.grid is not None and event.text:
            await intake.hear(cx, tx, ask, ask.grid)
        return
    if not known.is_open or not event.text or event.text in known.words:
        return
    corrected = replace(ask, grid=ask.grid or await grids.by_id(tx, known.grid_id))
    await joining.correct(cx, tx, corrected, known, event.text)


def _refused(cx: Context, tx: WriteTx, ask: Ask, no: refusal.Refusal) -> None:
    text = cx.said.say(f"refusal.{type(no).__name__}", **no.values)
    notify.reply(cx, tx, ask.event, text)


def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, Command]]:
    words = {name: command for command in COMMANDS for name in (command.name, *command.aliases)}
    any_word = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    number = r"(?:[#№第]?\s*(?P<number>\d{1,9})(?!\d)\s*(?:号工单|号单|号|单)?)"
    sep = r"[\s:：,，、]*"
    first = re.compile(
        rf"(?P<slash>/)?\s*(?P<word>{any_word})(?:@\w+)?(?P<gap>{sep}){number}?{sep}(?P<words>.*)",
        re.DOTALL | re.IGNORECASE,
    )
    last = re.compile(rf"{number}{sep}(?P<word>{any_word})[。.!！]?", re.DOTALL | re.IGNORECASE)
    return first, last, words


_FIRST, _LAST, _WORDS = _patterns()
_TOO_SHORT = "好了"
_WORDY = re.compile(r"[。.!！~～]+$")


def parse(text: str) -> Typed | None:
    """A command at the start of a message, with or without slash (接单 12, /jiedan 12, 12号 已解决), or nothing."""
    line = text.strip()
    if not line or len(line) > 4096:
        return None
    if line[0].isdigit() or line[0] in "#№第":
        found = _LAST.fullmatch(line)
        return Typed(_WORDS[found["word"].lower()], int(found["number"]), "", True, False) if found else None
    found = _FIRST.match(line)
    if found is None:
        return None
    word, words = found["word"], found["words"].strip()
    slash = bool(found["slash"])
    if word.isascii() and word.isalpha() and not slash:
        return None
    glued = not found["gap"] and found["number"] is None and bool(_WORDY.sub("", words))
    if glued and not slash:
        return None  # “进度怎么样了” is talk; “进度 怎么样” too, but that one is harmless
    command = _WORDS[word.lower()]
    if command.free:
        words = line[found.end("gap") :].strip()
        return Typed(command, None, words, not words, slash)
    number = int(found["number"]) if found["number"] else None
    words = words if _WORDY.sub("", words) else ""
    return Typed(command, number, words, number is None and not words, slash)
