"""A roster leaves and comes back as it was, in both formats; a broken file is refused in Chinese, whole, and never crashes."""

import asyncio
import re
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bot.sheets import areas as area_sheet
from bot.sheets import exporting as rows
from bot.sheets import roster
from bot.sheets.faults import Faulty
from bot.sheets.reading import Layout, read
from bot.sheets.writing import writing
from domain.duty import read as read_duty
from domain.duty import shown
from domain.incoming import Chat
from domain.roster import AreaKind, Duty, PairRole, Role
from storage import grids, outbox
from storage import members as people
from storage.database import Database
from storage.rosters import Changes, KnownArea, KnownMember, KnownPairing, Snapshot, area_key
from storage.tables import members
from tests.cli.desk import AREAS, ROSTER, Desk, table, xlsx
from texts.sentences import Sentences
from texts.skills import load_skills

SAID = Sentences.load()
GRID = area_key(AreaKind.GRID, "G01")
KEYS = [GRID, area_key(AreaKind.BUILDING, "G01", "3栋"), area_key(AreaKind.STAIR, "G01", "3栋", "2单元")]
PLACES = {key: KnownArea(i, key, None, AreaKind(key[0]), "".join(key[2:]) or "网格") for i, key in enumerate(KEYS, 1)}
NAMES = st.text("李王周吴建国红敏", min_size=1, max_size=4)
DUTY = st.builds(
    lambda spans: read_duty(shown(tuple(spans))) if spans else (),
    st.sets(st.builds(Duty, st.integers(0, 6), st.integers(0, 700), st.integers(701, 1440)), max_size=3),
)


@st.composite
def rosters(draw: st.DrawFn) -> Snapshot:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    people = {
        (GRID, name): KnownMember(
            number,
            GRID,
            draw(st.sampled_from([Role.VOLUNTEER, Role.LEADER])),
            name,
            draw(st.text("老李小陈=-+@'", max_size=3)),
            draw(st.text("0123456789+-", max_size=11)),
            draw(st.integers(0, 1000)),
            active=True,
            bind_code="",
            week_cap=draw(st.integers(0, 99)),
            skills=tuple(sorted(draw(st.sets(st.sampled_from(list(load_skills())), max_size=3)))),
            duty=draw(DUTY),
        )
        for number, name in enumerate(names, 1)
    }
    pairs: list[KnownPairing] = []
    for key in KEYS:
        for nth, name in enumerate(draw(st.lists(st.sampled_from(names), max_size=3, unique=True))):
            pairs.append(KnownPairing(len(pairs), key, (GRID, name), PairRole.PARTNER if nth else PairRole.FIRST))
    return Snapshot(PLACES, {}, people, tuple(pairs), {})


def written(known: Snapshot, path: Path) -> bytes:
    with writing(path) as out:
        out.add(rows.headings(rows.ROSTER, SAID))
        for row in rows.roster_rows(known, SAID):
            out.add(row)
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@given(known=rosters())
def test_what_leaves_comes_back_without_a_change(suffix: str, known: Snapshot) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"r.{suffix}"
        before = written(known, path)
        sheet = read(path, roster.LAYOUT, SAID)
        assert roster.plan(sheet, known, SAID, complete=True) == Changes()
        found = roster.plan(sheet, Snapshot(PLACES, {}, {}, (), {}), SAID)
        people = {
            m.person: KnownMember(0, m.area, m.role, m.name, m.public_name, m.phone, m.capacity, active=True, bind_code="", week_cap=m.week_cap, skills=m.skills, duty=m.duty)
            for m in found.members
        }  # fmt: skip
        pairs = tuple(KnownPairing(0, p.area, p.member, p.role) for p in found.pairings)
        again = Path(folder) / f"again.{suffix}"
        after = written(Snapshot(PLACES, {}, people, pairs, {}), again)
        if suffix == "csv":
            assert after == before
        assert read(again, roster.LAYOUT, SAID) == sheet


