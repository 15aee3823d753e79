"""Visits and notices on a database: reminders, answers and sending, through the router and the jobs."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
import sqlalchemy as sa

from domain.cadence import Cadence, Unit
from domain.calendar import Calendar
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.outgoing import SendState
from handlers.announcing import send_notices
from handlers.context import Context, Policy
from handlers.delivered import tell_delivered
from handlers.router import handle
from handlers.visit_knocks import tell_silent
from handlers.visit_reminders import remind_visits
from storage import visits as visit_rows
from storage.database import Database
from storage.tables import accounts, areas, counters, groups, members, metadata, notices, outbox, pairings, tickets
from storage.tables import keyboards as keyboard_table
from storage.visit_tables import occurrences, visit_plans, visits
from texts.categories import load_categories
from texts.ear import Ear
from texts.sentences import Sentences

ZONE = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
DAY = date(2026, 11, 18)  # a Wednesday
GRID, HOME = 1, 4
LI, ZHOU, CHEN, WANG = "11", "12", "13", "14"
"""Volunteer, partner, grid leader, secretary: account, private chat and member number are the same."""


@dataclass
class World:
    """A grid with one household, and a hand on its clock."""

    database: Database
    said: Sentences
    ear: Ear
    now: datetime
    policy: Policy = field(default_factory=Policy)
    events: int = 0

    def at(self, days: int, clock: time = time(9)) -> "World":
        self.now = ZONE.at(DAY + timedelta(days=days), clock)
        return self

    def context(self) -> Context:
        return Context(self.now, self.said, self.policy, ZONE, self.ear, load_categories())

    async def tick(self) -> None:
        async with self.database.write("tick") as tx:
            await remind_visits(self.context(), tx)
            await send_notices(self.context(), tx)

    async def says(self, account: str, text: str) -> list[str]:
        return await self._event(account, Kind.MESSAGE, text=text)

    async def presses(self, account: str, argument: str, subject: str) -> list[str]:
        """Press the newest button of that argument."""
        rows = await self.rows(sa.select(keyboard_table).where(keyboard_table.c.subject == subject))
        newest = [row for row in rows if [subject, argument] in row.actions][-1]
        place = newest.actions.index([subject, argument])
        return await self._event(account, Kind.BUTTON, button=f"{newest.token}:{place}", click=f"c{self.events}")

    async def _event(self, account: str, kind: Kind, **fields: str) -> list[str]:
        self.events += 1
        event = Incoming(
            Chat("telegram", "bot", account),
            ChatKind.PRIVATE,
            kind,
            self.events,
            f"m{self.events}",
            Sender(account, f"name{account}"),
            self.now,
            **fields,  # type: ignore[arg-type]
        )
        before = await self.texts()
        async with self.database.write("event") as tx:
            await handle(self.context(), tx, event)
        return (await self.texts())[len(before) :]

    async def rows(self, stmt: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        async with self.database.read() as tx:
            return await tx.rows(stmt)

    async def texts(self) -> list[str]:
        return [row.body.get("text", "") for row in await self.rows(sa.select(outbox).order_by(outbox.c.id))]

    async def reminded(self) -> list[tuple[str, str]]:
        stmt = sa.select(outbox).where(outbox.c.kind == "reminder", outbox.c.state == SendState.PENDING)
        return [(row.key, row.chat_id) for row in await self.rows(stmt.order_by(outbox.c.id))]

    async def deliver(self) -> None:
        async with self.database.write("deliver") as tx:
            due = (outbox.c.state == SendState.PENDING, outbox.c.not_before <= self.now)
            await tx.execute(sa.update(outbox).where(*due).values(state=SendState.SENT, provider_id="p", attempt=1))

    async def visit(self) -> sa.Row[Any]:
        return (await self.rows(sa.select(occurrences).order_by(occurrences.c.id)))[0]


@pytest.fixture(scope="module")
def ear() -> Ear:
    return Ear.load()


@pytest_asyncio.fixture
async def world(tmp_path: Path, ear: Ear) -> AsyncIterator[World]:
    database = Database(f"sqlite:///{tmp_path}/test.db")
    async with database.engine.begin() as conn:
        await conn.run_sync(metadata.create_all)
    async with database.write("setup") as tx:
        for name in ("ticket", "roster"):
            tx.add(counters, {"name": name, "value": 0})
        await tx.flush()
        for area_id, parent, kind, names in (
            (9, None, "community", ("", "", "")),
            (GRID, 9, "grid", ("", "", "")),
            (2, GRID, "building", ("3栋", "", "")),
            (3, 2, "stair", ("3栋", "2单元", "")),
            (HOME, 3, "household", ("3栋", "2单元", "501")),
        ):
            building, unit, room = names
            row = {"id": area_id, "parent_id": parent, "kind": kind, "code": f"A{area_id}", "name": f"A{area_id}"}
            grid_id = GRID if area_id in (2, 3, HOME) else None
            await tx.execute(sa.insert(areas).values(**row, grid_id=grid_id, building=building, unit=unit, room=room))
        for account, area, role in (
            (LI, GRID, "volunteer"),
            (ZHOU, GRID, "volunteer"),
            (CHEN, GRID, "leader"),
            (WANG, 9, "secretary"),
        ):
            number = int(account)
            tx.add(
                members,
                {"id": number, "area_id": area, "role": role, "name": f"N{account}", "capacity": 10, "active": True},
            )
            tx.add(
                accounts,
                {"channel": "telegram", "bot": "bot", "account": account, "member_id": number, "chat_id": account},
            )
        for member, pair in ((LI, "first"), (ZHOU, "partner")):
            tx.add(pairings, {"area_id": HOME, "member_id": int(member), "role": pair, "from_on": date(2026, 1, 1)})
        for chat in ("-1", "-2"):
            tx.add(groups, {"channel": "telegram", "bot": "bot", "chat_id": chat, "grid_id": GRID, "active": True})
        await visit_rows.keep_plan(
            tx,
            HOME,
            GRID,
            "hardship",
            cadence=Cadence(Unit.WEEK),
            starts_on=DAY,
            consent_on=date(2026, 11, 1),
        )
    yield World(database, Sentences.load(), ear, ZONE.at(DAY, time(9)))
    await database.close()


async def test_the_ladder_and_its_idempotence(world: World) -> None:
    await world.at(0, time(8, 59)).tick()
    assert await world.reminded() == []
    for _ in range(2):
        await world.at(0).tick()
        assert await world.reminded() == [("visit:1:0:1:11", LI)]
    await world.deliver()
    for _ in range(2):
        await world.at(1).tick()
        assert await world.reminded() == [("visit:1:0:2:11", LI), ("visit:1:0:2:12", ZHOU)]
    await world.deliver()
    await world.at(2).tick()
    assert await world.reminded() == [("visit:1:0:3:13", CHEN)]
    texts = [text for text in await world.texts() if "V1" in text]
    assert len(texts) == 4
    assert all("501" not in text and "A4" not in text and "低保" not in text for text in texts)


async def test_after_downtime_only_the_newest_rung(world: World) -> None:
    await world.at(2, time(15)).tick()
    assert await world.reminded() == [("visit:1:0:3:13", CHEN), ("visit:1:0:3:11", LI)]


async def test_switched_off(world: World) -> None:
    world.policy = Policy(visits_enabled=False)
    await world.at(0).tick()
    assert await world.rows(sa.select(occurrences)) == []


async def test_recorded_by_a_button(world: World) -> None:
    await world.at(0).tick()
    await world.deliver()
    said = await world.presses(LI, "ok", "visit")
    assert any("11月25日" in text for text in said)
    assert (await world.visit()).state == "done"
    edit = (await world.rows(sa.select(outbox).where(outbox.c.op == "edit")))[0]
    assert edit.replaces == "visit:1:0:1:11"
    assert "buttons" not in edit.body
    assert await world.says(ZHOU, "走访 1 正常") == [world.said.say("refusal.VisitSettled", number=1)]
    assert len(await world.rows(sa.select(visits))) == 1
    await world.at(1).tick()
    assert await world.reminded() == []


async def test_recorded_in_words_and_late(world: World) -> None:
    await world.at(0).tick()
    await world.says(LI, "走访 V1 正常 精神好，电话13800138000")
    row = (await world.rows(sa.select(visits)))[0]
    assert row.note == "精神好，电话\uff0a\uff0a\uff0a"
    assert await world.reminded() == []  # not sent yet, so taken back
    await world.at(7).tick()
    await world.at(14).tick()
    assert [row.state for row in await world.rows(sa.select(occurrences))] == ["done", "missed", "open"]
    await world.says(LI, "走访 2 正常")
    assert [row.state for row in await world.rows(sa.select(occurrences))] == ["done", "done_late", "open"]


async def test_a_need_becomes_a_private_ticket(world: World) -> None:
    await world.at(0).tick()
    assert any("V1" in text for text in await world.presses(LI, "need", "visit"))
    await world.says(LI, "想要一个轮椅，上下楼不方便")
    ticket = (await world.rows(sa.select(tickets)))[0]
    assert (ticket.private, ticket.chat_id, ticket.building, ticket.room) == (True, LI, "3栋", "501")
    assert ticket.words == "想要一个轮椅，上下楼不方便"
    visit = (await world.rows(sa.select(visits)))[0]
    assert (visit.outcome, visit.ticket, (await world.visit()).state) == ("need", ticket.number, "done")
    rows = await world.rows(sa.select(outbox))
    assert not [row for row in rows if row.chat_id.startswith("-")]


async def test_attention_reaches_the_leader_and_only_him(world: World) -> None:
    await world.at(0).tick()
    await world.presses(LI, "attention", "visit")
    too_long = await world.says(LI, "好" * 201)
    assert too_long == [world.said.say("refusal.TextTooLong", limit=200)]
    said = await world.says(LI, "最近不爱出门")
    assert any("最近不爱出门" in text for text in said)
    rows = await world.rows(sa.select(outbox))
    assert [row.chat_id for row in rows if "最近不爱出门" in row.body.get("text", "")] == [CHEN]


async def test_nobody_opened(world: World) -> None:
    await world.at(0).tick()
    await world.deliver()
    said = await world.presses(LI, "absent", "visit")
    assert any("敲门两次" in text for text in said)
    await world.says(LI, "走访 1 没见到")
    assert len(await world.rows(sa.select(visits))) == 1
    row = await world.visit()
    assert (row.state, row.due_on, row.revision) == ("absent", DAY + timedelta(days=3), 1)
    await world.at(3).tick()
    assert ("visit:1:1:1:11", LI) in await world.reminded()


async def test_nobody_opened_where_life_may_be_at_risk(world: World) -> None:
    async with world.database.write("risk") as tx:
        await tx.execute(sa.update(visit_plans).values(category="solo_elder"))
    await world.at(0).tick()
    await world.says(LI, "走访 1 没见到")
    async with world.database.write("silent") as tx:
        await tell_silent(replace(world.context(), now=world.now + timedelta(minutes=30)), tx)
    alert = (await world.rows(sa.select(outbox).where(outbox.c.kind == "alert")))[0]
    assert (alert.chat_id, (await world.visit()).due_on) == (CHEN, DAY + timedelta(days=1))


async def test_postponed_and_handed_over(world: World) -> None:
    await world.at(0).tick()
    await world.deliver()
    await world.presses(LI, "postpone", "visit")
    assert await world.says(LI, "等等再说") == [world.said.say("refusal.TimeUnclear")]
    assert any("11月24日" in text for text in await world.says(LI, "12-25"))
    await world.says(LI, "11-20")
    row = await world.visit()
    assert (row.state, row.due_on, row.revision) == ("planned", date(2026, 11, 20), 1)
    await world.at(2).tick()
    await world.deliver()
    await world.presses(LI, "hand_over", "visit")
    assert (await world.visit()).assignee_id == int(ZHOU)
    assert await world.reminded() == [("visit:1:2:0:12", ZHOU)]
    assert any("N99" in text for text in await world.says(ZHOU, "走访 1 请人代 N99"))
    await world.says(ZHOU, "走访 1 请人代 N13")
    assert (await world.visit()).assignee_id == int(CHEN)


async def test_lists_and_who_may_look(world: World) -> None:
    assert await world.says(LI, "走访") == [world.said.say("visits.none")]
    await world.at(0).tick()
    assert "3栋2单元501" in (await world.says(LI, "走访"))[0]
    assert "3栋2单元501" in (await world.says(LI, "走访 1"))[0]
    assert "3栋2单元501" in (await world.says(WANG, "走访"))[0]
    assert await world.says(ZHOU, "走访") == [world.said.say("visits.none")]
    assert "正常" in (await world.says(LI, "走访 1 挺好的"))[0]
    async with world.database.write("unpair") as tx:
        await tx.execute(sa.update(pairings).where(pairings.c.role == "partner").values(to_on=DAY))
        await tx.execute(sa.update(counters).where(counters.c.name == "roster").values(value=1))
    assert await world.says(ZHOU, "走访 1 正常") == [world.said.say("refusal.NoSuchVisit", number=1)]


async def noticed(world: World) -> list[tuple[str, str, str]]:
    stmt = sa.select(outbox).where(outbox.c.kind == "notice").order_by(outbox.c.id)
    return [
        (row.key.split(":")[2] + "/" + row.chat_id, f"{ZONE.local(row.not_before):%d %H:%M}", row.state)
        for row in await world.rows(stmt)
    ]


async def test_a_notice_is_previewed_and_sent_once(world: World) -> None:
    assert await world.says(CHEN, "通知") == [world.said.say("notices.wait")]
    preview = await world.says(CHEN, "#3栋 明天下午停水，电话 025-85551234")
    assert "【3栋】\n明天下午停水" in preview[0]
    assert world.said.say("notices.warn") in preview[0]
    assert await noticed(world) == []
    await world.presses(CHEN, "send", "notice")
    for _ in range(2):
        await world.tick()
        assert await noticed(world) == [("0/-1", "18 09:00", "pending"), ("0/-2", "18 09:00", "pending")]
    assert any("2个群" in text for text in await world.texts())
    assert await world.says(CHEN, "通知 发送 1") == [world.said.say("refusal.NoticeSettled")]


async def test_cap_and_night(world: World) -> None:
    for number in (1, 2, 3):
        await world.says(CHEN, f"通知 第{number}条")
        await world.says(CHEN, f"通知 发送 {number}")
        await world.tick()
    assert [at for _, at, _ in await noticed(world)] == ["18 09:00"] * 4 + ["19 07:00"] * 2
    await world.at(0, time(23)).says(CHEN, "通知 夜里写的")
    await world.says(CHEN, "通知 发送 4")
    await world.tick()
    assert (await noticed(world))[-1][1] == "19 07:00"
    await world.says(CHEN, "通知 ！燃气检修")
    assert "确定" in (await world.says(CHEN, "通知 发送 5"))[0]
    await world.presses(CHEN, "urgent:danger", "notice")
    await world.tick()
    assert (await noticed(world))[-1][1] == "18 23:00"
    assert "【紧急】\n燃气检修" in await world.texts()


async def test_weekly_slots_slept_through_are_told(world: World) -> None:
    await world.says(CHEN, "通知 @每周三 10:00 大扫除")
    await world.presses(CHEN, "send", "notice")
    await world.at(0, time(10)).tick()
    await world.at(0, time(10, 1)).tick()
    assert [key for key, _, _ in await noticed(world)] == ["0/-1", "0/-2"]
    await world.at(16).tick()  # two Wednesdays later and two days over
    assert len(await noticed(world)) == 2
    assert any("错过了2次" in text for text in await world.texts())
    await world.at(21, time(10)).tick()
    assert [key for key, _, _ in await noticed(world)][2:] == ["1/-1", "1/-2"]
    assert "取消了" in (await world.says(CHEN, "通知 取消 1"))[0]
    assert {state for _, _, state in (await noticed(world))[2:]} == {"cancelled"}
    await world.at(28, time(10)).tick()
    assert len(await noticed(world)) == 4


async def test_a_notice_that_missed_its_hour_is_asked_about(world: World) -> None:
    await world.says(CHEN, "通知 @明天9:00 停水")
    await world.says(CHEN, "通知 发送 1")
    await world.at(2).tick()
    assert await noticed(world) == []
    await world.presses(CHEN, "send", "notice")
    await world.tick()
    assert len(await noticed(world)) == 2


async def test_edit_keeps_the_time(world: World) -> None:
    await world.says(CHEN, "通知 @明天9:00 #3栋 停水")
    await world.presses(CHEN, "edit", "notice")
    preview = await world.says(CHEN, "停电")
    assert "【3栋】\n停电" in preview[0]
    assert "明天 09:00" in preview[0]
    states = [row.state for row in await world.rows(sa.select(notices).order_by(notices.c.id))]
    assert states == ["cancelled", "draft"]


async def test_refusals(world: World) -> None:
    say = world.said.say
    assert await world.says(LI, "通知 停水") == [say("refusal.NotAllowed")]
    assert await world.says(CHEN, "通知 @昨天 停水") == [say("refusal.TimeUnclear")]
    assert await world.says(CHEN, "通知 @今天8:00 停水") == [say("refusal.TimePassed")]
    assert await world.says(CHEN, "通知 " + "水" * 1001) == [say("refusal.TextTooLong", limit=1000)]
    assert await world.says(CHEN, "通知 #9栋 停水") == [say("refusal.UnknownChoice", choices="#3栋")]
    assert await world.says(CHEN, "通知 取消 99") == [say("refusal.NoSuchNotice")]


async def test_the_secretary_writes_to_all_grids_below(world: World) -> None:
    async with world.database.write("more") as tx:
        await tx.execute(sa.insert(areas).values(id=20, parent_id=9, kind="grid", code="G2", name="G2"))
        tx.add(groups, {"channel": "telegram", "bot": "bot", "chat_id": "-3", "grid_id": 20, "active": True})
    assert "3个群" in (await world.says(WANG, "通知 停水"))[0]
    assert await world.says(CHEN, "通知 取消 1") == [world.said.say("refusal.NoSuchNotice")]
    await world.presses(WANG, "send", "notice")
    await world.tick()
    assert [key for key, _, _ in await noticed(world)] == ["0/-1", "0/-2", "0/-3"]
    told = [row for row in await world.rows(sa.select(outbox)) if row.chat_id == WANG and "3个群" in row.body["text"]]
    assert len(told) == 1  # the preview; what became of it is told when it has arrived
    assert "1个群" in (await world.says(WANG, "通知 #G2 停水"))[0]


async def test_a_danger_seen_on_a_visit_is_called_out_in_private(world: World) -> None:
    await world.at(0).tick()
    await world.says(LI, "走访 1 有需求 老人摔倒了起不来，一直流血")
    ticket = (await world.rows(sa.select(tickets)))[0]
    assert (ticket.urgency, ticket.private) == ("P0", True)
    rows = await world.rows(sa.select(outbox))
    assert any(row.kind == "alert" and row.chat_id == CHEN for row in rows)
    assert not [row for row in rows if row.chat_id.startswith("-")]


async def test_a_need_counts_although_the_partner_was_faster(world: World) -> None:
    await world.at(0).tick()
    await world.presses(LI, "need", "visit")
    await world.says(ZHOU, "走访 1 正常")
    await world.says(LI, "要人帮忙买菜")
    assert [row.outcome for row in await world.rows(sa.select(visits).order_by(visits.c.id))] == ["ok", "need"]
    assert (await world.visit()).state == "done"


async def test_another_answer_ends_the_wait_for_a_line(world: World) -> None:
    await world.at(0).tick()
    await world.presses(LI, "attention", "visit")
    await world.says(LI, "走访 1 正常")
    assert await world.says(LI, "走访 1") == [world.said.say("refusal.VisitSettled", number=1)]
    await world.says(LI, "3栋2单元电梯坏了")
    assert len(await world.rows(sa.select(visits))) == 1
    assert len(await world.rows(sa.select(tickets))) == 1


async def test_a_leader_names_who_goes(world: World) -> None:
    await world.at(0).tick()
    assert await world.says(CHEN, "走访 1 请人代") == [world.said.say("visits.prompt.name", number=1)]
    async with world.database.write("alone") as tx:
        await tx.execute(sa.delete(accounts).where(accounts.c.account == ZHOU))
        await tx.execute(sa.update(counters).where(counters.c.name == "roster").values(value=1))
    assert await world.says(CHEN, "走访 1 请人代 N12") == [world.said.say("visits.no.unreachable", name="N12")]
    await world.says(CHEN, "走访 1 需关注 最近瘦了")  # he is the leader: nobody else is told
    assert [row.chat_id for row in await world.rows(sa.select(outbox).where(outbox.c.kind == "staff"))] == []


async def test_many_visits_are_a_list(world: World) -> None:
    async with world.database.write("more") as tx:
        for number in range(5, 11):
            row = {"id": 100 + number, "parent_id": 3, "grid_id": GRID, "kind": "household", "code": f"{number}01"}
            await tx.execute(sa.insert(areas).values(**row, name="", building="3栋", unit="2单元", room=f"{number}01"))
            await visit_rows.keep_plan(
                tx, 100 + number, GRID, "honor", cadence=Cadence(Unit.WEEK), starts_on=DAY, consent_on=DAY
            )
    await world.at(0).tick()
    said = await world.says(CHEN, "走访")
    assert len(said) == 1
    assert "一共7户" in said[0]
    assert "501" not in said[0]


async def test_what_waits_for_the_morning_can_be_taken_back(world: World) -> None:
    await world.at(0, time(23)).says(CHEN, "通知 停水")
    await world.says(CHEN, "通知 发送 1")
    await world.tick()
    async with world.database.write("half") as tx:
        half = (outbox.c.kind == "notice", outbox.c.chat_id == "-1")
        await tx.execute(sa.update(outbox).where(*half).values(state=SendState.SENT))
    assert await world.says(CHEN, "通知 取消 1") == [world.said.say("notices.cancelled_rest", number=1, groups=1)]
    assert await world.says(CHEN, "通知 取消 1") == [world.said.say("refusal.NoticeSettled")]


async def test_a_muted_grid_hears_it_afterwards_and_a_full_one_never(world: World) -> None:
    until = world.now + timedelta(hours=3)
    async with world.database.write("mute") as tx:
        await tx.execute(sa.update(groups).values(muted_until=until))
    await world.says(CHEN, "通知 停水")
    await world.says(CHEN, "通知 发送 1")
    await world.tick()
    assert [at for _, at, _ in await noticed(world)] == ["18 12:00", "18 12:00"]
    world.policy = Policy(notices_per_day=0)
    await world.says(CHEN, "通知 停电")
    await world.says(CHEN, "通知 发送 2")
    await world.tick()
    assert len(await noticed(world)) == 2
    assert any(world.said.say("notices.summary.never", groups=2) in text for text in await world.texts())


async def test_a_typed_command_answers_the_wait_for_a_text(world: World) -> None:
    await world.says(CHEN, "通知 停水")
    await world.presses(CHEN, "edit", "notice")
    assert await world.says(CHEN, "通知 @") == [world.said.say("refusal.TimeUnclear")]
    assert "停电" in (await world.says(CHEN, "停电"))[0]
    assert await world.says(CHEN, "通知 #3栋") == [world.said.say("notices.wait")]


async def test_without_a_group_there_is_no_notice(world: World) -> None:
    async with world.database.write("left") as tx:
        await tx.execute(sa.update(groups).values(active=False))
    assert await world.says(CHEN, "通知 停水") == [world.said.say("notices.no_groups")]


async def _settle(world: World, **states: SendState) -> None:
    """What the sender made of the notices that wait: by the end of the chat's number, ``g1`` and ``g2``."""
    async with world.database.write("sent") as tx:
        for chat, state in states.items():
            mine = (outbox.c.kind == "notice", outbox.c.chat_id == f"-{chat[1:]}", outbox.c.state == SendState.PENDING)
            await tx.execute(sa.update(outbox).where(*mine).values(state=state, settled_at=world.now))


