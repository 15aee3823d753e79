"""What every test may use: databases of both engines, and the rule that nothing is skipped in CI."""

import os
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import Phase, settings
from sqlalchemy.engine import make_url

POSTGRES = os.environ.get("DXQ_TEST_POSTGRES", "postgresql://root@127.0.0.1:5432/test")
IN_CI = os.environ.get("CI", "") not in ("", "0", "false")

settings.register_profile("quick", max_examples=100, deadline=None)
settings.register_profile("unshrunk", settings.get_profile("quick"), phases=(Phase.explicit, Phase.generate))
settings.load_profile("quick")


def missing(what: str) -> None:
    """Skip with a reason where a service is missing; in CI that is a failure."""
    if IN_CI:
        pytest.fail(f"{what} (CI 上不许跳过)")
    pytest.skip(what)


async def _reachable() -> bool:
    try:
        connection = await asyncpg.connect(POSTGRES, timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


@pytest.fixture
async def postgres() -> AsyncIterator[str]:
    """The address of an empty PostgreSQL database of its own."""
    if not await _reachable():
        missing("没有可用的 PostgreSQL（DXQ_TEST_POSTGRES）")
    name = f"dxq_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(POSTGRES)
    await connection.execute(f'CREATE DATABASE "{name}"')
    await connection.close()
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        connection = await asyncpg.connect(POSTGRES)
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: object) -> str:
    """An empty database, once on each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/contract.db"
    return str(request.getfixturevalue("postgres"))
