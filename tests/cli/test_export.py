"""What leaves: no persons unasked, no formulas ever, and a roster that comes back as it went."""

import asyncio
import csv
import io
import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import house
from bot.cli.rehearsal import Rehearsal
from bot.cli.transcript import parse
from bot.config import load
from bot.sheets.reading import Layout, read
from bot.sheets.writing import writing
from domain.screen import screened
from domain.supervision import Reason, put_on
from domain.ticket import Rating, State
from storage import supervision, tickets
from tests.cli.desk import AREAS, HOMES, Desk
from texts.sentences import Sentences

SAID = Sentences.load()
TALK = """王阿姨：=3栋2单元电梯坏了，我电话13912345678
李叔：我家也是
赵老师：2栋1单元门禁刷不开
"""


def csv_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_roster_comes_back_as_it_went(desk: Desk, tmp_path: Path, suffix: str) -> None:
    desk.filled()
    odd = "网格编号,姓名,身份,群内称呼,电话,结对,角色,容量\nG01,=cmd(),志愿者,'=a,+86-138,4栋1单元,搭档,0\n"
    desk.ok("import", "roster", desk.file("odd.csv", odd), "--yes")
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    file = desk.folder / f"out.{suffix}"
    assert "导出 6 行" in desk.ok("export", "roster", file)
    assert "没有变化" in desk.ok("import", "roster", file, "--complete")
    (tmp_path / "other").mkdir()
    other = Desk.at(tmp_path / "other")
    other.ok("import", "areas", other.file("areas.csv", AREAS), "--yes")
    other.ok("import", "roster", file, "--yes")

    def plain(place: Desk) -> list[object]:
        known = place.roster()
        people = [(m.area, m.name, m.role, m.public_name, m.phone, m.capacity) for m in known.members.values()]
        pairs = [(p.area, p.member, p.role) for p in known.pairings if p.area[0] != "household"]
        return [sorted(people), sorted(pairs)]

    assert plain(other) == plain(desk)
    assert "13900000000" not in file.read_bytes().decode("utf-8", "ignore")


def test_files_are_private_and_never_overwritten_unasked(desk: Desk) -> None:
    desk.filled()
    file = desk.folder / "out.csv"
    desk.ok("export", "roster", file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "--force" in desk.refused("export", "roster", file)
    desk.ok("export", "roster", file, "--force")
    assert "以 .csv 或 .xlsx 结尾" in desk.refused("export", "roster", desk.folder / "out.pdf")
    assert "写不了" in desk.refused("export", "roster", desk.folder / "none" / "out.csv")
    assert [p.name for p in desk.folder.glob(".*")] == []


def test_nothing_is_exported_from_nothing(desk: Desk) -> None:
    assert "还没有数据库" in desk.refused("export", "tickets", desk.folder / "out.csv", code=1)
    assert list(desk.folder.iterdir()) == [desk.config]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_tickets_leave_without_persons_unless_asked(desk: Desk, suffix: str) -> None:
    asyncio.run(_spoken(desk, TALK))
    file = desk.folder / f"out.{suffix}"
    assert "导出 2 行" in desk.ok("export", "tickets", file)
    head, second, first = _rows(file)
    assert [row[head.index("工单号")] for row in (second, first)] == ["2", "1"]
    assert first[head.index("诉求")].lstrip("'") == "=3栋2单元电梯坏了，我电话" + screened("13912345678")
    assert first[head.index("地点")] == "3栋2单元"
    assert first[head.index("同样遇到的户数")] == "1"
    assert first[head.index("受理时间")] == "2026-11-20 08:00"
    assert not any("王阿姨" in cell or "1391234" in cell for row in (head, first, second) for cell in row)
    desk.ok("export", "tickets", file, "--force", "--with-contacts")
    head, _, first = _rows(file)
    assert first[head.index("报事人")] == "王阿姨"
    assert "13912345678" in first[head.index("诉求")]


async def _spoken(desk: Desk, text: str) -> None:
    """A chat in the desk's own database."""
    start = datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    async with house(load(desk.config, SAID), now=lambda: start) as home:
        stage = await Rehearsal.open(home)
        for one in parse(text, start):
            await stage.hear(one)


def _rows(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        return csv_rows(path)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    found = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    book.close()
    return found


def test_every_state_and_rating_has_a_word() -> None:
    assert all(SAID.say(f"sheet.state.{state}") for state in State)
    assert all(SAID.say(f"sheet.rating.{rating}") for rating in Rating)


DANGEROUS = st.one_of(
    st.text(max_size=20),
    st.builds(
        "".join, st.tuples(st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'=", "''+", "'"]), st.text(max_size=8))
    ),
)


@given(st.lists(st.tuples(DANGEROUS, DANGEROUS), min_size=1, max_size=5))
def test_no_cell_of_a_csv_starts_a_formula_and_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("x") / "out.csv"
    with writing(path) as out:
        for row in rows:
            out.add([cell.replace("\0", "") for cell in row])
    for cells in csv_rows(path):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


@given(st.lists(st.tuples(DANGEROUS, DANGEROUS), min_size=1, max_size=5))
def test_no_cell_of_a_workbook_is_a_formula(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("x") / "out.xlsx"
    with writing(path) as out:
        for row in rows:
            out.add(row)
    book = openpyxl.load_workbook(path)
    sheet = book.active
    assert sheet is not None
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "inlineStr", "n"}
    assert all(cell.value is None for row in sheet.iter_rows() for cell in row if cell.data_type == "n")
    book.close()


@given(st.text(alphabet="=+-@'甲1", min_size=1, max_size=6))
def test_what_was_guarded_is_read_as_it_was(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    layout = Layout(("grid_code", "name"))
    for suffix in ("csv", "xlsx"):
        path = tmp_path_factory.mktemp("x") / f"out.{suffix}"
        with writing(path) as out:
            out.add(["网格编号", "姓名"])
            out.add([text, "甲"])
        assert read(path, layout, SAID).lines[0].cells["grid_code"] == text


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_supervised_list_leaves_without_reporters(desk: Desk, suffix: str) -> None:
    asyncio.run(_supervised(desk))
    file = desk.folder / f"out.{suffix}"
    assert "导出 1 行" in desk.ok("export", "supervised", file)
    head, row = _rows(file)
    found = dict(zip(head, row, strict=True))
    assert [found[name] for name in ("工单号", "网格编号", "挂牌原因", "状态", "督办期限", "下次说进展", "销号时间")] == [
        "1", "R01", "网格长挂牌", "已派单", "2026-11-27", "2026-11-24", "",
    ]  # fmt: skip
    assert found["进展"] == "影响大，" + screened("13912345678")
    assert not any("王阿姨" in cell or "1391234" in cell for cell in row)


async def _supervised(desk: Desk) -> None:
    await _spoken(desk, TALK)
    at = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    async with house(load(desk.config, SAID), now=lambda: at) as home, home.database.write("list") as tx:
        ticket = await tickets.get(tx, 1)
        assert ticket is not None
        case = put_on(ticket, Reason.LEADER, ticket.assignee_id, at, home.context().calendar)
        await supervision.put_on(tx, replace(case, note="影响大，13912345678"))
