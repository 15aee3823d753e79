"""The ear of the bot: the lexicon that staff edit, compiled, with jieba to tell words from accidents.

jieba gets its own tokenizer (its global one is shared by everybody), its dictionary from a packed file of ours
(``texts.dictionary``; it unmarshals a file with a guessable name from the shared temp folder otherwise), all keywords as words
(else it splits 17 % of them) and no HMM (a repeated character costs 80 ms with it).
"""

import logging
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import jieba

from domain.lexicon import NEAR, Lexicon, Rule
from domain.place import Gazetteer, Place, find_place
from domain.triage import Heard, Verdict
from domain.triage_context import Memory, gather, triage
from domain.triage_judge import Learned, Point, Rules
from domain.triage_text import Book
from texts import dictionary
from texts.categories import HEARD, load_categories
from texts.learned import SHIPPED, load

jieba.setLogLevel(logging.ERROR)

_NOWHERE: Final = Gazetteer()
_LONGEST: Final = 8
"""Characters a common word may begin before the stretch it reaches into."""
_COMMON: Final = 20
"""A word rarer than this in jieba's corpus (“发刷”) is no reason to doubt a keyword (“发|刷单”)."""
_CAUTION: Final = {"low": (2.7, 2.1), "normal": (3.0, 2.4), "high": (3.4, 2.9)}
"""How sure a ticket and a question must be; a community that was annoyed once turns this up."""
POINTS: Final = {
    "low": Point(act=0.48, ask=0.46, estate=0.38),
    "normal": Point(act=0.54, ask=0.53, estate=0.48),
    "high": Point(act=0.7, ask=0.67, estate=0.68),
}
"""The same for the learned weights, as chances; chosen on the held-out voices (docs/decisions/0006, docs/分拣效果.md)."""


class Ear:
    """Hears one message at a time. Holds nothing about anybody, and no words of small talk; safe to share between tasks."""

    __slots__ = ("_book", "_gazetteer", "_learned", "_memory", "_point")

    def __init__(
        self, book: Book, gazetteer: Gazetteer, learned: Learned | None = None, point: Point | None = None
    ) -> None:
        self._book: Final = book
        self._gazetteer: Final = gazetteer
        self._learned: Final = learned
        self._point: Final = point
        self._memory: Final = Memory()

    @classmethod
    def load(
        cls,
        gazetteer: Gazetteer = _NOWHERE,
        own_words: Iterable[str] = (),
        caution: str = "normal",
        model: Path | None = SHIPPED,
    ) -> "Ear":
        """Read and compile everything under ``texts/heard``; takes half a second, once. No ``model``: the rules alone.

        Raises:
            ModelError: the file holds no weights of this program.

        """
        learned = None if model is None else load(model)
        return cls(_compile(tuple(own_words), caution), _with_common_spots(gazetteer), learned, POINTS[caution])

    def with_gazetteer(self, gazetteer: Gazetteer) -> "Ear":
        """The same ear in another place."""
        return Ear(self._book, _with_common_spots(gazetteer), self._learned, self._point)

    def weighing(self, learned: Learned, point: Point) -> "Ear":
        """The same ear with other weights, to compare them."""
        return Ear(self._book, self._gazetteer, learned, point)

    def classify(self, heard: Heard) -> Verdict:
        """What is to be done about a message. Never raises, whatever the text."""
        return triage(heard, self._book, self._gazetteer, self._memory, self._learned, self._point)

    def answer(self, heard: Heard) -> Verdict:
        """The verdict as it is shown and counted: with the stated place even where nothing is done about the message."""
        verdict = self.classify(heard)
        return verdict if verdict.place else replace(verdict, place=self.place(heard.text))

    def gather(self, heard: Heard) -> Rules:
        """What the rules find in a message, to learn from."""
        return gather(heard, self._book, self._gazetteer)

    def place(self, text: str) -> Place:
        """The place a text states."""
        return find_place(text, self._gazetteer)

    def only_place(self, text: str) -> Place | None:
        """The place, when a short text says nothing else (“3栋的”): the missing part of a report."""
        if len(text) > 20:
            return None
        place = self.place(text)
        return place if place and _PLACE_TALK.fullmatch(text) else None


# What remains of a message that only states a place: the place itself and the small words people put around it.
_PLACE_TALK = re.compile(
    r"(?:在|是|我家|我们|就|位置|地址|地点|[:：，,。.\\s]|[0-9一二三四五六七八九十零〇百]+|[东西南北甲乙丙丁A-Za-z]|号楼|栋|幢|座|号|单元|门|室|楼|层|#|-|"
    r"的|那边|这边|这里|那里|门口|里|旁边|附近|地下车库|车库|啊|哦|呢|吧|哈)+"
)


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((HEARD / name).read_text("utf-8"))


@cache
def _common_spots() -> tuple[str, ...]:
    return tuple(_load("places.toml")["spots"])


def _with_common_spots(gazetteer: Gazetteer) -> Gazetteer:
    spots = tuple(dict.fromkeys((*gazetteer.spots, *_common_spots())))
    return Gazetteer(gazetteer.buildings, spots, gazetteer.nicknames)


