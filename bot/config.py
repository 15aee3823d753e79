"""``config.toml``: read with the standard library, checked by pydantic, faults told in Chinese with their place."""

import tomllib
from datetime import date, time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from domain.calendar import QuietHours
from domain.ladder import Ladder
from domain.templates import TEMPLATES
from handlers.context import Policy
from texts.sentences import Sentences

EXAMPLE_SECRETS = frozenset({"123456:REPLACE-ME", "REPLACE-ME", "请换成自己的"})
"""What stands in ``config.example.toml``; with one of these left in place the program does not start."""


POINTS: Final = {"宁可多问": "low", "适中": "normal", "宁可安静": "high"}
"""The operating points of the triage, from talkative to quiet, and what the ear calls them."""


class ConfigFault(Exception):
    """The configuration cannot be used; the message is Chinese and names the place."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Community(_Section):
    """Who runs it and where."""

    name: str = "示范社区"
    zone: str = "Asia/Shanghai"
    region: Literal["CN", "other"] = "CN"

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("zone") from None
        return value


class StorageSection(_Section):
    """``sqlite:///path`` or ``postgresql://user@host/name``."""

    url: str = "sqlite:///data/dangxiaoqi.db"

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        try:
            backend = make_url(value).get_backend_name()
        except ArgumentError:
            raise ValueError("storage_url") from None
        if backend not in ("sqlite", "postgresql"):
            raise ValueError("storage_url")
        return value


class Telegram(_Section):
    """The Telegram channel. ``base_url`` for one's own Bot API server."""

    token: SecretStr
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    mode: Literal["polling", "webhook"] = "polling"
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    poll_seconds: Annotated[int, Field(ge=0, le=50)] = 30
    per_minute: Annotated[int, Field(ge=0, le=60)] = 20

    @model_validator(mode="after")
    def _usable(self) -> "Telegram":
        for secret in (self.token, self.webhook_secret):
            if secret.get_secret_value() in EXAMPLE_SECRETS:
                raise ValueError("example_secret")
        head, _, tail = self.token.get_secret_value().partition(":")
        if not head.isdigit() or not tail:
            raise ValueError("token")
        if self.mode == "webhook" and (
            not self.webhook_url.startswith("https://") or len(self.webhook_secret.get_secret_value()) < 32
        ):
            raise ValueError("webhook")
        return self


