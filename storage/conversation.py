"""What is open between 党小栖 and people: buttons, one-tap questions, a line that is waited for, daily caps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from domain.incoming import Chat, ChatKind, Incoming
from domain.ticket import Who
from domain.triage import Verdict
from storage.database import ReadTx, WriteTx
from storage.tables import group_days, keyboards, prompts, questions
from storage.verdicts import packed, unpacked


@dataclass(frozen=True, slots=True)
class Keyboard:
    """The buttons under one message. ``audience`` is the one account that may press, empty for anybody in the chat."""

    token: str
    subject: str
    subject_id: int
    actions: tuple[tuple[str, str], ...]
    audience: str


def add_keyboard(tx: WriteTx, keyboard: Keyboard, expires_at: datetime) -> None:
    """Remember what the buttons of a message do."""
    tx.add(
        keyboards,
        {
            "token": keyboard.token,
            "subject": keyboard.subject,
            "subject_id": keyboard.subject_id,
            "actions": [list(action) for action in keyboard.actions],
            "audience": keyboard.audience,
            "expires_at": expires_at,
        },
    )


async def keyboard(tx: ReadTx, token: str, now: datetime) -> Keyboard | None:
    """The buttons behind a token that has not run out."""
    row = await tx.one(sa.select(keyboards).where(keyboards.c.token == token, keyboards.c.expires_at > now))
    if row is None:
        return None
    return Keyboard(row.token, row.subject, row.subject_id, tuple((a, v) for a, v in row.actions), row.audience)


@dataclass(frozen=True, slots=True)
class Question:
    """待确认: a message that may be a request; its words are erased when it turns out not to be."""

    id: int
    grid_id: int
    chat: Chat
    chat_kind: ChatKind
    thread: str
    message_id: str
    reporter: Who
    words: str
    codes: tuple[str, ...]
    why: Verdict


async def add_question(
    tx: WriteTx,
    source: Incoming,
    grid_id: int,
    reporter: Who,
    codes: tuple[str, ...],
    why: Verdict,
    expires_at: datetime,
) -> int | None:
    """Keep what is asked about; nothing when it was asked before."""
    row = {
        **_chat(source.chat),
        "grid_id": grid_id,
        "chat_kind": source.chat_kind,
        "thread": source.thread,
        "message_id": source.message_id,
        "reporter": reporter.account,
        "reporter_name": reporter.name,
        "words": source.text,
        "codes": list(codes),
        "why": packed(why),
        "asked_at": source.at,
        "expires_at": expires_at,
    }
    tx.memo.pop("questions", None)
    found: int | None = await tx.value(tx.insert_ignoring(questions).values(**row).returning(questions.c.id))
    return found


async def question(tx: ReadTx, question_id: int) -> Question | None:
    """A question that is still open."""
    row = await tx.one(sa.select(questions).where(questions.c.id == question_id))
    return None if row is None else _question(row)


async def question_of(tx: ReadTx, chat: Chat, reporter: Who) -> Question | None:
    """The latest open question to this person in this chat. Few are open at a time: all are read once per transaction."""
    found: dict[int, Question] | None = tx.memo.get("questions")
    if found is None:
        # Questions are written at once, so nothing that waits to be written can change the answer.
        rows = await ReadTx.rows(tx, sa.select(questions).order_by(questions.c.id))
        found = tx.memo["questions"] = {row.id: _question(row) for row in rows}
    mine = (reporter.channel, reporter.account)
    own = [q for q in found.values() if q.chat == chat and (q.reporter.channel, q.reporter.account) == mine]
    return own[-1] if own else None


async def erase_question(tx: WriteTx, question_id: int) -> bool:
    """Answered or dismissed: the words are gone from here. False when it was gone before."""
    tx.memo.pop("questions", None)
    return await tx.execute(sa.delete(questions).where(questions.c.id == question_id)) == 1


async def expired_questions(tx: ReadTx, now: datetime) -> list[Question]:
    """Questions nobody has answered in time."""
    return [_question(row) for row in await tx.rows(sa.select(questions).where(questions.c.expires_at <= now))]


async def expect(tx: WriteTx, chat: Chat, account: str, action: str, subject: int, expires_at: datetime) -> None:
    """The next line of this person in this chat is meant for this."""
    tx.memo.pop("waited_for", None)
    row = {**_chat(chat), "account": account, "action": action, "subject": subject, "expires_at": expires_at}
    await tx.execute(tx.upsert(prompts, row, ["channel", "bot", "chat_id", "account"]))


async def expected(tx: ReadTx, chat: Chat, account: str, now: datetime) -> tuple[str, int] | None:
    """What the next line of this person is for, if anything is waited for."""
    if (chat, account) not in await waited_for(tx, now):
        return None
    where = (*_in(prompts, chat), prompts.c.account == account, prompts.c.expires_at > now)
    row = await tx.one(sa.select(prompts.c.action, prompts.c.subject).where(*where))
    return None if row is None else (row.action, row.subject)


async def waited_for(tx: ReadTx, now: datetime) -> set[tuple[Chat, str]]:
    """Everybody from whom a line is awaited: (chat, account). Few at a time, so all are read once per transaction."""
    found: set[tuple[Chat, str]] | None = tx.memo.get("waited_for")
    if found is None:
        rows = await tx.rows(sa.select(prompts).where(prompts.c.expires_at > now))
        found = tx.memo["waited_for"] = {(Chat(row.channel, row.bot, row.chat_id), row.account) for row in rows}
    return found


async def stop_expecting(tx: WriteTx, chat: Chat, account: str) -> None:
    """The line has come, or is not wanted any more."""
    await tx.execute(sa.delete(prompts).where(*_in(prompts, chat), prompts.c.account == account))


async def count_today(tx: WriteTx, chat: Chat, day: date, what: str, cap: int) -> bool:
    """Count one more question (``asked``) or unasked message (``noticed``) of a group's day; False when the cap is reached."""
    row: dict[str, Any] = {**_chat(chat), "day": day, "asked": 0, "noticed": 0}
    await tx.execute(tx.insert_ignoring(group_days).values(**row))
    column = group_days.c[what]
    stmt = sa.update(group_days).where(*_in(group_days, chat), group_days.c.day == day, column < cap)
    return await tx.execute(stmt.values({what: column + 1})) == 1


