"""The unit, the container file and what runs it: the smallest rights, and nothing in them that is not there."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.app import GRACE
from bot.cli import VERBS
from tests.guards.test_guards import DOCS, ROOMS, ROOT

DEPLOY = ROOT / "deploy"
UNIT = (DEPLOY / "dangxiaoqi.service").read_text(encoding="utf-8")
IMAGE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
PROGRAM = "/opt/dangxiaoqi/.venv/bin/dangxiaoqi"


def settings(text: str = UNIT) -> dict[str, list[str]]:
    """Every setting of the unit; one that stands there twice has two values."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DynamicUser", "yes"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("AmbientCapabilities", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("RestrictNamespaces", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("SystemCallArchitectures", "native"),
        ("StateDirectory", "dangxiaoqi"),
        ("StateDirectoryMode", "0700"),
        ("UMask", "0077"),
    ],
)
def test_the_unit_gives_the_smallest_rights(name: str, value: str) -> None:
    assert settings()[name] == [value]


def test_the_unit_opens_nothing_else() -> None:
    opened = {"ReadWritePaths", "BindPaths", "User", "Group", "SupplementaryGroups", "Environment", "EnvironmentFile"}
    assert opened & settings().keys() == set()
    assert settings()["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]


def test_the_unit_starts_a_verb_with_its_own_copy_of_the_configuration() -> None:
    [start] = settings()["ExecStart"]
    program, option, config, verb = start.split()
    assert (program, option, config) == (PROGRAM, "--config", "%d/config.toml")
    assert verb in VERBS
    assert settings()["LoadCredential"] == ["config.toml:/etc/dangxiaoqi/config.toml"]
    assert float(settings()["TimeoutStopSec"][0]) > GRACE


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("没有 systemd-analyze，只核对了写的内容")
    unit = tmp_path / "dangxiaoqi.service"
    unit.write_text(UNIT.replace(PROGRAM, "/bin/true"), encoding="utf-8")  # it wants the program to be there
    for words in (["verify"], ["security", "--offline=true", "--threshold=15"]):
        done = subprocess.run([analyze, *words, unit], capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == 0, done.stdout + done.stderr
        assert "ignoring" not in done.stderr


def steps(name: str) -> list[str]:
    """The words of every step of this name."""
    return re.findall(rf"^{name} (.*)$", IMAGE.replace("\\\n", ""), flags=re.MULTILINE)


def test_the_container_is_nobody_and_holds_the_program_only() -> None:
    assert steps("USER") == ["10001:10001"]
    assert steps("VOLUME") == ["/var/lib/dangxiaoqi"]
    assert steps("ADD") == []
    sources = [word for step in steps("COPY") if "--from" not in step for word in step.split()[:-1]]
    assert set(ROOMS) < set(sources)
    assert [word for word in sources if not (ROOT / word).exists()] == []
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[0] == "!"}
    assert allowed == set(sources)
    assert any("--require-hashes -r requirements.lock" in step for step in steps("RUN"))


def test_the_container_starts_a_verb_and_asks_how_it_is() -> None:
    [entry], [command] = steps("ENTRYPOINT"), steps("CMD")
    assert json.loads(entry) == [PROGRAM, "--config", "/run/secrets/config.toml"]
    assert json.loads(command)[0] in VERBS
    [health] = steps("HEALTHCHECK")
    assert "'http://127.0.0.1:8080/health'" in health
    json.loads(health[health.index("[") :])


@pytest.mark.parametrize(
    "line",
    [
        'user: "10001:10001"',
        "read_only: true",
        "cap_drop: [ALL]",
        'security_opt: ["no-new-privileges:true"]',
        "- data:/var/lib/dangxiaoqi",
        "- ./config.toml:/run/secrets/config.toml:ro",
        'ports: ["127.0.0.1:8080:8080"]',
        "stop_grace_period: 20s",
    ],
)
def test_the_container_runs_with_the_smallest_rights(line: str) -> None:
    assert line in [found.strip() for found in COMPOSE.splitlines()]


def test_one_volume_can_be_written() -> None:
    assert re.findall(r"^      - (.*)$", COMPOSE, flags=re.MULTILINE) == [
        "data:/var/lib/dangxiaoqi",
        "./config.toml:/run/secrets/config.toml:ro",
    ]
    assert "privileged" not in COMPOSE.replace("no-new-privileges", "")
    assert "dockerfile: deploy/Containerfile" in COMPOSE


def test_every_file_of_deploy_is_documented() -> None:
    assert [path.name for path in DEPLOY.iterdir() if f"deploy/{path.name}" not in DOCS["运维.md"]] == []
