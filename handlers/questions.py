"""Unsure: ask once, with buttons; never guess, never nag, and never lose it."""

from dataclasses import replace

from domain import refusal
from domain.category import Urgency
from domain.incoming import ChatKind, Incoming, Kind, Sender
from domain.outgoing import Kind as Said
from domain.roster import Grid
from domain.screen import bare, plain
from domain.triage import Act, Intent, Reason, Verdict
from handlers import notify, reports
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import conversation, grids, tickets
from storage.conversation import Question
from storage.database import WriteTx

NONE = "none"


async def ask_about(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, verdict: Verdict) -> None:
    """Three likely kinds and “都不是”. When the group has been asked often enough today, the grid leader is asked instead."""
    event = ask.event
    expires_at = cx.now + cx.policy.question_life
    hidden = {code for code in verdict.codes if (c := cx.categories.get(code)) and c.private}
    codes = tuple(code for code in verdict.codes if verdict.code in hidden or code not in hidden)[:3] or (verdict.code,)
    found = await conversation.add_question(
        tx,
        event,
        grid.id,
        replace(ask.who, name=plain(ask.who.name, 30)),
        codes,
        verdict,
        expires_at,
    )
    if found is None:
        return
    private = verdict.code in hidden
    today = cx.calendar.today(cx.now)
    in_group = event.chat_kind is ChatKind.GROUP
    danger = verdict.urgency is Urgency.P0
    quiet = in_group and not event.addressed and cx.policy.quiet.next_allowed(cx.calendar, cx.now) != cx.now
    may_ask = (
        not in_group
        or event.addressed
        or (danger and not private)
        or (
            not private
            and not quiet
            and await conversation.count_today(tx, event.chat, today, "asked", cx.policy.questions_per_day)
        )
    )
    if may_ask:
        await conversation.expect(tx, event.chat, event.sender.id, "choose", found, expires_at)
        text = cx.said.say("question.danger" if danger else "question.which")
        notify.reply(cx, tx, event, text, buttons=_choices(codes), subject="question", subject_id=found, part="?")
        return
    for senior in grid.seniors(cx.now):
        text = cx.said.say("question.leader", words=plain(event.text, 300))
        if notify.to_member(
            cx, tx, senior.member, Said.STAFF, f"question:{found}:{senior.member.id}", text, buttons=_choices(codes),
            subject="question", subject_id=found, near=event.chat, urgent=danger, grid_id=grid.id,
        ):  # fmt: skip
            return
    await conversation.erase_question(tx, found)  # nobody to ask: better a ticket too many than a request lost
    await reports.report(cx, tx, ask, grid, replace(verdict, code=codes[0]))


def _choices(codes: tuple[str, ...]) -> list[list[Button]]:
    rows: list[list[Button]] = [[(f"category.{code}", "choose", code)] for code in codes]
    return [*rows, [("none", "choose", NONE)]]


async def choose(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The answer: a kind makes it a ticket of the person who wrote it, “都不是” erases it."""
    question = await conversation.question(tx, ask.number or 0)
    if question is None or not await conversation.erase_question(tx, question.id):
        raise refusal.ButtonExpired
    if question.chat_kind is ChatKind.PRIVATE:  # which grid this person lives in is still worth knowing
        until = cx.now + cx.policy.question_life
        await conversation.expect(tx, question.chat, question.reporter.account, "grid", question.grid_id, until)
    key = "question.dropped" if ask.words == NONE else "question.taken"
    done = notify.body(cx, tx, cx.said.say(key))
    event = _as_said(question, ask)
    if not await notify.replace_pressed(cx, tx, ask.event, done, 1):
        await notify.change(cx, tx, notify.reply_key(event, "?"), done, 1)
        notify.react(cx, tx, ask.event, cx.said.say("emoji.done"))
    if ask.words == NONE:
        return
    grid = await grids.by_id(tx, question.grid_id)
    if not await tickets.seen(tx, event.chat, [event.message_id]):
        mine = Ask(event, question.reporter, None, grid)
        await reports.report(cx, tx, mine, grid, _verdict(cx, question, ask.words))


async def typed(cx: Context, tx: WriteTx, question_id: int, text: str) -> str | None:
    """The choice that was typed instead of pressed: the name on the button, 都不是, or a plain yes to the only one."""
    question = await conversation.question(tx, question_id)
    word = bare(text)
    if question is None or not word:
        return None
    if word in cx.said.say("question.no").split():
        return NONE
    if len(question.codes) == 1 and word in cx.said.say("question.yes").split():
        return question.codes[0]
    return next((code for code in question.codes if word == cx.category_name(code)), None)


def _as_said(question: Question, ask: Ask) -> Incoming:
    sender = Sender(question.reporter.account, question.reporter.name)
    return ask.event._replace(
        chat=question.chat,
        chat_kind=question.chat_kind,
        kind=Kind.MESSAGE,
        message_id=question.message_id,
        thread=question.thread,
        sender=sender,
        text=question.words,
        attachments=(),
        album="",
        click="",
        button="",
    )


def _verdict(cx: Context, question: Question, code: str) -> Verdict:
    category = cx.categories.get(code)
    urgency = category.urgency if category else Urgency.P2
    act = Act.ALERT if urgency is Urgency.P0 else Act.TICKET
    heard = question.why
    reasons = (*heard.reasons, Reason("chosen", (cx.category_name(code),)))
    choices = tuple(dict.fromkeys((code, *heard.codes)))
    return replace(
        heard,
        act=act,
        intent=Intent.REQUEST,
        code=code,
        codes=choices,
        urgency=urgency,
        confidence=1.0,
        reasons=reasons,
    )


async def forget_unanswered(cx: Context, tx: WriteTx) -> None:
    """Job: what nobody answered for a day is erased with its words."""
    for question in await conversation.expired_questions(tx, cx.now):
        await conversation.erase_question(tx, question.id)
