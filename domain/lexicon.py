"""词典: the compiled word list and the rules over it, matched in one walk over the text.

Nearly every message of a group wants nothing from us, so the first question must be cheap: does any known word stand in
it, and do all the words of any rule? A dictionary keyed by two characters answers that in a few microseconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import add
from typing import Final, NamedTuple

NEAR: Final = 12
"""Characters that may lie between the words of one rule: about one spoken clause."""


MANY: Final = 16
"""Repetitions of one word that are looked at; keeps a wall of the same word cheap."""


_COMMON: Final = 30.0
"""How much rarer a word is for every character more, roughly: a rule is looked for by the rarest of its words."""


Scanned = tuple[int, str, frozenset[int]]
"""Where a known word begins, the word, and the slots (places in rules or frames) it fills."""


class Hit(NamedTuple):
    """A known word in the text, and the slots (places in rules or frames) which it fills.

    A dozen are made of every message that a rule may claim, and a tuple costs a third of a dataclass.
    """

    start: int
    end: int
    word: str
    slots: frozenset[int]


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

    __slots__ = ("_anchors", "_pairs", "_rules", "_singles", "words")

    def __init__(self, words: Mapping[str, Iterable[int]], rules: Iterable[Rule]) -> None:
        """``words`` maps each word to its slots."""
        self.words: Final = frozenset(words)
        singles: dict[str, frozenset[int]] = {}
        pairs: dict[str, list[tuple[str, frozenset[int]]]] = {}
        found_by: dict[int, float] = {}
        shared: dict[frozenset[int], frozenset[int]] = {}
        for word, slots in words.items():
            fills = frozenset(slots)
            fills = shared.setdefault(fills, fills)  # thousands of words fill the same few hundred sets
            for slot in fills:
                found_by[slot] = found_by.get(slot, 0.0) + _COMMON ** -len(word)
            if len(word) == 1:
                singles[word] = fills
            else:
                pairs.setdefault(word[:2], []).append((word, fills))
        self._singles: Final = singles
        self._pairs: Final = {key: tuple(sorted(found, key=lambda f: -len(f[0]))) for key, found in pairs.items()}
        rarest: dict[int, list[Rule]] = {}
        for rule in rules:
            rarest.setdefault(min(rule.slots, key=lambda slot: found_by.get(slot, 0.0)), []).append(rule)
        self._rules: Final = {slot: tuple(found) for slot, found in rarest.items()}
        self._anchors: Final = frozenset(rarest)

    def scan(self, text: str) -> list[Scanned]:
        """Every known word in the text with where it begins and its slots; longer ones first where they begin together.

        This is what every message of a group goes through, so it makes no objects.
        """
        singles, pairs = self._singles, self._pairs
        found: list[Scanned] = [(at, char, singles[char]) for at, char in enumerate(text) if char in singles]
        alone = len(found)
        for at, pair in enumerate(map(add, text, text[1:])):
            if pair in pairs:
                for word, slots in pairs[pair]:
                    if len(word) == 2 or text.startswith(word, at):
                        found.append((at, word, slots))
        if alone and alone < len(found):
            found.sort(key=_place)
        return found

    def possible(self, present: frozenset[int]) -> list[Rule]:
        """The rules whose every slot is filled somewhere, whether or not a forbidden word stands there too."""
        return [
            rule for slot in present & self._anchors for rule in self._rules[slot] if present.issuperset(rule.slots)
        ]


def _place(scanned: Scanned) -> tuple[int, int]:
    return scanned[0], -len(scanned[1])


def filled(slots: Iterable[frozenset[int]]) -> frozenset[int]:
    """All slots that some words fill together."""
    return frozenset().union(*slots)


def concerned(rules: Iterable[Rule]) -> frozenset[int]:
    """The slots that can make or break one of these rules."""
    return frozenset([slot for rule in rules for slot in (*rule.slots, rule.none)])


def matches(rules: Iterable[Rule], hits: Sequence[Hit]) -> list[Match]:
    """Those of the rules that hold, each where its words stand closest."""
    present = filled([hit.slots for hit in hits])
    holding = [rule for rule in rules if present.issuperset(rule.slots) and rule.none not in present]
    by_slot: dict[int, list[Hit]] = {slot: [] for rule in holding for slot in rule.slots}
    for hit in hits:
        for slot in hit.slots & by_slot.keys():
            if len(by_slot[slot]) < MANY:
                by_slot[slot].append(hit)
    found = [match for rule in holding if (match := _closest(rule, by_slot)) is not None]
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