BYTES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.text("网格编号,姓名,身份结对角色容量技能值班\n\"=;、G013栋2单元-:周", max_size=200).map(str.encode),
    st.builds(
        lambda at, junk: ROSTER.encode()[:at] + junk + ROSTER.encode()[at:], st.integers(0, len(ROSTER.encode())), st.binary(max_size=6)
    ),
    st.builds(lambda at, junk: (book := xlsx(table(ROSTER)))[: at % len(book)] + junk + book[at % len(book) :], st.integers(0, 9999), st.binary(max_size=6)),
    st.builds(xlsx, st.lists(st.lists(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False), st.booleans(), st.text("网格编号姓名身份G01甲乙", max_size=5)), max_size=4), max_size=4)),
)  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@given(BYTES, st.sampled_from(["csv", "xlsx", "txt"]))
def test_a_broken_file_is_refused_with_its_place(data: bytes, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"r.{suffix}"
        path.write_bytes(data)
        known = Snapshot(PLACES, {}, {}, (), {})
        for layout in (roster.LAYOUT, area_sheet.LAYOUT):
            assert [what for what in complaints(path, layout, known) if not CHINESE.search(what)] == []


def complaints(path: Path, layout: Layout, known: Snapshot) -> list[str]:
    """What is wrong with a file, as a person reads it; nothing when it is taken."""
    try:
        sheet = read(path, layout, SAID)
        _ = roster.plan(sheet, known, SAID) if layout is roster.LAYOUT else area_sheet.plan(sheet, known)
    except Faulty as faulty:
        return [fault.shown(SAID) for fault in faulty.faults] or ["nothing"]
    return []


def test_skills_and_duty_from_a_sheet(desk: Desk) -> None:
    desk.ok("import", "areas", desk.file("areas.csv", AREAS), "--yes")
    head = "网格编号,姓名,身份,结对,每周上限,技能,值班\n"
    desk.ok(
        "import", "roster", desk.file("a.csv", f"{head}G01,李建国,志愿者,3栋,3,护士、法律,周末 9点到11点半\n"), "--yes"
    )
    member = desk.roster().members[("grid", "G01"), "李建国"]
    assert (member.week_cap, member.skills) == (3, ("law", "medical"))
    assert shown(member.duty) == "周六、日 9:00-11:30"
    out = desk.ok("import", "roster", desk.file("b.csv", f"{head}G01,李建国,志愿者,3栋,3,法律,\n"), "--yes")
    assert "技能 医疗、法律 → 法律" in out or "技能 法律、医疗 → 法律" in out
    assert "值班 周六、日 9:00-11:30 → " in out
    assert desk.roster().members[("grid", "G01"), "李建国"].duty == ()
    bad = desk.refused("import", "roster", desk.file("c.csv", f"{head}G01,李建国,志愿者,3栋,,开飞机,有空\n"))
    assert "第2行“技能”：没有“开飞机”这项技能" in bad
    assert "第2行“值班”：“有空”看不懂" in bad


def test_who_looks_after_a_place(desk: Desk) -> None:
    desk.filled()
    out = desk.ok("roster", "who", "3栋2单元501")
    assert "3栋2单元501现在找小陈（网格长）" not in out
    assert "还没有和党小栖私聊过" in out or "现在没有人能收到党小栖的私聊" in out
    assert "李建国（结对3栋）" in out
    assert "没有哪个网格有这栋楼" in desk.refused("roster", "who", "99栋")
    assert "没有哪个网格有这栋楼" in desk.refused("roster", "who", "3栋", "--grid", "G02")
    assert "周敏" in desk.ok("roster", "who", "文化楼")


async def test_the_leader_reads_what_changed(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path)
    await asyncio.to_thread(desk.filled)
    database = Database(desk.url)
    try:
        async with database.write("bind") as tx:
            leader = await tx.value(sa.select(members.c.bind_code).where(members.c.name == "小陈"))
            await people.bind(tx, leader, Chat("telegram", "1", "77"), "77")
            await grids.changed(tx)
        changed = ROSTER.replace("3栋、4栋2单元,,8", "3栋,,9").replace("G01,吴红,志愿者,,,3栋,搭档,\n", "")
        file = desk.file("new.csv", changed)
        await asyncio.to_thread(desk.ok, "import", "roster", file, "--yes", "--complete")
        async with database.read() as look:
            rows = await outbox.select(look)
        assert [(row.chat_id, row.kind) for row in rows] == [("77", "staff")]
        text = rows[0].body["text"]
        assert "名册有变动，共4处" in text
        assert all(part in text for part in ("~ 李建国：容量 8 → 9", "- 停用：吴红", "- 结对结束：4栋2单元 李建国"))
        assert "G02" not in text
        await asyncio.to_thread(desk.ok, "import", "roster", file, "--yes", "--complete")
        async with database.read() as look:
            assert len(await outbox.select(look)) == 1
    finally:
        await database.close()