class _Compiler:
    """Turns words and rules of the TOML files into numbered slots."""

    def __init__(self, groups: Mapping[str, Sequence[str]]) -> None:
        self.groups: Final = groups
        self.words: Final[dict[str, set[int]]] = {}
        self.rules: Final[list[Rule]] = []
        self._slots: Final[dict[frozenset[str], int]] = {}

    def slot(self, words: Iterable[str]) -> int:
        key = frozenset(words)
        if key not in self._slots:
            number = self._slots[key] = len(self._slots)
            for word in sorted(key):  # the cutter weighs a word by those before it: the same at every start
                self.words.setdefault(word, set()).add(number)
        return self._slots[key]

    def expand(self, entry: str) -> list[str]:
        words: list[str] = []
        for part in entry.split("|"):
            words.extend(self.groups[part[1:]] if part.startswith("@") else [part])
        return [w.lower() for w in words if w]

    def rule(self, name: str, code: str, row: Mapping[str, Any], *, emergency: bool) -> None:
        slots = [self.slot(self.expand(entry)) for entry in row.get("all_of", ())]
        if "any_of" in row:
            slots.insert(0, self.slot(w for entry in row["any_of"] for w in self.expand(entry)))
        none = row.get("none_of")
        self.rules.append(
            Rule(
                name=name,
                code=code,
                intent=row.get("intent", "request"),
                weight=float(row.get("weight", 4)),
                slots=tuple(slots),
                none=self.slot(w for entry in none for w in self.expand(entry)) if none else -1,
                near=row.get("near", NEAR),
                urgency=row.get("urgency", ""),
                emergency=emergency,
            )
        )


def _compile(own_words: tuple[str, ...], caution: str) -> Book:
    """The book at an operating point; all points share the lexicon and the dictionary."""
    ticket_from, ask_from = _CAUTION[caution]
    return replace(_book(own_words), ticket_from=ticket_from, ask_from=ask_from)


@cache
def _book(own_words: tuple[str, ...]) -> Book:
    groups = _load("groups.toml")
    compiler = _Compiler(groups)
    known = load_categories()
    files = [
        "emergency.toml",
        "emergency_facts.toml",
        *(f"requests/{path.name}" for path in sorted((HEARD / "requests").glob("*.toml"))),
    ]
    for file in files:
        for code, rows in _load(file).items():
            if code not in known:
                message = f"texts/heard/{file}: 没有这个类目 {code}"
                raise ValueError(message)
            for number, row in enumerate(rows, start=1):
                compiler.rule(f"{code}#{number}", code, row, emergency=file.startswith("emergency"))
    voice = {wrong.lower(): right for wrong, right in _load("voice.toml").items()}
    frames = {name: compiler.slot(w.lower() for w in words) for name, words in _load("frames.toml").items()}
    frames["ask"] = compiler.slot(w.lower() for w in groups["问"])
    frames["voice"] = compiler.slot(voice)
    patterns = _load("patterns.toml")
    return Book(
        lexicon=Lexicon(compiler.words, compiler.rules),
        frames=frames,
        frame_of={slot: name for name, slot in frames.items()},
        speaking=frozenset(frames[name] for name in ("human", "followup_sure", "praise", "addressed", "voice")),
        voice=voice,
        harmless=tuple(
            map(re.compile, patterns["harmless"])
        ),  # one by one: their beginnings differ, so each is found fast
        negated=_any(patterns["negated"]),
        quoted=_any(patterns["quoted"]),
        patterns={k: re.compile(v, re.DOTALL) for k, v in patterns.items() if isinstance(v, str)},
        raises=tuple(
            (frozenset(row["codes"]), row["to"], frozenset(row["words"])) for row in _load("urgency.toml")["raise"]
        ),
        urgencies={code: category.urgency.value for code, category in known.items()},
        cut=_Cutter((*compiler.words, *own_words)),
    )


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns))


class _Cutter:
    """Word boundaries from a tokenizer of our own."""

    def __init__(self, words: Iterable[str]) -> None:
        self._tokenizer: Final = jieba.Tokenizer()
        self._tokenizer.FREQ, self._tokenizer.total = dictionary.load()
        self._tokenizer.initialized = True
        for word in words:
            if len(word) > 1:
                self._tokenizer.add_word(word)

    def __call__(self, text: str, doubtful: Sequence[tuple[int, int]]) -> Sequence[tuple[str, int, int]]:
        if not any(self._crossed(text, start, end) for start, end in doubtful):
            return ()
        common = self._tokenizer.FREQ
        found = self._tokenizer.tokenize(text, HMM=False)
        return [cut for cut in found if cut[2] - cut[1] > 1 and common.get(cut[0], 0) >= _COMMON]

    def _crossed(self, text: str, start: int, end: int) -> bool:
        """Whether a common word reaches over one end of this stretch (or holds it, a single character) and doubts it.

        A tenth of the price of cutting the text, and mostly the answer is no. FREQ knows the beginnings of its words as well.
        """
        common = self._tokenizer.FREQ
        for at in range(max(0, start - _LONGEST), end):
            for to in range(at + 2, len(text) + 1):
                count = common.get(text[at:to])
                if count is None:
                    break
                within = start <= at and to <= end
                around = at <= start and end <= to
                if count >= _COMMON and to > start and not within and (not around or end - start == 1):
                    return True
        return False
