"""``roster suggest``: shown first, written only after a yes, and never over a roster that has changed."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from storage.tables import areas, assignment_runs, members, pairings
from tests.cli.desk import ROSTER, Desk

HEAD = "网格编号,楼栋,单元,室,类别,频次天数,同意日期,称呼,联系方式,第一责任人,搭档\n"
HOMES = HEAD + "".join(
    f"G01,{building}栋,{unit}单元,{door},独居空巢高龄老人,,2026-01-05,张奶奶,13900000000,李建国,\n"
    for building, unit in ((3, 1), (3, 2), (4, 2))
    for door in (101, 201, 301, 401)
)
NAMES = {"李建国", "吴红"}


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Twelve households, all with one volunteer who has room for eight; another one has nobody yet."""
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    return desk


def suggested(desk: Desk, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(desk.ok("roster", "suggest", "--json", *words))
    return found


def rows(desk: Desk) -> list[Any]:
    stmt = sa.select(pairings, areas.c.name.label("door"), members.c.name.label("who")).join_from(pairings, areas)
    stmt = stmt.join(members, members.c.id == pairings.c.member_id).where(areas.c.kind == "household")
    return list(desk.rows(stmt.order_by(pairings.c.id)))


def test_what_is_proposed_and_why(full: Desk) -> None:
    out = full.ok("roster", "suggest")
    assert "名下已满" in out
    assert "离得近（同一栋），现有 0 户" in out
    assert "3栋1单元101" in out
    assert "均衡）。还没有写进名册" in out
    assert "张奶奶" not in out
    assert "139" not in out
    assert all(row.to_on is None and row.source is None for row in rows(full))
    (grid,) = suggested(full)["grids"]
    firsts = [c for c in grid["changes"] if c["role"] == "first"]
    assert {c["member"] for c in firsts} == NAMES
    assert sum(c["member"] == "李建国" for c in firsts) == 8
    assert grid["now"] == {"min": 0, "median": 0, "max": 12, "evenness": 0}
    assert grid["presets"]["balanced"]["steps"]["first"] == {"kept": 8, "moved": 4, "new": 0, "uncovered": 0}
    assert grid["presets"]["balanced"]["loads"] == {"min": 4, "median": 4, "max": 8, "evenness": 50}
    assert set(grid["presets"]) == {"near", "balanced", "fair"}
    moved = next(c for c in firsts if c["step"] == "moved")
    assert moved["reason"]["next"]["why"] == "full"
    assert (moved["was"], moved["member"]) == ("李建国", "吴红")


def test_every_household_has_a_line_and_nobody_is_ranked(full: Desk) -> None:
    (grid,) = suggested(full)["grids"]
    doors = [(c["household"], c["role"]) for c in grid["changes"]]
    assert len(doors) == len(set(doors)) == 24
    assert not {"members", "people", "volunteers"} & set(grid)


def test_applied_rows_are_closed_and_opened_and_say_why(full: Desk) -> None:
    out = full.ok("roster", "suggest", "--apply", "--by", "小陈", say="y\n")
    assert "名册改好了" in out
    (run,) = full.rows(sa.select(assignment_runs))
    assert (run.applied_by, run.solver_version, run.unassigned) == ("小陈", "paths-1", [])
    assert run.params == {"preset": "balanced", "balance": 3, "continuity": 20, "every_home": False}
    assert len(run.input_hash) == 16
    found = rows(full)
    closed = [row for row in found if row.to_on is not None]
    opened = [row for row in found if row.source == "solver"]
    assert len(closed) == 4
    assert {row.who for row in closed} == {"李建国"}
    assert all(row.run_id is None and row.reason is None for row in closed)
    assert {row.run_id for row in opened} == {run.id}
    assert sorted(row.role for row in opened) == ["first"] * 4 + ["partner"] * 12
    assert all(row.reason["epoch"] == run.epoch and row.to_on is None for row in opened)
    assert {row.door for row in closed} == {row.door for row in opened if row.role == "first"}
    assert "没有要改的" in full.ok("roster", "suggest", "--keep", "--apply", "--yes")
    assert len(full.rows(sa.select(assignment_runs))) == 1


def test_it_asks_and_takes_no_for_an_answer(full: Desk) -> None:
    before = rows(full)
    assert "没有改名册" in full.refused("roster", "suggest", "--apply", say="n\n", code=1)
    assert "--yes" in full.refused("roster", "suggest", "--apply", code=1)
    assert rows(full) == before
    assert not full.rows(sa.select(assignment_runs))


def test_a_proposal_for_another_roster_is_refused(full: Desk) -> None:
    number = suggested(full)["number"]
    assert suggested(full)["number"] == number
    changed = ROSTER.replace("G01,吴红,志愿者,,,3栋,搭档,", "G01,吴红,志愿者,,,3栋,搭档,3")
    full.ok("import", "roster", full.file("r.csv", changed), "--yes")
    before = rows(full)
    assert "和算这个方案时不一样" in full.refused("roster", "suggest", "--number", number, "--apply", "--yes", code=1)
    assert rows(full) == before
    full.ok("roster", "suggest", "--number", suggested(full)["number"], "--apply", "--yes")
    assert len(rows(full)) > len(before)


def test_a_roster_that_changes_while_the_question_stands_is_left_alone(full: Desk) -> None:
    """The answer comes from another process, which first changes the roster under the question."""
    changed = full.file("r.csv", ROSTER.replace("G01,吴红,志愿者,,,3栋,搭档,", "G01,吴红,志愿者,,,3栋,搭档,3"))

    before = rows(full)
    words = [sys.executable, "-c", "from bot.cli import main; main()", "--config", str(full.config)]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own program
        [*words, "roster", "suggest", "--apply"], stdin=pipe, stdout=pipe, stderr=pipe
    ) as running:
        assert running.stdout is not None
        said = b""
        while "改名册吗".encode() not in said:
            said += (part := os.read(running.stdout.fileno(), 4096))
            assert part
        full.ok("import", "roster", changed, "--yes")
        _, complaint = running.communicate(b"y\n", timeout=60)
    assert running.returncode == 1
    assert "和算这个方案时不一样" in complaint.decode()
    assert rows(full) == before
    assert not full.rows(sa.select(assignment_runs))


