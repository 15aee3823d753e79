"""People of the roster: binding by code, leave and stand-in, the roster itself, registering and muting a group."""

import re
from datetime import date, time, timedelta

from domain import refusal
from domain.incoming import ChatKind
from domain.outgoing import Kind as Said
from domain.roster import AreaKind, Grid, Member
from domain.screen import plain
from handlers import access, notify
from handlers.context import Ask, Context
from storage import conversation, grids, groups
from storage import members as rows
from storage.database import WriteTx

_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")


async def start(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """/start: bind a member by the code the leader handed out, or remember from which grid a resident comes."""
    code = ask.words.strip()
    if not code:
        notify.reply(cx, tx, ask.event, cx.said.say("member.hello" if ask.member else "member.welcome"))
        return
    if code.startswith("g-"):
        grid = await grids.by_code(tx, code[2:])
        if grid is None:
            raise refusal.UnknownLink
        until = cx.now + timedelta(hours=24)
        await conversation.expect(tx, ask.event.chat, ask.who.account, "grid", grid.id, until)
        notify.reply(cx, tx, ask.event, cx.said.say("member.welcome"))
        return
    member_id = await rows.bind(tx, code, ask.event.chat, ask.who.account)
    if member_id is None:
        raise refusal.WrongCode
    await grids.changed(tx)
    found = await grids.of_account(tx, ask.event.chat.channel, ask.event.chat.bot, ask.who.account)
    name = found[0].name if found else ""
    grid_name = found[1].name if found and found[1] else ""
    notify.reply(cx, tx, ask.event, cx.said.say("member.bound", name=name, grid=grid_name))


async def leave(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """请假 11-20 11-25 [代班人]: from then on nobody asks him, the stand-in is asked where he is paired."""
    member = access.require_member(ask)
    grid = access.require_grid(ask)
    days = [_date(cx, m) for m in _DAY.finditer(ask.words)]
    if not 1 <= len(days) <= 2 or days[0] > days[-1]:
        raise refusal.TimeUnclear
    if days[-1] < cx.calendar.today(cx.now):
        raise refusal.TimePassed
    name = _DAY.sub("", ask.words).strip(" 到至-~～,，;；")
    stand_in = _named(grid, name) if name else None
    if stand_in is not None and stand_in.id == member.id:
        raise refusal.NoSuchMember(name=plain(name, 20), names=_names(grid))
    from_at = max(cx.now, cx.calendar.at(days[0], time(0)))
    to_at = cx.calendar.at(days[-1] + timedelta(days=1), time(0))
    await rows.add_leave(tx, member.id, stand_in.id if stand_in else None, from_at, to_at)
    await grids.changed(tx)
    who = stand_in.name if stand_in else cx.said.say("member.partner")
    notify.reply(cx, tx, ask.event, cx.said.say("member.on_leave", start=cx.when(from_at), end=cx.when(to_at), who=who))
    if stand_in is not None:
        text = cx.said.say("member.stands_in", name=member.name, start=cx.when(from_at), end=cx.when(to_at))
        key = f"stand_in:{notify.event_key(ask.event)}"
        notify.to_member(cx, tx, stand_in, Said.STAFF, key, text, near=ask.event.chat, grid_id=grid.id)


async def back(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """销假: back before the time."""
    member = access.require_member(ask)
    await rows.end_leaves(tx, member.id, cx.now)
    await grids.changed(tx)
    notify.reply(cx, tx, ask.event, cx.said.say("member.back"))


async def roster(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """名册 for the grid leader: who is paired with what, who is away, who has not opened a private chat yet."""
    grid = access.led_grid(ask)
    today = cx.calendar.today(cx.now)
    codes = await rows.bind_codes(tx, grid.id)
    lines = [cx.said.say("member.roster_title", grid=grid.name)]
    for member in sorted(grid.members.values(), key=lambda m: m.id):
        held = [
            cx.said.say(f"member.pair_{p.role}", area=grid.areas[p.area_id].name)
            for p in grid.pairings
            if p.member_id == member.id and p.holds(today) and grid.areas[p.area_id].kind is not AreaKind.HOUSEHOLD
        ]
        homes = sum(
            p.member_id == member.id and p.holds(today) and grid.areas[p.area_id].kind is AreaKind.HOUSEHOLD
            for p in grid.pairings
        )
        if homes:
            held.append(cx.said.say("member.homes", count=homes))
        if grid.away(member.id, cx.now):
            held.append(cx.said.say("member.away"))
        if not member.reachable:
            held.append(cx.said.say("member.unbound", code=codes.get(member.id, "")))
        role = cx.said.say(f"member.role_{member.role}")
        lines.append(cx.said.say("member.roster_line", name=member.name, role=role, held="，".join(held)))
    notify.reply(cx, tx, ask.event, "\n".join(lines))


async def register(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """登记, said in a group by its grid leader: this group belongs to his grid."""
    if ask.event.chat_kind is not ChatKind.GROUP:
        raise refusal.GroupUnknown
    code = ask.words.strip()
    allowed = await grids.below(tx, access.require_member(ask).area_id)
    grid = await grids.by_code(tx, code) if code else await grids.by_id(tx, allowed[0]) if len(allowed) == 1 else None
    if grid is None or grid.id not in allowed:
        raise refusal.UnknownChoice(choices=cx.said.say("group.code_needed"))
    await groups.register(tx, ask.event.chat, grid.id, ask.event.title)
    await grids.changed(tx)
    notify.reply(cx, tx, ask.event, cx.said.say("group.hello", grid=grid.name))


async def mute(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """静默 [小时] / 静默 关: 党小栖 hears nothing but danger and what is said to it."""
    grid = access.led_grid(ask)
    word = ask.words.strip()
    if word in cx.said.say("group.mute_off").split():
        await groups.mute(tx, grid.id, None)
        await grids.changed(tx)
        notify.reply(cx, tx, ask.event, cx.said.say("group.unmuted"))
        return
    digits = re.match(r"(\d{1,3})", word)
    hours = min(int(digits[1]), 24 * 7) if digits else 2
    until = cx.now + timedelta(hours=hours)
    await groups.mute(tx, grid.id, until)
    await grids.changed(tx)
    notify.reply(cx, tx, ask.event, cx.said.say("group.muted", until=cx.when(until)))


def _named(grid: Grid, name: str) -> Member:
    found = [m for m in grid.members.values() if name in (m.name, m.public_name)]
    if len(found) != 1:
        raise refusal.NoSuchMember(name=plain(name, 20), names=_names(grid))
    return found[0]


def _names(grid: Grid) -> str:
    return "、".join(m.name for m in grid.members.values())


def _date(cx: Context, found: re.Match[str]) -> date:
    today = cx.calendar.today(cx.now)
    try:
        day = date(int(found[1] or today.year), int(found[2]), int(found[3]))
    except ValueError:
        raise refusal.TimeUnclear from None
    if not found[1] and day < today - timedelta(days=180):
        day = day.replace(year=today.year + 1)  # in December “1-5” means next January
    return day
