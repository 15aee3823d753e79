"""What an author is shown of his notice: as the group will see it, when, and how many groups."""

from collections.abc import Sequence

from domain.notice import State
from domain.repeat import Repeat
from domain.screen import has_personal_number, plain
from handlers import addressing, repeats
from handlers.context import Context
from handlers.notify import Button
from storage.database import ReadTx
from storage.notices import Notice

DRAFT_BUTTONS: list[list[Button]] = [
    [("notice_send", "notice", "send")],
    [("notice_edit", "notice", "edit"), ("notice_cancel", "notice", "cancel")],
]

REASONS = ("danger", "supply", "weather", "other")
"""Why a notice may ignore the night and the daily cap; ``other`` is asked for in words."""

_SHORT = 16


def shown(cx: Context, row: Notice) -> str:
    """What the group sees."""
    areas = "、".join(row.target.areas)
    if row.urgent:
        inside = cx.said.say("notices.urgent_areas", areas=areas) if areas else cx.said.say("notices.urgent")
    else:
        inside = areas
    return cx.said.say("notices.head" if inside else "notices.plain", inside=inside, words=row.words)


async def preview(cx: Context, tx: ReadTx, rows: Sequence[Notice]) -> str:
    """The draft with everything it will do, and the words for those who do not press buttons."""
    number = rows[0].number
    return f"{await about(cx, tx, rows)}\n{cx.said.say('notices.typed_draft', number=number)}"


async def about(cx: Context, tx: ReadTx, rows: Sequence[Notice]) -> str:
    """One notice in full, for the people who may change it."""
    first, say = rows[0], cx.said.say
    text = say(
        "notices.about",
        number=first.number,
        text=shown(cx, first),
        when=when(cx, first),
        groups=await addressing.count(tx, rows),
    )
    lines = [text]
    if first.repeat and first.state in (State.DRAFT, State.SCHEDULED):
        lines.append(say("notices.coming", dates=repeats.coming(cx, Repeat.of_text(first.repeat))))
    if first.reason:
        lines.append(say("notices.reason", reason=reason(cx, first.reason)))
    if has_personal_number(first.words):
        lines.append(say("notices.warn"))
    return "\n".join(lines)


def reason(cx: Context, kept: str) -> str:
    """Why it was urgent: one of the reasons on the buttons, or as it was written."""
    return cx.said.say(f"notices.because.{kept}") if kept in REASONS else kept


def when(cx: Context, row: Notice) -> str:
    """When it is said, or was."""
    if row.state is State.CANCELLED:
        return cx.said.say("notices.when_never")
    if row.state is State.SENT:
        return cx.said.say("notices.when_sent")
    if row.repeat:
        return cx.said.say("notices.when_repeat", rhythm=repeats.words(cx, Repeat.of_text(row.repeat)))
    if row.next_at is not None:
        return cx.said.say("notices.when_at", at=cx.when(row.next_at))
    return cx.said.say("notices.when_urgent" if row.urgent else "notices.when_now")


def line(cx: Context, row: Notice) -> str:
    """One notice in a list."""
    values = {"number": row.number, "words": plain(row.words, _SHORT)}
    if row.state is State.DRAFT:
        return cx.said.say("notices.line_draft", **values)
    at = cx.when(row.next_at) if row.next_at is not None else ""
    return cx.said.say("notices.line_repeat" if row.repeat else "notices.line", at=at, **values)


def buttons(row: Notice) -> list[list[Button]]:
    """What can still be done with it."""
    if row.state is State.DRAFT:
        return DRAFT_BUTTONS
    if row.state is State.SCHEDULED:
        first: list[Button] = [("notice_skip", "notice", "skip")] if row.repeat else []
        told: list[list[Button]] = [[("notice_result", "notice", "result")]] if row.sent else []
        return [[*first, ("notice_edit", "notice", "edit"), ("notice_cancel", "notice", "cancel")], *told]
    return [[("notice_result", "notice", "result")]] if row.sent else []