def test_presets_by_either_name_and_ortools(full: Desk) -> None:
    by_word, by_name = (suggested(full, "--preset", word) for word in ("公平", "fair"))
    assert by_word == by_name
    assert by_word["grids"][0]["preset"] == "fair"
    other = suggested(full, "--preset", "公平", "--ortools")
    assert other["solver"].startswith("ortools-")
    assert other["grids"][0]["presets"] == by_word["grids"][0]["presets"]
    assert "没有“慢”这一档。可用：近、均衡、公平" in full.refused("roster", "suggest", "--preset", "慢")


def test_one_grid_or_all_visited_households_or_every_one(full: Desk) -> None:
    assert "没有网格“G09”" in full.refused("roster", "suggest", "--grid", "G09")
    assert "没有要结对的住户" in full.refused("roster", "suggest", "--grid", "G02", code=1)
    only = full.file("h.csv", HOMES.rpartition("G01,4栋")[0])
    full.ok("import", "households", only, "--yes", "--complete")
    counts = [len(suggested(full, *words)["grids"][0]["changes"]) for words in ((), ("--every-home",))]
    assert counts == [22, 24]


def test_nobody_is_left_out_without_a_word(full: Desk) -> None:
    short = ROSTER.replace("G01,吴红,志愿者,,,3栋,搭档,", "G01,吴红,志愿者,,,3栋,搭档,3")
    full.ok("import", "roster", full.file("r.csv", short), "--yes")
    (grid,) = suggested(full)["grids"]
    left = [(c["role"], c["was"], c["why"]) for c in grid["changes"] if c["step"] == "uncovered"]
    assert left.count(("first", "李建国", "没有着落：能去的人名下都满了；先照现在这样")) == 1
    out = full.ok("roster", "suggest", "--apply", "--yes")
    assert "没有着落：能去的人名下都满了；先照现在这样" in out
    (run,) = full.rows(sa.select(assignment_runs))
    assert sorted(role for _, role, _ in run.unassigned) == sorted(role for role, _, _ in left)
    assert {row.door for row in rows(full) if row.role == "first" and row.to_on is None} == {
        c["household"] for c in grid["changes"]
    }


def test_a_grid_too_large_for_the_built_in_solver(desk: Desk) -> None:
    desk.filled()
    families, ones = "赵钱孙孔李", "甲乙丙丁戊己庚辛壬癸"
    names = ["".join(name) for name in product(families, ones, ones)]
    people = "".join(f"G02,{name},志愿者\n" for name in names)
    desk.ok("import", "roster", desk.file("many.csv", "网格编号,姓名,身份\n" + people), "--yes")
    homes = "".join(f"G02,文化楼,,{n},hardship,,2026-01-05,,,赵甲甲,\n" for n in range(100, 550))
    desk.ok("import", "households", desk.file("homes.csv", HEAD + homes), "--yes")
    assert "请加 --ortools" in desk.refused("roster", "suggest")


def test_a_question_beside_json_stays_out_of_it(full: Desk) -> None:
    result = full.call("roster", "suggest", "--json", "--apply", say="y\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["grids"]
    assert "改名册吗" in result.stderr


def test_a_desk_without_a_roster(desk: Desk) -> None:
    assert "还没有数据库" in desk.refused("roster", "suggest", code=1)


def test_the_whole_way_on_postgresql(tmp_path: Path, postgres: str) -> None:
    desk = Desk.at(tmp_path, postgres)
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    desk.ok("roster", "suggest", "--apply", "--yes")
    assert len(desk.rows(sa.select(assignment_runs))) == 1
    assert sum(row.source == "solver" for row in rows(desk)) == 16
