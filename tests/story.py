"""Stories: a chat transcript in ``tests/stories/*.txt``, played end to end. The format is explained in tests/stories/README.md."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from domain.roster import AreaKind, Role
from storage import grids, tickets, visits
from storage import notices as notice_rows
from storage.tables import accounts, areas, members
from tests.community import RESIDENTS, SINCE, give_visits
from tests.emulator import Chat
from tests.story_acts import ACTS
from tests.story_stage import Stage, StoryFailed
from tests.telegram_house import World, telegram_world

FOLDER = Path(__file__).parent / "stories"
ZONE = ZoneInfo("Asia/Shanghai")


async def play(path: Path, url: str) -> None:
    """Play a story against the whole program."""
    lines = _lines(path)
    at = datetime(2026, 11, 20, 10, 0, tzinfo=ZONE)
    options: dict[str, Any] = {"manners": {}}
    unbound: tuple[str, ...] = ()
    registered, second, street = True, False, ""
    emoji: list[str] | None = None
    households: list[list[str]] = []
    while lines and re.match(r"(时间|配置|未绑定|未登记|不许表情|两个网格|街道|走访户)", lines[0][1]):
        _, line = lines.pop(0)
        word, _, rest = line.partition(" ")
        if word == "时间":
            at = datetime.fromisoformat(rest.strip()).replace(tzinfo=ZONE)
        elif word == "未绑定":
            unbound = tuple(rest.split())
        elif word == "未登记":
            registered = False
        elif word == "不许表情":
            emoji = []
        elif word == "两个网格":
            second = True
        elif word == "街道":
            street = rest.strip()
        elif word == "走访户":
            households.append(rest.split())
        else:
            name, _, value = rest.partition("=")
            section, _, key = name.strip().partition(".")
            value = value.strip()
            options.setdefault(section, {})[key] = int(value) if value.isdigit() else value
    async with telegram_world(
        url, at=at, residents=RESIDENTS, unbound=unbound, registered=registered, emoji=emoji, **options
    ) as world:
        if second:
            await _add_grid(world)
        if street:
            await _add_street(world, street)
        await give_visits(world.home.database, at.date(), households)
        stage = Stage(world)
        stage.snapshot()
        for number, line in lines:
            try:
                if line.startswith(">"):
                    await _expect(stage, line[1:].strip())
                else:
                    stage.snapshot()
                    await _act(stage, line)
            except StoryFailed as failed:
                raise StoryFailed(f"{path.name}:{number}: {line}\n{failed}") from None
            except (AssertionError, LookupError, ValueError) as error:
                raise StoryFailed(f"{path.name}:{number}: {line}\n{type(error).__name__}: {error}") from error


def _lines(path: Path) -> list[tuple[int, str]]:
    lines = [(n, line.rstrip()) for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)]
    return [(n, line) for n, line in lines if line.strip() and not line.startswith("#")]


async def _add_grid(world: World) -> None:
    """A second grid in the same community, without people of its own."""
    async with world.home.database.write("second_grid") as tx:
        row = {"id": 90, "parent_id": 2, "kind": AreaKind.GRID, "code": "G02", "name": "示范小区第二网格"}
        tx.add(areas, {**row, "grid_id": None, "building": "", "unit": ""})
        await grids.changed(tx)


async def _add_street(world: World, name: str) -> None:
    """Somebody of the group works at the street office, and has a private chat with 党小栖."""
    account = str(world.people[name].id)
    world.people[name].tells("/start")
    await world.step()
    async with world.home.database.write("street") as tx:
        row = {"id": 91, "area_id": 1, "role": Role.STREET, "name": name, "capacity": 10, "active": True}
        tx.add(members, {**row, "joined_on": SINCE})
        line = {"channel": "telegram", "bot": str(world.em.bot.id), "account": account, "chat_id": account}
        tx.add(accounts, {**line, "member_id": 91})
        await grids.changed(tx)


async def _act(stage: Stage, line: str) -> None:
    for pattern, act in ACTS:
        if found := re.fullmatch(pattern, line):
            await act(stage, *found.groups())
            stage.heard = [entry.body for entry in stage.world.em.backlog.pending()] or stage.heard
            await stage.world.step()
            return
    raise StoryFailed("这一行看不懂")


async def _expect(stage: Stage, line: str) -> None:
    world, group = stage.world, stage.world.group
    if line == "群不说话":
        _none(stage, group)
    elif found := re.fullmatch(r"(\S+) 没有消息", line):
        _none(stage, stage.person(found[1]).private)
    elif found := re.fullmatch(r"没有表情", line):
        assert stage.last is not None
        _same(stage.last.reactions, [])
    elif found := re.fullmatch(r"表情 (\S+)", line):
        assert stage.last is not None
        _same(stage.last.reactions, [found[1]])
    elif found := re.fullmatch(r"弹窗[:：]\s*(.*)", line):
        assert stage.press is not None
        if found[1] not in (stage.press.answer or ""):
            raise StoryFailed(f"弹窗是“{stage.press.answer}”")
    elif found := re.fullmatch(r"群里没有 “(.+)”", line):
        bad = [m.text for m in world.em.said(group) if found[1] in m.text]
        _same(bad, [])
    elif found := re.fullmatch(r"群消息数 (\d+)", line):
        _same(len(world.em.said(group)), int(found[1]))
    elif found := re.fullmatch(r"工单数 (\d+)", line):
        async with world.home.database.read() as tx:
            _same(await tickets.count(tx), int(found[1]))
    elif found := re.fullmatch(r"经过 (\d+)[:：]\s*(.*)", line):
        async with world.home.database.read() as tx:
            _same([str(e.action) for e in await tickets.history(tx, int(found[1]))], found[2].split())
    elif found := re.fullmatch(r"工单 (\d+)[:：]\s*(.*)", line):
        await _expect_ticket(stage, int(found[1]), found[2])
    elif found := re.fullmatch(r"走访 (\d+)[:：]\s*(.*)", line):
        await _expect_visit(stage, int(found[1]), found[2])
    elif found := re.fullmatch(r"走访数 (\d+)", line):
        async with world.home.database.read() as tx:
            _same(await visits.get(tx, int(found[1]) + 1), None)
            _same(await visits.get(tx, int(found[1])) is not None, found[1] != "0")
    elif found := re.fullmatch(r"通知 (\d+)[:：]\s*(.*)", line):
        async with world.home.database.read() as tx:
            _same({str(row.state) for row in await notice_rows.of_number(tx, int(found[1]))}, {found[2]})
    elif found := re.fullmatch(r"(\S+) 收到 (\d+) 条", line):
        _same(len(stage.news(group if found[1] == "群" else stage.person(found[1]).private)), int(found[2]))
    elif found := re.fullmatch(r"([^\s:：]+)[:：]\s*(.*)", line):
        _said(stage, group if found[1] == "群" else stage.person(found[1]).private, found[2])
    else:
        raise StoryFailed("这一行看不懂")


async def _expect_ticket(stage: Stage, number: int, wanted: str) -> None:
    async with stage.world.home.database.read() as tx:
        ticket = await tickets.get(tx, number)
        if ticket is None:
            raise StoryFailed("没有这张工单")
        grid = await grids.by_id(tx, ticket.grid_id)
    member = grid.member(ticket.assignee_id)
    facts = {
        "状态": str(ticket.state),
        "人": member.name if member else "无",
        "类": ticket.code,
        "级": str(ticket.urgency),
        "地点": ticket.place.shown(),
        "报事人": ticket.reporter.name,
        "同报": str(ticket.supporters),
        "催": str(ticket.urges),
        "重办": str(ticket.reworks),
        "照片": str(len(ticket.photos)),
        "评价": str(ticket.rating or "无"),
        "保密": "是" if ticket.private else "否",
        "等居民": "是" if ticket.is_paused else "否",
        "过期": str(ticket.overdue),
        "到期": f"{ticket.closing_due_at.astimezone(ZONE):%m-%d/%H:%M}",
    }
    _facts(facts, wanted)


async def _expect_visit(stage: Stage, number: int, wanted: str) -> None:
    async with stage.world.home.database.read() as tx:
        found = await visits.get(tx, number)
        if found is None:
            raise StoryFailed("没有这次走访")
        member = (await grids.by_id(tx, found.plan.grid_id)).member(found.assignee_id)
    facts = {
        "状态": str(found.state),
        "到期": str(found.due_on),
        "代": member.name if member else "无",
        "次": str(found.revision),
    }
    _facts(facts, wanted)


def _facts(facts: dict[str, str], wanted: str) -> None:
    for part in wanted.split():
        key, _, value = part.partition("=")
        if facts.get(key) != value:
            raise StoryFailed(f"{key} 是 {facts.get(key)}")


def _said(stage: Stage, chat: Chat, wanted: str) -> None:
    labels = re.findall(r"\[(.+?)\]", wanted)
    parts = [p.strip() for p in re.sub(r"\[.+?\]", "", wanted).split("…") if p.strip()]
    news = stage.news(chat)
    for message in news:
        if all(part in message.text for part in parts) and all(label in message.labels for label in labels):
            return
    shown = "\n".join(f"- {m.text} {m.labels}" for m in news) or "（没有新消息）"
    raise StoryFailed(f"没有等到：{parts} {labels}\n新的有：\n{shown}")


def _none(stage: Stage, chat: Chat) -> None:
    if news := stage.news(chat):
        raise StoryFailed("说了话：" + "；".join(m.text for m in news))


def _same(found: object, wanted: object) -> None:
    if found != wanted:
        raise StoryFailed(f"是 {found}，应为 {wanted}")
