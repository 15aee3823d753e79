"""Files from strangers: every encoding people use, every trick a file can play, and random cells."""

import io
import os
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from bot.sheets import areas, households, roster, xlsx
from bot.sheets.faults import Fault, Faulty
from bot.sheets.reading import Layout, Line, Sheet, clean, read
from bot.sheets.vault import Vault
from storage.rosters import Changes, Snapshot
from tests.cli.desk import AREAS, ROSTER, Desk, table
from tests.cli.desk import xlsx as workbook
from texts.sentences import Sentences
from texts.visit_categories import load_visit_categories

SAID = Sentences.load()
PEOPLE = Layout(("grid_code", "name"), ("phone",))
EMPTY = Snapshot({}, {}, {}, (), {})
HEAD = ["网格编号", "姓名", "电话"]


def taken(folder: Path, data: bytes, name: str = "f.csv", layout: Layout = PEOPLE) -> Sheet:
    path = folder / name
    path.write_bytes(data)
    return read(path, layout, SAID)


def faults(folder: Path, data: bytes, name: str = "f.csv") -> list[str]:
    with pytest.raises(Faulty) as faulty:
        taken(folder, data, name)
    return [fault.shown(SAID) for fault in faulty.value.faults]


def rezipped(data: bytes, part: str, change: Any, **options: Any) -> bytes:
    """The workbook with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content, **options)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_people_use(tmp_path: Path, encoding: str, end: str) -> None:
    text = end.join(["网格编号,姓名,电话", "G01,欧阳春,138", "", "G02,韩梅,"])
    sheet = taken(tmp_path, text.encode(encoding))
    assert [(line.number, line.cells["name"]) for line in sheet.lines] == [(2, "欧阳春"), (4, "韩梅")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_delimiter_excel_writes(tmp_path: Path, delimiter: str) -> None:
    text = delimiter.join(HEAD) + "\n" + delimiter.join(["G01", '"张\n三"', "1"])
    assert taken(tmp_path, text.encode()).lines[0].cells == {"grid_code": "G01", "name": "张、三", "phone": "1"}


def test_headings_may_be_marked_and_widened(tmp_path: Path) -> None:
    assert taken(tmp_path, "姓名\uff0a, 网格编号 *\n甲,G01".encode()).lines[0].cells == {
        "name": "甲",
        "grid_code": "G01",
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ["表里没有内容。第一行应是列名，下面每行一条。"]),
        ("网格编号,姓名".encode(), ["表里没有内容。第一行应是列名，下面每行一条。"]),
        (b"\xff\xff\xff\xff", ["文字编码认不出来，请另存为 UTF-8 或 GBK 的 CSV。"]),
        (b"a\0b", ["文字编码认不出来，请另存为 UTF-8 或 GBK 的 CSV。"]),
        ('网格编号,姓名\nG01,"甲'.encode(), ["第2行：这一行的引号不成对，读不下去。"]),
        (
            "网格编号,姓名,姓名,星座\n1,2".encode(),
            [
                "第1行“姓名”：这一列出现了两次。",
                "第1行“星座”：不认识这一列。可以有的列：网格编号、姓名、电话",
            ],
        ),
        ("电话\n1".encode(), ["第1行“网格编号”：缺少这一列。", "第1行“姓名”：缺少这一列。"]),
        ("网格编号,姓名\nG01,甲,乙\nG02,丙".encode(), ["第2行：“乙”上面没有列名。"]),
        (("网格编号,姓名\nG01," + "长" * 501).encode(), ["第2行“姓名”：超过 500 个字。"]),
        (xlsx.OLD + b"rest", ["这是旧版 .xls 或加了密码的文件，请另存为没有密码的 .xlsx。"]),
        (xlsx.SIGNATURE + b"rest", ["这个 .xlsx 读不懂，可能损坏了，请用 Excel 或 WPS 重新另存。"]),
    ],
)
def test_what_cannot_be_read_is_told_in_chinese(tmp_path: Path, data: bytes, said: list[str]) -> None:
    assert faults(tmp_path, data) == said


def test_text_that_calls_itself_a_workbook(tmp_path: Path) -> None:
    assert faults(tmp_path, b"a,b", "f.xlsx") == ["这个文件不是真正的 .xlsx，请用 Excel 或 WPS 重新另存。"]
    with pytest.raises(Faulty):
        read(tmp_path / "none.csv", PEOPLE, SAID)
    with pytest.raises(Faulty):
        read(tmp_path, PEOPLE, SAID)


def test_merged_cells_are_named(tmp_path: Path) -> None:
    data = workbook([HEAD, ["G01", "甲", ""], ["", "乙", ""], ["", "丙", "1"]], "A2:A4", "B4:C4")
    assert faults(tmp_path, data, "f.xlsx") == [
        "第2行：有合并单元格 A2:A4，请先取消合并、把每格都填上。",
        "第4行：有合并单元格 B4:C4，请先取消合并、把每格都填上。",
    ]


def test_a_formula_is_the_text_that_was_typed(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEAD, ["G01", "甲", '=HYPERLINK("http://x","y")'], ["=1+1", "乙", ArrayFormula("C3", "=SUM(A1:A2)")]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    found = taken(tmp_path, out.getvalue(), "f.xlsx")
    assert found.lines[0].cells["phone"] == '=HYPERLINK("http://x","y")'
    assert (found.lines[1].cells["grid_code"], found.lines[1].cells["phone"]) == ("=1+1", "=SUM(A1:A2)")
    assert taken(tmp_path, "网格编号,姓名\n=1+1,甲".encode()).lines[0].cells["grid_code"] == "=1+1"


def test_numbers_and_dates_are_what_people_read(tmp_path: Path) -> None:
    row = [3.0, datetime.fromisoformat("2026-11-02"), 13800000000]
    cells = taken(tmp_path, workbook([HEAD, row, [1.5, True, date(2026, 1, 1)]]), "f.xlsx").lines
    assert cells[0].cells == {"grid_code": "3", "name": "2026-11-02", "phone": "13800000000"}
    assert cells[1].cells == {"grid_code": "1.5", "name": "TRUE", "phone": "2026-01-01"}


def test_an_error_in_a_cell_is_no_value(tmp_path: Path) -> None:
    data = workbook([HEAD, ["G01", "#REF!", ""]])
    assert faults(tmp_path, data, "f.xlsx") == ["第2行：单元格里是公式错误 #REF!。"]


def test_a_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = "xl/worksheets/sheet1.xml"
    bomb = rezipped(workbook([HEAD]), sheet, lambda old: old + b" " * 30_000_000)
    assert len(bomb) < 100_000

    def never(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(openpyxl, "load_workbook", never)
    assert faults(tmp_path, bomb, "f.xlsx") == ["这个 .xlsx 解开后大得不正常（上限 200 MB），没有打开。"]
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(2100):
            archive.writestr(str(number), "")
    assert "大得不正常" in faults(tmp_path, many.getvalue(), "f.xlsx")[0]
    monkeypatch.setattr(xlsx, "MOST_UNPACKED", 1000)
    assert "大得不正常" in faults(tmp_path, workbook([HEAD]), "f.xlsx")[0]


def test_a_file_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    with path.open("wb") as file:
        os.ftruncate(file.fileno(), 21 * 1024 * 1024)
    with pytest.raises(Faulty) as faulty:
        read(path, PEOPLE, SAID)
    assert faulty.value.faults[0].shown(SAID) == "文件超过 20 MB，请分成几份。"


def test_entities_are_not_followed(tmp_path: Path) -> None:
    def poison(old: bytes) -> bytes:
        return b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + old.replace(b"<sheetData>", b"<sheetData>&b;")

    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml"):
        data = rezipped(workbook([HEAD, ["G01", "甲", ""]]), part, poison)
        assert faults(tmp_path, data, "f.xlsx") == ["这个 .xlsx 里有不该有的内容（XML 实体），没有打开。"], part


@pytest.mark.parametrize(
    ("cell", "said"), [(b'r="XFD2"', "第2行：列数超过 100。"), (b'r="A1048576"', "行数超过 100000，请分成几份。")]
)
def test_cells_far_away_are_refused(tmp_path: Path, cell: bytes, said: str) -> None:
    change = lambda old: old.replace(b'r="A2"', cell)  # noqa: E731
    data = rezipped(workbook([HEAD, ["G01", "甲", ""]]), "xl/worksheets/sheet1.xml", change)
    assert faults(tmp_path, data, "f.xlsx") == [said]


@given(st.binary(max_size=400), st.integers(0, 10_000), st.integers(1, 200))
def test_a_damaged_workbook_never_crashes(noise: bytes, place: int, length: int) -> None:
    good = workbook([HEAD, ["G01", "甲", "1"]])
    place %= len(good)
    broken = good[:place] + noise + good[place + length :]
    told: tuple[Fault, ...] = ()
    try:
        xlsx.rows(broken, 1000)
    except Faulty as faulty:
        told = faulty.faults
    assert all(fault.shown(SAID) for fault in told)


# Cells as they come: proper ones, nearly proper ones, and anything.
CELLS = st.one_of(
    st.sampled_from(
        [c for row in table(AREAS) + table(ROSTER) for c in row] + ["honor", "2026-01-01", "=1+1", "0", "-"]
    ),
    st.text(max_size=12),
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return Desk.at(tmp_path_factory.mktemp("known")).filled().roster()


@given(st.data())
def test_random_cells_are_taken_or_refused_at_their_place(known: Snapshot, data: st.DataObject) -> None:
    """Whatever stands in the cells: changes, or faults with row and column - nothing else."""
    vault = Vault([])
    plans: dict[Any, Any] = {
        areas.LAYOUT: areas.plan,
        roster.LAYOUT: lambda sheet, now: roster.plan(sheet, now, SAID, complete=data.draw(st.booleans())),
        households.LAYOUT: lambda sheet, now: households.plan(
            sheet, now, load_visit_categories(), vault, date(2026, 11, 20), complete=True
        ),
    }
    layout = data.draw(st.sampled_from(list(plans)))
    columns = [*layout.required, *data.draw(st.lists(st.sampled_from(layout.optional), unique=True))]
    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(columns), max_size=len(columns)), min_size=1, max_size=6))
    head = [SAID.say(f"sheet.column.{column}") for column in columns]
    told: tuple[Fault, ...] = ()
    try:
        sheet = _sheet(columns, head, rows)
        changes = plans[layout](sheet, data.draw(st.sampled_from([known, EMPTY])))
    except Faulty as faulty:
        told = faulty.faults
    else:
        assert isinstance(changes, Changes)
    for fault in told:
        assert fault.row >= 2
        assert fault.column in head
        assert fault.shown(SAID).startswith(f"第{fault.row}行“{fault.column}”：")


def _sheet(columns: list[str], head: list[str], rows: list[list[str]]) -> Sheet:
    lines = [Line(n, dict(zip(columns, map(clean, row), strict=True))) for n, row in enumerate(rows, start=2)]
    return Sheet(frozenset(columns), dict(zip(columns, head, strict=True)), tuple(lines))
