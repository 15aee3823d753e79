"""Tickets as figures see them, and what became of notices: the same on both engines."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alembic import command

from bot.workdays import workdays
from domain import ticket as rules
from domain.calendar import Calendar
from domain.category import Urgency
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.notice import State as NoticeState
from domain.outgoing import Kind as Said
from domain.outgoing import SendState
from domain.place import Place
from domain.templates import DEFAULT
from domain.ticket import Rating, RefusalCode, State, Who
from storage import digests, figures, grids, groups, notices, outbox, schema, tickets
from storage.database import Database
from storage.notices import Target
from storage.tables import areas
from storage.tables import outbox as outbox_table
from tests.community import settle

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"), workdays([], []))
HOUR = timedelta(hours=1)
GROUP = Chat("web", "web", "g")
WANG, LI = Who("web", "wang", "王阿姨"), Who("web", "li", "老李", member_id=2)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url)
    try:
        await schema.migrate(found)
        await settle(found, "web", "web", {"小陈": "chen"}, "g")
        yield found
    finally:
        await found.close()


async def _open(database: Database, number: int, at: datetime, *steps: str) -> None:
    """A ticket and what happens to it, an hour apart."""
    event = Incoming(
        GROUP, ChatKind.GROUP, Kind.MESSAGE, number, f"m{number}", Sender("wang", "王阿姨"), at, "电梯坏了"
    )
    made = rules.open_ticket(
        number, grid_id=3, chat=GROUP, chat_kind=ChatKind.GROUP, message_id=f"m{number}", thread="", reporter=WANG,
        words="电梯坏了", code="FIX01", urgency=Urgency.P2, place=Place(), private=False, why=None, at=at, calendar=CALENDAR,
        template=DEFAULT,
    )  # fmt: skip
    async with database.write("ticket") as tx:
        tickets.insert(tx, made, event)
        ticket = made[0]
        for step in steps:
            at += HOUR
            acts: dict[str, Callable[[rules.Ticket, datetime], rules.Change]] = {
                "dispatch": lambda t, at: rules.dispatch(t, "", at),
                "take": lambda t, at: rules.take(t, 2, LI, at),
                "back": lambda t, at: rules.hand_back(t, "", LI, at, before=False),
                "solve": lambda t, at: rules.solve(t, "好了", LI, at),
                "confirm": lambda t, at: rules.confirm(t, WANG, at),
                "reopen": lambda t, at: rules.reopen(t, WANG, at, CALENDAR, DEFAULT),
                "good": lambda t, at: rules.rate(t, Rating.GOOD, WANG, at),
                "explain": lambda t, at: rules.explain(t, "不归这里", LI, at),
                "refuse": lambda t, at: rules.refuse(t, RefusalCode.OUT_OF_SCOPE, LI, at),
            }
            ticket = await tickets.save(tx, acts[step](ticket, at))


async def test_what_happened_to_a_ticket_is_read_without_anybody_in_it(database: Database) -> None:
    await _open(database, 1, NOW, "dispatch", "take", "solve", "reopen", "solve", "confirm", "good")
    await _open(database, 2, NOW + HOUR, "dispatch", "take", "back", "explain")
    await _open(database, 3, NOW + 2 * HOUR, "refuse")
    await _open(database, 4, NOW + 3 * HOUR)
    await _open(database, 5, NOW + timedelta(days=1))
    async with database.read() as tx:
        one, two, three, four = await figures.cases(tx, NOW, NOW + timedelta(days=1), [3])
        assert await figures.cases(tx, NOW, NOW + timedelta(days=1), [4]) == []
        assert len(await figures.cases(tx, NOW, NOW + timedelta(days=9))) == 5
    assert (one.state, one.rating, one.reworks) == (State.ARCHIVED, Rating.GOOD, 1)
    assert one.first_contact_at == NOW + 2 * HOUR
    assert (one.first_solved_at, one.reopened_at, one.ended_at) == (NOW + 3 * HOUR, NOW + 4 * HOUR, NOW + 5 * HOUR)
    assert (one.confirmed_at, one.given, one.handed_back, one.explained) == (NOW + 6 * HOUR, True, False, False)
    assert (two.state, two.handed_back, two.explained, two.ended_at) == (State.ANSWERED, True, True, NOW + 5 * HOUR)
    assert (three.state, three.given, three.first_contact_at) == (State.REFUSED, False, None)
    assert (four.state, four.given, four.ended_at) == (State.TO_DISPATCH, False, None)


async def test_digests_are_made_once_a_day(database: Database) -> None:
    today = date(2026, 11, 20)
    async with database.write("digest") as tx:
        assert list(await digests.owed(tx, today, 9)) == [(3, None)]
        await digests.done(tx, 3, today)
        assert list(await digests.owed(tx, today, 9)) == []
        tomorrow = today + timedelta(days=1)
        assert list(await digests.owed(tx, tomorrow, 9)) == [(3, today)]
        await digests.done(tx, 3, tomorrow)
        assert list(await digests.owed(tx, tomorrow, 9)) == []


async def _write(database: Database, *targets: Target, repeat: str = "") -> int:
    async with database.write("notice") as tx:
        return await notices.insert(tx, 1, targets, "停水", repeat=repeat, urgent=False, next_at=NOW, at=NOW)


async def test_a_notice_is_settled_when_nothing_of_it_waits(database: Database) -> None:
    number = await _write(database, Target(3, ("3栋",), (GROUP,)))
    async with database.write("say") as tx:
        (row,) = await notices.of_number(tx, number)
        assert row.target == Target(3, ("3栋",), (GROUP,))
        assert await notices.settled(tx) == []
        assert await notices.save(tx, row, NoticeState.SENT, None, sent=1)
        assert not await notices.save(tx, row, NoticeState.SENT, None, sent=1)
        for name in ("a", "b"):
            outbox.add(
                tx, key=f"notice:{number}:0:{name}", chat=Chat("web", "web", name), kind=Said.NOTICE, body={"text": "停水"},
                now=NOW, grid_id=3, notice=number,
            )  # fmt: skip
    for name, state, settled in (("a", SendState.SENT, []), ("b", SendState.FAILED, [number])):
        async with database.write("sent") as tx:
            await tx.execute(
                sa.update(outbox_table).where(outbox_table.c.key == f"notice:{number}:0:{name}").values(state=state)
            )
            assert await notices.settled(tx) == settled
    async with database.write("report") as tx:
        rows = await notices.of_number(tx, number)
        found = [(d.chat.id, d.state) for d in await notices.deliveries(tx, rows)]
        assert found == [("a", SendState.SENT), ("b", SendState.FAILED)]
        await notices.mark_reported(tx, rows)
        assert await notices.settled(tx) == []
        rows = await notices.of_number(tx, number)
        assert await notices.deliveries(tx, rows) == []
        assert [d.slot for d in await notices.deliveries(tx, rows, last=True)] == [0, 0]


async def test_what_is_planned_is_listed_once_with_drafts_of_these_days(database: Database) -> None:
    async with database.write("second") as tx:
        area = {"id": 90, "parent_id": 2, "kind": "grid", "code": "G02", "name": "二", "grid_id": None}
        tx.add(areas, {**area, "building": "", "unit": ""})
    both = await _write(database, Target(3), Target(90))
    other = await _write(database, Target(90))
    async with database.write("plan") as tx:
        for row in await notices.of_number(tx, both):
            await notices.save(tx, row, NoticeState.SCHEDULED, NOW)
        assert [n.number for n in await notices.planned(tx, 0, [3], NOW)] == [both]
        assert [n.number for n in await notices.planned(tx, 1, [], NOW)] == [both, other]
        assert [n.number for n in await notices.planned(tx, 1, [], NOW + HOUR)] == [both]
        assert await notices.planned(tx, 0, [], NOW) == []


async def test_groups_are_found_by_name_and_after_they_moved(database: Database) -> None:
    async with database.write("move") as tx:
        assert await groups.titled(tx, 3) == [(3, GROUP, "示范小区居民群")]
        assert await groups.titled(tx, 90) == []
        new = Chat("web", "web", "h")
        await groups.move(tx, GROUP, new)
        assert await groups.current(tx, GROUP) == new
        assert await groups.current(tx, new) == new
        assert await groups.titled(tx, 3) == [(3, new, "示范小区居民群")]


async def test_the_areas_above_the_grids(database: Database) -> None:
    async with database.read() as tx:
        assert await grids.parts_of(tx, 1) == [(1, "S1", "示范街道"), (2, "C1", "示范社区")]
        assert await grids.parts_of(tx, 2) == [(2, "C1", "示范社区")]
        assert await grids.parts_of(tx, 3) == []


async def test_notices_of_the_first_version_go_on(database_url: str) -> None:
    """Upgrade with rows: what was sent is not reported anew, a weekly one keeps its days and its hour."""
    found = Database(database_url)
    try:
        async with found.engine.begin() as connection:
            await connection.run_sync(lambda c: command.upgrade(schema._config(c), "0001"))
            await connection.execute(
                sa.text(
                    "INSERT INTO areas (id, kind, code, name, building, unit, room, caution) VALUES (3, 'grid', 'G', 'G', '', '', '', '')"
                )
            )
            await connection.execute(
                sa.text(
                    "INSERT INTO members (id, area_id, role, name, capacity, active) VALUES (1, 3, 'leader', '陈', 1, 1)"
                )
            )
            await connection.execute(
                sa.text(
                    "INSERT INTO notices (id, grid_id, author_id, words, areas, state, repeat, urgent, sent, created_at) VALUES "
                    "(1, 3, 1, '大扫除', '[]', 'scheduled', 'FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=18;BYMINUTE=30', 0, 4, '2026-11-20T02:00:00.000000Z'), "
                    "(2, 3, 1, '停水', '[]', 'sent', '', 0, 1, '2026-11-20T02:00:00.000000Z')"
                )
            )
        await schema.migrate(found)
        async with found.read() as tx:
            weekly, once = [await notices.of_number(tx, number) for number in (1, 2)]
            assert await notices.settled(tx) == []
        assert weekly[0].repeat == "DTSTART:20260101T183000\nRRULE:FREQ=WEEKLY;BYDAY=MO,TH"
        assert (weekly[0].reported, once[0].reported, once[0].target.chats, once[0].reason) == (4, 1, (), "")
    finally:
        await found.close()
