"""Every story, played end to end: emulator, HTTP, the real program, SQLite."""

from pathlib import Path

import pytest

from tests.story import FOLDER, play

STORIES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda p: p.stem)
async def test_story(path: Path, tmp_path: Path) -> None:
    await play(path, f"sqlite:///{tmp_path / 'story.db'}")


def test_there_are_enough() -> None:
    assert len(STORIES) >= 30
