"""词典: the compiled word list and the rules over it, matched in one walk over the text.

Nearly every message of a group wants nothing from us, so the first question must be cheap: does any known word stand in
it, and do all the words of any rule? A dictionary keyed by two characters answers that in a few microseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

NEAR: Final = 12
"""Characters that may lie between the words of one rule: about one spoken clause."""


MANY: Final = 16
"""Repetitions of one word that are looked at; keeps a wall of the same word cheap."""


Scanned = tuple[int, str, tuple[int, ...]]
"""Where a known word begins, the word, and the slots (places in rules or frames) it fills."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A known word in the text, and the slots (places in rules or frames) which it fills."""

    start: int
    end: int
    word: str
    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """``any_of``/``all_of``/``none_of`` of community staff, compiled: every slot filled, nearby, and no forbidden word."""

    name: str
    code: str
    intent: str
    weight: float
    slots: tuple[int, ...]
    none: int = -1
    near: int = NEAR
    urgency: str = ""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that holds, and the stretch of text it holds in."""

    rule: Rule
    start: int
    end: int
    words: tuple[str, ...]
    hits: tuple[Hit, ...]


class Lexicon:
    """All words and rules. Built once; never changed afterwards, so one instance serves every task."""

    __slots__ = ("_pairs", "_rules", "_singles", "words")

    def __init__(self, words: Mapping[str, Iterable[int]], rules: Iterable[Rule]) -> None:
        """``words`` maps each word to its slots."""
        self.words: Final = frozenset(words)
        singles: dict[str, tuple[int, ...]] = {}
        pairs: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
        for word, slots in words.items():
            ordered = tuple(sorted(set(slots)))
            if len(word) == 1:
                singles[word] = ordered
            else:
                pairs.setdefault(word[:2], []).append((word, ordered))
        self._singles: Final = singles
        self._pairs: Final = {key: tuple(sorted(found, key=lambda f: -len(f[0]))) for key, found in pairs.items()}
        first: dict[int, list[Rule]] = {}
        for rule in rules:
            first.setdefault(rule.slots[0], []).append(rule)
        self._rules: Final = {slot: tuple(found) for slot, found in first.items()}

    def scan(self, text: str) -> list[Scanned]:
        """Every known word in the text with where it begins and its slots; longer ones first where they begin together.

        This is what every message of a group goes through, so it makes no objects.
        """
        found: list[Scanned] = []
        singles, pairs = self._singles.get, self._pairs.get
        last = ""
        for at, char in enumerate(text):
            if last and (here := pairs(last + char)) is not None:
                for word, slots in here:
                    if len(word) == 2 or text.startswith(word, at - 1):
                        found.append((at - 1, word, slots))
            if last and (alone := singles(last)) is not None:
                found.append((at - 1, last, alone))
            last = char
        if last and (alone := singles(last)) is not None:
            found.append((len(text) - 1, last, alone))
        return found

    def hits(self, text: str) -> list[Hit]:
        """The same as ``scan``, as hits for the rules."""
        return [Hit(at, at + len(word), word, slots) for at, word, slots in self.scan(text)]

    def candidates(self, present: frozenset[int]) -> list[Rule]:
        """The rules whose every slot is filled somewhere."""
        return [
            rule
            for slot in present & self._rules.keys()
            for rule in self._rules[slot]
            if present.issuperset(rule.slots) and rule.none not in present
        ]

    def matches(self, hits: Sequence[Hit]) -> list[Match]:
        """The rules that hold, each where its words stand closest."""
        by_slot: dict[int, list[Hit]] = {}
        for hit in hits:
            for slot in hit.slots:
                filled = by_slot.setdefault(slot, [])
                if len(filled) < MANY:
                    filled.append(hit)
        found = []
        for rule in self.candidates(frozenset(by_slot)):
            match = _closest(rule, by_slot)
            if match is not None:
                found.append(match)
        return sorted(found, key=lambda m: (-m.rule.weight, m.start, m.rule.name))


def _closest(rule: Rule, by_slot: Mapping[int, list[Hit]]) -> Match | None:
    best: tuple[int, tuple[Hit, ...]] | None = None
    for anchor in by_slot[rule.slots[0]]:
        chosen = [anchor]
        width = 0
        for slot in rule.slots[1:]:
            gap, hit = min(((_gap(anchor, h), h) for h in by_slot[slot]), key=lambda g: (g[0], g[1].start))
            if gap > rule.near:
                break
            width += gap
            chosen.append(hit)
        else:
            if best is None or width < best[0]:
                best = (width, tuple(chosen))
    if best is None:
        return None
    hits = best[1]
    return Match(
        rule, min(h.start for h in hits), max(h.end for h in hits), tuple(dict.fromkeys(h.word for h in hits)), hits
    )


def _gap(one: Hit, other: Hit) -> int:
    """Characters between two words; a word inside the other is no second word."""
    if (one.start <= other.start and other.end <= one.end) or (other.start <= one.start and one.end <= other.end):
        return 10_000
    return max(0, other.start - one.end, one.start - other.end)
