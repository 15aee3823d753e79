"""The whole way once more on PostgreSQL: sheets in, sheets out."""

import asyncio
from pathlib import Path

from tests.cli.desk import AREAS, HOMES, ROSTER, Desk


async def test_rosters_in_and_out(tmp_path: Path, postgres: str) -> None:
    desk = Desk.at(tmp_path, postgres)
    await asyncio.to_thread(_story, desk)


def _story(desk: Desk) -> None:
    assert "旧版本" in desk.call("check").stdout
    assert "先运行 dangxiaoqi migrate" in desk.refused("export", "roster", desk.folder / "x.csv", code=1).replace(
        "再", "先"
    )
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    for what, text in (("areas", AREAS), ("roster", ROSTER), ("households", HOMES)):
        assert "没有变化" in desk.ok("import", what, desk.file(f"{what}.csv", text), "--yes")
    out = desk.ok("import", "roster", desk.file("r.csv", ROSTER.replace("3栋、4栋2单元", "3栋")), "--yes")
    assert "- 结对结束：4栋2单元 李建国" in out
    desk.ok("export", "roster", desk.folder / "out.xlsx")
    assert "没有变化" in desk.ok("import", "roster", desk.folder / "out.xlsx", "--complete")
    assert "导出 0 行" in desk.ok("export", "tickets", desk.folder / "t.csv")
    assert "数据库是最新的" in desk.ok("check")
