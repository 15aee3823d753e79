"""The last word on a message: the rules say what stands in it, learned weights say what such messages usually want.

Rules alone reached half of what residents write, because nobody can list all words for a broken thing; weights alone have
no idea of a drill or of last year. So the rules' findings are facts among the pieces of text that the weights are over
(docs/decisions/0006). What the rules take for danger and the weights doubt is asked about; below ``PERHAPS`` the weights are
believed, and it is left in peace.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from domain.category import Urgency
from domain.emergency import find_danger
from domain.linear import Linear, chance, ranked, tokens
from domain.place import Gazetteer, Place, find_place
from domain.triage import Act, Heard, Intent, Reason, Verdict
from domain.triage_rules import urgency_of
from domain.triage_text import Book, Reading

_CLASSES: Final = {
    "request": (Act.TICKET, Intent.REQUEST),
    "inquiry": (Act.ANSWER, Intent.INQUIRY),
    "followup": (Act.ATTACH, Intent.FOLLOWUP),
    "suggestion": (Act.TICKET, Intent.SUGGESTION),
    "wish": (Act.TICKET, Intent.WISH),
    "offer": (Act.TICKET, Intent.OFFER),
    "praise": (Act.THANK, Intent.PRAISE),
}
_SURE_RULES: Final = frozenset({"human", "forwarded"})
"""What the rules alone decide: whoever asks for a human gets one; a forwarded text is nobody's own."""
_JOINS: Final = frozenset({Act.ATTACH, Act.TICKET, Act.ASK})
TOLD_IN_PIECES: Final = 0.1
"""“+1”, “3栋的”: what only the messages before make a report of says little by itself, so it need not look like one."""
ALERT: Final = 0.28
ALERT_SPEAKS: Final = 0.4
ALERT_ESTATE: Final = 0.45
"""Danger: how likely it must be, and how likely that the writer wants anything and speaks of here. Chosen on the held-out
voices and in cross-validation, for at most 15 false alarms in a thousand messages of chat and notices."""
PERHAPS: Final = 0.2
"""What the rules take for danger and the weights doubt is asked about from here on."""
TO_US: Final = 0.93
"""Who speaks to us and says nothing that the rules know is asked what he means, unless it is very plainly a wish."""
JOINS_FROM: Final = 0.5
"""A follow-up joins what is open only if it is likelier than everything else together."""
LATELY: Final = 0.1
SURELY: Final = 0.7
"""“昨天3栋着火了”: what happened lately is asked about unless it is plainly a story (below) or plainly danger now (above)."""
FOLLOWUP: Final = "COM06"
PRAISE: Final = "COM04"


@dataclass(frozen=True, slots=True)
class Point:
    """An operating point: how likely a request or a question must be (0 to 1) before anybody is disturbed.

    ``estate``: how likely that the message is about the estate at all. Danger is no matter of taste: see ``ALERT``.
    """

    act: float
    ask: float
    estate: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from examples, and where it comes from. ``unclaimed``: what it weighs that the rules know no word."""

    linear: Linear
    name: str = ""
    unclaimed: tuple[float, float, float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Said of nearly every message, so it is added up once."""
        object.__setattr__(self, "unclaimed", self.linear.known(NO_FACTS))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rules found: in the text alone, and together with what was said before.

    ``before``: whether it was the same writer, and the verdict, for each message before this one that wanted something. That
    somebody said something is no fact: in a group somebody always has.
    """

    reading: Reading
    alone: Verdict
    full: Verdict
    before: Sequence[tuple[bool, Verdict]] = ()


def facts(rules: Rules) -> list[str]:
    """The rules' findings as the weights know them. Every name here is part of a trained model: renaming means training."""
    reading, alone, full = rules.reading, rules.alone, rules.full
    found = {f"frame:{name}" for name in reading.frames}
    for match in reading.matches:
        found.add(f"rule:{match.rule.name}")
        found.add(f"code:{match.rule.code}")
        found.add(f"kind:{'emergency' if match.rule.emergency else match.rule.intent}")
    finding = find_danger(reading)
    found.add(f"danger:{finding.danger.name}:{finding.disarmed_by}")
    found.update((f"alone:{alone.act}", f"alone:{alone.act}:{alone.intent}", f"alone_code:{alone.code}"))
    found.update((f"full:{full.act}", f"full:{full.act}:{full.intent}"))
    found.update(f"place:{part}" for part in ("building", "unit", "room", "spot") if getattr(alone.place, part))
    return sorted(found | _facts_before(rules.before, alone.code))


