"""``doctor`` says what is wrong and what to do, in Chinese, and changes nothing."""

import asyncio
import json
import shutil
import sqlite3
import stat
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from telegram import Bot

from bot.cli import doctoring
from storage import fitness
from storage.database import Database
from storage.tables import accounts, areas, dead_letters, groups
from storage.tables import outbox as outbox_table
from tests.cli.desk import Desk
from tests.emulator import TOKEN, Emulator

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctoring, "read_clock", lambda: NOW)


@pytest.fixture
def ill(desk: Desk) -> Desk:
    """With a roster, nobody of whom is bound, and no group."""
    desk.folder.chmod(0o700)
    return desk.filled()


def found(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """What ``--json`` says that is not well, by the check it comes from."""
    lines = json.loads(desk.call("doctor", "--json").stdout)
    assert all(set(line) == {"about", "ok", "grave", "text"} for line in lines)
    return {name: [one for one in lines if one["about"] == name] for name in {one["about"] for one in lines}}


def bad(desk: Desk, about: str) -> list[str]:
    return [one["text"] for one in found(desk).get(about, []) if not one["ok"]]


def add(desk: Desk, *rows: tuple[Any, dict[str, Any]]) -> None:
    async def write() -> None:
        database = Database(desk.url)
        async with database.write("ill") as tx:
            for table, row in rows:
                tx.add(table, row)
        await database.close()

    asyncio.run(write())


def message(number: int, state: str, **values: Any) -> tuple[Any, dict[str, Any]]:
    row: dict[str, Any] = {
        "key": f"k{number}",
        "channel": "telegram",
        "bot": "1",
        "chat_id": "2",
        "op": "send",
        "kind": "card",
    }
    row |= {"thread": "", "priority": 2, "night": False, "body": {}, "replaces": "", "created_at": NOW}
    row |= {"not_before": NOW, "state": state, "attempt": 0, "resent": False}
    return outbox_table, row | values


def test_before_there_is_a_database(desk: Desk) -> None:
    assert "dangxiaoqi migrate" in desk.ok("doctor")
    assert not (desk.folder / "data.db").exists()


def test_all_is_well_is_said_too(ill: Desk) -> None:
    said = ill.ok("doctor")
    for words in ("SQLite 3.", "是完整的", "磁盘还有", "时区 Asia/Shanghai，现在是 2026-11-20 10:00", "没有耽搁"):
        assert words in said


def test_without_a_configuration(desk: Desk) -> None:
    desk.config.unlink()
    [told] = found(desk)["config"]
    assert "dangxiaoqi init" in told["text"]
    assert desk.call("doctor").exit_code == 1


def test_secrets_that_others_can_read(ill: Desk) -> None:
    ill.config.chmod(0o644)
    assert "chmod 600" in bad(ill, "privacy")[0]
    assert ill.call("doctor").exit_code == 1
    ill.folder.chmod(0o755)
    (ill.folder / "data.db").chmod(0o644)
    assert f"chmod 700 {ill.folder}" in bad(ill, "disk")[0]
    ill.folder.chmod(0o700)
    assert bad(ill, "disk") == []


def test_a_new_folder_for_the_database_is_its_owners(tmp_path: Path) -> None:
    Desk.at(tmp_path, f"sqlite:///{tmp_path}/data/x.db").ok("migrate")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_nobody_can_be_told_anything(ill: Desk) -> None:
    leader, volunteers, group = bad(ill, "reach")[0], bad(ill, "reach")[2], bad(ill, "reach")[1]
    assert "网格长还没绑定" in leader
    assert "G01、G02" in leader
    assert "G01、G02" in group
    assert "有 3 位志愿者" in volunteers
    row = {"channel": "telegram", "bot": "1", "chat_id": "7", "account": "7", "member_id": 1}
    home = {"channel": "telegram", "bot": "1", "chat_id": "-1", "title": "群", "became": "", "active": True}
    [grid] = ill.rows(sa.select(areas.c.id).where(areas.c.code == "G01"))
    add(ill, (accounts, row), (groups, {**home, "grid_id": grid.id}))
    assert "网格长还没绑定，提醒送不到：G02" in bad(ill, "reach")[0]
    assert "还没有登记群：G02" in bad(ill, "reach")[1]


def test_messages_that_do_not_leave(ill: Desk) -> None:
    old = NOW - timedelta(minutes=11)
    letter = {"channel": "telegram", "bot": "1", "chat_id": "2", "event": 1, "kind": "message", "error": "E", "at": NOW}
    add(
        ill,
        message(1, "pending", not_before=old),
        message(2, "pending", not_before=NOW + timedelta(hours=9)),
        message(3, "unknown", settled_at=NOW - timedelta(days=1)),
        message(4, "unknown", settled_at=NOW - timedelta(days=8)),
        message(5, "failed", settled_at=NOW),
        (dead_letters, {**letter, "message_id": "1"}),
    )
    told = bad(ill, "outbox")
    assert [
        words in text for words, text in zip(("早该发", "不知道送到", "没送到", "没能读懂"), told, strict=True)
    ] == [True] * 4
    assert all("有 1 条" in text for text in told)
    assert ill.call("doctor").exit_code == 1


def test_a_clock_that_went_back(ill: Desk) -> None:
    add(ill, message(1, "sent", created_at=NOW + timedelta(minutes=3)))
    assert "校准时间" in bad(ill, "clock")[0]


def test_the_next_year_is_missing(ill: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctoring, "read_clock", lambda: datetime(2040, 11, 1, tzinfo=UTC))
    assert "2041" in bad(ill, "next_year")[0]
    monkeypatch.setattr(doctoring, "read_clock", lambda: datetime(2040, 10, 1, tzinfo=UTC))
    assert bad(ill, "next_year") == []


@pytest.mark.parametrize(("free", "grave"), [(100, True), (500, False)])
def test_a_disk_that_is_nearly_full(ill: Desk, monkeypatch: pytest.MonkeyPatch, free: int, *, grave: bool) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(0, 0, free << 20))
    [told] = found(ill)["disk"]
    assert (told["ok"], told["grave"]) == (False, grave)
    assert f"只剩 {free} MB" in told["text"]


