"""What was said before decides what a short message means: “我家也是”, “3栋的”, a photo, “又坏了”."""

from dataclasses import replace

from domain.category import Urgency
from domain.place import Gazetteer, find_place
from domain.triage import Act, Earlier, Heard, Intent, Reason, Verdict
from domain.triage_rules import QUIET, decide
from domain.triage_text import Book, plain, read

SHORT = 24
"""“我家也没水了” is short; a long message speaks for itself."""

_OPEN = frozenset({Act.ALERT, Act.TICKET, Act.ASK, Act.ATTACH})


def triage(heard: Heard, book: Book, gazetteer: Gazetteer) -> Verdict:
    """The verdict on a message in its surroundings."""
    text = plain(heard.text)
    before = heard.before
    if text.startswith("「"):
        match = book.patterns["reply"].match(text)
        if match is not None:
            before = (*before, Earlier(mine=False, text=match["quote"]))
            text = plain(match["text"])
    if not text and not heard.has_photo:
        return QUIET
    words = book.lexicon.scan(text)
    alone = decide(heard, text, book, gazetteer, words) if text else QUIET
    if not before or heard.forwarded or alone.act is Act.ALERT:
        return alone
    acted = alone.act in {Act.TICKET, Act.ASK}
    me_too = not acted and len(text) <= SHORT and any(book.frames["plus_one"] in slots for _, _, slots in words)
    if not acted and not me_too and not any(e.mine for e in before):
        return alone  # the quiet path: what others said before cannot make a request of this
    return _in_context(heard, text, before, alone, me_too, book, gazetteer)


def _in_context(
    heard: Heard,
    text: str,
    before: tuple[Earlier, ...],
    alone: Verdict,
    me_too: bool,
    book: Book,
    gazetteer: Gazetteer,
) -> Verdict:
    acted = alone.act in {Act.TICKET, Act.ASK}
    mine = [plain(e.text) for e in before if e.mine]
    own = _latest(mine, book, gazetteer)
    theirs = _latest([plain(e.text) for e in before if not e.mine], book, gazetteer) if acted or me_too else None
    if text and mine:
        joined = decide(heard, plain("，".join([*mine[-2:], text])), book, gazetteer)
        if joined.act is Act.ALERT and (own is None or own.act is not Act.ALERT) and alone.reasons == ():
            return joined
    else:
        joined = QUIET
    if alone.act in {Act.TICKET, Act.ASK}:
        for other in (own, theirs):
            if other is not None and other.code == alone.code and alone.intent is Intent.REQUEST:
                return replace(
                    alone, act=Act.ATTACH, reasons=(*alone.reasons, Reason("same_matter")), place=alone.place
                )
        if alone.act is Act.TICKET:
            return alone
    if theirs is not None and (me_too or _says_me_too(text, book)):
        if theirs.act is Act.ALERT:
            return replace(theirs, place=find_place(text, gazetteer), reasons=(Reason("me_too"),))
        return _attached(theirs, text, gazetteer, "me_too")
    if own is not None and (not text or _continues(text, alone, book)):
        return _attached(own, text, gazetteer, "more_of_mine")
    if own is None and alone.act is Act.SILENT and joined.act in {Act.TICKET, Act.ASK} and joined.reasons:
        return joined
    return alone


def _latest(texts: list[str], book: Book, gazetteer: Gazetteer) -> Verdict | None:
    """The last of these messages that was something to act on."""
    for text in reversed(texts):
        verdict = decide(Heard(text), text, book, gazetteer)
        if verdict.act in _OPEN:
            return verdict
    return None


def _says_me_too(text: str, book: Book) -> bool:
    return len(text) <= SHORT and read(text, book, frames_only=True).has("plus_one")


def _continues(text: str, alone: Verdict, book: Book) -> bool:
    """Whether a short message of the same person adds to what they reported."""
    if alone.act is not Act.SILENT or book.patterns["courtesy"].match(text):
        return False
    if book.patterns["only_place"].match(text) or book.patterns["here"].match(text):
        return True
    return not alone.reasons and len(text) <= 30 and read(text, book, frames_only=True).has("continues", "near_place")


def _attached(to: Verdict, text: str, gazetteer: Gazetteer, rule: str) -> Verdict:
    urgency = Urgency.P1 if to.urgency is Urgency.P0 else to.urgency
    return Verdict(
        Act.ATTACH,
        Intent.REQUEST if to.intent is not Intent.FOLLOWUP else Intent.FOLLOWUP,
        to.code,
        to.codes,
        urgency,
        find_place(text, gazetteer),
        0.85,
        (Reason(rule),),
    )
