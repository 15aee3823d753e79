"""What must not be written down is not: no number, token or word in any log, no talk on the disk."""

import asyncio
import gc
import io
import logging
import subprocess
import sys
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
    levels, hook = {name: logging.getLogger(name).level for name in logs._LOUD}, sys.excepthook
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
        sys.excepthook = hook
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


class OddError(Exception):
    """An error that quotes what it was given, as those of parsers and databases do."""


def break_with(words: str) -> None:
    """A library that cannot bear these words."""
    raise OddError(f"cannot read {words!r}")


async def test_the_words_of_an_exception(
    capsys: pytest.CaptureFixture[str], heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "7012345678:AAE-canary_canary_canary_canary_123"  # noqa: S105 - it opens nothing
    words = f"{TALK[0]} {PHONE} {token}"
    closed = io.StringIO()
    closed.close()
    library, own = logging.getLogger("sqlalchemy.pool"), structlog.get_logger()
    try:
        break_with(words)
    except OddError as error:
        kept = error
        library.exception("the connection is gone")
        library.error("the connection is gone: %s", error, exc_info=True, stack_info=True)
        own.exception("own_fault")
        own.warning("own_fault_with_value", error=error, given=[PHONE, error])
        library.warning("only quoted: %s", error)
        with monkeypatch.context() as gone:
            gone.setattr(sys, "stderr", closed)
            library.exception("the log itself is closed")
    library.error("told later", exc_info=kept)
    own.error("own_fault_told_later", exc_info=kept)
    own.error("own_fault_as_tuple", exc_info=(OddError, kept, kept.__traceback__), stack_info=True)
    library.error("%d of %s", "five", "them")

    async def nobody_waits() -> None:
        break_with(words)

    task = asyncio.ensure_future(nobody_waits())
    await asyncio.sleep(0)
    del task, kept
    gc.collect()
    shown = capsys.readouterr()
    clean("\n".join([shown.out, shown.err]), token)
    assert shown.err.count("OddError") >= 7
    assert "break_with" in shown.err
    assert "Task exception was never retrieved" in shown.err
    assert "Traceback" not in shown.err
    assert not [line for line in heard.lines if words in line]


def test_the_last_words_of_the_program() -> None:
    code = (
        "from bot import logs\nlogs.configure()\n"
        f"from tests.telegram.test_canary import break_with\nbreak_with({TALK[0]!r} + '{PHONE}')"
    )
    ended = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    clean(ended.stderr)
    assert "OddError" in ended.stderr
    assert "break_with" in ended.stderr