def test_a_log_that_grows(ill: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "log_bytes", lambda _: 65 << 20)
    assert "65 MB" in bad(ill, "disk")[0]


def test_a_damaged_database(ill: Desk) -> None:
    with sqlite3.connect(ill.folder / "data.db", isolation_level=None) as raw:
        [[page]] = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_areas_grid_id'")
        [[size]] = raw.execute("PRAGMA page_size")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    with (ill.folder / "data.db").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x0a" + b"\xff" * 100)
    assert any(words in bad(ill, "database")[0] for words in ("处损坏", "读不下去"))
    assert ill.call("doctor").exit_code == 1


def test_it_changes_nothing(ill: Desk) -> None:
    add(ill, message(1, "pending", not_before=NOW - timedelta(minutes=11)), message(2, "sending"))

    def everything() -> tuple[list[str], dict[str, tuple[int, bytes]]]:
        raw = sqlite3.connect(ill.folder / "data.db")
        dump = list(raw.iterdump())
        raw.close()
        others = [path for path in ill.folder.iterdir() if not path.name.startswith("data.db")]
        return dump, {path.name: (path.stat().st_mode, path.read_bytes()) for path in others}

    before = everything()
    ill.call("doctor")
    assert everything() == before


def test_on_postgresql(postgres: str, tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, postgres).filled()
    said = desk.ok("doctor")
    assert "PostgreSQL" in said
    assert "没有耽搁" in said


async def test_somebody_elses_webhook_and_a_backlog(tmp_path: Path) -> None:
    async with Emulator() as em:
        desk = Desk.at(tmp_path)
        text = desk.config.read_text(encoding="utf-8")
        urls = f'base_url = "{em.base_url}"\nbase_file_url = "{em.base_file_url}"\n'
        desk.config.write_text(f'{text}[telegram]\ntoken = "{TOKEN}"\n{urls}', encoding="utf-8")
        assert await asyncio.to_thread(bad, desk, "line") == []
        wang = em.user("王阿姨", started=True)
        for _ in range(101):
            wang.tells("早")
        async with Bot(TOKEN, base_url=em.base_url) as other:
            await other.set_webhook("https://elsewhere.example/hook")
        told = await asyncio.to_thread(bad, desk, "line")
    assert any("被设了 webhook" in line for line in told)
    assert any("还有" in line and "条没取" in line for line in told)
