"""Kill the real program again and again while a group talks, then count what is left: nothing may be lost or doubled."""

import asyncio
import json
import os
import random
import signal
import socket
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from storage.database import Database
from storage.schema import migrate
from storage.tables import dead_letters, outbox, ticket_sources, tickets
from tests.community import STAFF, settle
from tests.emulator import Emulator, Group, Person

REQUEST = "{n}栋1单元的水管爆了，{n}号楼梯间全是水"
TALK = (
    "今天天气不错",
    "晚上吃什么",
    "谁拼车去南站",
    "哈哈哈哈",
    "早上好",
    "明天降温多穿点",
    "快递到了谢谢",
    "周末去玄武湖",
    "孩子作业写完了",
)


@dataclass
class Outcome:
    """What was left after the last kill."""

    requests: int
    kills: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    sent_twice: list[str] = field(default_factory=list)
    never_sent: list[str] = field(default_factory=list)
    marked: int = 0
    unknown: int = 0
    dead: int = 0
    stored_talk: int = 0


async def run(folder: Path, url: str, *, messages: int, kills: int, seed: int) -> Outcome:
    """``messages`` in one group, one in ten a request of its own place; ``kills`` times SIGKILL at random moments."""
    chance = random.Random(seed)
    async with Emulator(privacy=False) as em:
        staff = {name: em.user(name, started=True) for name in STAFF}
        residents = [em.user(f"居民{n}") for n in range(12)]
        group = em.group("示范小区居民群", [*staff.values(), *residents], bot_admin=True)
        database = Database(url)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            await migrate(database)
            chats = {name: str(person.id) for name, person in staff.items()}
            await settle(database, "telegram", str(em.bot.id), chats, str(group.id))
            config = _write_config(folder, em, url)
            requests: dict[str, str] = {}
            talk = asyncio.ensure_future(_talk(em, group, residents, messages, requests, chance))
            for _ in range(kills):
                process = await _start(config)
                await asyncio.sleep(chance.uniform(1.2, 3.0))
                assert process.returncode is None, f"the program stopped by itself, see {config.parent / 'bot.log'}"
                process.send_signal(signal.SIGKILL)
                await process.wait()
            await talk
            process = await _start(config)
            await _quiet(em, database)
            process.send_signal(signal.SIGTERM)
            code = await asyncio.wait_for(process.wait(), 20)
            assert code == 0, f"SIGTERM gave {code}"
            assert em.violations == []
            return await _count(em, database, requests, kills)


async def _talk(
    em: Emulator, group: Group, residents: list[Person], messages: int, requests: dict[str, str], chance: random.Random
) -> None:
    """People write in small bursts for as long as the kills last."""
    for n in range(messages):
        who = residents[n % len(residents)]
        if n % 10 == 0:
            text = REQUEST.format(n=10 + n)
            requests[str(who.says(group, text).id)] = text
        else:
            who.says(group, f"{chance.choice(TALK)}{'啊' * (n % 3)}")
        if n % 5 == 4:
            await asyncio.sleep(chance.uniform(0.05, 0.3))
    del em


def _write_config(folder: Path, em: Emulator, url: str) -> Path:
    path = folder / "config.toml"
    text = (
        f'[community]\nregion = "other"\n[storage]\nurl = {json.dumps(url)}\n'
        f'[telegram]\ntoken = "{em.token}"\nbase_url = "{em.base_url}"\nbase_file_url = "{em.base_file_url}"\n'
        f"poll_seconds = 1\nper_minute = 0\n[web]\nport = {_free_port()}\n"
        '[manners]\nquiet_from = "03:00"\nquiet_to = "03:00"\nstaff_quiet_from = "03:00"\nstaff_quiet_to = "03:00"\n'
    )
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _start(config: Path) -> asyncio.subprocess.Process:
    with (config.parent / "bot.log").open("ab") as log:
        program = Path(sys.executable).parent / "dangxiaoqi"
        return await asyncio.create_subprocess_exec(
            program, "--config", str(config), "run", stdout=log, stderr=log, env={**os.environ}
        )


async def _quiet(em: Emulator, database: Database) -> None:
    """Wait until everything has been heard and said."""
    live = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state.in_(["pending", "claimed", "sending"]))
    calm = 0
    for _ in range(600):
        await asyncio.sleep(0.2)
        async with database.read() as tx:
            waiting = await tx.value(live)
        calm = calm + 1 if not waiting and not len(em.backlog) else 0
        if calm >= 10:
            return
    raise AssertionError("the program did not come to rest")


async def _count(em: Emulator, database: Database, requests: dict[str, str], kills: int) -> Outcome:
    found = Outcome(len(requests), kills)
    async with database.read() as tx:
        sources = Counter(
            row.message_id
            for row in await tx.rows(sa.select(ticket_sources).where(ticket_sources.c.part == "original"))
        )
        rows = await tx.rows(sa.select(outbox))
        words = [row.words for row in await tx.rows(sa.select(tickets.c.words))]
        found.dead = int(await tx.value(sa.select(sa.func.count()).select_from(dead_letters)))
    found.lost = [m for m in requests if not sources[m]]
    texts = Counter(words)
    found.doubled = [m for m, text in requests.items() if sources[m] > 1 or texts[text] > 1]
    found.stored_talk = sum(any(word.startswith(talk) for talk in TALK) for word in words)
    applied = Counter((c.chat_id, c.text) for c in em.calls("sendMessage") if c.applied)
    for row in rows:
        if row.op != "send" or "text" not in row.body:
            continue
        plain = applied[int(row.chat_id), row.body["text"]]
        marked = applied[int(row.chat_id), f"（重发）{row.body['text']}"]
        found.marked += marked
        found.unknown += row.state == "unknown"
        if plain > 1 or marked > 1:
            found.sent_twice.append(row.key)
        if not plain and not marked and row.state not in ("unknown", "expired"):
            found.never_sent.append(row.key)
    return found
