"""请假, 销假 and 代班: whoever goes away is asked for nothing; who steps in is asked, never ordered, and the first one wins."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from domain import cover as rules
from domain import refusal
from domain.cover import Cover, CoverState
from domain.outgoing import Kind as Said
from domain.outgoing import Op
from domain.roster import AreaKind, Grid, Member, Role
from handlers import access, notify
from handlers.context import Ask, Context
from handlers.notify import Button
from storage import grids, leaves, outbox
from storage.database import WriteTx
from storage.tables import outbox as outbox_table

_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")
_BUTTONS: list[list[Button]] = [[("stand_in", "stand_in", ""), ("not_now", "stand_in", "no")]]
_DECLINED, _TAKEN, _OVER = 1, 2, 3
"""What a request was turned into last; names the edit, so that each is made once."""


async def leave(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """请假 11-20 11-25 [代班人]: from then on nobody asks him; the stand-in is asked, without a name the partners are."""
    member = access.require_member(ask)
    grid = access.require_grid(ask)
    from_at, to_at = _span(cx, ask.words)
    name = _DAY.sub("", ask.words).strip(" 到至-~～,，;；")
    named = _able(grid, access.named(grid, name, but=member.id), from_at, to_at) if name else None
    await _release(cx, tx, grid, member, from_at, to_at)
    for former in await leaves.of_absent(tx, member.id, from_at):
        if former.from_at >= from_at or from_at == cx.now:  # else it ends where the new one begins
            await _end(cx, tx, grid, former)
    number = await leaves.add(tx, member.id, from_at, to_at)
    await grids.changed(tx)
    today = cx.calendar.today(cx.now)
    wanted = [named.id] if named else []
    if named is None and member.role is Role.VOLUNTEER:
        wanted = rules.whom_to_ask(grid, member.id, from_at, to_at, today)
    then = ""
    if wanted or member.role is Role.VOLUNTEER:
        leaves.ask(tx, number, grid.id, cx.now)
        found = await _cover(tx, number)
        await _ask(cx, tx, grid, found, wanted)
        names = "、".join(grid.members[i].name for i in wanted)
        then = cx.said.say("leave.asking", names=names) if wanted else cx.said.say("leave.nobody")
    elif instead := next((c.member for c in grid.seniors(cx.now) if c.member.id != member.id), None):
        then = cx.said.say("leave.above", name=instead.name)
    text = cx.said.say("leave.on_leave", start=cx.when(from_at), end=cx.when(to_at), then=then)
    notify.reply(cx, tx, ask.event, text)


async def back(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """销假: back before the time; whoever stands in, or is being asked, hears that it is over."""
    member = access.require_member(ask)
    for found in await leaves.of_absent(tx, member.id, cx.now):
        await _end(cx, tx, await grids.by_id(tx, found.grid_id), found)
    await leaves.end(tx, member.id, cx.now)
    await grids.changed(tx)
    notify.reply(cx, tx, ask.event, cx.said.say("leave.back"))


async def stand_in(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """代班 12 (我来代), 代班 12 不方便; 代班 12 老周 by the grid leader, who asks somebody else."""
    member = access.require_member(ask)
    found, grid = await _meant(tx, ask, member)
    word = ask.words.strip()
    if word == "no" or word in cx.said.say("leave.no_words").split():
        await _decline(cx, tx, ask, grid, found, member)
    elif word:
        await _ask_named(cx, tx, ask, grid, found, word)
    else:
        await _take(cx, tx, ask, grid, found, member)


async def _meant(tx: WriteTx, ask: Ask, member: Member) -> tuple[Cover, Grid]:
    """The request by its number, or the only one this member is asked about; only for who was asked and for the leader."""
    number = ask.number
    if number is None:
        asked = await leaves.asked_of(tx, member.id)
        if len(asked) != 1:
            raise refusal.NumberNeeded
        number = asked[0].number
    found = await leaves.cover(tx, number)
    if found is None or found.member_id == member.id:
        raise refusal.NoSuchCover
    grid = await grids.by_id(tx, found.grid_id)
    leads = ask.leads and grid.member(member.id) is not None
    if not leads and member.id not in await leaves.asked(tx, number):
        raise refusal.NoSuchCover
    if found.state is CoverState.ENDED:
        raise refusal.CoverOver
    return found, grid


async def _take(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Cover, member: Member) -> None:
    if grid.away_between(member.id, found.from_at, found.to_at):
        raise refusal.OnLeave(name=member.name)
    if not await leaves.take(tx, found.number, member.id):
        raise refusal.CoverTaken
    await grids.changed(tx)
    absent = grid.member(found.member_id)
    name = absent.name if absent else ""
    start, end = cx.by(found.from_at), cx.by(found.to_at)
    what = _what(cx, grid, found)
    text = cx.said.say("leave.taken", start=start, end=end, name=name, what=what, number=found.number)
    await _turn_into(cx, tx, found, _TAKEN, cx.said.say("leave.taken_by_other", name=name), mine=(member.id, text))
    notify.reply(cx, tx, ask.event, text)
    if absent is not None:
        told = cx.said.say("leave.taken_for_you", name=member.name, start=start, end=end)
        _tell(cx, tx, grid, found, absent, "taken", told)


async def _decline(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Cover, member: Member) -> None:
    """不方便 needs no reason. Whoever had agreed may still say so: then the others are asked anew."""
    if found.state is CoverState.TAKEN and found.stand_in_id != member.id:
        raise refusal.CoverTaken
    said_before = not await leaves.decline(tx, found.number, member.id)
    text = cx.said.say("leave.declined")
    notify.reply(cx, tx, ask.event, text)
    if found.stand_in_id == member.id:
        await _ask_anew(cx, tx, grid, found, member)
        return
    if said_before:
        return
    await _turn_into(cx, tx, found, _DECLINED, text, only=member.id)
    if all((await leaves.asked(tx, found.number)).values()):
        await _ask_next(cx, tx, grid, found)


async def _ask_anew(cx: Context, tx: WriteTx, grid: Grid, found: Cover, member: Member) -> None:
    """Whoever had agreed cannot: those who have not said no are asked again, else those who were not asked yet."""
    await leaves.ask_anew(tx, found, cx.now)
    await grids.changed(tx)
    await leaves.decline(tx, found.number, member.id)
    found, grid = await _cover(tx, found.number), await grids.by_id(tx, grid.id)
    again = [
        i
        for i, declined in (await leaves.asked(tx, found.number)).items()
        if i in grid.members and not declined and not grid.away_between(i, found.from_at, found.to_at)
    ]
    if again:
        await _ask(cx, tx, grid, found, again)
    else:
        await _ask_next(cx, tx, grid, found)


async def _ask_next(cx: Context, tx: WriteTx, grid: Grid, found: Cover) -> None:
    """Everybody asked so far has said no: those who were not asked are; with nobody left it is the leader's."""
    wanted: list[int] = []
    if _is_volunteer(grid, found):
        but = frozenset(await leaves.asked(tx, found.number))
        today = cx.calendar.today(cx.now)
        wanted = rules.whom_to_ask(grid, found.member_id, found.from_at, found.to_at, today, but=but)
    await _ask(cx, tx, grid, found, wanted)


