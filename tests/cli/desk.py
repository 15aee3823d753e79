"""Calls the program in a folder and reads the roster it has written."""

import asyncio
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet
from openpyxl import Workbook
from typer.testing import CliRunner, Result

from bot import cli
from storage import rosters
from storage.database import Database
from storage.rosters import Snapshot

AREAS = """街道,社区,网格编号,网格,楼栋,单元数,单元,别名,地点
示范街道,示范社区,G01,第一网格,3栋,3,,红楼,东门、地下车库
示范街道,示范社区,G01,第一网格,4#,,1单元、二单元,,
示范街道,示范社区,G02,第二网格,文化楼,,,,
"""
ROSTER = """网格编号,姓名,身份,群内称呼,电话,结对,角色,容量
G01,小陈,网格长,陈姐,,,,
G01,李建国,志愿者,老李,13800000000,3栋、4栋2单元,,8
G01,吴红,志愿者,,,3栋,搭档,
G01,何书记,社区书记,,,,,
G02,周敏,志愿者,,,全网格,,
"""
HOMES = """网格编号,楼栋,单元,室,类别,频次天数,同意日期,称呼,联系方式,第一责任人,搭档
G01,3栋,2单元,501,独居空巢高龄老人,,2026-01-05,张奶奶,13900000000,李建国,吴红
G01,4栋,1,302室,hardship,14,2026/1/6,,,李建国,
"""


@dataclass(frozen=True)
class Desk:
    """One folder, one configuration."""

    folder: Path
    url: str

    @classmethod
    def at(cls, folder: Path, url: str = "", *, key: bool = True) -> "Desk":
        url = url or f"sqlite:///{folder}/data.db"
        desk = cls(folder, url)
        keys = f'["{Fernet.generate_key().decode()}"]' if key else "[]"
        desk.config.write_text(f'[storage]\nurl = "{url}"\n[secrets]\nkeys = {keys}\n', encoding="utf-8")
        desk.config.chmod(0o600)
        return desk

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def call(self, *words: object, say: str | bytes = "") -> Result:
        """The program with these words."""
        return CliRunner().invoke(cli.app, ["--config", str(self.config), *map(str, words)], input=say)

    def ok(self, *words: object, say: str = "") -> str:
        """The same where it must succeed; what it printed."""
        result = self.call(*words, say=say)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *words: object, say: str | bytes = "", code: int = 2) -> str:
        """The same where it must fail without a traceback; what it complained about."""
        result = self.call(*words, say=say)
        assert result.exit_code == code, result.output
        assert isinstance(result.exception, SystemExit)
        assert "Traceback" not in result.output
        return result.stderr

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def filled(self) -> "Desk":
        """With the areas and the roster of the sample in it."""
        self.ok("import", "areas", self.file("areas.csv", AREAS), "--yes")
        self.ok("import", "roster", self.file("roster.csv", ROSTER), "--yes")
        return self

    def roster(self) -> Snapshot:
        async def read() -> Snapshot:
            database = Database(self.url)
            try:
                async with database.read() as tx:
                    return await rosters.load(tx)
            finally:
                await database.close()

        return asyncio.run(read())

    def rows(self, stmt: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        async def read() -> Sequence[sa.Row[Any]]:
            database = Database(self.url)
            try:
                async with database.read() as tx:
                    return await tx.rows(stmt)
            finally:
                await database.close()

        return asyncio.run(read())


def xlsx(rows: Iterable[Sequence[object]], *merged: str) -> bytes:
    """A workbook as Excel writes it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for place in merged:
        sheet.merge_cells(place)
    out = io.BytesIO()
    book.save(out)
    book.close()
    return out.getvalue()


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))
