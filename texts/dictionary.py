"""jieba's dictionary, packed: which words there are and how often each was seen.

Its own loader parses 350,000 lines at every start, or unmarshals a cache from the shared temp folder, which anybody may have
put there. The packed file is the same table as plain text: the sum of all frequencies, then on each line a frequency and
words that have it. It loads in half the time. ``make dictionary`` packs it again when jieba brings another one; a test compares
the two.
"""

import gzip
from itertools import repeat
from pathlib import Path
from typing import Final

import jieba

PACKED: Final = Path(__file__).parent / "heard" / "model" / "dictionary.txt.gz"
LINE: Final = 1000
"""Words on a line: what is read at once must be small, or the memory it took is never given back."""


def original() -> tuple[dict[str, int], int]:
    """The table as jieba makes it: each word, and each beginning of a word (0), with its frequency; and their sum."""
    table, total = jieba.Tokenizer.gen_pfdict(jieba.get_dict_file())
    return table, total


def load() -> tuple[dict[str, int], int]:
    """The same table from the packed file; the caller may add words to it."""
    table: dict[str, int] = {}
    with gzip.open(PACKED, "rt", encoding="utf-8") as lines:
        total = int(next(lines))
        for line in lines:
            frequency, *words = line.split()
            table.update(zip(words, repeat(int(frequency))))
    return table, total


def pack() -> None:
    """Write the packed file. The same dictionary gives the same bytes."""
    table, total = original()
    groups: dict[int, list[str]] = {}
    for word in sorted(table):
        groups.setdefault(table[word], []).append(word)
    lines = [str(total)]
    for frequency in sorted(groups):
        words = groups[frequency]
        lines += [" ".join((str(frequency), *words[n : n + LINE])) for n in range(0, len(words), LINE)]
    PACKED.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


if __name__ == "__main__":
    pack()
