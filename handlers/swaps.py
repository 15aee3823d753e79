"""换班: one volunteer asks another in private to exchange places; the other agrees by button, the leader hears it once."""

from collections.abc import Iterable

from domain import refusal
from domain import swap as rules
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member
from domain.swap import LIFE, Swap, SwapState
from handlers import access, notify
from handlers.context import Ask, Context
from storage import grids, people, swaps
from storage.database import WriteTx


async def swap(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """换班 老周 [3栋 2栋] asks; 换班 5 and 换班 5 不方便 are the buttons in words."""
    member = access.require_member(ask)
    words = ask.words.split()
    if ask.number is not None or not words:
        await _answer(cx, tx, ask, member)
        return
    grid = access.require_grid(ask)
    if member.id not in grid.members:
        raise refusal.NotAllowed
    other = access.named(grid, words[0], but=member.id)
    for one in (member, other):
        if grid.away(one.id, cx.now) is not None:
            raise refusal.OnLeave(name=one.name)
    if not other.reachable:
        raise refusal.NotReachable(name=other.name)
    gives, takes = await _wanted(cx, tx, grid, member, other, words[1:])
    for old in await swaps.asked_by(tx, member.id):
        await _close(cx, tx, old, SwapState.OVER)
    number = await swaps.ask(tx, grid.id, member.id, other.id, gives, takes, cx.now)
    found = await _get(tx, number)
    rules.exchange(grid, found, cx.calendar.today(cx.now))  # refuses what could not be done anyway
    what = _what(cx, grid, "swap.part_ask", (gives, cx.said.say("swap.you")), (takes, member.name))
    text = cx.said.say("swap.ask", name=member.name, what=what, number=number)
    buttons: list[list[notify.Button]] = [[("agree", "swap", ""), ("not_now", "swap", "no")]]
    notify.to_member(
        cx,
        tx,
        other,
        Said.INVITATION,
        f"swap:{number}",
        text,
        buttons=buttons,
        subject="swap",
        subject_id=number,
        grid_id=grid.id,
    )
    notify.reply(cx, tx, ask.event, cx.said.say("swap.asked", name=other.name))


async def _wanted(
    cx: Context, tx: WriteTx, grid: Grid, member: Member, other: Member, words: list[str]
) -> tuple[list[int], list[int]]:
    """Everything both are paired with, or the places that are named: the first goes to the other, the second comes back."""
    today = cx.calendar.today(cx.now)
    mine, theirs = rules.places_of(grid, member.id, today), rules.places_of(grid, other.id, today)
    if words:
        places = [cx.ear_of(grid).place(word) for word in words]
        if any(place.room for place in places):
            raise refusal.SwapUnclear
        named = [await people.area_of(tx, grid, place) for place in places]
        gives, takes = [i for i in named[:1] if i in mine], [i for i in named[1:] if i in theirs]
        if len(words) > 2 or len(gives) + len(takes) != len(words):
            raise refusal.SwapUnclear
        return gives, takes
    shared = {*mine} & {*theirs}
    gives = [*(i for i in mine if i not in shared), *sorted(shared)]
    takes = [i for i in theirs if i not in shared]
    if not gives and not takes:
        raise refusal.SwapUnclear
    return gives, takes


async def _answer(cx: Context, tx: WriteTx, ask: Ask, member: Member) -> None:
    number = ask.number
    if number is None:
        open_ = await swaps.asked_of(tx, member.id)
        if len(open_) != 1:
            raise refusal.SwapUnclear
        number = open_[0].number
    found = await swaps.get(tx, number)
    if found is None or found.to_id != member.id:
        raise refusal.SwapOver
    if found.state is SwapState.ASKED and cx.now >= found.asked_at + LIFE:
        await _close(cx, tx, found, SwapState.OVER)
        raise refusal.SwapOver
    word = ask.words.strip()
    if word == "no" or word in cx.said.say("leave.no_words").split():
        await _decline(cx, tx, ask, found)
    else:
        await _agree(cx, tx, ask, found)


async def _agree(cx: Context, tx: WriteTx, ask: Ask, found: Swap) -> None:
    grid = await grids.by_id(tx, found.grid_id)
    one, other = grid.members.get(found.from_id), grid.members.get(found.to_id)
    if found.state is not SwapState.ASKED or one is None or other is None:
        raise refusal.SwapOver
    today = cx.calendar.today(cx.now)
    closed, opened = rules.exchange(grid, found, today)
    if not await swaps.settle(tx, found.number, SwapState.AGREED):
        raise refusal.SwapOver
    await swaps.exchange(tx, closed, opened, today)
    what = _what(cx, grid, "swap.part_done", (found.gives, other.name), (found.takes, one.name))
    text = cx.said.say("swap.done", one=one.name, other=other.name, what=what)
    await notify.take_back(cx, tx, f"swap:{found.number}", text, 1)
    notify.reply(cx, tx, ask.event, text)
    _tell(cx, tx, grid, one, found, text)
    for leader in [c.member for c in grid.seniors(cx.now) if c.member.reachable and c.member not in (one, other)][:1]:
        _tell(cx, tx, grid, leader, found, text)


async def _decline(cx: Context, tx: WriteTx, ask: Ask, found: Swap) -> None:
    if not await _close(cx, tx, found, SwapState.DECLINED):
        raise refusal.SwapOver
    grid = await grids.by_id(tx, found.grid_id)
    one, other = grid.members.get(found.from_id), grid.members.get(found.to_id)
    if one is not None and other is not None:
        _tell(cx, tx, grid, one, found, cx.said.say("swap.declined", name=other.name))
    notify.reply(cx, tx, ask.event, cx.said.say("swap.no_reason"))


async def _close(cx: Context, tx: WriteTx, found: Swap, state: SwapState) -> bool:
    if not await swaps.settle(tx, found.number, state):
        return False
    key = "swap.no_reason" if state is SwapState.DECLINED else "swap.over"
    await notify.take_back(cx, tx, f"swap:{found.number}", cx.said.say(key), 1)
    return True


async def _get(tx: WriteTx, number: int) -> Swap:
    found = await swaps.get(tx, number)
    if found is None:
        raise LookupError(number)
    return found


def _tell(cx: Context, tx: WriteTx, grid: Grid, member: Member, found: Swap, text: str) -> None:
    key = f"swapped:{found.number}:{member.id}"
    notify.to_member(cx, tx, member, Said.STAFF, key, text, grid_id=grid.id)


def _what(cx: Context, grid: Grid, key: str, *parts: tuple[Iterable[int], str]) -> str:
    """Which places go to whom; a side that gives nothing is not spoken of."""
    named = [("、".join(grid.areas[i].name for i in areas), name) for areas, name in parts]
    return "，".join(cx.said.say(key, places=places, name=name) for places, name in named if places)