def _facts_before(before: Sequence[tuple[bool, Verdict]], code: str) -> set[str]:
    """The facts about what was said before."""
    found = set()
    for mine, verdict in before:
        who = "mine" if mine else "theirs"
        found.add(f"before:{who}:{verdict.act}")
        if verdict.code:
            found.update((f"before:{who}:{verdict.code}", f"before_code:{verdict.code}"))
            if verdict.code == code:
                found.add(f"before:{who}:same")
    return found


NO_FACTS: Final = (
    "alone:silent",
    "alone:silent:chat",
    "alone_code:",
    "danger:NONE:",
    "full:silent",
    "full:silent:chat",
)
"""What ``facts`` says of a text in which the rules know no word, said without looking."""


class Chances(NamedTuple):
    """The answers to the first three questions, 0 to 1."""

    speaks: float
    danger: float
    estate: float

    def is_alert(self) -> bool:
        return self.danger >= ALERT and self.estate >= ALERT_ESTATE and self.speaks >= ALERT_SPEAKS

    def is_wish(self, point: Point) -> bool:
        return self.speaks >= point.ask and self.estate >= point.estate


def _chances(learned: Learned, marked: str, known: tuple[float, float, float]) -> Chances:
    return Chances(*map(chance, learned.linear.first(marked, known)))


def is_idle(text: str, before: Sequence[tuple[bool, Verdict]], learned: Learned, point: Point) -> bool:
    """The verdict on a text that says nothing to the rules: exactly what ``judge`` would say, without asking the rules."""
    known = learned.linear.known((*NO_FACTS, *_facts_before(before, ""))) if before else learned.unclaimed
    chances = _chances(learned, tokens(text), known)
    return not chances.is_wish(point) and not chances.is_alert()


def judge(heard: Heard, rules: Rules, learned: Learned, point: Point, book: Book, gazetteer: Gazetteer) -> Verdict:
    """The verdict of weights and rules together."""
    full = rules.full
    if any(reason.rule in _SURE_RULES for reason in full.reasons):
        return full
    known = facts(rules)
    marked = tokens(rules.reading.text)
    chances = _chances(learned, marked, learned.linear.known(known))
    may_be_danger = full.act is Act.ALERT or (full.act is Act.ASK and full.urgency is Urgency.P0)
    lately = may_be_danger and full.act is Act.ASK
    if chances.is_alert() and not (lately and chances.danger < SURELY):
        act = Act.ALERT
    elif may_be_danger and (chances.danger >= PERHAPS or (lately and chances.speaks >= LATELY)):
        act = Act.ASK
    elif full.act in _JOINS and rules.alone.act is Act.SILENT and chances.speaks >= point.ask * TOLD_IN_PIECES:
        return full
    elif not chances.is_wish(point):
        return _left_alone(heard, full, chances.speaks)
    else:
        return _wish(heard, rules, known, chances, learned, point, book, gazetteer)
    codes = [code for code, _ in ranked(learned.linear.score(marked, known), "code:")]
    grave = [c for c in codes if c.startswith("EMG") or c == "CAR02"]
    if may_be_danger and full.code:
        grave = [full.code, *(c for c in grave if c != full.code and act is Act.ALERT)]
    reasons = _said(full, learned, marked, "danger")
    return _verdict(act, Intent.REQUEST, grave, Urgency.P0, rules, gazetteer, chances.danger, reasons)


