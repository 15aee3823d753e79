"""What the benches say: the small talk of the corpus as Telegram brings it. Loads nothing that the program itself does not."""

import json
from random import Random
from typing import Any

from bot.telegram.updates import Me
from bot.triage.corpus import learned

COUNT = 20_000
ME = Me(1, "dangxiaoqi_bot")


def talk() -> list[str]:
    """The small talk of the corpus, and 28 in a hundred that were written to look like a request and are none.

    The share is that of the design's measurements; hardly a line comes twice, so that no memory of lines can help.
    """
    plain: list[str] = []
    hard: list[str] = []
    for path in learned():
        rows = [row for row in map(json.loads, path.read_text("utf-8").splitlines()) if row["intent"] == "chat"]
        lines = [row["text"] for row in rows if row["act"] == "silent" and not row.get("before")]
        (plain if path.stem.startswith("chat") else hard).extend(lines)
    order = Random(20261120)
    order.shuffle(plain)
    order.shuffle(hard)
    return [hard[n % len(hard)] if n % 25 < 7 else plain[n % len(plain)] for n in range(COUNT)]


def update(number: int, text: str, chat_id: int = -1001, date: int = 1_763_600_000) -> dict[str, Any]:
    """One update as Telegram sends it."""
    return {
        "update_id": number,
        "message": {
            "message_id": number,
            "from": {"id": 100 + number % 200, "is_bot": False, "first_name": "居民", "language_code": "zh-hans"},
            "chat": {"id": chat_id, "title": "示范小区居民群", "type": "supergroup"},
            "date": date + number // 10,
            "text": text,
        },
    }
