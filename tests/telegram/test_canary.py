"""What must not be written down is not: no number, token or word in any log, no talk on the disk."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from typing_extensions import override

from bot import logs
from tests.emulator.faults import Kind
from tests.telegram.hooked import SECRET, hooked
from tests.telegram.stage import HALF, REQUEST, count, locked, morning, on_disk, url_of

PHONE = "13851423697"
IDENTITY = "320106195803124521"
TALK = ("石榴树下的暗号", "凤仙花染指甲那年", "昨晚那集电视剧真好看丁香")
BROKEN = "栀子花的密语"
WORDS = "芍药圃旁边"


class Heard(logging.Handler):
    """Everything that reaches the root logger, tracebacks too, before anything is masked."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The program's own logging, and an ear beside it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs._LOUD}
    for handler in handlers:
        root.removeHandler(handler)
    logs.configure()
    ear = Heard()
    root.addHandler(ear)
    try:
        yield ear
    finally:
        for handler in root.handlers[:]:
            root.removeHandler(handler)
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)
        structlog.reset_defaults()


def clean(said: str, *secrets: str) -> None:
    """Nothing of it may stand there."""
    assert len(said) > 100, "nothing was logged: the scan proves nothing"
    found = [secret for secret in (PHONE, IDENTITY, *TALK, BROKEN, WORDS, "电梯", *secrets) if secret in said]
    assert found == []


def nowhere(folder: Path, *words: str) -> None:
    stored = on_disk(folder)
    assert len(stored) > 50_000
    assert "电梯".encode() in stored  # the request itself: the scan can see
    assert [word for word in (*TALK, BROKEN, *words) if word.encode() in stored] == []


async def test_polling(tmp_path: Path, heard: Heard, capsys: pytest.CaptureFixture[str]) -> None:
    async with morning(url_of(tmp_path)) as world:
        token = world.em.token
        assert world.line.poller is not None
        wang, chat = world.people["王阿姨"], {"id": world.group.id, "type": "supergroup", "title": "示范小区居民群"}
        for text in TALK:
            wang.says(world.group, text)
        wang.says(world.group, f"{REQUEST}，我电话{PHONE}，身份证{IDENTITY}，在{WORDS}")
        wang.tells(f"我的号码是{PHONE}，证件{IDENTITY}")
        world.em.inject({"message": {"message_id": 5, "date": BROKEN, "chat": chat, "text": [BROKEN, PHONE]}})
        world.em.inject({"message": {"message_id": BROKEN, "date": 1, "chat": {**chat, "id": BROKEN}}})
        wang.says(world.group, f"2栋1单元楼道灯不亮了，{BROKEN}{HALF}，电话{PHONE}")
        async with locked(world):
            await world.line.poller.once()
        polls: list[Kind] = ["401", "404", "409", "non_json_502", "truncated_json", "reset"]
        for kind in polls:
            world.em.fault(kind, "getUpdates")
            await world.line.poller.once()
        sends: list[Kind] = ["reply_lost", "403", "500", "401", "truncated_json"]
        for kind in sends:
            world.em.fault(kind, "sendMessage")
        world.em.fault("403", "setMessageReaction")
        await world.step()
        for _ in range(5):
            await world.wait(60)
        assert await count(world) >= 1
        nowhere(tmp_path)
        await world.em.go_offline()
        wang.says(world.group, "还有人吗")
        await world.line.poller.once()
        await world.em.go_online()
    shown = capsys.readouterr()
    clean("\n".join([shown.out, shown.err, *heard.lines]), token, token.partition(":")[2])


async def test_webhook(tmp_path: Path, heard: Heard, capsys: pytest.CaptureFixture[str]) -> None:
    async with hooked(tmp_path) as world:
        token = world.em.token
        wang, chat = world.people["王阿姨"], {"id": world.group.id, "type": "supergroup", "title": "示范小区居民群"}
        for text in TALK:
            wang.says(world.group, text)
        wang.says(world.group, f"{REQUEST}，我电话{PHONE}，身份证{IDENTITY}，在{WORDS}")
        world.em.inject(
            {"message": {"message_id": 5, "date": BROKEN, "chat": chat, "text": [BROKEN, PHONE]}}, world.group
        )
        wang.says(world.group, f"2栋1单元楼道灯不亮了，{BROKEN}{HALF}，电话{PHONE}")
        await world.heard()
        async with locked(world):
            wang.says(world.group, f"1栋1单元的水管爆了，电话{PHONE}")
            await world.em.until(lambda: world.em.pusher.attempts[-1][1] == 503)
        await world.heard()
        await world.post(f'{{"secret": "{BROKEN}{PHONE}"'.encode())
        await world.post({"message": BROKEN}, given="wrong")
        nowhere(tmp_path)
    shown = capsys.readouterr()
    clean("\n".join([shown.out, shown.err, *heard.lines]), token, token.partition(":")[2], SECRET)