class Web(_Section):
    """The page: demo, health, metrics, webhook. ``metrics_token``: needed where others than this machine can reach the page."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    public_url: str = ""
    metrics: bool = False
    metrics_token: SecretStr = SecretStr("")

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("public_url")
        return value

    @model_validator(mode="after")
    def _guarded(self) -> "Web":
        token = self.metrics_token.get_secret_value()
        if token in EXAMPLE_SECRETS:
            raise ValueError("example_secret")
        if self.metrics and len(token) < 32 and (token or not _is_loopback(self.host)):
            raise ValueError("metrics")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Manners(_Section):
    """How 党小栖 behaves in the group."""

    quiet_from: time = time(22)
    quiet_to: time = time(7)
    staff_quiet_from: time = time(21)
    staff_quiet_to: time = time(8)
    questions_per_day: Annotated[int, Field(ge=0, le=20)] = 3
    notices_per_day: Annotated[int, Field(ge=0, le=5)] = 2
    join_minutes: Annotated[int, Field(ge=1, le=10)] = 5
    digest: bool = True
    digest_at: time = time(8, 30)
    caution: Literal["宁可多问", "适中", "宁可安静"] = "适中"

    @field_validator("caution", mode="before")
    @classmethod
    def _caution(cls, value: object) -> object:
        return (
            {"ask": "宁可多问", "normal": "适中", "quiet": "宁可安静"}.get(value, value)
            if isinstance(value, str)
            else value
        )

    @property
    def point(self) -> str:
        """The operating point as the ear calls it."""
        return POINTS[self.caution]


class Visits(_Section):
    """Six must-visit households."""

    enabled: bool = True
    remind_at: time = time(9)


class CalendarSection(_Section):
    """Days the calendar package does not know: 调休 of a new year, local holidays."""

    off: list[date] = []
    work: list[date] = []


class Deadlines(_Section):
    """Which template of terms counts, and the office hours that working hours are counted in."""

    template: Literal["default", "beijing_draft", "jinan", "sanban", "szcg_worktime"] = "default"
    office: list[str] = ["09:00-12:00", "14:00-18:00"]

    @field_validator("office")
    @classmethod
    def _office(cls, value: list[str]) -> list[str]:
        try:
            clocks = [clock for span in _spans(value) for clock in span]
        except ValueError:
            raise ValueError("office") from None
        if not clocks or clocks != sorted(set(clocks)):
            raise ValueError("office")
        return value

    def spans(self) -> tuple[tuple[time, time], ...]:
        """The office hours as times of day, in order."""
        return _spans(self.office)


def _spans(office: list[str]) -> tuple[tuple[time, time], ...]:
    pairs = [span.split("-") for span in office]
    return tuple((time.fromisoformat(start.strip()), time.fromisoformat(end.strip())) for start, end in pairs)


class LadderSection(_Section):
    """When who hears of a deadline: working days before it, and from one step to the next behind it."""

    remind_at: time = time(9)
    soon: Annotated[int, Field(ge=1, le=10)] = 1
    partner: Annotated[int, Field(ge=1, le=10)] = 1
    leader: Annotated[int, Field(ge=1, le=10)] = 1
    secretary: Annotated[int, Field(ge=1, le=10)] = 2
    street: Annotated[int, Field(ge=1, le=20)] = 3
    again: Annotated[int, Field(ge=1, le=20)] = 5


class Secrets(_Section):
    """Keys for what is sealed at rest (names and numbers of visited households), newest first."""

    keys: list[SecretStr] = []

    @field_validator("keys")
    @classmethod
    def _keys(cls, value: list[SecretStr]) -> list[SecretStr]:
        for key in value:
            if key.get_secret_value() in EXAMPLE_SECRETS:
                raise ValueError("example_secret")
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError("secret_key") from None
        return value


class Backup(_Section):
    """Sealed copies of the database, made every day by the running program. ``folder``: empty is beside the database."""

    enabled: bool = True
    folder: str = ""
    at: time = time(3, 30)
    keep: Annotated[int, Field(ge=1, le=365)] = 14


class Triage(_Section):
    """Where the versions of the learned weights lie."""

    models: str = ""


class Config(_Section):
    """The whole of ``config.toml``."""

    community: Community = Community()
    storage: StorageSection = StorageSection()
    telegram: Telegram | None = None
    web: Web = Web()
    manners: Manners = Manners()
    triage: Triage = Triage()
    visits: Visits = Visits()
    calendar: CalendarSection = CalendarSection()
    deadlines: Deadlines = Deadlines()
    ladder: LadderSection = LadderSection()
    backup: Backup = Backup()
    secrets: Secrets = Secrets()

    def policy(self, *, sensitive_ok: bool = True) -> Policy:
        """What the use cases need of it."""
        m, steps = self.manners, self.ladder
        return Policy(
            quiet=QuietHours(m.quiet_from, m.quiet_to),
            staff_quiet=QuietHours(m.staff_quiet_from, m.staff_quiet_to),
            questions_per_day=m.questions_per_day,
            notices_per_day=m.notices_per_day,
            join=timedelta(minutes=m.join_minutes),
            visit_at=self.visits.remind_at,
            visits_enabled=self.visits.enabled and sensitive_ok,
            public_url=self.web.public_url,
            caution=m.point,
            digest_at=m.digest_at if m.digest else None,
            template=TEMPLATES[self.deadlines.template],
            ladder=Ladder(
                steps.remind_at,
                steps.soon,
                steps.partner,
                steps.leader,
                steps.secretary,
                steps.street,
                steps.again,
            ),
        )


def load(path: Path, said: Sentences) -> Config:
    """Read and check a configuration.

    Raises:
        ConfigFault: with every fault on a line of its own, in Chinese, at its place in the file.

    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigFault(said.say("config.missing", path=path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigFault(said.say("config.unreadable", path=path, error=error)) from None
    return check(raw, said)


def check(raw: dict[str, Any], said: Sentences) -> Config:
    """A configuration from plain values; see ``load``."""
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigFault("\n".join(_fault(said, fault) for fault in error.errors(include_url=False))) from None


def _fault(said: Sentences, fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "config.toml"
    kind = str(fault["type"])
    name = str(fault.get("ctx", {}).get("error", "")) if kind == "value_error" else kind
    key = f"config.fault_{name}"
    values = {k: v for k, v in fault.get("ctx", {}).items() if k != "error"}
    expected = " ".join(f"{v}" for v in values.values())
    return said.say(key if key in said else "config.fault_any", place=place, expected=expected)
