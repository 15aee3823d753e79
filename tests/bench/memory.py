"""Resident memory after many messages, in a process of its own: ``python -m tests.bench.memory 100000``."""

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import bot.cli.running  # noqa: F401 - the program is measured with all that `dangxiaoqi run` loads
from bot.app import house
from bot.config import Config
from bot.telegram.updates import translate
from tests.bench.talk import ME, talk, update
from tests.community import settle


def _resident() -> float:
    line = next(x for x in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if x.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def _run(messages: int) -> float:
    lines = talk()
    moment = datetime(2026, 11, 20, 2, tzinfo=UTC)
    clock = [moment]
    with TemporaryDirectory() as folder:
        config = Config.model_validate({"storage": {"url": f"sqlite:///{folder}/memory.db"}})
        async with house(config, now=lambda: clock[0]) as home:
            await settle(home.database, "telegram", ME.bot, {"小陈": "1", "老李": "2"}, "-1001")
            for first in range(0, messages, 100):
                texts = [lines[n % len(lines)] for n in range(first, first + 99)]
                texts.append(f"{first // 100 % 3 + 1}栋2单元{first % 600 + 301}家里水管爆了")
                raw = [update(first + n + 1, text, date=int(clock[0].timestamp())) for n, text in enumerate(texts)]
                events = [event for r in raw if (event := translate(r, ME, clock[0])) is not None]
                await home.inbox.take_in(events)
                clock[0] += timedelta(seconds=10)
            return _resident()


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"mib": asyncio.run(_run(int(sys.argv[1])))}) + "\n")
