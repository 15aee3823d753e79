"""Learning the weights from labelled messages: the project's own corpus and what leaders corrected.

Needs scikit-learn (``pip install dangxiaoqi[train]``); a running program does not. Every head is a linear model with an L2
penalty over the same pieces and facts, so that a weight can be read and a verdict explained.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from domain.evaluation import Labelled, is_small_talk
from domain.linear import FIRST, Linear, Table, packed, pieces, tokens
from domain.triage import Act, Intent
from domain.triage_judge import Learned, facts
from domain.triage_text import plain
from texts.ear import Ear

FACT_SCALE: Final = 0.15
"""How loud one finding of the rules is beside the whole text (whose vector has length 1); on held-out voices, flat between 0.1 and 0.25."""
PENALTY: Final = 24.0
"""Inverse strength of the L2 penalty; on held-out voices, flat between 8 and 60."""
CODE_PENALTY: Final = 0.5
SEEN: Final = 3
"""A piece or fact of one or two messages teaches next to nothing about others."""
TINY: Final = 0.05
"""Weights of categories below this change next to no decision (docs/decisions/0006) and are left out of the file."""


def _speaks(row: Labelled) -> bool:
    """Whether it wants anything."""
    return row.act is not Act.SILENT


def _wants(row: Labelled) -> str:
    """What it wants, among those that want something."""
    if row.intent is Intent.FOLLOWUP or row.act is Act.ATTACH:
        return "followup"
    if row.act is Act.ANSWER:
        return "inquiry"
    if row.act is Act.THANK:
        return "praise"
    return row.intent.value if row.intent in (Intent.SUGGESTION, Intent.WISH, Intent.OFFER) else "request"


def train(rows: Sequence[Labelled], ear: Ear, name: str = "", weights: Sequence[float] | None = None) -> Learned:
    """Learn from these messages; ``weights`` say how much each counts (a correction counts more than an example).

    Deterministic: the same rows in the same order give the same weights on the same machine.
    """
    gathered = [ear.gather(row.heard) for row in rows]
    marked, found = [tokens(rules.reading.text) for rules in gathered], [facts(rules) for rules in gathered]
    words, rarity = _vocabulary(marked)
    known = _known(found)
    text = _text_matrix(marked, words, rarity)
    fact = _fact_matrix(found, known)
    matrix = sp.hstack([text, fact * FACT_SCALE]).tocsr()
    load = np.ones(len(rows)) if weights is None else np.asarray(weights)
    heads: dict[str, tuple[Any, float]] = {}

    def learn(head: str, chosen: Sequence[int], wanted: Sequence[bool]) -> None:
        model = LogisticRegression(C=PENALTY, max_iter=300)
        model.fit(matrix[chosen], np.asarray(wanted)[chosen], sample_weight=load[chosen])
        heads[head] = (model.coef_[0], float(model.intercept_[0]))

    near = [i for i, row in enumerate(rows) if not is_small_talk(row)]
    learn("speak", near, [_speaks(row) for row in rows])
    learn("danger", near, [row.act is Act.ALERT for row in rows])
    if len(near) < len(rows):
        learn("estate", range(len(rows)), [not is_small_talk(row) for row in rows])
    else:  # no small talk was given to learn from: every message is taken to be about the estate
        heads["estate"] = (np.zeros(matrix.shape[1]), 100.0)
    spoken = [i for i, row in enumerate(rows) if _speaks(row)]
    model = LogisticRegression(C=PENALTY, max_iter=300)
    model.fit(matrix[spoken], [_wants(rows[i]) for i in spoken], sample_weight=load[spoken])
    for k, wants in enumerate(model.classes_):
        heads[f"act:{wants}"] = (model.coef_[k], float(model.intercept_[k]))
    coded = [i for i in spoken if rows[i].codes]
    machine = LinearSVC(C=CODE_PENALTY, random_state=0)
    machine.fit(matrix[coded], [rows[i].codes[0] for i in coded], sample_weight=load[coded])
    for k, code in enumerate(machine.classes_):
        heads[f"code:{code}"] = (machine.coef_[k], float(machine.intercept_[k]))
    return Learned(_packed(heads, words, rarity, known), name)


def folds(texts: Sequence[str], labels: Sequence[str], count: int = 5) -> tuple[float, dict[str, float]]:
    """How well the trainable part tells kinds of texts apart: macro-F1 over stratified folds, and F1 of each kind.

    For a community's own orders with whatever kinds they have. Only the pieces of text count; the rules know nothing of these
    kinds. The folds are drawn with a fixed seed.
    """
    marked = [tokens(plain(text)) for text in texts]
    wanted, guessed = np.array(labels), np.array(labels)
    for learn, check in StratifiedKFold(count, shuffle=True, random_state=0).split(marked, labels):
        words, rarity = _vocabulary([marked[i] for i in learn])
        machine = LinearSVC(C=CODE_PENALTY, random_state=0).fit(
            _text_matrix([marked[i] for i in learn], words, rarity), wanted[learn]
        )
        guessed[check] = machine.predict(_text_matrix([marked[i] for i in check], words, rarity))
    kinds = sorted(set(labels))
    each = f1_score(wanted, guessed, labels=kinds, average=None, zero_division=0)
    return float(np.mean(each)), dict(zip(kinds, map(float, each), strict=True))


def _vocabulary(marked: Sequence[str]) -> tuple[dict[str, int], Any]:

    counts: dict[str, int] = {}
    for text in marked:
        for piece in pieces(text):
            counts[piece] = counts.get(piece, 0) + 1
    kept = sorted(p for p, n in counts.items() if n >= SEEN)
    rarity = np.array([np.log((1 + len(marked)) / (1 + counts[p])) + 1 for p in kept])
    return {p: k for k, p in enumerate(kept)}, rarity


def _text_matrix(marked: Sequence[str], words: Mapping[str, int], rarity: Any) -> Any:

    rows, columns, values = [], [], []
    for i, text in enumerate(marked):
        found = sorted(words[p] for p in pieces(text) if p in words)
        norm = np.sqrt(sum(rarity[k] ** 2 for k in found)) or 1.0
        rows += [i] * len(found)
        columns += found
        values += [rarity[k] / norm for k in found]
    return sp.csr_matrix((values, (rows, columns)), shape=(len(marked), len(words)))


def _known(found: Sequence[Sequence[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for names in found:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return {name: k for k, name in enumerate(sorted(n for n, c in counts.items() if c >= SEEN))}


def _fact_matrix(found: Sequence[Sequence[str]], known: Mapping[str, int]) -> Any:

    rows = [i for i, names in enumerate(found) for name in names if name in known]
    columns = [known[name] for names in found for name in names if name in known]
    return sp.csr_matrix(([1.0] * len(rows), (rows, columns)), shape=(len(found), len(known)))


def _packed(
    heads: Mapping[str, tuple[Any, float]], words: Mapping[str, int], rarity: Any, known: Mapping[str, int]
) -> Linear:
    """The weights that matter: the file is read at every start."""
    names = sorted(set(heads) - set(FIRST))
    bias = [round(heads[n][1], 4) for n in names]
    every = np.array([heads[n][0] for n in names])
    tables = []
    for rows, scale, shift in ((words, rarity, 0), (known, np.full(len(known), FACT_SCALE), len(words))):
        starts, numbers, weights = [0], [], []
        for k in range(len(rows)):
            column = every[:, shift + k]
            kept = [int(h) for h in np.flatnonzero(abs(column) >= TINY)]
            numbers += kept
            weights += [float(column[h] * scale[k]) for h in kept]
            starts.append(len(numbers))
        first = {}
        for name, k in rows.items():
            speak, danger, estate = (float(heads[n][0][shift + k] * scale[k]) for n in FIRST)
            first[name] = packed((float(scale[k] ** 2), speak, danger, estate))
        tables.append(Table(list(rows), first, starts, numbers, weights))
    speak, danger, estate = (heads[n][1] for n in FIRST)
    return Linear((speak, danger, estate), names, bias, tables[0], tables[1])
