"""Who may do what with which visit: the only way from a number somebody typed to a household."""

from dataclasses import replace

from domain import refusal
from domain import visit as rules
from domain.outgoing import Kind as Said
from domain.roster import Grid, Member
from domain.screen import plain, screened
from domain.visit import Carers, Occurrence
from handlers import access, notify
from handlers import visit_lines as shown
from handlers.context import Ask, Context
from storage import grids, visits
from storage.database import ReadTx, WriteTx
from texts.visit_categories import load_note_words


def require_open(cx: Context, ask: Ask) -> Member:
    """A member in a private chat, where visits are kept at all: a household is not shown on servers abroad."""
    access.require_private(ask)
    if not cx.policy.visits_enabled:
        raise refusal.VisitsOff
    return access.require_member(ask)


def led_grid(cx: Context, ask: Ask) -> Grid:
    """The grid of a leader who decides something about its households."""
    require_open(cx, ask)
    return access.led_grid(ask)


def numbered(ask: Ask) -> Ask:
    """People write the code as it stands in the reminder: 走访 V12 正常."""
    first, _, rest = ask.words.partition(" ")
    if ask.number is None and first[:1] in ("V", "v") and first[1:].isascii() and first[1:].isdigit():
        return replace(ask, number=int(first[1:10]), words=rest.strip())
    return ask


async def visit(cx: Context, tx: ReadTx, ask: Ask, *, ended: bool = False) -> tuple[Occurrence, Grid]:
    """The visit a member means, if he may answer for it and nobody has yet. ``ended``: also when somebody has."""
    member = require_open(cx, ask)
    found = await visits.get(tx, ask.number or 0)
    if found is None:
        raise refusal.NoSuchVisit(number=ask.number)
    grid = await grids.by_id(tx, found.plan.grid_id)
    leads = ask.leads and grid.member(member.id) is not None
    if not leads and member.id not in rules.may_record(grid, found, cx.now, cx.calendar.today(cx.now)):
        raise refusal.NoSuchVisit(number=found.id)
    if found.state in rules.ENDED and not ended:
        raise refusal.VisitSettled(number=found.id)
    return found, grid


def carers(cx: Context, grid: Grid, found: Occurrence) -> Carers:
    """Who looks after the household now."""
    return rules.carers(grid, found.plan.household_id, cx.now, cx.calendar.today(cx.now), found.assignee_id)


def note(words: str) -> str:
    """A note as it is kept: one line, without numbers of persons.

    Raises:
        TextTooLong: more than 200 characters.
        NoteMedical: it speaks of an illness; nothing of it is kept.

    """
    line = plain(words, rules.NOTE_LONGEST + 1)
    if len(line) > rules.NOTE_LONGEST:
        raise refusal.TextTooLong(limit=rules.NOTE_LONGEST)
    if any(word in line for word in load_note_words()):
        raise refusal.NoteMedical
    return screened(line)


def tell_leader(
    cx: Context,
    tx: WriteTx,
    grid: Grid,
    found: Occurrence,
    text: str,
    kind: Said,
    *,
    by: Member,
    always: bool = False,
    **values: str,
) -> None:
    """A private word to whoever steers the grid now, unless it is he who says it (``always``: even then)."""
    seniors = [c.member for c in carers(cx, grid, found).seniors if c.member.reachable]
    if not seniors or (seniors[0].id == by.id and not always):
        return
    said = cx.said.say(
        f"visits.leader.{text}",
        code=shown.code(cx, found),
        number=found.id,
        place=shown.where(cx, grid, found),
        name=by.name,
        **values,
    )
    key = f"visit:{found.id}:{found.revision}:{text}:{seniors[0].id}"
    notify.to_member(cx, tx, seniors[0], kind, key, said, urgent=kind is Said.ALERT, grid_id=grid.id)
