"""Whom a notice is for: a whole grid, some of its buildings or groups, a community - never more than the author's own area."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from domain import refusal
from domain.incoming import Chat
from domain.roster import Grid
from handlers import access
from handlers.context import Ask, Context
from storage import grids, groups
from storage.database import ReadTx
from storage.notices import Notice, Target

_T = TypeVar("_T")
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class _Scope:
    """What an author may name: grids, the groups in them, and the areas above them that are his."""

    grids: Sequence[Grid]
    groups: Sequence[tuple[int, Chat, str]]
    parts: Sequence[tuple[frozenset[int], str, str]]


async def targets(cx: Context, tx: ReadTx, ask: Ask, words: Sequence[str]) -> list[Target]:
    """What was written behind ``#``; without a word everything the author looks after."""
    scope = await _scope(tx, ask, named=bool(words))
    if not words:
        return [Target(grid.id) for grid in scope.grids if grid.groups]
    found: dict[int, Target] = {}
    whole: set[int] = set()
    for word in words:
        hits = _hits(cx, scope, word)
        if not hits:
            raise refusal.UnknownChoice(choices=_choices(scope))
        for hit in hits:
            known = found.get(hit.grid_id, Target(hit.grid_id))
            if not hit.areas and not hit.chats:
                whole.add(hit.grid_id)
            chosen = () if hit.grid_id in whole else _more(known.chats, hit.chats)
            found[hit.grid_id] = Target(hit.grid_id, _more(known.areas, hit.areas), chosen)
    return [found[grid.id] for grid in scope.grids if grid.id in found and grid.groups]


async def _scope(tx: ReadTx, ask: Ask, *, named: bool) -> _Scope:
    member = access.require_member(ask)
    own = ask.grid is not None and member.area_id == ask.grid.id
    ids = [member.area_id] if own else await grids.below(tx, member.area_id)
    above = await grids.parts_of(tx, member.area_id) if named and not own else []
    parts = [(frozenset(await grids.below(tx, area_id)), code, name) for area_id, code, name in above]
    return _Scope([await grids.by_id(tx, grid_id) for grid_id in ids], await groups.titled(tx, *ids), parts)


def _hits(cx: Context, scope: _Scope, word: str) -> list[Target]:
    if word in cx.said.say("notices.everything").split():
        return [Target(grid.id) for grid in scope.grids]
    for below, code, name in scope.parts:
        if word in (code, name):
            return [Target(grid.id) for grid in scope.grids if grid.id in below]
    named = [Target(grid.id) for grid in scope.grids if word in (grid.code, grid.name)]
    called = [Target(grid_id, chats=(chat,)) for grid_id, chat, title in scope.groups if word == title]
    built = [Target(grid.id, (found,)) for grid in scope.grids if (found := _building(cx, grid, word))]
    return named or called or built


def _building(cx: Context, grid: Grid, word: str) -> str:
    """The building of this grid a word means; empty for none."""
    building = cx.ear_of(grid).place(word).building
    if not building and word.isascii() and word.isdigit():
        building = f"{int(word)}栋"
    return building if building in grid.gazetteer_buildings() else ""


def _choices(scope: _Scope) -> str:
    buildings = sorted({b for grid in scope.grids for b in grid.gazetteer_buildings()}, key=lambda b: (len(b), b))
    above = [name for _, _, name in scope.parts] + ([grid.code for grid in scope.grids] if scope.parts else [])
    several = [title for _, _, title in scope.groups if title] if len(scope.groups) > 1 else []
    return "、".join(f"#{name}" for name in [*buildings, *above, *several][:_SHOWN])


def _more(known: tuple[_T, ...], more: tuple[_T, ...]) -> tuple[_T, ...]:
    return known + tuple(one for one in more if one not in known)


async def chats(tx: ReadTx, notice: Notice) -> list[Chat]:
    """The groups a notice is said in, as they are called now."""
    grid = await grids.by_id(tx, notice.grid_id)
    if not notice.target.chats:
        return list(grid.groups)
    chosen = [await groups.current(tx, chat) for chat in notice.target.chats]
    return [chat for chat in chosen if chat in grid.groups]


async def count(tx: ReadTx, rows: Sequence[Notice]) -> int:
    """In how many groups it is said."""
    return sum([len(await chats(tx, row)) for row in rows])
