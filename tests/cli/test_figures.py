"""``export figures``: every rate with its formula and window, small counts of what is confidential kept back."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.app import house, read_clock
from bot.cli.rehearsal import Rehearsal
from bot.cli.transcript import parse
from bot.config import load
from bot.sheets.figures import FIGURES, figure_rows
from bot.workdays import workdays
from domain.calendar import Calendar
from domain.category import Urgency
from domain.figures import Case
from domain.templates import DEFAULT
from domain.ticket import Rating, State
from tests.cli.desk import Desk
from tests.cli.test_export import _rows
from texts.categories import load_categories
from texts.sentences import Sentences

SAID = Sentences.load()
CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
TALK = "王阿姨：3栋2单元电梯坏了\n赵老师：2栋1单元门禁刷不开\n"


def case(code: str, grid_id: int = 1, rating: Rating | None = None) -> Case:
    return Case(
        grid_id, code, State.ARCHIVED, Urgency.P2, NOW, NOW, NOW, rating=rating, first_contact_at=NOW, ended_at=NOW,
        confirmed_at=NOW, given=True,
    )  # fmt: skip


def sheet(*cases: Case) -> list[dict[str, object]]:
    grids = {1: ("G01", "一"), 2: ("G02", "二")}
    span = {"first": date(2026, 11, 1), "last": date(2026, 11, 30)}
    rows = figure_rows(cases, grids, load_categories(), SAID, CALENDAR, DEFAULT, now=NOW, **span)
    return [dict(zip(FIGURES, row, strict=True)) for row in rows]


def cell(rows: list[dict[str, object]], code: str, category: str, figure: str) -> tuple[object, object, object]:
    (row,) = [r for r in rows if (r["grid_code"], r["category"], r["figure"]) == (code, category, figure)]
    return row["hits"], row["cases"], row["rate"]


def test_rates_stand_beside_their_formula() -> None:
    name = load_categories()["FIX01"].name
    rows = sheet(
        *[case("FIX01", rating=Rating.GOOD)] * 29, case("FIX01", rating=Rating.BAD), case("FIX01", 2), case("")
    )
    assert cell(rows, "", "全部", "满意率") == (29, 30, "96.7%")
    assert cell(rows, "G01", name, "满意率") == (29, 30, "96.7%")
    assert cell(rows, "G02", name, "满意率") == (0, 0, "样本不足")
    assert cell(rows, "G02", name, "未评价率") == (1, 1, "样本不足")
    assert cell(rows, "G01", "其他事项", "受理") == (1, "", "")
    rates = [row for row in rows if row["rate"]]
    assert all(row["formula"] and row["without"] and row["window"] == "2026-11-01至2026-11-30受理" for row in rates)
    assert [row for row in rows if row["grid_code"] == "G02" and row["category"] == "其他事项"] == []


def test_a_handful_of_what_is_confidential_is_not_counted_out() -> None:
    private = [code for code, one in load_categories().items() if one.private]
    assert private
    few = sheet(case(private[0]), case(private[-1]))
    assert cell(few, "G01", "要保密的几类（合在一起）", "受理") == ("少于5", "", "")
    assert cell(few, "G01", "要保密的几类（合在一起）", "未评价率") == ("少于5", "少于5", "样本不足")
    names = {load_categories()[code].name for code in private}
    assert not names & {str(row["category"]) for row in few}
    many = sheet(*[case(private[0])] * 6)
    assert cell(many, "G01", "要保密的几类（合在一起）", "受理") == (6, "", "")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_figures_leave_in_a_sheet(desk: Desk, suffix: str) -> None:
    start = datetime(2026, 11, 20, 8, tzinfo=ZoneInfo("Asia/Shanghai"))

    async def talk() -> None:
        async with house(load(desk.config, SAID), now=lambda: start) as home:
            stage = await Rehearsal.open(home)
            for one in parse(TALK, start):
                await stage.hear(one)

    asyncio.run(talk())
    file = desk.folder / f"out.{suffix}"
    assert "导出" in desk.ok("export", "figures", file, "--month", "2026-11")
    head, first, *rest = _rows(file)
    assert head == ["网格编号", "网格", "类别", "指标", "分子", "分母", "比率", "公式", "时间范围", "不算在内"]
    assert first[1:5] == ["全部", "全部", "受理", "2"]
    assert first[8] == "2026-11-01至2026-11-30受理"
    assert not any("王阿姨" in cell or "3栋" in cell for row in rest for cell in row)
    desk.ok("export", "figures", file, "--from", "2026-11-21", "--to", "2026-11-22", "--force")
    assert _rows(file)[1][4] == "0"
    desk.ok("export", "figures", file, "--force")
    today = read_clock().astimezone(ZoneInfo("Asia/Shanghai")).date()
    assert _rows(file)[1][8].endswith(f"{today.replace(day=1) - timedelta(days=1)}受理")


@pytest.mark.parametrize(
    "words",
    [
        ["--month", "2026-13"],
        ["--month", "11月"],
        ["--month", "2026-11", "--from", "2026-11-01", "--to", "2026-11-02"],
        ["--from", "2026-11-01"],
        ["--from", "2026-11-02", "--to", "2026-11-01"],
        ["--from", "昨天", "--to", "今天"],
    ],
)
def test_a_span_that_is_none_is_refused(desk: Desk, words: list[str]) -> None:
    assert "--month 2026-11" in desk.refused("export", "figures", desk.folder / "out.csv", *words)
