"""A community's old orders as examples: CSV with ``text,code`` (and ``intent``), or labelled JSON Lines."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.sheets.decoding import Undecodable, decode
from bot.triage import rows
from bot.triage.rows import BadLine
from domain.category import Category, Urgency
from domain.correction import MEANT, find_category
from domain.evaluation import Labelled
from domain.place import Place
from domain.screen import screened
from domain.triage import Act, Heard, Intent
from texts.categories import load_categories

HEADINGS: Mapping[str, str] = {
    "原话": "text",
    "诉求": "text",
    "内容": "text",
    "类目": "code",
    "代码": "code",
    "意图": "intent",
    "label": "code",
    "类别": "code",
}
"""What a sheet may call its columns instead of ``text``, ``code`` and ``intent``."""


def load(path: Path) -> list[Labelled]:
    """The examples of one file, without numbers of persons.

    Raises:
        BadLine: with its line; nothing is left out silently.
        OSError: the file cannot be read.

    """
    if path.suffix.lower() in (".jsonl", ".json"):
        return rows.load([path])
    return [_order(f"{path.stem}-{line}", row, line) for line, row in _sheet(path)]


def kinds(path: Path) -> list[tuple[str, str]]:
    """(text, kind) of each order, whatever kinds the community has.

    Raises:
        BadLine: with its line; nothing is left out silently.
        OSError: the file cannot be read.

    """
    found = []
    for line, row in _sheet(path):
        text, kind = row.get("text", "").strip(), row.get("code", "").strip()
        if not text:
            raise BadLine("no_text", line)
        if not kind:
            raise BadLine("code", line)
        found.append((text, kind))
    return found


def _sheet(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The filled rows of a CSV file with their lines."""
    try:
        text = decode(path.read_bytes())
    except Undecodable:
        raise BadLine("encoding", 1) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [HEADINGS.get(cell.strip(), cell.strip().lower()) for cell in next(reader, [])]
        if not {"text", "code"} <= set(head):
            raise BadLine("columns", 1)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(head, cells, strict=False))
    except csv.Error:
        raise BadLine("csv", reader.line_num) from None


def _order(name: str, row: Mapping[str, str], line: int) -> Labelled:
    text = row.get("text", "").strip()
    if not text:
        raise BadLine("no_text", line)
    heard, word = Heard(screened(text)), row.get("intent", "").strip()
    if word in (Intent.CHAT, Intent.NOTICE):
        return Labelled(name, heard, Intent(word), (), Urgency.NONE, Place(), Act.SILENT)
    category = find_category(row.get("code", ""), load_categories())
    if category is None:
        raise BadLine("code", line)
    return _asked(name, heard, word, category, line)


def _asked(name: str, heard: Heard, word: str, category: Category, line: int) -> Labelled:
    intent, act = MEANT.get(category.kind, (Intent.REQUEST, Act.TICKET))
    if word:
        try:
            intent = Intent(word)
        except ValueError:
            raise BadLine("intent", line) from None
        act = _ACTS.get(intent, Act.TICKET)
    if category.urgency is Urgency.P0 and intent is Intent.REQUEST:
        act = Act.ALERT
    return Labelled(name, heard, intent, (category.code,), category.urgency, Place(), act)


_ACTS = {Intent.INQUIRY: Act.ANSWER, Intent.FOLLOWUP: Act.ATTACH, Intent.PRAISE: Act.THANK}
