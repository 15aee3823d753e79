"""轮访: the grid leader opens a round, everybody paired is asked, the leader reads counts; it ends by itself."""

from datetime import date, timedelta

from domain import refusal
from domain import visit as visit_rules
from domain import visit_round as rules
from domain.notice import read_day
from domain.outgoing import Kind as Said
from domain.roster import Grid
from domain.visit_round import Kind, Round, Stage
from handlers import access, notify
from handlers import visit_access as gates
from handlers import visit_lines as shown
from handlers.context import Ask, Context
from handlers.visit_reminders import change, ring
from storage import grids, rounds, visits
from storage.database import WriteTx
from texts.visit_categories import load_visit_categories


async def command(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """轮访: what is going on; 轮访 高温 11-25: a preview; 轮访 结束 3: over before its time."""
    grid = gates.led_grid(cx, ask)
    words = ask.words.split()
    if not words:
        await _list(cx, tx, ask, grid)
        return
    if words[0] in cx.said.say("visits.round.word_end").split():
        found = await _round(tx, grid, words[1] if len(words) > 1 else "", Stage.OPEN)
        await _end(cx, tx, found)
        notify.reply(cx, tx, ask.event, cx.said.say("visits.round.ended_by_you", number=found.id))
        return
    kind, category, last_on = _read(cx, words)
    ends_at = rules.ends_at(kind, last_on, cx.now, cx.calendar)
    member = access.require_member(ask)
    number = await rounds.draft(tx, grid.id, member.id, kind, category, ends_at=ends_at, now=cx.now)
    plans = rules.chosen(await visits.plans_of_grid(tx, grid.id), category, cx.calendar.today(cx.now))
    text = cx.said.say(
        f"visits.round.preview_{'now' if kind is Kind.EMERGENCY else 'plain'}",
        number=number,
        kind=_kind(cx, kind),
        category=load_visit_categories()[category].name if category else cx.said.say("visits.round.all"),
        count=len(plans),
        end=cx.by(ends_at - timedelta(minutes=1)),
    )
    buttons = [[("round_start", "round", "start"), ("round_drop", "round", "drop")]]
    notify.reply(cx, tx, ask.event, text, buttons=buttons, subject="round", subject_id=number)


def _read(cx: Context, words: list[str]) -> tuple[Kind, str, date | None]:
    """Kind, category and last day, the latter two where they stand."""
    kinds = {word: kind for kind in Kind for word in cx.said.say(f"visits.round.word_{kind}").split()}
    if words[0] not in kinds:
        raise refusal.UnknownChoice(choices=" ".join(_kind(cx, kind) for kind in Kind))
    kind, category, last_on = kinds[words[0]], "", None
    names = {row.name: key for key, row in load_visit_categories().items()} | {k: k for k in load_visit_categories()}
    today = cx.calendar.today(cx.now)
    for word in words[1:]:
        if word in names:
            category = names[word]
        else:
            last_on = read_day(word, today)
    if kind is not Kind.EMERGENCY and last_on is None:
        raise refusal.TimeUnclear
    if last_on is not None and last_on > today + rules.LONGEST:
        raise refusal.TimeUnclear
    return kind, category, last_on


def _kind(cx: Context, kind: Kind) -> str:
    return cx.said.say(f"visits.round.word_{kind}").split()[0]


async def decide(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The buttons under the preview: 开始, 取消."""
    grid = gates.led_grid(cx, ask)
    found = await _round(tx, grid, str(ask.number or 0), Stage.DRAFT)
    if ask.words == "drop":
        await rounds.move(tx, found, Stage.DROPPED)
        text = cx.said.say("visits.round.dropped", number=found.id)
    else:
        count = await _start(cx, tx, found)
        text = cx.said.say("visits.round.started", number=found.id, count=count)
    content = notify.body(cx, tx, text)
    if not await notify.replace_pressed(cx, tx, ask.event, content, 1):
        notify.reply(cx, tx, ask.event, text)


async def _start(cx: Context, tx: WriteTx, found: Round) -> int:
    today = cx.calendar.today(cx.now)
    ends_at = found.ends_at if not found.urgent else cx.now + rules.EMERGENCY_LASTS
    if ends_at <= cx.now:
        raise refusal.TimePassed
    plans = rules.chosen(await visits.plans_of_grid(tx, found.grid_id), found.category, today)
    if not await rounds.move(tx, found, Stage.OPEN, asked=len(plans), ends_at=ends_at):
        raise refusal.NoSuchRound
    window = found.window(today, cx.calendar)
    for plan in plans:
        visits.add(tx, plan, f"{visit_rules.ROUND_KEY}{found.id}", window, round_id=found.id)
    await ring(cx, tx, await visits.of_round(tx, found.id), at_once=True, urgent=found.urgent)
    return len(plans)


async def end_rounds(cx: Context, tx: WriteTx) -> None:
    """Job: rounds whose time is up end by themselves."""
    for found in await rounds.over(tx, cx.now):
        await _end(cx, tx, found)


async def _end(cx: Context, tx: WriteTx, found: Round) -> None:
    """Nobody is asked any more; the leader reads the counts and, in private, which doors nobody has answered for."""
    known = await visits.of_round(tx, found.id)
    answered, absent = rules.counts(known)
    if not await rounds.move(tx, found, Stage.ENDED, answered=answered, ends_at=cx.now):
        raise refusal.NoSuchRound
    grid = await grids.by_id(tx, found.grid_id)
    left = [o for o in known if o.state in visit_rules.UNSETTLED or o.state is visit_rules.State.MISSED]
    for each in left:
        if each.state in visit_rules.UNSETTLED:
            await change(cx, tx, grid, each, visit_rules.cancel(each), "round_over")
    text = cx.said.say(
        "visits.round.over" if left else "visits.round.over_all",
        number=found.id,
        kind=_kind(cx, found.kind),
        asked=found.asked,
        answered=answered,
        absent=absent,
        lines=shown.lines(cx, [(o, grid) for o in left]),
    )
    for senior in [c.member for c in grid.seniors(cx.now) if c.member.reachable][:1]:
        notify.to_member(
            cx, tx, senior, Said.STAFF, f"round_over:{found.id}:{senior.id}", text, urgent=found.urgent, grid_id=grid.id
        )


async def _list(cx: Context, tx: WriteTx, ask: Ask, grid: Grid) -> None:
    """Counts, and nothing else."""
    found = []
    for each in await rounds.open_in(tx, grid.id):
        answered, absent = rules.counts(await visits.of_round(tx, each.id))
        found.append(
            cx.said.say(
                "visits.round.line",
                number=each.id,
                kind=_kind(cx, each.kind),
                asked=each.asked,
                answered=answered,
                absent=absent,
                end=cx.by(each.ends_at - timedelta(minutes=1)),
            )
        )
    text = "\n".join(found) if found else cx.said.say("visits.round.none")
    notify.reply(cx, tx, ask.event, text)


async def _round(tx: WriteTx, grid: Grid, number: str, stage: Stage) -> Round:
    digits = number.lstrip("Rr")
    found = await rounds.get(tx, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
    if found is None or found.grid_id != grid.id or found.stage is not stage:
        raise refusal.NoSuchRound
    return found
