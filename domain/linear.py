"""A linear model over the characters of a message, read without any library.

Learned weights generalise from examples what no list of words can hold; they are kept so small and plain that a verdict can
still be explained: every decision is a sum over pieces of one to three characters and a few facts found by the rules.
Training is elsewhere (``texts.training``); this is what a running program needs: two walks over a short text.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import add
from typing import Final

_NUMBER: Final = re.compile(r"\d+")
_SOME_NUMBER: Final = re.compile(r"(?<!\d)0(?!\d)")
_MEANT: Final = frozenset({"110", "119", "120", "122", "12345"})
"""Numbers that mean something by themselves; any other number is just a number."""

LONGEST: Final = 400
"""Characters that are looked at: more are a text copied from elsewhere, and its tone shows long before."""


def tokens(text: str) -> str:
    """The plain text as the model sees it: numbers alike, beginning and end marked."""
    text = _NUMBER.sub(_number, text[:LONGEST])
    if " " in text or "\n" in text:
        text = " ".join(text.split())
    return f"^{text}$"


def _number(found: re.Match[str]) -> str:
    return found.group() if found.group() in _MEANT else "0"


def pieces(marked: str) -> set[str]:
    """Every run of one to three characters, once."""
    second = marked[1:]
    pairs = list(map(add, marked, second))
    return {*marked, *pairs, *map(add, pairs, marked[2:])}


@dataclass(frozen=True, slots=True)
class Pull:
    """What one piece of text weighed in a decision, for whoever asks why."""

    what: str
    weight: float


def chance(score: float) -> float:
    """A sum as 0 to 1: how often a message with such a sum was one, among the examples."""
    return 1 / (1 + math.exp(-score)) if score > -60 else 0.0


FIRST: Final = {"speak": 1, "danger": 2, "estate": 3}
"""The first questions, asked of every message, and their places beside the squared rarity (place 0) in a packed number."""

_BITS: Final = 40
_HALF: Final = 1 << (_BITS - 1)
_MASK: Final = (1 << _BITS) - 1
_HALVES: Final = sum(_HALF << (_BITS * place) for place in range(4))
_STEPS: Final = 1000
"""Thousandths: finer than any weight needs to be."""


def packed(values: Iterable[float]) -> int:
    """Four numbers side by side in one, so that one addition adds all four.

    A message of twenty characters has sixty pieces and every piece four numbers; as tuples of floats they cost more time and
    memory (docs/decisions/0006).
    """
    return sum(round(value * _STEPS) << (_BITS * place) for place, value in enumerate(values))


def unpacked(total: int) -> tuple[float, float, float, float]:
    """The four numbers again."""
    total += _HALVES  # all four made positive, so that none borrows from the next
    return (
        ((total & _MASK) - _HALF) / _STEPS,
        ((total >> _BITS & _MASK) - _HALF) / _STEPS,
        ((total >> 2 * _BITS & _MASK) - _HALF) / _STEPS,
        ((total >> 3 * _BITS & _MASK) - _HALF) / _STEPS,
    )


@dataclass(frozen=True, slots=True)
class Table:
    """What each name (a piece of text, or a fact) weighs, row by row in the order of ``rows``.

    The first three questions (does it want anything? is it a danger? is it of the estate at all?) are asked of every message:
    their weights stand in ``first``, packed. Those of all other heads lie in one stretch per row, from ``starts[row]`` to
    ``starts[row + 1]``; a name's row is its place among the sorted ``names``.
    """

    names: Sequence[str]
    first: Mapping[str, int]
    starts: Sequence[int]
    heads: Sequence[int]
    weights: Sequence[float]

    def row(self, name: str) -> int | None:
        """Where a name stands."""
        if name not in self.first:
            return None
        return bisect_left(self.names, name)

    def add_to(self, sums: list[float], row: int) -> None:
        """Add what a row weighs for the other heads."""
        low, high = self.starts[row], self.starts[row + 1]
        for head, weight in zip(self.heads[low:high], self.weights[low:high], strict=True):
            sums[head] += weight

    def weight(self, row: int, head: int) -> float:
        """What a row weighs for one of the other heads."""
        try:
            return self.weights[self.heads.index(head, self.starts[row], self.starts[row + 1])]
        except ValueError:
            return 0.0


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of all heads; a sum is the head's bias, the text's pieces and the facts.

    The pieces' part is divided by the length of the text's vector (the root of its squared rarities), so that a long message
    has no louder voice.
    """

    first_bias: tuple[float, float, float]
    heads: Sequence[str]
    bias: Sequence[float]
    pieces: Table
    facts: Table

    def known(self, facts: Iterable[str]) -> tuple[float, float, float]:
        """What the first questions weigh before a word is read: their biases and these facts."""
        _, *sums = unpacked(sum(map(self.facts.first.get, facts, repeat(0))))
        speak, danger, estate = map(add, self.first_bias, sums)
        return speak, danger, estate

    def first(self, marked: str, known: tuple[float, float, float]) -> tuple[float, float, float]:
        """The sums of the first questions: whether it wants anything, is a danger, is about the estate at all.

        What tells a request from the neighbours' talk about lifts and leaks is not what tells it from talk about films and
        football, so each is learned from its own examples, and both must say yes (docs/decisions/0006). ``known``: what the
        facts about the text weigh.
        """
        square, speak, danger, estate = unpacked(sum(map(self.pieces.first.get, pieces(marked), repeat(0))))
        scale = 1 / math.sqrt(square) if square else 0.0
        return known[0] + scale * speak, known[1] + scale * danger, known[2] + scale * estate

    def score(self, marked: str, facts: Iterable[str]) -> dict[str, float]:
        """The sums of all other heads."""
        sums = [0.0] * len(self.heads)
        rows = self._known(marked)
        for row in rows.values():
            self.pieces.add_to(sums, row)
        scale = 1 / self._length(rows)
        total = [bias + scale * value for bias, value in zip(self.bias, sums, strict=True)]
        for fact in facts:
            known = self.facts.row(fact)
            if known is not None:
                self.facts.add_to(total, known)
        return dict(zip(self.heads, total, strict=True))

    def pulls(self, marked: str, head: str, most: int = 5) -> list[Pull]:
        """What spoke loudest for this head, pieces inside a louder piece left out."""
        rows = self._known(marked)
        length = self._length(rows)
        if head in FIRST:
            first = self.pieces.first
            found = [(unpacked(first[piece])[FIRST[head]], piece) for piece in rows]
        else:
            number = self.heads.index(head)
            found = [(self.pieces.weight(row, number), piece) for piece, row in rows.items()]
        loud = [Pull(_as_said(piece), weight / length) for weight, piece in found if weight > 0]
        chosen: list[Pull] = []
        for pull in sorted(loud, key=lambda p: (-p.weight, -len(p.what), p.what)):
            if len(chosen) == most:
                break
            if pull.what and not any(pull.what in c.what or c.what in pull.what for c in chosen):
                chosen.append(pull)
        return chosen

    def _known(self, marked: str) -> dict[str, int]:
        return {p: row for p in pieces(marked) if (row := self.pieces.row(p)) is not None}

    def _length(self, rows: Mapping[str, int]) -> float:
        return math.sqrt(unpacked(sum(self.pieces.first[piece] for piece in rows))[0]) or 1.0


def _as_said(piece: str) -> str:
    """A piece as people can read it: no marks, and dots for the number whose place a nought keeps; a number alone says nothing."""
    words = piece.strip("^$")
    return "" if words == "0" else _SOME_NUMBER.sub("…", words)


def ranked(scores: Mapping[str, float], prefix: str) -> list[tuple[str, float]]:
    """The answers of one question, the likeliest first; names decide a tie: the same text always gets the same answer."""
    found = [(name.removeprefix(prefix), value) for name, value in scores.items() if name.startswith(prefix)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
