"""Rosters from sheets: what is added, changed, closed - and everything that is refused, at its place."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from domain.roster import AreaKind
from storage.database import Database
from storage.tables import areas, members, pairings
from storage.visit_tables import visit_plans
from tests.cli.desk import AREAS, HOMES, ROSTER, Desk, table, xlsx


def held(desk: Desk) -> set[tuple[str, str, str]]:
    """(area, person, role) of every open pairing."""
    return {("".join(p.area[2:]) or p.area[1], p.member[1], p.role.value) for p in desk.roster().pairings}


def test_areas_with_everything_in_them(desk: Desk) -> None:
    desk.filled()
    known = desk.roster()
    stairs = sorted(key[1:] for key in known.areas if key[0] == AreaKind.STAIR)
    assert stairs == [
        ("G01", "3栋", "1单元"), ("G01", "3栋", "2单元"), ("G01", "3栋", "3单元"),
        ("G01", "4栋", "1单元"), ("G01", "4栋", "2单元"),
    ]  # fmt: skip
    assert {(k, w, v.means) for (_, k, w), v in known.words.items()} == {
        ("spot", "东门", ""), ("spot", "地下车库", ""), ("nickname", "红楼", "3栋"), ("nickname", "文化楼", "文化楼"),
    }  # fmt: skip
    rows = desk.rows(sa.select(areas.c.name, areas.c.building, areas.c.unit).where(areas.c.kind == "stair"))
    assert ("4栋2单元", "4栋", "2单元") in [tuple(row) for row in rows]


def test_importing_again_changes_nothing(desk: Desk) -> None:
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    before = desk.roster()
    for what in ("areas", "roster"):
        assert "没有变化" in desk.ok("import", what, desk.folder / f"{what}.csv")
    assert "没有变化" in desk.ok("import", "households", desk.folder / "homes.csv")
    assert desk.roster() == before


def test_a_grid_gets_another_name_but_no_other_home(desk: Desk) -> None:
    desk.filled()
    renamed = desk.file("b.csv", AREAS.replace("第一网格", "东区网格").replace("别名", "别名").replace("红楼", "大楼"))
    out = desk.ok("import", "areas", renamed, "--yes")
    assert "名称 第一网格 → 东区网格" in out
    moved = desk.file("c.csv", AREAS.replace("示范社区", "别的社区"))
    assert "第2行“网格编号”：网格 G01 已经属于示范街道示范社区" in desk.refused("import", "areas", moved)
    other = desk.file("d.csv", AREAS.replace("3栋,3,,红楼", "5栋,3,,红楼"))
    assert "指 3栋 → 5栋" in desk.ok("import", "areas", other, "--yes")


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    file = desk.file("areas.csv", AREAS)
    assert "+ 楼栋 G01 3栋" in desk.ok("import", "areas", file, "--dry-run")
    assert not (desk.folder / "data.db").exists()
    desk.filled()
    before = desk.roster()
    assert "电话" in desk.ok("import", "roster", desk.file("r.csv", ROSTER.replace("1380", "1390")), "--dry-run")
    assert desk.roster() == before


def test_it_asks_and_takes_no_for_an_answer(desk: Desk) -> None:
    file = desk.file("areas.csv", AREAS)
    assert "没有写入" in desk.refused("import", "areas", file, say="n\n", code=1)
    assert "--yes" in desk.refused("import", "areas", file, code=1)
    assert not desk.roster().areas
    desk.ok("import", "areas", file, say="y\n")
    assert desk.roster().areas


def test_everybody_gets_a_code_once(desk: Desk) -> None:
    desk.ok("import", "areas", desk.file("areas.csv", AREAS), "--yes")
    out = desk.ok("import", "roster", desk.file("roster.csv", ROSTER), "--yes", "--bot-name", "@dxq_bot")
    people = desk.roster().members.values()
    codes = {m.bind_code for m in people}
    assert len(codes) == 5
    assert all(len(code) == 8 and not set(code) & set("0O1IL2Z5S8B6G") for code in codes)
    assert all(f"https://t.me/dxq_bot?start={code}" in out for code in codes)
    desk.ok("import", "roster", desk.folder / "roster.csv", "--yes")
    assert {m.bind_code for m in desk.roster().members.values()} == codes


def test_people_above_the_grid_belong_above(desk: Desk) -> None:
    desk.ok("import", "areas", desk.file("areas.csv", AREAS), "--yes")
    rows = "网格编号,姓名,身份\nG01,何书记,社区书记\nG02,何书记,社区书记\nG02,钱主任,街道\n"
    desk.ok("import", "roster", desk.file("r.csv", rows), "--yes")
    assert set(desk.roster().members) == {
        (("community", "示范街道", "示范社区"), "何书记"),
        (("street", "示范街道"), "钱主任"),
    }


def test_a_change_of_pairing_closes_the_old_row(desk: Desk) -> None:
    desk.filled()
    changed = ROSTER.replace("老李,13800000000,3栋、4栋2单元,,8", "老李,,4栋,,9").replace("3栋,搭档", "3栋,结对")
    out = desk.ok("import", "roster", desk.file("r.csv", changed), "--yes")
    assert "- 结对结束：4栋2单元 李建国" in out
    assert held(desk) == {("3栋", "吴红", "first"), ("4栋", "李建国", "first"), ("G02", "周敏", "first")}
    rows = desk.rows(sa.select(pairings.c.from_on, pairings.c.to_on).where(pairings.c.to_on.is_not(None)))
    assert len(rows) == 3
    assert all(row.from_on == row.to_on for row in rows)
    assert desk.rows(sa.select(members.c.phone, members.c.capacity).where(members.c.name == "李建国"))[0] == ("", 9)


def test_a_part_of_the_roster_leaves_the_rest_alone(desk: Desk) -> None:
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    before = held(desk)
    part = desk.file("p.csv", "网格编号,姓名,身份\nG01,新来的,志愿者\nG01,吴红,志愿者\n")
    desk.ok("import", "roster", part, "--yes")
    assert held(desk) == before
    taken = desk.file("q.csv", "网格编号,姓名,身份,结对\nG01,新来的,志愿者,3栋\n")
    desk.ok("import", "roster", taken, "--yes")
    assert held(desk) == before - {("3栋", "李建国", "first")} | {("3栋", "新来的", "first")}


def test_a_complete_roster_says_who_has_left_and_who_is_back(desk: Desk) -> None:
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    short = "\n".join(line for line in ROSTER.splitlines() if "李建国" not in line and "G02" not in line)
    out = desk.ok("import", "roster", desk.file("r.csv", short), "--yes", "--complete")
    assert "- 停用：李建国" in out
    assert {name for _, name, _ in held(desk)} == {"吴红", "周敏"}
    gone = desk.roster().members[("grid", "G01"), "李建国"]
    assert (gone.active, gone.bind_code) == (False, "")
    desk.ok("import", "roster", desk.folder / "roster.csv", "--yes")
    back = desk.roster().members[("grid", "G01"), "李建国"]
    assert (back.id, back.active, len(back.bind_code)) == (gone.id, True, 8)


def test_households_with_sealed_names(desk: Desk) -> None:
    desk.filled()
    out = desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    assert "走访 G01 3栋2单元501，每周一次" in out
    assert "张奶奶" not in out
    rows = desk.rows(sa.select(visit_plans).order_by(visit_plans.c.id))
    assert [(r.category, r.cadence, r.consent_on.isoformat()) for r in rows] == [
        ("solo_elder", "week", "2026-01-05"),
        ("hardship", "14d", "2026-01-06"),
    ]
    assert rows[0].person.startswith("gAAAA")
    assert rows[1].person == rows[1].contact == ""
    assert b"\xe5\xbc\xa0\xe5\xa5\xb6\xe5\xa5\xb6" not in (desk.folder / "data.db").read_bytes()
    assert {h for h in held(desk) if "501" in h[0]} == {
        ("3栋2单元501", "李建国", "first"),
        ("3栋2单元501", "吴红", "partner"),
    }
    changed = HOMES.replace("张奶奶", "张老太").replace("李建国,吴红", "吴红,")
    out = desk.ok("import", "households", desk.file("h.csv", changed), "--yes")
    assert "G013栋2单元501：称呼有变化" in out
    assert "张老太" not in out
    assert {h for h in held(desk) if "501" in h[0]} == {("3栋2单元501", "吴红", "first")}
    out = desk.ok("import", "households", desk.file("g.csv", HOMES.rpartition("G01,4栋")[0]), "--yes", "--complete")
    assert "不再走访：G014栋1单元302" in out
    assert "结对结束：4栋1单元302 李建国" in out


def test_names_are_refused_without_a_key(desk: Desk) -> None:
    desk.filled()
    bare = Desk.at(desk.folder, key=False)
    complaint = bare.refused("import", "households", bare.file("h.csv", HOMES))
    assert "第2行“称呼”：填了需要加密的内容，但配置里没有密钥" in complaint
    assert "第2行“联系方式”" in complaint
    assert "张奶奶" not in complaint
    bare.ok("import", "households", bare.file("h.csv", HOMES.replace("张奶奶,13900000000", ",")), "--yes")


def refusals(desk: Desk, what: str, rows: str) -> list[str]:
    before = desk.roster()
    lines = desk.refused("import", what, desk.file("bad.csv", rows), "--yes").splitlines()
    assert desk.roster() == before
    assert lines[-1] == f"没有导入：{len(lines) - 1} 处要改。"
    return lines[:-1]


def test_every_fault_of_areas_is_told_at_its_place(desk: Desk) -> None:
    desk.filled()
    head = "街道,社区,网格编号,网格,楼栋,单元数,单元,别名\n"
    rows = [
        ",示范社区,G01,第一网格,5栋,,,",
        "示范街道,示范社区,G01,第1网格,5栋,,,",
        "示范街道,示范社区,G01,第1网格,5动,,,",
        "示范街道,示范社区,G01,第1网格,6栋,两个,,",
        "示范街道,示范社区,G01,第1网格,7栋,2,1单元,",
        "示范街道,示范社区,G01,第1网格,,2,,",
        "示范街道,示范社区,G01,第1网格,5栋,,,",
        "示范街道,示范社区,G01,第1网格,8栋,,2楼,红楼",
        "示范街道,示范社区,G01,第1网格,9栋,99,,红楼",
    ]
    found = refusals(desk, "areas", head + "\n".join(rows))
    assert found == [
        "第2行“街道”：没有填。",
        "第4行“楼栋”：“5动”认不出是哪栋，请写成“3栋”的样子；有名字的楼直接写名字。",
        "第5行“单元数”：“两个”应是 0 到 30 的整数。",
        "第6行“单元”：“单元数”和“单元”只填一个。",
        "第7行“单元数”：这一行没有楼栋。",
        "第8行“楼栋”：5栋在第3行已经写过。",
        "第9行“单元”：“2楼”认不出是哪个单元，请写成“2单元”的样子。",
        "第10行“单元数”：“99”应是 0 到 30 的整数。",
        "第10行“别名”：“红楼”在第9行已经指8栋。",
    ]


def test_every_fault_of_a_roster_is_told_at_its_place(desk: Desk) -> None:
    desk.filled()
    head = "网格编号,姓名,身份,电话,结对,角色,容量\n"
    rows = [
        "G09,甲,志愿者,,,,",
        "G01,,志愿者,,,,",
        "G01,张三、李四,志愿者,,,,",
        "G01,丙,组长,,,,",
        "G01,丁,志愿者,,3栋、9栋,帮手,-1",
        "G01,戊,社区书记,,3栋,,",
        "G01,己,志愿者,1,3栋,,",
        "G01,己,网格长,2,3栋,,",
        "G01,庚,志愿者,,3栋,,",
        "G01,辛,志愿者,,3栋电梯,,",
    ]
    found = refusals(desk, "roster", head + "\n".join(rows))
    assert found == [
        "第2行“网格编号”：没有网格“G09”，请先导入网格（import areas）。",
        "第3行“姓名”：没有填。",
        "第4行“姓名”：“张三、李四”不像一个人的姓名（一格写一个人，不带数字）。",
        "第5行“身份”：“组长”不在可选的里面：志愿者 / 网格长 / 社区书记 / 街道",
        "第6行“角色”：“帮手”不在可选的里面：结对 / 搭档",
        "第6行“容量”：“-1”应是 0 到 1000 的整数。",
        "第7行“结对”：社区和街道的人不结对楼栋，请留空。",
        "第9行“身份”：和第8行的“己”不一样。同一个人请写得一致；同名的两个人请在姓名上分开，例如“李红（东区）”。",
        "第9行“电话”：和第8行的“己”不一样。同一个人请写得一致；同名的两个人请在姓名上分开，例如“李红（东区）”。",
        "第9行“结对”：己的“3栋”在第8行已经写过。",
        "第10行“结对”：3栋在第8行已经由己结对；第二个人请在“角色”写“搭档”。",
        "第11行“结对”：网格 G01 里没有“3栋电梯”，请先导入网格（import areas）或改正。",
    ]


def test_every_fault_of_households_is_told_at_its_place(desk: Desk) -> None:
    desk.filled()
    head = "网格编号,楼栋,单元,室,类别,频次天数,同意日期,第一责任人,搭档\n"
    rows = [
        "G01,3栋,2单元,501,独居空巢高龄老人,,,李建国,",
        "G01,3栋,2单元,501,重点人员,0,2026-02-30,没有他,",
        "G01,9栋,,501,honor,,2026-01-01,李建国,李建国",
        "G01,3栋,,501,honor,,2999-01-01,李建国,",
        "G01,3栋,9单元,五楼,honor,,2026年1月1日,李建国,",
        "G01,3栋,1单元,101,honor,,2026-01-01,李建国,",
        "G01,3栋,1单元,101,老党员·优抚·退役军人,,2026-01-01,李建国,",
        "G01,3栋,1单元,101,hardship,,2026-01-01,吴红,",
        "G02,文化楼,,101,honor,,2026-01-01,李建国,",
    ]
    found = refusals(desk, "households", head + "\n".join(rows))
    assert [line.partition("：")[0] for line in found] == [
        "第2行“同意日期”",
        "第3行“类别”",
        "第3行“频次天数”",
        "第3行“同意日期”",
        "第3行“第一责任人”",
        "第4行“楼栋”",
        "第4行“搭档”",
        "第5行“单元”",
        "第5行“同意日期”",
        "第6行“室”",
        "第8行“室”",
        "第9行“第一责任人”",
        "第10行“第一责任人”",
    ]
    assert found[10] == "第8行“室”：3栋1单元101在第7行已经有这一类。"


def test_people_who_serve_control_are_no_category(desk: Desk) -> None:
    """Petitioners and the like are not visited: the six kinds are the only ones (domain reference, section 3)."""
    desk.filled()
    for kind in ("信访人员", "社区矫正", "刑满释放", "精神障碍"):
        row = HOMES.replace("独居空巢高龄老人", kind)
        assert "不在可选的里面" in desk.refused("import", "households", desk.file("h.csv", row))


def test_what_changed_meanwhile_is_not_overwritten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question and the answer somebody else changes the roster: nothing is written that was not shown."""
    desk.filled()
    file = desk.file("r.csv", ROSTER.replace("13800000000", "13900000000"))

    def answer(*_: object, **__: object) -> bool:
        async def change() -> None:
            database = Database(desk.url)
            async with database.write("meanwhile") as tx:
                await tx.execute(sa.update(members).where(members.c.name == "李建国").values(phone="1"))
            await database.close()

        asyncio.run(change())
        return True

    monkeypatch.setattr("rich.prompt.Confirm.ask", answer)
    assert "被别人改过" in desk.refused("import", "roster", file, code=1)
    assert desk.roster().members[("grid", "G01"), "李建国"].phone == "1"


def test_an_xlsx_says_the_same_as_a_csv(desk: Desk) -> None:
    for what, text in (("areas", AREAS), ("roster", ROSTER), ("households", HOMES)):
        rows: list[list[object]] = [[int(c) if c.isdigit() and len(c) < 3 else c for c in r] for r in table(text)]
        desk.ok("import", what, desk.file(f"{what}.xlsx", xlsx(rows)), "--yes")
        assert "没有变化" in desk.ok("import", what, desk.file(f"{what}.csv", text))
    assert desk.roster().members[("grid", "G01"), "李建国"].capacity == 8


def test_the_running_program_hears_of_it(desk: Desk) -> None:
    """Grids are kept in memory until the roster counter is raised."""
    desk.ok("import", "areas", desk.file("areas.csv", AREAS), "--yes")
    count: sa.Select[Any] = (
        sa.select(sa.column("value")).select_from(sa.table("counters")).where(sa.column("name") == "roster")
    )
    before = desk.rows(count)[0][0]
    desk.ok("import", "roster", desk.file("roster.csv", ROSTER), "--yes")
    assert desk.rows(count)[0][0] == before + 1
