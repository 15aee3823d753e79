"""What became of a notice: how many groups got it, which did not - told to its author once, and whenever he asks."""

from collections.abc import Sequence

from domain import refusal
from domain.incoming import Chat
from domain.outgoing import SendState
from handlers import announcing, notify, previews
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import grids, groups, notices
from storage.database import ReadTx, WriteTx
from storage.notices import Delivery, Notice, Target

_SHOWN = 20

# How an author reads the states of the outbox.
_STATES: dict[SendState, str] = {
    SendState.SENT: "sent",
    SendState.FAILED: "failed",
    SendState.EXPIRED: "expired",
    SendState.UNKNOWN: "unknown",
    SendState.CANCELLED: "cancelled",
    SendState.PENDING: "waiting",
    SendState.CLAIMED: "waiting",
    SendState.SENDING: "waiting",
}
_AGAIN = frozenset({SendState.FAILED, SendState.EXPIRED, SendState.UNKNOWN})


async def tell_delivered(cx: Context, tx: WriteTx) -> None:
    """Job: once nothing of a notice waits any more, its author hears what became of it. Once for every time it was said."""
    for number in await notices.settled(tx):
        rows = await notices.of_number(tx, number)
        found = await notices.deliveries(tx, rows)
        await notices.mark_reported(tx, rows)
        for slot in sorted({d.slot for d in found}):
            there = [d for d in found if d.slot == slot]
            if any(d.state is not SendState.CANCELLED for d in there):  # who took it back knows
                await _tell(cx, tx, rows[0], slot, there)


async def _tell(cx: Context, tx: WriteTx, row: Notice, slot: int, found: Sequence[Delivery]) -> None:
    lines = await _lines(cx, tx, "notices.delivered.done", row, found)
    if row.next_at is not None:
        lines.append(cx.said.say("notices.summary.next", at=cx.when(row.next_at)))
    key = f"notice:{row.id}:delivered:{slot}"
    await announcing.tell_author(cx, tx, row, key, "\n".join(lines), _buttons(found))


async def show(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """结果: how it stands now, group by group."""
    first = rows[0]
    found = await notices.deliveries(tx, rows, last=True)
    if not found:
        notify.reply(cx, tx, ask.event, cx.said.say("notices.delivered.nothing", number=first.number))
        return
    lines = await _lines(cx, tx, "notices.delivered.so_far", first, found)
    notify.reply(
        cx, tx, ask.event, "\n".join(lines), buttons=_buttons(found), subject="notice", subject_id=first.number,
        part="result",
    )  # fmt: skip


async def again(cx: Context, tx: WriteTx, ask: Ask, rows: Sequence[Notice]) -> None:
    """再发: a new draft for the groups that did not get it. Nothing is repeated without the author looking at it."""
    first = rows[0]
    missed: dict[int, list[Chat]] = {}
    for delivery in await notices.deliveries(tx, rows, last=True):
        if delivery.state in _AGAIN:
            missed.setdefault(delivery.grid_id, []).append(delivery.chat)
    if not missed or ask.member is None:
        raise refusal.NoticeSettled(number=first.number)
    areas = {row.grid_id: row.target.areas for row in rows}
    targets = [Target(grid_id, areas[grid_id], tuple(chats)) for grid_id, chats in missed.items()]
    number = await notices.insert(
        tx, ask.member.id, targets, first.words, repeat="", urgent=first.urgent, next_at=None, at=cx.now
    )
    text = await previews.preview(cx, tx, await notices.of_number(tx, number))
    notify.reply(
        cx, tx, ask.event, text, buttons=previews.DRAFT_BUTTONS, subject="notice", subject_id=number, part="preview"
    )


def _buttons(found: Sequence[Delivery]) -> list[list[Button]]:
    return [[("notice_again", "notice", "again")]] if any(d.state in _AGAIN for d in found) else []


async def _lines(cx: Context, tx: ReadTx, key: str, row: Notice, found: Sequence[Delivery]) -> list[str]:
    """The sums, then the groups by name where something is the matter (all of them are said to have got it otherwise)."""
    say = cx.said.say
    by_state: dict[str, list[Delivery]] = {name: [] for name in dict.fromkeys(_STATES.values())}
    for delivery in found:
        by_state[_STATES[delivery.state]].append(delivery)
    sums = [say(f"notices.delivered.{name}", groups=len(there)) for name, there in by_state.items() if there]
    lines = [say(key, number=row.number, sums="，".join(sums))]
    titles = {chat: title for _, chat, title in await groups.titled(tx, *{d.grid_id for d in found})}
    for name, there in by_state.items():
        if name == "sent" or not there:
            continue
        names = [titles.get(d.chat) or (await grids.by_id(tx, d.grid_id)).name for d in there[:_SHOWN]]
        lines.append(say(f"notices.delivered.which_{name}", groups="、".join(dict.fromkeys(names))))
    if any(d.state in _AGAIN for d in found):
        lines.append(say("notices.delivered.typed", number=row.number))
    return lines
