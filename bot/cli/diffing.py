"""What a sheet would change, as a person reads it before saying yes. What is sealed is never shown."""

from collections.abc import Iterator
from datetime import date

from bot.cli.call import Call
from domain.cadence import Cadence
from domain.duty import shown
from domain.roster import Duty
from handlers import visit_lines
from storage.rosters import Changes, Key
from texts.skills import load_skills

MOST = 300
_SEALED = ("person", "contact")


def lines(call: Call, changes: Changes) -> Iterator[tuple[str, str]]:
    """Mark (+ ~ -) and text of every change."""
    for area in changes.areas:
        yield "+", call.say("diff.area", kind=call.say(f"diff.kind_{area.kind}"), name=_place(area.key, area.name))
    for word in changes.words:
        yield "+", call.say(f"diff.{word.kind}", grid=word.grid[1], word=word.word, means=word.means)
    for member in changes.members:
        role = call.said.say(f"member.role_{member.role}")
        yield "+", call.say("diff.member", role=role, name=member.name, area="".join(member.area[1:]))
    for pairing in changes.pairings:
        role = call.said.say(f"sheet.pair.{pairing.role}")
        yield "+", call.say("diff.pairing", role=role, area=_place(pairing.area), name=pairing.member[1])
    for plan in changes.plans:
        yield (
            "+",
            call.say(
                "diff.plan", area=_place(plan.household), every=visit_lines.every(call.said, Cadence.of(plan.cadence))
            ),
        )
    for update in changes.updates:
        what = "；".join(_changed(call, *value) for value in update.values)
        yield "~", f"{update.label}：{what}"
    for closing in changes.closings:
        yield "-", call.say(f"diff.end_{closing.kind}", label=closing.label)


def show(call: Call, changes: Changes, *, whole: bool) -> None:
    """Print it, cut short where it fills screens, and the sums."""
    styles = {"+": "green", "~": "yellow", "-": "red"}
    for number, (mark, text) in enumerate(lines(call, changes)):
        if number == MOST and not whole:
            call.print(call.say("diff.more", count=len(changes) - MOST))
            break
        call.print(f"{mark} {text}", style=styles[mark])
    changed, closed = len(changes.updates), len(changes.closings)
    call.print(call.say("diff.sum", added=len(changes) - changed - closed, changed=changed, closed=closed))


def _place(key: Key, name: str = "") -> str:
    inside = "".join(key[2:]) if key[0] not in ("street", "community") else ""
    return f"{key[1]} {inside or name}".strip() if len(key) > 1 and key[0] not in ("street", "community") else name


def _changed(call: Call, column: str, was: object, now: object) -> str:
    name = call.say(f"diff.column_{column}")
    if column in _SEALED:
        return call.say("diff.sealed", column=name)
    if column == "cadence":
        was, now = (visit_lines.every(call.said, Cadence.of(str(value))) for value in (was, now))
    return call.say("diff.value", column=name, was=_text(call, was), now=_text(call, now))


def _text(call: Call, value: object) -> str:
    match value:
        case tuple() if value and isinstance(value[0], Duty):
            return shown(value)
        case tuple():
            known = load_skills()
            return "、".join(known[k].name for k in value if k in known) or call.say("diff.nothing")
        case bool():
            return call.say("diff.yes" if value else "diff.no")
        case date():
            return value.isoformat()
    key = f"member.role_{value}"
    return call.said.say(key) if key in call.said else str(value) or call.say("diff.nothing")
