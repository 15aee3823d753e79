"""Whether a household is visited at all: 不要来了, pauses with a reason and an end, and visits opened because of an event."""

import uuid
from datetime import timedelta

from domain import refusal
from domain import visit as rules
from domain.cadence import Cadence, Unit, Window
from domain.notice import read_day
from domain.outgoing import Kind as Said
from domain.roster import Area, AreaKind, Grid
from domain.triage import Heard
from domain.visit import Category, Outcome, Plan
from handlers import access, notify, visit_knocks
from handlers import visit_access as gates
from handlers import visit_lines as shown
from handlers.context import Ask, Context
from handlers.visit_reminders import change, ring
from storage import visits
from storage.database import WriteTx
from texts.visit_categories import load_event_words, load_visit_categories

REFUSED = "refused"
"""Why nobody goes: the person does not want it. Only a new consent ends it."""


async def refuse(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """不要来了: the person's wish comes first. Nobody goes to this household any more, and the leader hears it once."""
    found, grid = await gates.visit(cx, tx, ask, ended=True)
    member = access.require_member(ask)
    today = cx.calendar.today(cx.now)
    plans = await visits.plans_of(tx, found.plan.household_id)
    stopped = [plan for plan in plans if plan.active and plan.paused != REFUSED]
    for plan in stopped:
        for each in await visits.of_plan(tx, plan.id):
            await change(cx, tx, grid, each, rules.cancel(each), "refused", name=member.name)
            await visit_knocks.close(cx, tx, grid, [each], by=member)
        await visits.pause(tx, plan, REFUSED, None)
        await visits.consent(tx, plan, member.id, given=False, at=cx.now, today=today)
    if stopped:
        visits.record(tx, found.id, member.id, Outcome.REFUSED, visited_on=today, at=cx.now)
        gates.tell_leader(cx, tx, grid, found, "refused", Said.STAFF, by=member)
    text = cx.said.say("visits.done.refused", code=shown.code(cx, found))
    notify.reply(cx, tx, ask.event, text)


async def pause(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """暂停 12-01 回老家: until a day, for a reason. What is due meanwhile is put off to that day, or not needed."""
    access.require_leader(ask)
    found, grid = await gates.visit(cx, tx, ask, ended=True)
    day_words, _, words = ask.words.strip().partition(" ")
    reason = gates.note(words)
    if not day_words or not reason:
        raise refusal.WordsNeeded
    today = cx.calendar.today(cx.now)
    until = read_day(day_words, today)
    if found.plan.paused == REFUSED:
        raise refusal.VisitsRefused
    for each in await visits.of_plan(tx, found.plan.id):
        if until <= rules.latest_on(each, today):
            await change(cx, tx, grid, each, rules.postpone(each, until, today), "postponed", day=shown.day(cx, until))
        else:
            await change(cx, tx, grid, each, rules.excuse(each), "excused", reason=reason)
    next_on = None if found.plan.rhythm.cadence.unit is Unit.EVENT else until
    await visits.pause(tx, found.plan, reason, next_on)
    text = cx.said.say("visits.done.paused", code=shown.code(cx, found), day=shown.day(cx, until), number=found.id)
    notify.reply(cx, tx, ask.event, text)


async def excuse(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """免访 在医院见过: this one is not needed, until the next one is due."""
    access.require_leader(ask)
    found, grid = await gates.visit(cx, tx, ask)
    reason = gates.note(ask.words)
    if not reason:
        raise refusal.WordsNeeded
    await change(cx, tx, grid, found, rules.excuse(found), "excused", reason=reason)
    member, today = access.require_member(ask), cx.calendar.today(cx.now)
    visits.record(tx, found.id, member.id, Outcome.EXCUSED, visited_on=today, at=cx.now, note=reason)
    last = shown.day(cx, max(found.last_on, today))
    notify.reply(cx, tx, ask.event, cx.said.say("visits.done.excused", code=shown.code(cx, found), last=last))


async def resume(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """恢复: somebody goes again. After 不要来了 only with the person's own yes, which is written down."""
    access.require_leader(ask)
    found, _ = await gates.visit(cx, tx, ask, ended=True)
    today = cx.calendar.today(cx.now)
    refused = found.plan.paused == REFUSED
    if refused and not _says_yes(cx, ask.words):
        raise refusal.ConsentNeeded
    known = await visits.plans_of(tx, found.plan.household_id)
    for plan in [plan for plan in known if plan.paused == REFUSED] if refused else [found.plan]:
        if refused:
            await visits.consent(tx, plan, access.require_member(ask).id, given=True, at=cx.now, today=today)
        await visits.pause(tx, plan, "", None if plan.rhythm.cadence.unit is Unit.EVENT else today)
    notify.reply(cx, tx, ask.event, cx.said.say("visits.done.resumed", code=shown.code(cx, found)))


def _says_yes(cx: Context, words: str) -> bool:
    return any(word in words for word in cx.said.say("visits.typed.consent").split())


async def open_event(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """必访 3栋2单元501 住院: something has happened there; whoever looks after the household is asked to go soon."""
    grid = gates.led_grid(cx, ask)
    category = _event(cx, ask.words)
    household = _household(cx, grid, ask.words)
    plan = await _event_plan(cx, tx, ask, grid, household, category)
    due_on = cx.calendar.today(cx.now + timedelta(hours=category.within_hours))
    today = cx.calendar.today(cx.now)
    key = f"{rules.EVENT_KEY}{uuid.uuid5(uuid.NAMESPACE_OID, notify.event_key(ask.event))}"
    visits.add(tx, plan, key, Window(today, due_on, due_on))
    found = await visits.of_key(tx, key, plan.id)
    if found is None:
        raise LookupError(key)
    await ring(cx, tx, [found] if found.rung == 0 else [], at_once=True)
    owner = gates.carers(cx, grid, found).owner()
    text = cx.said.say(
        "visits.done.event",
        code=shown.code(cx, found),
        place=shown.where(cx, grid, found, door=True),
        event=category.name,
        hours=category.within_hours,
        name=owner.member.name if owner is not None else cx.said.say("visits.nobody"),
    )
    notify.reply(cx, tx, ask.event, text)


def _event(cx: Context, words: str) -> Category:
    known = load_event_words()
    found = [word for word in known if word in words]
    if not found:
        names = [c.name for c in load_visit_categories().values() if c.cadence.unit is Unit.EVENT]
        raise refusal.UnknownChoice(choices=" ".join(names))
    return load_visit_categories()[known[max(found, key=len)]]


def _household(cx: Context, grid: Grid, words: str) -> Area:
    """The door somebody names, as it stands on the roster."""
    place = cx.ear_of(grid).classify(Heard(words)).place
    found = [area for area in grid.areas_of(place) if area.kind is AreaKind.HOUSEHOLD]
    if not found:
        raise refusal.NoSuchHousehold
    return found[0]


async def _event_plan(cx: Context, tx: WriteTx, ask: Ask, grid: Grid, household: Area, category: Category) -> Plan:
    """The plan such visits hang on, made with the first one. Nobody is visited against his word."""
    today = cx.calendar.today(cx.now)
    plans = [plan for plan in await visits.plans_of(tx, household.id) if plan.active]
    if any(plan.paused == REFUSED for plan in plans):
        raise refusal.VisitsRefused
    mine = next((plan for plan in plans if plan.category == category.key), None)
    says_yes = _says_yes(cx, ask.words)
    if category.needs_consent and not plans and not says_yes:
        raise refusal.ConsentNeeded
    if mine is None:
        consent_on = min((plan.consent_on for plan in plans), default=today)
        cadence = Cadence(Unit.EVENT)
        await visits.keep_plan(
            tx, household.id, grid.id, category.key, cadence=cadence, starts_on=today, consent_on=consent_on
        )
        mine = next(plan for plan in await visits.plans_of(tx, household.id) if plan.category == category.key)
        if says_yes:
            member = access.require_member(ask)
            await visits.consent(tx, mine, member.id, given=True, at=cx.now, today=today)
    return mine
