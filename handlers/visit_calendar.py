"""日历: a secret link for the volunteer's own calendar. It says how many visits a day has, and nothing else."""

import hashlib
import hmac
import secrets
from collections import Counter
from datetime import date, timedelta

from domain import ical, refusal
from domain.visit import carers
from handlers import notify
from handlers import visit_access as gates
from handlers.context import Ask, Context
from storage import feeds, grids, visits
from storage.database import ReadTx, WriteTx

_AHEAD = timedelta(days=62)
"""How far a calendar looks ahead."""


async def command(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """日历: a new link, which ends the former one; 日历 停: none any more."""
    member = gates.require_open(cx, ask)
    words = ask.words.strip()
    if words in cx.said.say("visits.calendar.word_stop").split():
        key = "stopped" if await feeds.drop(tx, member.id) else "never"
        notify.reply(cx, tx, ask.event, cx.said.say(f"visits.calendar.{key}"))
        return
    if words:
        raise refusal.UnknownChoice(choices=cx.said.say("visits.calendar.word_stop").split()[0])
    if not cx.policy.public_url:
        notify.reply(cx, tx, ask.event, cx.said.say("visits.calendar.off"))
        return
    secret = secrets.token_urlsafe(24)
    number = await feeds.keep(tx, member.id, _digest(secret), cx.now)
    url = f"{cx.policy.public_url.rstrip('/')}/calendar/{number}/{secret}.ics"
    notify.reply(cx, tx, ask.event, cx.said.say("visits.calendar.link", url=url))


async def feed(cx: Context, tx: ReadTx, number: int, secret: str) -> str | None:
    """The file behind a link; nothing for a link that is wrong or has ended. The comparison takes the same time for all."""
    if not cx.policy.visits_enabled:
        return None
    found = await feeds.get(tx, number)
    right = hmac.compare_digest(found.digest if found is not None else _digest(""), _digest(secret))
    if found is None or not right:
        return None
    days = await _days(cx, tx, found.member_id, found.area_id)
    entries = [
        ical.Day(f"{day}-{found.id}@dangxiaoqi", day, cx.said.say("visits.calendar.entry", count=count))
        for day, count in sorted(days.items())
    ]
    return ical.calendar(cx.said.say("visits.calendar.name"), entries, cx.now)


async def _days(cx: Context, tx: ReadTx, member_id: int, area_id: int) -> Counter[date]:
    """Due visits this member is asked for now, and the next ones of the plans that are his."""
    today = cx.calendar.today(cx.now)
    last = today + _AHEAD
    found: Counter[date] = Counter()
    for grid_id in await grids.below(tx, area_id):
        grid = await grids.by_id(tx, grid_id)
        dated = [
            (o.plan.household_id, o.assignee_id, max(o.due_on, today)) for o in await visits.due(tx, last, grid_id)
        ]
        for plan in await visits.plans_of_grid(tx, grid_id):
            if plan.next_on is not None and plan.next_on <= last:
                next_due = plan.rhythm.due_on(plan.rhythm.period(max(plan.next_on, today)))
                dated += [(plan.household_id, None, next_due)] if today < next_due <= last else []
        for household_id, assignee_id, day in dated:
            owner = carers(grid, household_id, cx.now, today, assignee_id).owner()
            if owner is not None and owner.member.id == member_id:
                found[day] += 1
    return found


def _digest(secret: str) -> str:
    """What is kept of a secret: 192 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()
