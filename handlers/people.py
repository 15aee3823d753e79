"""What volunteers say about themselves, in private: skills (技能), duty times (值班), places they avoid (回避)."""

import re

from domain import duty as times
from domain import refusal
from domain.roster import AvoidReason, Grid, Member
from domain.screen import plain
from handlers import access, notify
from handlers.context import Ask, Context
from storage import people
from storage.database import WriteTx
from texts.skills import load_skills, skill_of

_CAP = re.compile(r"每(?:周|星期|礼拜)(?:最多|不超过)?\s*(\d{1,2})\s*[次件]")
_MINE = (AvoidReason.OWN, AvoidReason.RELATIVE, AvoidReason.VOLUNTEER)
"""The reasons a member gives himself; what a resident wishes is the leader's to say."""


async def skills(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """技能 医疗 家电: added; 技能 删 家电: taken away; without words what is known of him, and nobody else sees it."""
    member = access.require_member(ask)
    words = re.split(r"[\s、,，;；]+", plain(ask.words, 100)) if ask.words.strip() else []
    forget = bool(words) and words[0] in _words(cx, "forget")
    named = words[1:] if forget else words
    found = [skill_of(word) for word in named]
    if None in found:
        raise refusal.UnknownChoice(choices=" ".join(s.name for s in load_skills().values()))
    keys = {key for key in found if key is not None}
    held = set(member.skills)
    if words:
        held = held - (keys or held) if forget else held | keys
        await people.set_skills(tx, member.id, held)
    names = "、".join(s.name for s in load_skills().values() if s.key in held)
    text = cx.said.say("people.skills", names=names) if names else cx.said.say("people.no_skills", known=_known())
    notify.reply(cx, tx, ask.event, text)


def _known() -> str:
    return "、".join(s.name for s in load_skills().values())


async def duty(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """值班 周一至周五 18:00-21:00; 值班 每周最多3次; 值班 删: any time again. Asked outside of them only when nobody else is left."""
    member = access.require_member(ask)
    words = ask.words.strip()
    span, cap = member.duty, member.week_cap
    if words in _words(cx, "forget"):
        span, cap = (), 0
        await people.set_duty(tx, member.id, ())
        await people.set_week_cap(tx, member.id, 0)
    elif words:
        if asked := _CAP.search(words):
            cap = int(asked[1])
            await people.set_week_cap(tx, member.id, cap)
            words = _CAP.sub("", words).strip(" ，,；;")
        if words:
            span = times.read(words)
            await people.set_duty(tx, member.id, span)
    when = times.shown(span) if span else cx.said.say("people.any_time")
    often = cx.said.say("people.cap", count=cap) if cap else ""
    notify.reply(cx, tx, ask.event, cx.said.say("people.duty", when=when, often=often))


async def avoid(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """回避 3栋2单元501 亲属: said by a volunteer of himself, by the leader of anybody (回避 老周 3栋2单元501 住户要求)."""
    member, grid = access.require_member(ask), access.require_grid(ask)
    words = plain(ask.words, 100).split()
    if not words:
        _list_avoided(cx, tx, ask, grid, member)
        return
    forget = words[0] in _words(cx, "forget")
    words = words[1:] if forget else words
    whom = _whom(cx, ask, grid, member, words)
    reason = _reason(cx, words)
    place = cx.ear_of(grid).place("".join(w for w in words if w not in _reason_words(cx)))
    area_id = await people.area_of(tx, grid, place)
    if area_id is None:
        raise refusal.NoSuchPlace(buildings="、".join(sorted(grid.gazetteer_buildings())[:30]))
    if forget:
        held = [a for a in grid.avoids if (a.member_id, a.area_id) == (whom.id, area_id)]
        if not ask.leads and any(a.reason not in _MINE for a in held):
            raise refusal.LeaderOnly
        if not await people.stop_avoiding(tx, whom.id, area_id):
            raise refusal.NoSuchPlace(buildings=place.shown())
        notify.reply(cx, tx, ask.event, cx.said.say("people.avoids_no_more", name=whom.name, place=place.shown()))
        return
    if reason not in _MINE and not ask.leads:
        raise refusal.LeaderOnly
    await people.avoid(tx, whom.id, area_id, reason)
    notify.reply(cx, tx, ask.event, cx.said.say("people.avoids", name=whom.name, place=place.shown()))


def _whom(cx: Context, ask: Ask, grid: Grid, member: Member, words: list[str]) -> Member:
    """Whom the words are about; the name is taken out of them. Only the leader speaks for others."""
    people_here = [*grid.members.values(), *grid.above]
    for word in list(words):
        found = [m for m in people_here if word in (m.name, m.public_name)]
        if len(found) == 1:
            if found[0].id != member.id:
                access.require_leader(ask)
            words.remove(word)
            return found[0]
    return member


def _reason(cx: Context, words: list[str]) -> AvoidReason:
    known = {word: reason for reason in AvoidReason for word in _words(cx, f"reason_{reason}")}
    return next((known[word] for word in words if word in known), AvoidReason.VOLUNTEER)


def _reason_words(cx: Context) -> set[str]:
    return {word for reason in AvoidReason for word in _words(cx, f"reason_{reason}")}


def _list_avoided(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, member: Member) -> None:
    """His own places without reasons; the leader sees everybody's, with the code of the reason and nothing more."""
    lines = []
    for found in sorted(grid.avoids, key=lambda a: (a.member_id, a.area_id)):
        area, whom = grid.areas.get(found.area_id), grid.member(found.member_id)
        if area is None or whom is None or (whom.id != member.id and not ask.leads):
            continue
        reason = _words(cx, f"reason_{found.reason}")[0]
        key = "people.avoided_by" if ask.leads else "people.avoided"
        values = {"name": whom.name, "reason": reason} if ask.leads else {}
        lines.append(cx.said.say(key, place=area.name, **values))
    notify.reply(cx, tx, ask.event, "\n".join(lines)[:4000] or cx.said.say("people.avoids_nothing"))


def _words(cx: Context, key: str) -> list[str]:
    return cx.said.say(f"people.{key}").split()
