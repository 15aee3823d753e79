"""Promises that a machine keeps: shape of the code, sentences, documents, and what may never be stored."""

import re
import tomllib
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import GRACE
from bot.cli import VERBS
from bot.cli.rosters import Roster
from bot.cli.sorting import Triage
from bot.config import Config, Telegram
from bot.sheets.figures import FIGURES
from bot.telegram.polling import SLOWEST
from domain import refusal
from domain.figures import Case, Tally
from domain.ticket import Action, RefusalCode, State
from handlers.commands import BUTTONS, COMMANDS, LINES
from scheduler import delivery
from scheduler.watch import Watch
from storage import figures
from storage.outbox import LEASE
from storage.tables import metadata
from texts.sentences import HERE, Sentences

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "scheduler", "handlers", "storage", "texts", "domain")
SOURCE = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
SAID = Sentences.load()
CODE = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE)


def test_files_stay_small() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in SOURCE
        if p.parent.name != "versions" and (n := len(p.read_text(encoding="utf-8").splitlines())) > 500
    }
    assert long == {}


def test_no_sentence_stands_in_the_code() -> None:
    """Chinese for people lives in ``texts/``; docstrings and comments may name a term."""
    found = []
    for path in SOURCE:
        if path.parts[-2] == "versions":
            continue
        text = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"#.*", "", text)
        found += [f"{path.relative_to(ROOT)}: {m}" for m in re.findall(r'"[^"\n]*[\u4e00-\u9fff]{4,}[^"\n]*"', text)]
    allowed = (
        "domain/place.py",
        "domain/triage",
        "domain/emergency.py",
        "texts/ear.py",
        "domain/notice.py",
        "domain/visit.py",
        "domain/duty.py",
    )
    patterns = ("handlers/commands.py", "handlers/router.py", "bot/cli/transcript.py", "bot/sheets/", "bot/config.py")
    assert [f for f in found if not f.startswith((*allowed, *patterns))] == []


def test_every_refusal_has_its_sentence_and_placeholders() -> None:
    names = [
        name for name, kind in vars(refusal).items() if isinstance(kind, type) and issubclass(kind, refusal.Refusal)
    ]
    assert [n for n in names if n != "Refusal" and f"refusal.{n}" not in SAID] == []


def test_every_name_the_rules_use_has_its_sentence() -> None:
    missing = [f"history.{a}" for a in Action if f"history.{a}" not in SAID]
    missing += [f"standing.{s}" for s in State if f"standing.{s}" not in SAID]
    missing += [f"{t}.{c}" for t in ("refusal_code", "refusal_name") for c in RefusalCode if f"{t}.{c}" not in SAID]
    missing += [f"help.{c.name}" for c in COMMANDS if f"help.{c.name}" not in SAID]
    assert missing == []


def test_every_key_used_exists() -> None:
    used = set(re.findall(r'said\.say\(\s*"([a-z_]+\.[A-Za-z_.0-9]+)"', CODE))
    assert {key for key in used if key not in SAID} == set()


def test_every_sentence_is_used() -> None:
    """A sentence nobody says is a sentence nobody checks."""
    computed: tuple[str, ...] = (
        "refusal.",
        "refusal_code.",
        "refusal_name.",
        "history.",
        "standing.",
        "help.",
        "button.",
        "danger.",
        "config.fault_",
    )
    computed += (
        "roster.",
        "people.",
        "swap.part_",
        "member.role_",
        "member.pair_",
        "work.invitation_",
        "card.typed_",
        "diff.",
        "cli.",
        "sheet.",
        "page.",
        "visits.",
        "notices.",
        "pairing.",
        "rates.",
        "figures.column_",
        "tuning.point_",
        "whistle.",
        "supervised.",
        "why.act_",
        "why.rule_",
        "why.terms_",
    )
    unused = [k for k in SAID.names() if not k.startswith(computed) and f'"{k}"' not in CODE]
    assert unused == []


def test_sentences_read_quietly_and_fit() -> None:
    """No exclamation marks, nothing a channel would cut (4,096 characters), button labels of ten characters."""
    for key in SAID.names():
        text = SAID.say(key, **dict.fromkeys(SAID.placeholders(key), "x"))
        assert "！" not in text, key
        assert len(text) < 1500, key
        if key.startswith("button."):
            assert len(text) <= 10, key


def test_sentence_files_are_toml() -> None:
    for path in HERE.glob("*.toml"):
        tomllib.loads(path.read_text(encoding="utf-8"))


