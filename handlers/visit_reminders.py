"""Reminders of visits: one message per person and morning, whatever it asks for, and what becomes of it when one is recorded.

Nothing about a household is ever said in a group. A reminder has a short code, the building and the stair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain import refusal
from domain import visit as rules
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member, Role
from domain.visit import Occurrence, State
from handlers import notify
from handlers import visit_access as gates
from handlers import visit_lines as shown
from handlers.context import Context
from handlers.notify import Button
from storage import grids, outbox, visits
from storage.database import WriteTx
from storage.visits import Asked
from texts.visit_categories import visit_category

BUTTONS: list[list[Button]] = [
    [("visit_ok", "visit", "ok"), ("visit_need", "visit", "need"), ("visit_attention", "visit", "attention")],
    [
        ("visit_absent", "visit", "absent"),
        ("visit_postpone", "visit", "postpone"),
        ("visit_hand_over", "visit", "hand_over"),
    ],
    [("visit_refused", "visit", "refused")],
]

_LISTED = 20
"""So many visits have a line and a button in a morning's message; the others are in 走访."""

_IN_A_ROW = 4


@dataclass(frozen=True, slots=True)
class _Call:
    """Somebody is to be asked about a visit. ``wording``: as whom."""

    grid: Grid
    found: Occurrence
    rung: int
    member: Member
    wording: str


async def remind_visits(cx: Context, tx: WriteTx) -> None:
    """Job: do what is due as of now. Any pass may be late, doubled or left out; the keys of the rungs make it one message."""
    if not cx.policy.visits_enabled:
        return
    today = cx.calendar.today(cx.now)
    looked = []
    for plan in await visits.plans_to_look_at(tx, today):
        owed, next_on = rules.owed(plan, visit_category(plan.category), today)
        for key, window in owed:
            visits.add(tx, plan, key, window)
        looked.append((plan, next_on))
    await visits.set_next(tx, looked)
    await _hand_on(cx, tx)
    day = rules.morning(cx.now, cx.calendar, cx.policy.visit_at)
    unnoticed = await ring(cx, tx, await visits.ringing(tx, day))
    await _tell_missed(cx, tx, unnoticed)


async def ring(
    cx: Context, tx: WriteTx, found: Sequence[Occurrence], *, at_once: bool = False, urgent: bool = False
) -> list[Occurrence]:
    """Ring what is due; the visits among them that were missed without the grid leader having heard of it.

    ``at_once``: opened by a person just now, so the hour of reminding does not matter. ``urgent``: the night neither.
    """
    if not found:
        return []
    today = cx.calendar.today(cx.now)
    day = today if at_once else rules.morning(cx.now, cx.calendar, cx.policy.visit_at)
    changed: list[Occurrence] = []
    unnoticed: list[Occurrence] = []
    calls: list[_Call] = []
    await grids.load(tx, {o.plan.grid_id for o in found})
    for before in found:
        after, rung = rules.tick(before, day)
        if rung is not None:
            grid = await grids.by_id(tx, before.plan.grid_id)
            mine = _calls(cx, grid, after, rung, fresh=before.rung == 0)
            if not mine:
                continue  # nobody of this grid can be written to yet: tried again with every pass
            calls += mine
        elif after.state is State.MISSED and before.rung < rules.RUNGS:
            unnoticed.append(after)
        changed.append(after)
    numbers = {o.id for o in changed}
    for old in await visits.waiting(tx):  # of several rungs only the newest is worth reading
        if old.occurrence_id in numbers:
            await _withdraw(cx, tx, old)
    await visits.save_rung(tx, changed)
    _send(cx, tx, calls, urgent=urgent)
    return unnoticed


def _calls(cx: Context, grid: Grid, found: Occurrence, rung: int, *, fresh: bool) -> list[_Call]:
    carers = gates.carers(cx, grid, found)
    owner = carers.owner()
    return [
        _Call(grid, found, rung, c.member, _wording(rung, c.member, is_owner=owner is not None and c == owner))
        for c in carers.asked(rung, fresh=fresh)
    ]


def _wording(rung: int, member: Member, *, is_owner: bool) -> str:
    if rung <= rules.DUE:
        return "owner"
    if is_owner and (rung == rules.LAST or member.role is Role.VOLUNTEER):
        return "again"
    return "partner" if rung == rules.LAST else "leader"


async def _hand_on(cx: Context, tx: WriteTx) -> None:
    """What waits for the morning, or for a network, goes to whoever is responsible now: people leave and come back."""
    waiting = await visits.waiting(tx)
    known = {o.id: o for o in await visits.some(tx, {a.occurrence_id for a in waiting})} if waiting else {}
    calls: list[_Call] = []
    for asked in waiting:
        found = known[asked.occurrence_id]
        grid = await grids.by_id(tx, found.plan.grid_id)
        wanted = found.state in rules.UNSETTLED and found.plan.active and found.revision == asked.revision
        allowed = _calls(cx, grid, found, asked.rung, fresh=True) if wanted else []
        if asked.member_id in {call.member.id for call in allowed}:
            continue
        await _withdraw(cx, tx, asked)
        if wanted:
            there = {
                (a.rung, a.member_id) for a in await visits.asked_of(tx, [found.id]) if a.revision == found.revision
            }
            now = _calls(cx, grid, found, asked.rung, fresh=False)
            calls += [call for call in now if (call.rung, call.member.id) not in there and call not in calls]
    _send(cx, tx, calls)