async def _told(world: World) -> list[str]:
    before = await world.texts()
    async with world.database.write("tell") as tx:
        await tell_delivered(world.context(), tx)
    return (await world.texts())[len(before) :]


async def test_the_author_hears_once_what_became_of_it_in_each_group(world: World) -> None:
    async with world.database.write("names") as tx:
        for chat, title in (("-1", "一号群"), ("-2", "二号群")):
            await tx.execute(sa.update(groups).where(groups.c.chat_id == chat).values(title=title))
    await world.says(CHEN, "通知 停水")
    await world.says(CHEN, "通知 发送 1")
    await world.tick()
    await _settle(world, g1=SendState.SENT)
    assert await _told(world) == []
    assert "送到1个群，还在等1个群。\n还在等的：二号群" in (await world.says(CHEN, "通知 结果 1"))[0]
    await _settle(world, g2=SendState.FAILED)
    (told,) = await _told(world)
    assert "通知 1 发完了：送到1个群，没送到1个群。\n没送到的：二号群" in told
    assert await _told(world) == []
    await world.tick()
    assert len(await noticed(world)) == 2
    assert "发到1个群" in (await world.presses(CHEN, "again", "notice"))[0]
    await world.says(CHEN, "通知 发送 2")
    await world.tick()
    assert [chat for chat, _, state in await noticed(world) if state == "pending"] == ["0/-2"]
    await _settle(world, g2=SendState.EXPIRED)
    assert "过了时间没发的：二号群" in (await _told(world))[0]
    await world.says(CHEN, "通知 #一号群 停电")
    await world.says(CHEN, "通知 发送 3")
    await world.tick()
    assert [chat for chat, _, state in await noticed(world) if state == "pending"] == ["0/-1"]
    assert "发到2个群" in (await world.says(CHEN, "通知 #一号群,A1 停电"))[0]
    assert "#一号群、#二号群" in (await world.says(CHEN, "通知 #九号群 停电"))[0]


