"""没见到: one step at a time, in private, resumable; who falls silent half way, or has tried everything, is not left alone.

Never says that help is on its way: it tells the grid leader what a volunteer did, and which numbers there are.
"""

from collections.abc import Sequence

from domain import knock as rules
from domain import refusal
from domain import visit as visit_rules
from domain.knock import Knock
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member
from domain.visit import Occurrence, Outcome
from handlers import access, notify
from handlers import visit_access as gates
from handlers import visit_lines as shown
from handlers.context import Ask, Context
from handlers.notify import Button
from handlers.visit_reminders import change
from storage import grids, knocks, visits
from storage.database import WriteTx
from texts.visit_categories import visit_category

_BUTTONS: list[list[Button]] = [
    [("knock_no", "visit", "knock_no"), ("knock_found", "visit", "knock_found")],
    [("knock_tell", "visit", "knock_tell")],
]
_FOUND: list[list[Button]] = [
    [("visit_ok", "visit", "ok"), ("visit_need", "visit", "need"), ("visit_attention", "visit", "attention")]
]


async def begin(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """没见到 settles nothing: the visit is tried again soon, and here is the first of the steps to take now.

    Said again on the same day it goes on where he stands.
    """
    found, grid = await gates.visit(cx, tx, ask)
    member = access.require_member(ask)
    today = cx.calendar.today(cx.now)
    known = next(iter(await knocks.of(tx, found.id)), None)
    if known is not None and known.tried_on == today and not known.over:
        _say(cx, tx, ask, found, known)
        return
    before = ""
    if not await visits.tried_on(tx, found.id, member.id, today):  # pressed twice is one try
        note, before = _note(cx, ask.words)
        after = visit_rules.tried(found, today, high_risk=visit_category(found.plan.category).high_risk)
        await change(cx, tx, grid, found, after, "absent", name=member.name, again=shown.day(cx, after.due_on))
        visits.record(tx, found.id, member.id, Outcome.ABSENT, visited_on=today, at=cx.now, note=note)
        found = after
    known = rules.begin(found.id, member.id, today, cx.now)
    await knocks.save(tx, known)
    text = cx.said.say("visits.done.absent", code=shown.code(cx, found), again=shown.day(cx, found.due_on))
    _say(cx, tx, ask, found, known, before=f"{before}{text}\n")


def _note(cx: Context, words: str) -> tuple[str, str]:
    """The note, or why it is not kept; what to do next is said in any case."""
    try:
        return gates.note(words), ""
    except (refusal.TextTooLong, refusal.NoteMedical) as no:
        return "", cx.said.say(f"refusal.{type(no).__name__}", **no.values) + "\n"


async def no_answer(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """没人应: the next step."""
    known, found, _ = await _known(cx, tx, ask)
    if known is None:
        await begin(cx, tx, ask)
        return
    known = rules.next_step(known, cx.now)
    await knocks.save(tx, known)
    await _turn(cx, tx, ask, found, known)


async def found_them(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """联系上了: the clock stops; what is left is to say how they are."""
    _, found, grid = await _known(cx, tx, ask)
    await close(cx, tx, grid, [found], by=access.require_member(ask))
    text = cx.said.say("visits.knock.found", code=shown.code(cx, found), number=found.id)
    content = notify.body(cx, tx, text, buttons=_FOUND, subject="visit", subject_id=found.id)
    if not await notify.replace_pressed(cx, tx, ask.event, content, len(rules.STEPS)):
        notify.reply(cx, tx, ask.event, text, buttons=_FOUND, subject="visit", subject_id=found.id, part=f"k{found.id}")


async def tell_now(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """告诉网格长, without waiting for 30 minutes."""
    known, found, grid = await _known(cx, tx, ask)
    if known is None:
        member = access.require_member(ask)
        known = rules.begin(found.id, member.id, cx.calendar.today(cx.now), cx.now)
    if not known.told:
        await _tell(cx, tx, grid, found, known)
    text = cx.said.say("visits.knock.told", code=shown.code(cx, found), danger=_danger(cx, found))
    notify.reply(cx, tx, ask.event, text, part="told")


async def again(cx: Context, tx: WriteTx, ask: Ask, found: Occurrence) -> None:
    """Somebody looks at a visit he is half way through knocking at: he sees where he stands."""
    known = next(iter(await knocks.of(tx, found.id)), None)
    if known is not None and not known.over and known.tried_on == cx.calendar.today(cx.now):
        _say(cx, tx, ask, found, known)


async def close(cx: Context, tx: WriteTx, grid: Grid, found: Sequence[Occurrence], *, by: Member) -> None:
    """Somebody was found, or the visit recorded. A leader who has been told hears that as well."""
    numbered = {o.id: o for o in found}
    for known in await knocks.of(tx, *numbered):
        if known.over:
            continue
        if known.told:
            gates.tell_leader(cx, tx, grid, numbered[known.visit], "found", Said.STAFF, by=by)
        await knocks.save(tx, rules.end(known))


async def tell_silent(cx: Context, tx: WriteTx) -> None:
    """Job: whoever said 没见到 and nothing more for 30 minutes, or has tried everything: the grid leader hears of it once."""
    for known in await knocks.silent(tx, cx.now):
        found = await visits.get(tx, known.visit)
        if found is None or found.state not in visit_rules.UNSETTLED:
            await knocks.save(tx, rules.end(known))
            continue
        await _tell(cx, tx, await grids.by_id(tx, found.plan.grid_id), found, known)


async def _known(cx: Context, tx: WriteTx, ask: Ask) -> tuple[Knock | None, Occurrence, Grid]:
    found, grid = await gates.visit(cx, tx, ask)
    known = next(iter(await knocks.of(tx, found.id)), None)
    return (None if known is None or known.over else known), found, grid


async def _tell(cx: Context, tx: WriteTx, grid: Grid, found: Occurrence, known: Knock) -> None:
    by = grid.member(known.member_id)
    text = "knock_done" if known.name == "wait" else "knock_silent"
    high_risk = visit_category(found.plan.category).high_risk
    if by is not None:
        gates.tell_leader(
            cx, tx, grid, found, text, Said.ALERT if high_risk else Said.STAFF, by=by, always=True,
            step=cx.said.say(f"visits.knock.name_{known.name}"), danger=_danger(cx, found),
        )  # fmt: skip
    await knocks.save(tx, rules.tell(known))


def _danger(cx: Context, found: Occurrence) -> str:
    """The numbers to dial oneself, where life may be at risk."""
    high_risk = visit_category(found.plan.category).high_risk
    return cx.said.say("visits.knock.danger") if high_risk else cx.said.say("visits.knock.calm")


def _text(cx: Context, found: Occurrence, known: Knock) -> str:
    return cx.said.say(
        f"visits.knock.{known.name}", code=shown.code(cx, found), number=found.id, danger=_danger(cx, found)
    )


def _say(cx: Context, tx: WriteTx, ask: Ask, found: Occurrence, known: Knock, *, before: str = "") -> None:
    part = f"k{known.step}"
    text = before + _text(cx, found, known)
    notify.reply(cx, tx, ask.event, text, buttons=_BUTTONS, subject="visit", subject_id=found.id, part=part)


async def _turn(cx: Context, tx: WriteTx, ask: Ask, found: Occurrence, known: Knock) -> None:
    """The message of one step becomes the next one."""
    text = _text(cx, found, known)
    content = notify.body(cx, tx, text, buttons=_BUTTONS, subject="visit", subject_id=found.id)
    if not await notify.replace_pressed(cx, tx, ask.event, content, known.step):
        _say(cx, tx, ask, found, known)
