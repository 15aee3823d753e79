"""Versions of the learned weights: files beside the database, and which one is in use. Nothing is ever overwritten."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.config import Config
from domain.triage_judge import Learned
from texts.learned import SHIPPED, About, ModelError, about, load, save

BUILT_IN = "内置"
_SUFFIX = ".json.gz"
_IN_USE = "in_use"
_NAME = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff._-]{0,39}")


class NoSuchVersion(Exception):
    """There is no version of this name here."""


@dataclass(frozen=True, slots=True)
class Version:
    """One of them; ``about`` is none where the file cannot be used."""

    name: str
    about: About | None
    in_use: bool


class Store:
    """A folder of versions. The built-in one belongs to the program and is always there."""

    def __init__(self, folder: Path) -> None:
        """The folder need not exist."""
        self.folder = folder

    @classmethod
    def of(cls, config: Config) -> "Store":
        """Where the configuration says, by default next to the database."""
        if config.triage.models:
            return cls(Path(config.triage.models))
        url = make_url(config.storage.url)
        beside = Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else Path("data")
        return cls(beside / "models")

    def chosen(self) -> str:
        """The version that is to be used."""
        try:
            name = (self.folder / _IN_USE).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return BUILT_IN
        return name or BUILT_IN

    def path(self, name: str) -> Path:
        """The file of a version.

        Raises:
            NoSuchVersion: there is none.

        """
        if name == BUILT_IN:
            return SHIPPED
        path = self.folder / f"{name}{_SUFFIX}"
        if not _NAME.fullmatch(name) or not path.is_file():
            raise NoSuchVersion(name)
        return path

    def usable(self) -> tuple[Path, bool]:
        """The file of the chosen version; where it is gone or damaged the built-in one, and False: better than deaf."""
        try:
            path = self.path(self.chosen())
            load(path)
        except (NoSuchVersion, ModelError, OSError):
            return SHIPPED, False
        return path, True

    def use(self, name: str) -> None:
        """Choose a version, forward or back, in one step.

        Raises:
            NoSuchVersion: nothing was changed.
            ModelError: nothing was changed.

        """
        load(self.path(name))
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self.folder / f".{_IN_USE}"
        new.write_text(name + "\n", encoding="utf-8")
        new.replace(self.folder / _IN_USE)

    def listed(self) -> list[Version]:
        """All of them, the built-in one first, then by name."""
        names = sorted(path.name.removesuffix(_SUFFIX) for path in self.folder.glob(f"*{_SUFFIX}"))
        chosen = self.chosen()
        return [self._version(name, chosen) for name in (BUILT_IN, *names)]

    def _version(self, name: str, chosen: str) -> Version:
        try:
            found = about(self.path(name))
        except (NoSuchVersion, ModelError):
            found = None
        return Version(name, found, name == chosen)

    def free_name(self, day: date) -> str:
        """A name for a version that is made today: 2026-11-20, then 2026-11-20-2."""
        name, nth = day.isoformat(), 1
        while (self.folder / f"{name}{_SUFFIX}").exists():
            nth += 1
            name = f"{day.isoformat()}-{nth}"
        return name

    def is_name(self, name: str) -> bool:
        """Whether a new version may be called so."""
        return (
            _NAME.fullmatch(name) is not None and name != BUILT_IN and not (self.folder / f"{name}{_SUFFIX}").exists()
        )

    def keep(self, name: str, learned: Learned, about_it: About) -> Path:
        """Write a new version, whole or not at all."""
        path = self.folder / f"{name}{_SUFFIX}"
        new = self.folder / f".{name}.new"
        save(new, learned, about_it)
        new.replace(path)
        return path
