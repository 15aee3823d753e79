"""What was said before decides what a short message means: “我家也是”, “3栋的”, a photo, “又坏了”."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from domain.category import Urgency
from domain.lexicon import Scanned
from domain.place import Gazetteer, find_place
from domain.triage import Act, Earlier, Heard, Intent, Reason, Verdict
from domain.triage_judge import Learned, Point, Rules, is_idle, judge
from domain.triage_rules import QUIET, decide, decide_reading
from domain.triage_text import NOTHING, Book, Reading, plain, read

SHORT = 24
"""“我家也没水了” is short; a long message speaks for itself."""

REMEMBERED = 4096
"""Messages whose verdict is kept: some minutes of many groups."""

_OPEN = frozenset({Act.ALERT, Act.TICKET, Act.ASK, Act.ATTACH})


class Memory:
    """What recent messages wanted, so that a message is not weighed again whenever somebody speaks after it.

    Keyed by the hash of the text: the words of small talk are not kept here.
    """

    __slots__ = ("_wanted",)

    def __init__(self) -> None:
        """Nothing is known."""
        self._wanted: OrderedDict[int, Verdict | None] = OrderedDict()

    def keep(self, text: str, verdict: Verdict) -> None:
        """The rules' verdict on a text by itself; of what wants nothing only that is kept."""
        self._wanted[hash(text)] = verdict if verdict.act in _OPEN else None
        if len(self._wanted) > REMEMBERED:
            self._wanted.popitem(last=False)

    def of(self, text: str, book: Book, gazetteer: Gazetteer) -> Verdict | None:
        """What a text wanted, or nothing."""
        key = hash(text)
        if key not in self._wanted:
            plain_text = plain(text)
            self.keep(text, decide(Heard(text), plain_text, book, gazetteer) if plain_text else QUIET)
        return self._wanted[key]


def triage(
    heard: Heard,
    book: Book,
    gazetteer: Gazetteer,
    memory: Memory,
    learned: Learned | None = None,
    point: Point | None = None,
) -> Verdict:
    """The verdict on a message in its surroundings; by the rules alone where nothing was learned."""
    text, before = _unquoted(heard, book)
    if not text and not heard.has_photo:
        return QUIET
    wanted = _wanted(before, book, gazetteer, memory)
    words = book.lexicon.scan(text)
    if learned is None or point is None or not text or heard.forwarded:
        alone = decide(heard, text, book, gazetteer, words) if text else QUIET
        return _with_before(heard, text, before, alone, words, wanted, book, gazetteer)
    reading = read(text, book, words=words)
    leans = any(e.mine for e in before) or (wanted and _is_me_too(text, words, book))
    if reading is NOTHING and not leans and not heard.addressed and is_idle(text, wanted, learned, point):
        memory.keep(heard.text, QUIET)
        return QUIET
    rules = _rules(heard, text, before, words, reading, wanted, book, gazetteer)
    memory.keep(heard.text, rules.alone)
    if rules.alone.act is Act.SILENT and book.patterns["only_place"].match(text):
        return rules.full  # where, but not what: only the messages before can tell
    return judge(heard, rules, learned, point, book, gazetteer)


def gather(heard: Heard, book: Book, gazetteer: Gazetteer) -> Rules:
    """What the rules find in a message: what a model is trained on."""
    text, before = _unquoted(heard, book)
    words = book.lexicon.scan(text)
    wanted = _wanted(before, book, gazetteer, Memory())
    return _rules(heard, text, before, words, read(text, book, words=words), wanted, book, gazetteer)


def _unquoted(heard: Heard, book: Book) -> tuple[str, tuple[Earlier, ...]]:
    """The plain text, and what was said before it: a quoted message that it answers was."""
    text = book.patterns["greeting"].sub("", plain(heard.text))
    if text.startswith("「") and (match := book.patterns["reply"].match(text)) is not None:
        return plain(match["text"]), (*heard.before, Earlier(mine=False, text=match["quote"]))
    return text, heard.before


def _wanted(
    before: tuple[Earlier, ...], book: Book, gazetteer: Gazetteer, memory: Memory
) -> list[tuple[bool, Verdict]]:
    """Whose and what, of the last three messages that wanted something."""
    return [(e.mine, found) for e in before[-3:] if (found := memory.of(e.text, book, gazetteer)) is not None]


def _rules(
    heard: Heard,
    text: str,
    before: tuple[Earlier, ...],
    words: Sequence[Scanned],
    reading: Reading,
    wanted: Sequence[tuple[bool, Verdict]],
    book: Book,
    gazetteer: Gazetteer,
) -> Rules:
    alone = decide_reading(heard, reading, book, gazetteer)
    full = _with_before(heard, text, before, alone, words, wanted, book, gazetteer)
    return Rules(Reading(text, {}, (), quoted=False) if reading is NOTHING else reading, alone, full, wanted)


def _with_before(
    heard: Heard,
    text: str,
    before: tuple[Earlier, ...],
    alone: Verdict,
    words: Sequence[Scanned],
    wanted: Sequence[tuple[bool, Verdict]],
    book: Book,
    gazetteer: Gazetteer,
) -> Verdict:
    """What the rules make of a text together with what was said before it."""
    if not before or heard.forwarded or alone.act is Act.ALERT:
        return alone
    acted = alone.act in {Act.TICKET, Act.ASK}
    me_too = not acted and _is_me_too(text, words, book)
    if not acted and not me_too and not any(e.mine for e in before):
        return alone  # the quiet path: what others said before cannot make a request of this
    return _in_context(heard, text, before, alone, wanted, book, gazetteer, me_too=me_too)


def _is_me_too(text: str, words: Sequence[Scanned], book: Book) -> bool:
    return len(text) <= SHORT and any(book.frames["plus_one"] in slots for _, _, slots in words)


def _in_context(
    heard: Heard,
    text: str,
    before: tuple[Earlier, ...],
    alone: Verdict,
    wanted: Sequence[tuple[bool, Verdict]],
    book: Book,
    gazetteer: Gazetteer,
    *,
    me_too: bool,
) -> Verdict:
    acted = alone.act in {Act.TICKET, Act.ASK}
    mine = [plain(e.text) for e in before if e.mine]
    own = next((verdict for is_mine, verdict in reversed(wanted) if is_mine), None)
    theirs = next((verdict for is_mine, verdict in reversed(wanted) if not is_mine), None) if acted or me_too else None
    if text and mine and (alone.act is Act.SILENT or not alone.reasons):
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
