"""The first proof of the promise: killed twenty times, nothing lost, nothing doubled (both engines)."""

from pathlib import Path

import pytest

from tests.kill.drive import run


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_killed_twenty_times(database_url: str, tmp_path: Path) -> None:
    found = await run(tmp_path, database_url, messages=600, kills=20, seed=7)
    print(found)  # noqa: T201 - the figures of this run
    assert found.requests == 60
    assert found.lost == []
    assert found.doubled == []
    assert found.sent_twice == []
    assert found.never_sent == []
    assert found.dead == 0
    assert found.stored_talk == 0
    assert found.unknown + found.marked <= found.kills