async def counted_today(tx: ReadTx, chats: Iterable[Chat], day: date, what: str) -> int:
    """How many of them there were today in these groups together."""
    keys = [(chat.channel, chat.bot, chat.id) for chat in chats]
    here = sa.tuple_(group_days.c.channel, group_days.c.bot, group_days.c.chat_id).in_(keys)
    stmt = sa.select(sa.func.sum(group_days.c[what])).where(group_days.c.day == day, here)
    return int(await tx.value(stmt) or 0)


async def sweep(tx: WriteTx, now: datetime) -> None:
    """Forget buttons and waits that have run out."""
    await tx.execute(sa.delete(keyboards).where(keyboards.c.expires_at <= now))
    await tx.execute(sa.delete(prompts).where(prompts.c.expires_at <= now))


def _chat(chat: Chat) -> dict[str, str]:
    return {"channel": chat.channel, "bot": chat.bot, "chat_id": chat.id}


def _in(table: sa.Table, chat: Chat) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.channel == chat.channel, table.c.bot == chat.bot, table.c.chat_id == chat.id


def _question(row: sa.Row[Any]) -> Question:
    return Question(
        id=row.id,
        grid_id=row.grid_id,
        chat=Chat(row.channel, row.bot, row.chat_id),
        chat_kind=ChatKind(row.chat_kind),
        thread=row.thread,
        message_id=row.message_id,
        reporter=Who(row.channel, row.reporter, row.reporter_name),
        words=row.words,
        codes=tuple(row.codes),
        why=_verdict(row.why),
    )


def _verdict(kept: dict[str, Any]) -> Verdict:
    found = unpacked(kept)
    if found is None:
        raise ValueError("a question without a verdict")
    return found
