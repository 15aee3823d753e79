"""Plant one bug at a time in a copy of the program and let the state machines look for it: ``python -m tests.mutants``.

Ends with 1 when a bug is not found, or when the untouched copy fails. The working tree is never changed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parents[2]
PARTS = ("bot", "domain", "handlers", "scheduler", "storage", "texts", "tests", "pyproject.toml")
MACHINES = ("tests/machine/test_paper.py", "tests/machine/test_database.py")
SECONDS = 600


@dataclass(frozen=True, slots=True)
class Bug:
    """``was`` stands in ``file`` exactly once and becomes ``becomes``."""

    name: str
    file: str
    was: str
    becomes: str


BUGS = (
    Bug("请假的人照样负责", "domain/roster.py", "if leave := self.away(member.id, at):", "if leave := None:"),
    Bug("假期和代班早一天结束", "handlers/leaves.py", "days[-1] + timedelta(days=1), time(0)", "days[-1], time(0)"),
    Bug("提醒的键里有时间", "handlers/visit_reminders.py", ":{rung}:{member.id}\"\n    notify", ":{rung}:{member.id}:{cx.now}\"\n    notify"),
    Bug("走访提醒不管静默时段", "domain/outgoing.py", "Kind.REMINDER: Manner(3, OnUnknown.HOLD, night=False)", "Kind.REMINDER: Manner(3, OnUnknown.HOLD, night=True)"),
    Bug("搭档从来不被问到", "domain/visit.py", "c.member.id != owner.member.id)][:2]", "c.member.id != owner.member.id)][:1]"),
    Bug("停机时错过的走访没有了", "domain/visit.py", "period(max(plan.next_on, today - LONGEST) if begun else today)", "period(today)"),
    Bug("督促阶梯到不了网格长", "domain/ladder.py", "return [] if found is None else [found]", "return [] if found is None or step is Step.LEADER else [found]"),
    Bug("回避不起作用", "domain/roster.py", "Passed.AVOIDS if candidate.member.id in barred else None", "None"),
)  # fmt: skip


def main() -> int:
    """The table; 0 when every bug is found and nothing else is."""
    _say("| 种下的错 | 谁发现的 | 秒 |\n|---|---|---|")
    return max(_row(bug) for bug in (None, *BUGS))


def _row(bug: Bug | None) -> int:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        _copy(copy)
        if bug is not None:
            _plant(copy / bug.file, bug)
        began = monotonic()
        found = _search(copy)
    name, wanted = ("（没有）", found is None) if bug is None else (bug.name, found is not None)
    _say(f"| {name} | {found or '没有发现'}{'' if wanted else ' ✗'} | {monotonic() - began:.0f} |")
    return 0 if wanted else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _copy(to: Path) -> None:
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, to / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, to / part)


def _plant(file: Path, bug: Bug) -> None:
    text = file.read_text("utf-8")
    if text.count(bug.was) != 1:
        raise SystemExit(f"{bug.file}: {text.count(bug.was)} × {bug.was}")
    file.write_text(text.replace(bug.was, bug.becomes), "utf-8")


def _search(copy: Path) -> str | None:
    """Which test fails, and on what; nothing when all pass. A copy that cannot even be read proves nothing."""
    options = ["-x", "-p", "no:randomly", "-p", "no:cacheprovider", "-k", "not Again", "--hypothesis-profile=unshrunk"]
    command = [sys.executable, "-m", "pytest", *options, *MACHINES]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603 - our own tests
    if done.returncode == 0:
        return None
    test = re.search(r"^FAILED \S*?(\w+\.py\S*)", done.stdout, re.MULTILINE)
    if test is None:
        raise SystemExit(done.stdout + done.stderr)
    why = re.search(r"(?:^|\W)AssertionError: (.+)", done.stdout)
    return f"{test[1]}：{why[1]}" if why else test[1]


if __name__ == "__main__":
    sys.exit(main())
