"""Whom a complaint is about: he is not asked to handle it himself (济南 32: interested persons step aside)."""

import re
from collections.abc import Iterable, Mapping, Sequence


def complained_of(
    words: str, names: Mapping[int, Sequence[str]], before: Iterable[str], after: Iterable[str]
) -> frozenset[int]:
    """The members a text complains of, by what they are called.

    ``before``: words that stand before a name (投诉老李); ``after``: words that follow one (老李态度差). Being named is no
    complaint: “请老李来看看” is a wish.
    """
    ahead, behind = "|".join(map(re.escape, before)), "|".join(map(re.escape, after))
    gap = r"[^，,。；;！!？?\s]"

    def is_meant(name: str) -> bool:
        one = re.escape(name)
        return re.search(rf"(?:{ahead}){gap}{{0,4}}{one}|{one}{gap}{{0,6}}(?:{behind})", words) is not None

    return frozenset(i for i, called in names.items() if any(is_meant(name) for name in called if len(name) > 1))