async def test_what_the_evening_held_up_is_not_said_in_the_morning(world: World) -> None:
    await world.at(0, time(20)).says(CHEN, "通知 停水")
    await world.says(CHEN, "通知 发送 1")
    await world.says(CHEN, "通知 ！停气")
    await world.says(CHEN, "通知 确定 2 抢修")
    await world.tick()
    ends = [row.expires_at for row in await world.rows(sa.select(outbox).where(outbox.c.kind == "notice"))]
    assert ends == [ZONE.at(DAY, time(22))] * 2 + [ZONE.at(DAY + timedelta(days=1), time(8))] * 2


async def test_two_times_are_told_apart(world: World) -> None:
    await world.says(CHEN, "通知 @每天10:00 大扫除")
    await world.says(CHEN, "通知 发送 1")
    for day, state in ((0, SendState.SENT), (1, SendState.FAILED)):
        await world.at(day, time(10)).tick()
        await _settle(world, g1=state, g2=state)
    first, second = await _told(world)
    assert "送到2个群" in first
    assert "没送到2个群" in second
    assert "送到" not in (await world.says(CHEN, "通知 结果 1"))[0].split("没送到")[0]
    assert "发到2个群" in (await world.says(CHEN, "通知 再发 1"))[0]


async def test_a_rhythm_that_is_over_before_it_is_sent(world: World) -> None:
    await world.says(CHEN, "通知 @每天10:00 到11-18 大扫除")
    assert await world.at(1).says(CHEN, "通知 发送 1") == [world.said.say("refusal.TimePassed")]
    await world.says(CHEN, "通知 取消 1")
    assert world.said.say("notices.when_never") in (await world.says(CHEN, "通知 看 1"))[0]


