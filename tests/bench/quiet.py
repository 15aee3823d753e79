"""The quiet path: what ninety-nine of a hundred messages cost."""

import gc
import json
import time
from datetime import UTC, datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import jieba
from telegram import Update
from telegram.ext import Application, MessageHandler, filters

from bot.telegram.updates import Me, translate
from bot.triage.corpus import learned
from bot.workdays import workdays
from domain.calendar import Calendar
from domain.roster import Grid
from handlers import router
from handlers.context import Context, Policy
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

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


class Quiet:
    """The same 20,000 updates for everybody."""

    def __init__(self) -> None:
        """Everything is loaded before anything is measured."""
        self._raw = [json.dumps(update(n, text), ensure_ascii=False).encode() for n, text in enumerate(talk())]
        calendar = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
        now = datetime(2026, 11, 20, 2, tzinfo=UTC)
        self._cx = Context(now, Sentences.load(), Policy(), calendar, Ear.load(), load_categories())
        self._grid = Grid(1, "G01", "网格", {}, {}, (), ())
        gc.collect()
        gc.freeze()  # as the program does at start; it helps the floor and the peer as well
        gc.set_threshold(20_000, 20, 50)
        jieba.setLogLevel(60)
        jieba.lcut("热身")

    def ours(self) -> float:
        """Bytes → event → silence, remembered for a few minutes. Messages per second."""
        cx, grid, spoken = self._cx, self._grid, 0
        start = time.perf_counter()
        for raw in self._raw:
            event = translate(json.loads(raw), ME, cx.now)
            if event is not None:
                cx.recent.remember(event)
                spoken += not router.is_idle(cx, grid, event, ())
        took = time.perf_counter() - start
        assert spoken < COUNT * 0.02, f"{spoken} of {COUNT} quiet messages were not left in peace"
        return COUNT / took

    def floor(self) -> float:
        """What any program that cuts every message into words must spend."""
        start = time.perf_counter()
        for raw in self._raw:
            jieba.lcut(json.loads(raw)["message"]["text"])
        return COUNT / (time.perf_counter() - start)

    async def peer(self) -> float:
        """python-telegram-bot's own parsing and dispatch, with a handler that does nothing."""

        async def nothing(_update: object, _context: object) -> None:
            return

        application = Application.builder().token("1:A").updater(None).build()
        application.add_handler(MessageHandler(filters.ALL, nothing))
        application._initialized = True
        part = self._raw[:4000]
        start = time.perf_counter()
        for raw in part:
            await application.process_update(Update.de_json(json.loads(raw), application.bot))
        return len(part) / (time.perf_counter() - start)