def test_commands_have_unique_names() -> None:
    names = [name for c in COMMANDS for name in (c.name, *c.aliases)]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9_]{1,32}", c.name) for c in COMMANDS)
    assert set(LINES) | set(BUTTONS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_is_documented(command: Any) -> None:
    assert f"/{command.name}" in DOCS["命令.md"]
    assert command.alias in DOCS["命令.md"]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_documented(verb: str) -> None:
    assert f"dangxiaoqi {verb}" in DOCS["安装.md"] + DOCS["运维.md"]


@pytest.mark.parametrize("verb", sorted(Triage.verbs))
def test_every_verb_of_the_triage_is_documented(verb: str) -> None:
    assert f"dangxiaoqi triage {verb}" in DOCS["分拣.md"] + DOCS["运维.md"]


@pytest.mark.parametrize("verb", sorted(Roster.verbs))
def test_every_verb_of_the_roster_is_documented(verb: str) -> None:
    assert f"dangxiaoqi roster {verb}" in DOCS["运维.md"]


def test_every_setting_is_documented() -> None:
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    for name, field in Config.model_fields.items():
        section = field.annotation
        inner: Any = getattr(section, "model_fields", None) or next(
            (a.model_fields for a in getattr(section, "__args__", ()) if hasattr(a, "model_fields")), {}
        )
        assert f"[{name}]" in DOCS["配置.md"], name
        assert f"[{name}]" in example, name
        for key in inner:
            assert key in DOCS["配置.md"], f"{name}.{key}"
            assert key in example, f"{name}.{key}"


def test_the_figures_of_sending_are_documented() -> None:
    text = DOCS["可靠性.md"]
    pace = Telegram.model_fields["per_minute"].default
    for figure in (
        f"每分钟 {pace} 条",
        f"每秒 {delivery.PER_SECOND} 条",
        f"最多等 {delivery.GRACE.seconds} 秒",
        f"共 {GRACE:g} 秒",
        f"{LEASE.seconds} 秒租约",
        f"{Watch.deaf_after:g} 秒没有任何回答",
        f"最长 {SLOWEST:g} 秒",
    ):
        assert figure in text, figure


FORBIDDEN = re.compile(
    r"political|key_person|opinion|risk_score|petition|emotion|mood|profile|credit|religion|census|score"
)


def test_no_column_watches_people() -> None:
    """domain reference 15: no profiles, no opinions, no scores of persons, no register of residents."""
    columns = [f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns]
    assert [c for c in columns if FORBIDDEN.search(c)] == []
    assert "residents" not in metadata.tables
    assert "messages" not in metadata.tables


def test_nothing_counts_by_person() -> None:
    """Statistics cannot group by a resident, a reporter or a rated handler."""
    grouped = re.findall(r"group_by\(([^)]*)\)", CODE)
    assert [g for g in grouped if re.search(r"reporter|account|rating", g)] == []


PERSON = re.compile(
    r"report(er|s)|account|member|assignee|handler|author|audience|name|phone|words|chat|channel|building|unit|room|\\bby\\b"
)
"""What leads to a resident, a member of the roster or a household."""


def test_figures_cannot_see_a_person() -> None:
    """Statistics can neither select nor group by a resident or a member: not in SQL, not in the rules, not in the sheet."""
    statement = figures.statement(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), [1])
    assert [w for w in re.findall(r"\w+", str(statement).lower()) if PERSON.search(w)] == []
    assert set(re.findall(r"(?:FROM|JOIN) (\w+)", str(statement))) == {"tickets", "ticket_events"}
    assert re.findall(r"GROUP BY (.*)", str(statement)) == ["tickets.number ORDER BY tickets.number"]
    names = [f.name for kind in (Case, Tally) for f in fields(kind)] + list(FIGURES)
    assert [n for n in names if PERSON.search(n)] == []
    rules = (ROOT / "domain" / "figures.py").read_text(encoding="utf-8")
    assert "import Ticket" not in rules  # a whole ticket knows who wrote it and who has it


def test_no_registry_host_and_no_local_path() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"https?://|--index|--extra-index|--find-links", (ROOT / name).read_text(encoding="utf-8"))


def test_the_security_checklist_names_tests_that_are_there() -> None:
    text = DOCS["安全清单.md"]
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    missing = [name for path, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")]
    missing += [story for story in re.findall(r"`(tests/stories/[^`]+)`", text) if not (ROOT / story).exists()]
    assert len(named) > 20
    assert missing == []
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert [row for row in rows if "`" not in row.split("|")[3] and "还没有" not in row.split("|")[3]] == []