def _send(cx: Context, tx: WriteTx, calls: Iterable[_Call], *, urgent: bool = False) -> None:
    """One message for each person, about everything he is asked for."""
    by_member: dict[int, list[_Call]] = {}
    for call in calls:
        by_member.setdefault(call.member.id, []).append(call)
    for mine in by_member.values():
        first = mine[0]
        if len(mine) == 1:
            remind(cx, tx, first.grid, first.found, first.member, first.rung, first.wording, urgent=urgent)
            continue
        parts = f"{first.found.id}:{first.found.revision}:{first.rung}:{first.member.id}"
        key = f"visits:{parts}"
        text, buttons = _digest(cx, [(call.grid, call.found, call.wording) for call in mine])
        notify.to_member(
            cx, tx, first.member, Said.REMINDER, key, text, buttons=buttons, subject="visits", urgent=urgent,
            grid_id=first.grid.id,
        )  # fmt: skip
        for call in mine:
            visits.ask(tx, Asked(call.found.id, call.found.revision, call.rung, call.member.id, key))


def remind(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    found: Occurrence,
    member: Member,
    rung: int,
    wording: str,
    *,
    urgent: bool = False,
    **values: str,
) -> None:
    """Ask one person about one visit. The key has no time in it: asked again on the same rung, nothing is said."""
    said = cx.said.say(
        f"visits.remind.{wording}",
        code=shown.code(cx, found),
        place=shown.where(cx, grid, found),
        number=found.id,
        window=shown.window(cx, found),
        **values,
    )
    key = f"visit:{found.id}:{found.revision}:{rung}:{member.id}"
    notify.to_member(
        cx, tx, member, Said.REMINDER, key, said, buttons=BUTTONS, subject="visit", subject_id=found.id, urgent=urgent,
        grid_id=grid.id,
    )  # fmt: skip
    visits.ask(tx, Asked(found.id, found.revision, rung, member.id, key))


def _digest(cx: Context, known: Sequence[tuple[Grid, Occurrence, str]]) -> tuple[str, list[list[Button]]]:
    lines = [
        cx.said.say(
            f"visits.digest.{wording}",
            code=shown.code(cx, found),
            place=shown.where(cx, grid, found),
            window=shown.window(cx, found),
        )
        for grid, found, wording in known[:_LISTED]
    ]
    if len(known) > _LISTED:
        lines.append(cx.said.say("visits.digest.more", count=len(known) - _LISTED))
    flat: list[Button] = [(f"visit.{found.id}", "visit_show", str(found.id)) for _, found, _ in known[:_LISTED]]
    rows = [flat[start : start + _IN_A_ROW] for start in range(0, len(flat), _IN_A_ROW)]
    return cx.said.say("visits.digest.text", count=len(known), lines="\n".join(lines)), rows


async def _withdraw(cx: Context, tx: WriteTx, asked: Asked) -> None:
    """He is not asked about it after all, in a message that nobody has begun to send."""
    await visits.drop_ask(tx, asked)
    others = await visits.asked_in(tx, asked.key)
    if not others:
        await outbox.forget_unsent(tx, asked.key)
    else:
        await _redraw(cx, tx, asked.key, others, asked.occurrence_id * 1000 + asked.revision)


async def _redraw(cx: Context, tx: WriteTx, key: str, asks: Sequence[Asked], version: int) -> None:
    """A morning's message, which asks for all this, without what is settled; the last one settled ends it."""
    asked = {a.occurrence_id: a for a in asks}
    left = [
        o for o in await visits.some(tx, asked) if o.state in rules.UNSETTLED and o.revision == asked[o.id].revision
    ]
    if not left:
        await notify.end(cx, tx, [key], cx.said.say("visits.digest.done"), version)
        return
    known = []
    for found in left:
        grid = await grids.by_id(tx, found.plan.grid_id)
        member = grid.member(asked[found.id].member_id)
        owner = gates.carers(cx, grid, found).owner()
        is_owner = member is not None and owner is not None and owner.member.id == member.id
        wording = "leader" if member is None else _wording(asked[found.id].rung, member, is_owner=is_owner)
        known.append((grid, found, wording))
    text, buttons = _digest(cx, known)
    await notify.change(cx, tx, key, notify.body(cx, tx, text, buttons=buttons, subject="visits"), version)


async def change(
    cx: Context, tx: WriteTx, grid: Grid, found: Occurrence, after: Occurrence, text: str, **values: str
) -> None:
    """Save it; reminders that wait are taken back, those that were sent show what became of it and lose their buttons."""
    if not await visits.save(tx, found, after):
        raise refusal.VisitSettled(number=found.id)
    said = cx.said.say(
        f"visits.closed.{text}", code=shown.code(cx, found), place=shown.where(cx, grid, found), **values
    )
    asked = await visits.asked_with(tx, found)
    shared = {key for key, mine in asked.items() if any(a.occurrence_id != found.id for a in mine)}
    await notify.end(cx, tx, [key for key in asked if key not in shared], said, found.revision)
    for key in shared:
        await _redraw(cx, tx, key, asked[key], found.id * 1000 + found.revision)


async def _tell_missed(cx: Context, tx: WriteTx, unnoticed: Sequence[Occurrence]) -> None:
    """Visits that came and went while the program stood still: the leader reads one message about all of them."""
    for grid_id in dict.fromkeys(o.plan.grid_id for o in unnoticed):
        grid = await grids.by_id(tx, grid_id)
        mine = sorted((o for o in unnoticed if o.plan.grid_id == grid_id), key=lambda o: (o.due_on, o.id))
        text = cx.said.say(
            "visits.leader.missed",
            count=len(mine),
            lines=shown.lines(cx, [(o, grid) for o in mine]),
            number=mine[-1].id,
        )
        for senior in [c.member for c in grid.seniors(cx.now) if c.member.reachable][:1]:
            key = f"visit:missed:{max(o.id for o in mine)}:{len(mine)}:{senior.id}"
            notify.to_member(cx, tx, senior, Said.STAFF, key, text, grid_id=grid.id)
