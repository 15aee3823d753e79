"""Reading one text: plain form, known words, rules that hold, and the circumstances (frames) they hold in.

Nothing is decided here. Every later rule asks this reading, so a text is walked once.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.lexicon import Hit, Lexicon, Match, Rule, Scanned, concerned, filled, matches

HEAD: Final = 700
TAIL: Final = 300
"""What is looked at of a very long message: how it begins and how it ends; nobody hides a fault in the middle."""

_NOISE: Final = re.compile(
    r"[\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufe00-\ufe0f\u20d0-\u20ff\u2190-\u2bff\u3030\u303d\ue000-\uf8ff"
    r"\U0001f000-\U0010ffff\x00-\x08\x0b-\x1f\x7f]+|\[[\u4e00-\u9fffA-Za-z]{1,3}\]"
)
_EDGE: Final = " \t\r\n,.!?;:~、。·…—-_*^"
_CLAUSE: Final = re.compile(r"[,.!?;:~、。…—\s]+")
_WORDS: Final = re.compile(r"[\u4e00-\u9fd5a-zA-Z0-9+#&._%-]+")
_SENTENCE: Final = frozenset(".!?;。\n")

_UNDONE: Final = frozenset("不没别未太冒")
"""Before “修好了”, “亮了” these turn it round: “没修好”, “不亮了”."""

Cut = Callable[[str, Sequence[tuple[int, int]]], Sequence[tuple[str, int, int]]]
"""Word segmentation, given from outside: (word, start, end) for each common word of a text.

It is asked about a few stretches (start, end); where no word can cross one of them it need not cut at all.
"""


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that staff can edit, compiled."""

    lexicon: Lexicon
    frames: Mapping[str, int]
    frame_of: Mapping[int, str]
    speaking: frozenset[int]
    voice: Mapping[str, str]
    harmless: Sequence[re.Pattern[str]]
    negated: re.Pattern[str]
    quoted: re.Pattern[str]
    patterns: Mapping[str, re.Pattern[str]]
    raises: Sequence[tuple[frozenset[str], str, frozenset[str]]]
    urgencies: Mapping[str, str]
    cut: Cut
    ticket_from: float = 3.0
    ask_from: float = 2.4


