"""The quiet path: what ninety-nine of a hundred messages cost."""

import gc
import json
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import jieba
from telegram import Update
from telegram.ext import Application, MessageHandler, filters

from bot.telegram.updates import translate
from bot.workdays import workdays
from domain.calendar import Calendar
from domain.roster import Grid
from handlers import router
from handlers.context import Context, Policy
from tests.bench.talk import COUNT, ME, talk, update
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences


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