async def test_a_long_list_says_how_much_more_there_is(world: World) -> None:
    for number in range(14):
        await world.says(CHEN, f"通知 第{number}条")
    assert world.said.say("notices.list_more", count=2) in (await world.says(CHEN, "通知 列表"))[0]


async def test_a_leader_does_not_touch_what_the_street_says_to_many(world: World) -> None:
    async with world.database.write("more") as tx:
        await tx.execute(sa.insert(areas).values(id=20, parent_id=9, kind="grid", code="G2", name="G2"))
        tx.add(groups, {"channel": "telegram", "bot": "bot", "chat_id": "-3", "grid_id": 20, "active": True})
    await world.says(WANG, "通知 #A9 @每天10:00 体检")
    await world.says(WANG, "通知 发送 1")
    assert "体检" in (await world.says(CHEN, "通知 列表"))[0]  # he sees that it is coming
    assert "发到3个群" in (await world.presses(CHEN, "show:1", "notice"))[0]
    newest = (await world.rows(sa.select(keyboard_table).order_by(keyboard_table.c.expires_at)))[-1]
    assert ["notice", "cancel"] not in newest.actions
    assert await world.says(CHEN, "通知 看 9") == [world.said.say("refusal.NoSuchNotice")]
    for word in ("取消", "跳过", "结果", "再发", "改"):
        assert await world.says(CHEN, f"通知 {word} 1") == [world.said.say("refusal.NoSuchNotice")]
