"""People of the roster: binding by code, the roster itself, registering and muting a group."""

import re
from datetime import timedelta

from domain import refusal
from domain.incoming import ChatKind
from domain.roster import AreaKind
from handlers import access, notify
from handlers.context import Ask, Context
from storage import conversation, grids, groups
from storage import members as rows
from storage.database import WriteTx


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
        if away := grid.away(member.id, cx.now):
            stand_in, end = grid.member(away.stand_in_id), cx.when(away.to_at)
            alone = cx.said.say("member.away_alone", end=end)
            held.append(cx.said.say("member.away", end=end, who=stand_in.name) if stand_in else alone)
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