async def _ask(cx: Context, tx: WriteTx, grid: Grid, found: Cover, wanted: Sequence[int]) -> None:
    if not wanted:
        await _hand_up(cx, tx, grid, found, len(rules.rungs(found.asked_at, found.from_at)))
        return
    leaves.ask_members(tx, found.number, wanted)
    for member_id in wanted:
        _invite(cx, tx, grid, found, grid.members[member_id], "ask", Said.INVITATION)


async def _ask_named(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, found: Cover, name: str) -> None:
    access.require_leader(ask)
    named = _able(grid, access.named(grid, name, but=found.member_id), found.from_at, found.to_at)
    if found.state is CoverState.TAKEN:
        raise refusal.CoverTaken
    await leaves.ask_anew(tx, found, cx.now)
    await _ask(cx, tx, grid, await _cover(tx, found.number), [named.id])
    notify.reply(cx, tx, ask.event, cx.said.say("leave.leader_asked", name=named.name))


async def remind_stand_ins(cx: Context, tx: WriteTx) -> None:
    """Job: open requests are said again at falling intervals, then handed to the leader; those of past leaves end."""
    for found in await leaves.open_covers(tx):
        grid = await grids.by_id(tx, found.grid_id)
        if found.to_at <= cx.now or grid.member(found.member_id) is None:
            await _end(cx, tx, grid, found)
            continue
        rung, is_last = rules.due(found, cx.now)
        if found.state is not CoverState.ASKED or rung <= found.rung:
            continue
        if is_last:
            await _hand_up(cx, tx, grid, found, rung)
        elif await leaves.ring(tx, found, rung, CoverState.ASKED):
            for member_id, declined in (await leaves.asked(tx, found.number)).items():
                member = grid.members.get(member_id)
                if member is not None and not declined and not grid.away(member_id, cx.now):
                    _invite(cx, tx, grid, found, member, "again", Said.REMINDER, rung)


async def _hand_up(cx: Context, tx: WriteTx, grid: Grid, found: Cover, rung: int) -> None:
    if not await leaves.ring(tx, found, rung, CoverState.LEADER):
        return
    seniors = [c.member for c in grid.seniors(cx.now) if c.member.reachable and c.member.id != found.member_id]
    for senior in seniors[:1]:
        text = cx.said.say("leave.to_leader", **_values(cx, grid, found))
        key = f"cover:{found.number}:{found.turn}:leader:{senior.id}"
        notify.to_member(cx, tx, senior, Said.STAFF, key, text, grid_id=grid.id)
    absent = grid.member(found.member_id)
    if absent is not None and found.asked_at < cx.now:
        _tell(cx, tx, grid, found, absent, "unfilled", cx.said.say("leave.unfilled"))


