"""The project's own labelled messages: what the weights were learned from, and what was held out to check them."""

from pathlib import Path

import texts

CORPUS = Path(texts.__file__).parent / "corpus"
HELD_OUT = CORPUS / "held_out"


def learned() -> list[Path]:
    """The files a training reads."""
    return sorted(CORPUS.glob("*.jsonl"))


def held_out() -> list[Path]:
    """The files no training ever reads: whole voices."""
    return sorted(HELD_OUT.glob("*.jsonl"))