def plain(text: str) -> str:
    """One spelling for all widths, cases and decorations; short for a very long message."""
    if len(text) > HEAD + TAIL:
        text = text[:HEAD] + "\n" + text[-TAIL:]
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    text = text.lower()
    if _NOISE.search(text):
        text = _NOISE.sub(" ", text)
    return text.strip(_EDGE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its words and rules; ``matches`` are those that negation and harmless phrases left standing."""

    text: str
    frames: Mapping[str, tuple[Hit, ...]]
    matches: tuple[Match, ...]
    quoted: bool

    def has(self, *names: str) -> bool:
        return any(name in self.frames for name in names)

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(h.word for h in self.frames.get(name, ())))

    def count(self, name: str) -> int:
        """How many different signs of this frame there are (a word inside a longer one is no second sign)."""
        found = self.words(name)
        return sum(not any(w != other and w in other for other in found) for w in found)

    def before(self, name: str, at: int, within: int = 40) -> bool:
        """Whether the frame opens before ``at`` in the same sentence."""
        low = max(self.sentence_start(at), at - within)
        return any(low <= h.start and h.end <= at for h in self.frames.get(name, ()))

    def clause_before(self, name: str, at: int) -> bool:
        start = 0
        for gap in _CLAUSE.finditer(self.text, 0, at):
            start = gap.end()
        return any(start <= h.start and h.end <= at for h in self.frames.get(name, ()))

    def after(self, name: str, at: int) -> bool:
        return any(h.start >= at for h in self.frames.get(name, ()))

    def follows(self, name: str, at: int) -> bool:
        """Whether the frame comes directly behind (“停水那会”)."""
        return any(at <= h.start <= at + 1 for h in self.frames.get(name, ()))

    def around(self, name: str, start: int, end: int, reach: int = 6) -> bool:
        """Whether the frame stands within or close beside a stretch (“我家洗衣机坏了”)."""
        return any(h.end >= start - reach and h.start < end for h in self.frames.get(name, ()))

    def sentence_start(self, at: int) -> int:
        while at > 0 and self.text[at - 1] not in _SENTENCE:
            at -= 1
        return at

    def sentence_has(self, name: str, start: int, end: int) -> bool:
        low = self.sentence_start(start)
        while end < len(self.text) and self.text[end] not in _SENTENCE:
            end += 1
        return any(low <= h.start < end for h in self.frames.get(name, ()))


NOTHING: Final = Reading("", {}, (), quoted=False)


def read(text: str, book: Book, *, frames_only: bool = False, words: Sequence[Scanned] | None = None) -> Reading:
    """Read a text in its plain form; ``NOTHING`` when neither a rule nor a speaking frame can hold (the quiet path)."""
    words = book.lexicon.scan(text) if words is None else words
    voice = book.frames["voice"]
    present = filled([slots for _, _, slots in words])
    if voice in present:
        for _, word, slots in words:
            if voice in slots:
                text = text.replace(word, book.voice[word])
        words = book.lexicon.scan(text)
        present = filled([slots for _, _, slots in words])
    possible = book.lexicon.possible(present)
    if frames_only or all(rule.none in present for rule in possible):
        if not frames_only and present.isdisjoint(book.speaking):
            return NOTHING
        possible = []
    hits = [Hit(at, at + len(word), word, slots) for at, word, slots in words]
    held, quoted = _hold(text, hits, possible, book) if possible else ((), False)
    frames: dict[str, list[Hit]] = {}
    for h in hits:
        for slot in h.slots & book.frame_of.keys():
            name = book.frame_of[slot]
            if name == "resolved" and h.start and text[h.start - 1] in _UNDONE:
                continue
            frames.setdefault(name, []).append(h)
    return Reading(text, {name: tuple(found) for name, found in frames.items()}, held, quoted)


def _hold(text: str, hits: Sequence[Hit], possible: Sequence[Rule], book: Book) -> tuple[tuple[Match, ...], bool]:
    """The rules that negation, harmless phrases and word boundaries leave standing; whether the text quotes somebody."""
    spans = [m.span() for said in book.harmless if said.search(text) for m in said.finditer(text)]
    cites = [m.span() for m in book.quoted.finditer(text)]
    spans += cites
    slots = concerned(possible)
    live = [h for h in hits if not slots.isdisjoint(h.slots) and not _cancelled(h, text, spans, book)]
    held = matches(possible, live)
    ordinary = [rule for rule in possible if not rule.emergency]
    if held and ordinary:
        broken = _split_words(text, live, concerned(ordinary), book)
        if broken:  # danger is heard even where a word boundary is doubtful
            held = [m for m in held if m.rule.emergency]
            held += matches(ordinary, [h for h in live if h not in broken])
    return tuple(held), bool(cites)


def _cancelled(hit: Hit, text: str, spans: Sequence[tuple[int, int]], book: Book) -> bool:
    if any(start <= hit.start and hit.end <= end and hit.end - hit.start < end - start for start, end in spans):
        return True
    lead = text[max(0, hit.start - 6) : hit.start]
    if not lead or hit.word[0] in "没不无未":
        return False
    return book.negated.search(lead) is not None


def _split_words(text: str, hits: Sequence[Hit], slots: frozenset[int], book: Book) -> frozenset[Hit]:
    """Short keywords that only arise where two other words meet (“没气” in “没气质”): dropped."""
    short = [h for h in hits if h.end - h.start <= 2 and not slots.isdisjoint(h.slots)]
    known = book.lexicon.words
    broken = set()
    for stretch in _WORDS.finditer(text):  # words end where a stretch ends, so only those with a doubtful word are cut
        first, last = stretch.span()
        here = [h for h in short if h.start < last and h.end > first]
        if not here:
            continue
        for word, begins, ends in book.cut(stretch.group(), [(h.start - first, h.end - first) for h in here]):
            start, end = first + begins, first + ends
            if end - start < 2 or word in known:
                continue
            for h in here:
                if h.start < end and h.end > start and not (h.start <= start and end <= h.end):
                    inside = start <= h.start and h.end <= end
                    if not inside or h.end - h.start == 1:
                        broken.add(h)
    return frozenset(broken)