async def _release(cx: Context, tx: WriteTx, grid: Grid, member: Member, from_at: datetime, to_at: datetime) -> None:
    """Whoever goes away cannot stand in for others then: what he had agreed to is asked anew, what he is asked is over."""
    for found in await leaves.asked_of(tx, member.id):
        if found.from_at < to_at and from_at < found.to_at:
            await leaves.decline(tx, found.number, member.id)
            await _turn_into(cx, tx, found, _DECLINED, cx.said.say("leave.declined"), only=member.id)
            if all((await leaves.asked(tx, found.number)).values()):
                await _ask_next(cx, tx, grid, found)
    for found in await leaves.held_by(tx, member.id, from_at, to_at):
        await _ask_anew(cx, tx, await grids.by_id(tx, found.grid_id), found, member)


async def _end(cx: Context, tx: WriteTx, grid: Grid, found: Cover) -> None:
    await leaves.close(tx, found.number)
    absent = grid.member(found.member_id)
    text = cx.said.say("leave.over", name=absent.name if absent else "")
    await _turn_into(cx, tx, found, _OVER, text)
    stands_in = grid.member(found.stand_in_id)
    if stands_in is not None and found.to_at > cx.now:
        _tell(cx, tx, grid, found, stands_in, "over", text)


async def _turn_into(
    cx: Context,
    tx: WriteTx,
    found: Cover,
    version: int,
    text: str,
    *,
    only: int | None = None,
    mine: tuple[int, str] | None = None,
) -> None:
    """What was said about this request says something else now and has no buttons; ``mine``: other words for one member."""
    key = outbox_table.c.key
    where = [key.startswith(f"cover:{found.number}:", autoescape=True), outbox_table.c.op == Op.SEND]
    for row in await outbox.select(tx, *where):
        member_id = row.key.rpartition(":")[2]
        if only is not None and member_id != str(only):
            continue
        words = mine[1] if mine is not None and member_id == str(mine[0]) else text
        await notify.take_back(cx, tx, row.key, words, version)


def _invite(
    cx: Context, tx: WriteTx, grid: Grid, found: Cover, member: Member, key: str, kind: Said, rung: int = 0
) -> None:
    text = cx.said.say("leave.ask" if key == "ask" else "leave.again", **_values(cx, grid, found))
    name = f"cover:{found.number}:{found.turn}:{rung}:{member.id}"
    notify.to_member(
        cx, tx, member, kind, name, text, buttons=_BUTTONS, subject="cover", subject_id=found.number, grid_id=grid.id
    )


def _tell(cx: Context, tx: WriteTx, grid: Grid, found: Cover, member: Member, what: str, text: str) -> None:
    key = f"covered:{found.number}:{found.turn}:{what}:{member.id}"
    notify.to_member(cx, tx, member, Said.STAFF, key, text, grid_id=grid.id)


def _values(cx: Context, grid: Grid, found: Cover) -> dict[str, object]:
    absent = grid.member(found.member_id)
    return {
        "name": absent.name if absent else "",
        "start": cx.by(found.from_at),
        "end": cx.by(found.to_at),
        "what": _what(cx, grid, found),
        "number": found.number,
    }


def _what(cx: Context, grid: Grid, found: Cover) -> str:
    """What a stand-in would be asked about: places, never households."""
    if not _is_volunteer(grid, found):
        return cx.said.say("leave.what_leader")
    today = cx.calendar.today(cx.now)
    held = [grid.areas[p.area_id] for p in grid.pairings if p.member_id == found.member_id and p.holds(today)]
    places = sorted({area.name for area in held if area.kind is not AreaKind.HOUSEHOLD})
    return cx.said.say("leave.what_places", places="、".join(places)) if places else cx.said.say("leave.what_none")


def _is_volunteer(grid: Grid, found: Cover) -> bool:
    absent = grid.member(found.member_id)
    return absent is not None and absent.role is Role.VOLUNTEER


async def _cover(tx: WriteTx, number: int) -> Cover:
    found = await leaves.cover(tx, number)
    if found is None:
        raise LookupError(number)
    return found


def _able(grid: Grid, member: Member, from_at: datetime, to_at: datetime) -> Member:
    if not member.reachable:
        raise refusal.NotReachable(name=member.name)
    if grid.away_between(member.id, from_at, to_at):
        raise refusal.OnLeave(name=member.name)
    return member


def _span(cx: Context, words: str) -> tuple[datetime, datetime]:
    days = [_date(cx, m) for m in _DAY.finditer(words)]
    if not 1 <= len(days) <= 2 or days[0] > days[-1]:
        raise refusal.TimeUnclear
    if days[-1] < cx.calendar.today(cx.now):
        raise refusal.TimePassed
    from_at = max(cx.now, cx.calendar.at(days[0], time(0)))
    return from_at, cx.calendar.at(days[-1] + timedelta(days=1), time(0))


def _date(cx: Context, found: re.Match[str]) -> date:
    today = cx.calendar.today(cx.now)
    try:
        day = date(int(found[1] or today.year), int(found[2]), int(found[3]))
        if not found[1] and day < today - timedelta(days=180):
            day = day.replace(year=today.year + 1)  # in December “1-5” means next January
    except ValueError:
        raise refusal.TimeUnclear from None
    return day
