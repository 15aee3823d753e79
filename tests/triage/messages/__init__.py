"""Our own test messages, one a line; ``code text`` where something must happen, plain text where nothing may."""

from pathlib import Path

HERE = Path(__file__).parent


def labelled(name: str) -> list[tuple[str, str]]:
    pairs = (line.split(" ", 1) for line in quiet(name))
    return [(code, text) for code, text in pairs]


def quiet(name: str) -> list[str]:
    return [line for line in (HERE / f"{name}.txt").read_text("utf-8").splitlines() if line]
