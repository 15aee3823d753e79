"""What a leader tells the ear about his grid: words for places (地名), and how ready it is to speak (灵敏度)."""

import re

from domain import refusal
from domain.roster import Grid
from domain.screen import has_personal_number, plain
from handlers import access, notify
from handlers.context import Ask, Context
from storage import audit, conversation, grids
from storage.database import WriteTx

_EQUALS = re.compile(r"\s*(?:=|\uff1d|->|→)\s*")
LONGEST = 12
POINTS = ("low", "normal", "high")
"""The operating points, from talkative to quiet; what they are called stands in ``texts/said/tuning.toml``."""


async def place(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """地名 小红楼=3栋: the ear of this grid knows it from the next message on. Without “=” it is a spot."""
    grid = access.led_grid(ask)
    words = plain(ask.words, 60)
    if not words:
        notify.reply(cx, tx, ask.event, _listed(cx, grid))
        return
    forget, _, rest = words.partition(" ")
    if forget in cx.said.say("tuning.forget").split() and rest.strip():
        if not await grids.forget_word(tx, grid.id, rest.strip()):
            raise refusal.PlaceUnclear(buildings=_buildings(cx, grid))
        await _note(cx, tx, ask, grid)
        notify.reply(cx, tx, ask.event, cx.said.say("tuning.forgotten", word=rest.strip()))
        return
    word, *means = _EQUALS.split(words, maxsplit=1)
    if not 2 <= len(word) <= LONGEST or word.isascii() or has_personal_number(word) or cx.ear.place(word).building:
        raise refusal.PlaceUnclear(buildings=_buildings(cx, grid))
    if not means:
        await grids.add_word(tx, grid.id, "spot", word)
        await _note(cx, tx, ask, grid)
        notify.reply(cx, tx, ask.event, cx.said.say("tuning.spot", word=word))
        return
    building = cx.ear_of(grid).place(means[0]).building
    known = grid.gazetteer_buildings()
    if not building or (known and building not in known):
        raise refusal.PlaceUnclear(buildings=_buildings(cx, grid))
    await grids.add_word(tx, grid.id, "nickname", word, building)
    await _note(cx, tx, ask, grid)
    notify.reply(cx, tx, ask.event, cx.said.say("tuning.nickname", word=word, building=building))


async def _note(cx: Context, tx: WriteTx, ask: Ask, grid: Grid) -> None:
    leader = audit.member(access.require_member(ask).id)
    await audit.note(tx, cx.now, audit.Act.PLACE, leader, f"grid:{grid.id}")


def _listed(cx: Context, grid: Grid) -> str:
    none = cx.said.say("reply.none")
    nicknames = "、".join(cx.said.say("tuning.means", word=w, building=b) for w, b in grid.nicknames.items())
    return cx.said.say("tuning.places", nicknames=nicknames or none, spots="、".join(grid.spots) or none)[:4000]


def _buildings(cx: Context, grid: Grid) -> str:
    return "、".join(sorted(grid.gazetteer_buildings())[:30]) or cx.said.say("reply.none")


async def tune(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """灵敏度 宁可多问 / 适中 / 宁可安静: for the leader's own grid. Danger is heard at every point alike."""
    grid = access.led_grid(ask)
    word = ask.words.strip()
    here = grid.caution or cx.policy.caution
    if word:
        names = {cx.said.say(f"tuning.point_{point}"): point for point in POINTS}
        default = word in cx.said.say("tuning.default").split()
        if word not in names and not default:
            raise refusal.UnknownChoice(choices=" ".join(names))
        await grids.tune(tx, grid.id, "" if default else names[word])
        here = cx.policy.caution if default else names[word]
    asked = await conversation.counted_today(tx, grid.groups, cx.calendar.today(cx.now), "asked")
    text = cx.said.say(
        "tuning.now",
        point=cx.said.say(f"tuning.point_{here}"),
        asked=asked,
        most=cx.policy.questions_per_day * max(1, len(grid.groups)),
    )
    notify.reply(cx, tx, ask.event, text)