def _wish(
    heard: Heard,
    rules: Rules,
    known: Sequence[str],
    chances: Chances,
    learned: Learned,
    point: Point,
    book: Book,
    gazetteer: Gazetteer,
) -> Verdict:
    """What somebody wants who wants something and is in no danger."""
    full = rules.full
    marked = tokens(rules.reading.text)
    scores = learned.linear.score(marked, known)
    codes = [code for code, _ in ranked(scores, "code:")]
    name, sure = _class(scores)
    act, intent = _CLASSES[name]
    if chances.speaks < point.act or (rules.alone.act is Act.ASK and act is Act.TICKET):
        if act is not Act.TICKET:
            return _left_alone(heard, full, chances.speaks)
        act = Act.ASK  # nobody could go anywhere with “没水了” alone
    if full.act is Act.ANSWER and not full.code and chances.speaks < TO_US:
        return full
    sure *= chances.speaks
    reasons = _said(full, learned, marked, f"act:{name}")
    if act is Act.ATTACH:
        return _attached(full, rules, codes, gazetteer, sure, reasons)
    if act is Act.THANK:
        return _verdict(act, intent, [PRAISE], Urgency.I, rules, gazetteer, sure, reasons)
    if act is Act.ANSWER:
        codes = [c for c in codes if not c.startswith("EMG")]
        return _verdict(act, intent, codes, Urgency.Q, rules, gazetteer, sure, reasons)
    codes = [c for c in codes if c != FOLLOWUP]
    if full.act is Act.TICKET:  # several matters in one message: the rules see each of them
        codes = list(dict.fromkeys([codes[0], *full.codes, *codes[1:]]))
    override = next((m.rule.urgency for m in rules.reading.matches if m.rule.code == codes[0]), "")
    urgency = urgency_of(codes[0], rules.reading, book, override)
    if urgency is Urgency.P0:
        urgency = Urgency.P1  # grave by its kind, and yet no danger of this minute
    return _verdict(act, intent, codes, urgency, rules, gazetteer, sure, reasons)


def _said(full: Verdict, learned: Learned, marked: str, head: str) -> tuple[Reason, ...]:
    """The rules' reasons and the pieces of text that weighed most."""
    pulls = learned.linear.pulls(marked, head)
    weight = round(sum(p.weight for p in pulls), 2)
    return (*full.reasons, Reason("learned", tuple(p.what for p in pulls), weight)) if pulls else full.reasons


def _class(scores: Mapping[str, float]) -> tuple[str, float]:
    """What the writer wants, supposing that he wants something, and how sure that is among the possibilities."""
    found = ranked(scores, "act:")
    shares = {name: math.exp(value - found[0][1]) for name, value in found}
    total = sum(shares.values())
    best = found[0][0]
    if best == "followup" and shares[best] / total < JOINS_FROM:  # a guess makes nobody's ticket longer
        best = found[1][0]
    return best, shares[best] / total


def _verdict(
    act: Act,
    intent: Intent,
    codes: Sequence[str],
    urgency: Urgency,
    rules: Rules,
    gazetteer: Gazetteer,
    sure: float,
    reasons: tuple[Reason, ...],
) -> Verdict:
    return Verdict(
        act,
        intent,
        codes[0],
        tuple(codes[:3]),
        urgency,
        find_place(rules.reading.text, gazetteer),
        round(sure, 3),
        reasons,
        codes[1] if len(codes) > 1 else "",
    )


def _left_alone(heard: Heard, full: Verdict, speaks: float) -> Verdict:
    """Silence, except for whoever spoke to us by name: he gets an answer even when we did not understand."""
    if full.act is Act.SILENT or heard.addressed or (full.act is Act.ANSWER and not full.code):
        return full
    sure = round(1 - speaks, 3)
    return Verdict(Act.SILENT, Intent.CHAT, "", (), Urgency.NONE, Place(), sure, (Reason("unlikely"),), full.code)


def _attached(
    full: Verdict,
    rules: Rules,
    codes: Sequence[str],
    gazetteer: Gazetteer,
    sure: float,
    reasons: tuple[Reason, ...],
) -> Verdict:
    """Belongs to something known: to what the rules found, else to the matter of the messages before, else to one's own."""
    if full.act is Act.ATTACH:
        return replace(full, confidence=round(sure, 3), reasons=reasons)
    matter = next((v.code for _, v in reversed(rules.before) if v.code), "")
    chosen = [matter] if matter else [FOLLOWUP, *(c for c in codes[:1] if c != FOLLOWUP)]
    return _verdict(Act.ATTACH, Intent.FOLLOWUP, chosen, Urgency.NONE, rules, gazetteer, sure, reasons)
