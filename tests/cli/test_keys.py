"""A key is changed: everything sealed moves to the new one, whatever happens on the way."""

import asyncio
import signal
import time
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.sheets.vault import Vault
from storage.database import Database
from storage.visit_tables import visit_plans
from tests.cli.desk import Desk
from tests.cli.test_running import start

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def any_desk(tmp_path: Path, database_url: str) -> Desk:
    return Desk.at(tmp_path, database_url)


def _keys(desk: Desk, *keys: str) -> None:
    listed = ", ".join(f'"{key}"' for key in keys)
    desk.config.write_text(f'[storage]\nurl = "{desk.url}"\n[secrets]\nkeys = [{listed}]\n', encoding="utf-8")


async def _plans(desk: Desk, count: int, key: str) -> None:
    """That many plans with names sealed by this key."""
    vault = Vault([SecretStr(key)])
    database = Database(desk.url)
    async with database.write("plans") as tx:
        for number in range(count):
            row = {"grid_id": 3, "household_id": 3, "category": f"{key[:5]}{number}", "active": True}
            row |= {"starts_on": date(2026, 11, 1), "consent_on": date(2026, 11, 1), "note": ""}
            tx.add(visit_plans, {**row, "person": vault.seal(f"人{number}"), "contact": vault.seal(f"{number}")})
    await database.close()


def _opened(desk: Desk, key: str) -> list[str | None]:
    vault = Vault([SecretStr(key)])
    columns = sa.select(visit_plans.c.person, visit_plans.c.contact).order_by(visit_plans.c.id)
    return [vault.open(value) for row in desk.rows(columns) for value in row]


def _wait_until_begun(desk: Desk) -> None:
    while _opened(desk, NEW)[0] is None:
        time.sleep(0.001)


async def _filled(desk: Desk, count: int) -> None:
    _keys(desk, OLD)
    await asyncio.to_thread(desk.filled)
    await _plans(desk, count, OLD)


async def test_everything_moves_and_the_old_key_may_go(any_desk: Desk) -> None:
    await _filled(any_desk, 450)
    _keys(any_desk, NEW, OLD)
    assert "还有 900 处" in await asyncio.to_thread(any_desk.refused, "keys", "rotate", "--dry-run", code=1)
    out = await asyncio.to_thread(any_desk.ok, "keys", "rotate")
    assert "换了 900 处" in out
    _keys(any_desk, NEW)
    assert "900 处加密的内容" in await asyncio.to_thread(any_desk.ok, "keys", "rotate", "--dry-run")
    assert "换了 0 处" in await asyncio.to_thread(any_desk.ok, "keys", "rotate")
    found = await asyncio.to_thread(_opened, any_desk, NEW)
    assert found == [text for n in range(450) for text in (f"人{n}", f"{n}")]
    assert set(await asyncio.to_thread(_opened, any_desk, OLD)) == {None}


async def test_what_no_key_opens_is_told_and_left_alone(any_desk: Desk) -> None:
    await _filled(any_desk, 3)
    await _plans(any_desk, 2, OTHER)
    _keys(any_desk, NEW, OLD)
    assert "有 4 处" in await asyncio.to_thread(any_desk.refused, "keys", "rotate", code=1)
    _keys(any_desk, NEW, OLD, OTHER)
    assert "换了 4 处" in await asyncio.to_thread(any_desk.ok, "keys", "rotate")
    assert None not in await asyncio.to_thread(_opened, any_desk, NEW)


async def test_killed_half_way_it_goes_on_the_next_time(desk: Desk) -> None:
    await _filled(desk, 4000)
    _keys(desk, NEW, OLD)
    child = await start(desk, "keys", "rotate")
    await asyncio.to_thread(_wait_until_begun, desk)
    child.send_signal(signal.SIGKILL)
    await child.communicate()
    done = sum(text is not None for text in await asyncio.to_thread(_opened, desk, NEW))
    assert 0 < done < 8000
    assert f"换了 {8000 - done} 处" in await asyncio.to_thread(desk.ok, "keys", "rotate")
    assert None not in await asyncio.to_thread(_opened, desk, NEW)


def test_without_a_key_there_is_nothing_to_change(desk: Desk) -> None:
    _keys(desk)
    assert "没有密钥" in desk.refused("keys", "rotate")
