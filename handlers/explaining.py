"""为什么: what a verdict rests on, in words a leader can check - and correct."""

from domain.category import Urgency
from domain.ticket import Ticket
from domain.triage import Reason, Verdict
from handlers import access, cards, notify
from handlers.context import Ask, Context
from storage import corrections
from storage.database import WriteTx
from texts.sentences import Sentences


async def why(cx: Context, tx: WriteTx, ask: Ask) -> None:
    """The words, the rules and their weights, what came next, the place, the urgency - and why this person was asked."""
    access.require_leader(ask)
    ticket = await access.ticket(tx, ask)
    lines = [cards.title(cx, ticket, public=False)]
    lines += verdict_lines(cx, ticket.why) if ticket.why is not None else [cx.said.say("why.unknown")]
    lines += [
        cx.said.say("why.corrected", was=_kind(cx, one.was_code), now=_kind(cx, one.code))
        for one in await corrections.of_ticket(tx, ticket.number)
        if one.code
    ]
    because = cards.because(cx, ticket.reason) if ticket.reason else cx.said.say("why.nobody")
    lines.append(cx.said.say("why.because", because=because))
    buttons = correct_buttons() if ticket.is_open else []
    if buttons:
        lines.append(cx.said.say("why.correct", number=ticket.number))
    text = "\n".join(lines)[:4000]
    notify.reply(cx, tx, ask.event, text, buttons=buttons, subject_id=ticket.number, part="why")


def leader_buttons() -> list[notify.Button]:
    """What a leader can ask and correct with one tap."""
    return [("why", "why", ""), *correct_buttons()[0]]


def correct_buttons() -> list[list[notify.Button]]:
    """The two corrections."""
    return [[("recode", "recode", ""), ("dismiss", "dismiss", "")]]


def verdict_lines(cx: Context, verdict: Verdict) -> list[str]:
    """A verdict, line by line."""
    lines = [
        cx.said.say(
            "why.judged",
            act=cx.said.say(f"why.act_{verdict.act}"),
            what=_kind(cx, verdict.code),
            terms=cx.said.say(f"why.terms_{verdict.urgency}"),
        ),
        *(cx.said.say("why.reason", reason=reason) for reason in reasons(cx.said, verdict)),
        cx.said.say("why.sure", percent=round(verdict.confidence * 100)),
    ]
    others = [code for code in dict.fromkeys((verdict.runner_up, *verdict.codes)) if code not in ("", verdict.code)]
    others = [_kind(cx, code) for code in others]
    lines.append(cx.said.say("why.next", others="、".join(others)) if others else cx.said.say("why.no_next"))
    place = verdict.place.shown()
    lines.append(cx.said.say("why.place", place=place) if place else cx.said.say("why.no_place"))
    lines.append(_urgency(cx, verdict))
    return lines


def _urgency(cx: Context, verdict: Verdict) -> str:
    category = cx.categories.get(verdict.code)
    terms = cx.said.say(f"why.terms_{verdict.urgency}")
    if verdict.urgency is Urgency.P0:
        return cx.said.say("why.danger")
    if category is None or category.urgency is verdict.urgency:
        return cx.said.say("why.urgency_of_kind", urgency=verdict.urgency, terms=terms)
    was = cx.said.say(f"why.terms_{category.urgency}")
    return cx.said.say("why.urgency_changed", urgency=verdict.urgency, terms=terms, was=was)


def _kind(cx: Context, code: str) -> str:
    return cx.said.say("why.kind", what=cx.category_name(code), code=code) if code else cx.category_name(code)


def reasons(said: Sentences, verdict: Verdict) -> list[str]:
    """Each reason in a few words: what was heard, by which rule, how heavy."""
    return [_reason(said, reason) for reason in verdict.reasons] or [said.say("why.no_reason")]


def _reason(said: Sentences, reason: Reason) -> str:
    key = f"why.rule_{reason.rule}"
    rule = said.say(key) if key in said else said.say("why.rule", rule=reason.rule)
    weight = said.say("why.weight", weight=f"{reason.weight:+.2g}") if reason.weight else ""
    if not reason.words:
        return rule + weight
    words = "".join(said.say("why.word", word=word) for word in reason.words)
    return said.say("why.words", words=words, rule=rule) + weight


def in_one_line(said: Sentences, ticket: Ticket) -> str:
    """For a page where a line is enough."""
    return "；".join(reasons(said, ticket.why)) if ticket.why is not None else ""
