"""The order of decisions for one message (domain reference, section 13).

Danger first; then whoever asks for a human; then praise, follow-up, suggestion, question, request. Silence is the
answer to everything that no rule claims, because a false alarm disturbs two hundred people.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.category import Urgency
from domain.emergency import Danger, find_danger
from domain.lexicon import Scanned
from domain.place import Gazetteer, Place, find_place
from domain.triage import Act, Heard, Intent, Reason, Verdict
from domain.triage_text import NOTHING, Book, Reading, read

_UNTRUE: Final = ("trade", "recommend", "ad")
_ACTS: Final = {
    "request": Act.TICKET,
    "inquiry": Act.ANSWER,
    "suggestion": Act.TICKET,
    "wish": Act.TICKET,
    "offer": Act.TICKET,
}
QUIET: Final = Verdict(Act.SILENT, Intent.CHAT, "", (), Urgency.NONE, Place(), 1.0, ())


def decide(
    heard: Heard, text: str, book: Book, gazetteer: Gazetteer, words: Sequence[Scanned] | None = None
) -> Verdict:
    """The verdict on one text by itself; ``domain.triage_context`` adds what was said before."""
    return decide_reading(heard, read(text, book, words=words), book, gazetteer)


def decide_reading(heard: Heard, reading: Reading, book: Book, gazetteer: Gazetteer) -> Verdict:
    """The same for a text that was read already."""
    text = reading.text
    if heard.forwarded:
        return _silent("forwarded", Intent.NOTICE)
    if reading is NOTHING:
        return _unmatched(heard)
    finding = find_danger(reading)
    if finding.danger is Danger.NOW and finding.match is not None:
        code = finding.match.rule.code
        codes = tuple(dict.fromkeys([code, *(m.rule.code for m in reading.matches if m.rule.emergency)]))[:3]
        return Verdict(
            Act.ALERT,
            Intent.REQUEST,
            code,
            codes,
            Urgency.P0,
            find_place(text, gazetteer),
            0.95,
            (Reason("emergency", finding.match.words),),
        )
    if reading.has("human"):
        return Verdict(
            Act.TICKET,
            Intent.REQUEST,
            "COM05",
            ("COM05",),
            Urgency.P2,
            Place(),
            0.95,
            (Reason("human", reading.words("human")),),
        )
    verdict = _ordinary(heard, reading, book, gazetteer)
    if finding.danger is Danger.PERHAPS and finding.match is not None and verdict.act is Act.SILENT:
        code = finding.match.rule.code
        place = find_place(text, gazetteer)
        return Verdict(
            Act.ASK,
            Intent.REQUEST,
            code,
            (code,),
            Urgency.P0,
            place,
            0.5,
            (Reason("danger_lately", finding.match.words),),
        )
    return _unmatched(heard, reading) if verdict is QUIET else verdict


def _ordinary(heard: Heard, reading: Reading, book: Book, gazetteer: Gazetteer) -> Verdict:
    if reading.has("strong_notice") or reading.count("notice") >= 2 or _quotes_all(reading, book):
        return _silent("notice", Intent.NOTICE)
    for frame in ("fiction", "drill"):
        if reading.has(frame):
            return _silent(frame)
    for frame in _UNTRUE:
        if reading.count(frame) >= (1 if frame != "ad" else 2):
            return _silent(frame, Intent.NOTICE if frame == "ad" else Intent.CHAT)
    followup = reading.has("followup_sure") and not reading.has("followup_not")
    concerns_us = followup or reading.has("praise") or any(not m.rule.emergency for m in reading.matches)
    place = find_place(reading.text, gazetteer) if concerns_us else Place()
    scores, reasons, why = _scores(reading, book, place, heard)
    if not scores and reading.has("praise") and reading.has("praised") and not followup:
        return Verdict(
            Act.THANK, Intent.PRAISE, "COM04", ("COM04",), Urgency.I, place, 0.85,
            (Reason("praise", reading.words("praise")),),
        )  # fmt: skip
    if followup and not (why == "resolved" and not reading.has("unresolved")):
        return _followup(reading, scores, place)
    if not scores:
        return _silent(why) if why else QUIET
    best = max(scores, key=lambda code: scores[code])
    intent = reasons[best][1]
    if intent == "lost":
        return Verdict(
            Act.SILENT, Intent.WISH, best, (best,), Urgency.W, place, 0.7, (Reason("lost", reasons[best][0]),)
        )
    score = scores[best]
    codes = tuple(sorted((c for c in scores if scores[c] >= max(2.4, score - 1.2)), key=lambda c: -scores[c]))[:3]
    sure = min(0.98, score / 4)
    reason = (Reason(intent, reasons[best][0]),)
    urgency = urgency_of(best, reading, book, reasons[best][2])
    if score >= book.ticket_from:
        return Verdict(_ACTS[intent], Intent(intent), best, codes, urgency, place, sure, reason)
    if score >= book.ask_from:
        if intent == "inquiry":
            return Verdict(Act.ANSWER, Intent.INQUIRY, best, codes, urgency, place, sure, reason)
        return Verdict(Act.ASK, Intent(intent), best, codes, urgency, place, sure, reason)
    return _silent("weak")


def _scores(
    reading: Reading, book: Book, place: Place, heard: Heard
) -> tuple[dict[str, float], dict[str, tuple[tuple[str, ...], str, str]], str]:
    """Score by code, what it rests on, and the circumstance that silenced the rest."""
    scores: dict[str, float] = {}
    seen: dict[str, int] = {}
    basis: dict[str, tuple[tuple[str, ...], str, str]] = {}
    why = ""
    asks = reading.has("ask") or _bare(reading)
    boost = 0.0
    if place.building or place.unit or place.room or reading.has("near_place"):
        boost += 0.3
    if reading.has("appeal"):
        boost += 0.3
    if reading.has("persist"):
        boost += 0.3
    if heard.addressed or reading.has("addressed"):
        boost += 0.6
    if reading.has("joke"):
        boost -= 1.5
    for match in reading.matches:
        rule = match.rule
        if rule.emergency:
            continue
        against = _against(reading, match.start, match.end, rule.intent)
        if against:
            why = why or against
            continue
        if rule.intent == "inquiry" and not asks:
            continue
        seen[rule.code] = seen.get(rule.code, 0) + 1
        weight = rule.weight
        if rule.code not in scores:
            scores[rule.code] = weight
            basis[rule.code] = (match.words, rule.intent, rule.urgency)
        else:
            scores[rule.code] += 0.3 if seen[rule.code] == 2 else 0.0
    for code in scores:
        scores[code] += boost if basis[code][1] == "request" else min(boost, 0.3)
    return scores, basis, why


def _bare(reading: Reading) -> bool:
    """“失业金”, “疫苗预约”: a matter and nothing else is a question too."""
    if len(reading.text) > 8:
        return False
    spans = [(h.start, h.end) for m in reading.matches if m.rule.intent == "inquiry" for h in m.hits]
    spans += [(h.start, h.end) for h in reading.frames.get("errand", ())]
    return all(any(start <= at < end for start, end in spans) for at in range(len(reading.text)))


def _against(reading: Reading, start: int, end: int, intent: str) -> str:
    """The circumstance that makes a present fault no fault of here and now."""
    now = reading.sentence_has("now", start, end)
    if reading.has("news") and not now:
        return "news"
    if intent == "inquiry":  # “外地户口怎么办居住证” is asked here
        return ""
    if reading.before("elsewhere", end):
        return "elsewhere"
    if intent in {"suggestion", "wish", "offer", "lost"}:
        return ""
    if reading.before("childhood", end) or reading.follows("then", end):
        return "long_ago"
    if reading.before("long_ago", start) and not now:
        return "long_ago"
    if reading.clause_before("maybe", start):
        return "maybe"
    if reading.has("others") and not reading.has("near_place"):
        return "others"
    if reading.has("pleased") and not reading.has("appeal", "unresolved"):
        return "pleased"
    if reading.around("belongings", start, end):
        return "belongings"
    if reading.after("resolved", start) and not reading.has("unresolved"):
        return "resolved"
    return ""


def _followup(reading: Reading, scores: Mapping[str, float], place: Place) -> Verdict:
    codes = sorted(scores, key=lambda c: -scores[c])[:2]
    return Verdict(
        Act.ATTACH,
        Intent.FOLLOWUP,
        "COM06",
        ("COM06", *(c for c in codes if c != "COM06")),
        Urgency.NONE,
        place,
        0.85,
        (Reason("followup", reading.words("followup_sure")),),
    )


def urgency_of(code: str, reading: Reading, book: Book, override: str) -> Urgency:
    if override:
        return Urgency(override)
    for codes, to, words in book.raises:
        if code in codes and any(w in reading.text for w in words):
            return Urgency(to)
    return Urgency(book.urgencies.get(code, "none"))


def _quotes_all(reading: Reading, book: Book) -> bool:
    """A text that consists of somebody else's words."""
    if not reading.quoted:
        return False
    return len(book.quoted.sub("", reading.text)) * 4 < len(reading.text)


def _unmatched(heard: Heard, reading: Reading = NOTHING) -> Verdict:
    """Whoever speaks to us gets an answer, even when we did not understand."""
    if not (heard.addressed or reading.has("addressed")):
        return QUIET
    return Verdict(Act.ANSWER, Intent.INQUIRY, "", (), Urgency.Q, Place(), 0.3, (Reason("addressed"),))


def _silent(rule: str, intent: Intent = Intent.CHAT) -> Verdict:
    return Verdict(Act.SILENT, intent, "", (), Urgency.NONE, Place(), 0.9, (Reason(rule),))
