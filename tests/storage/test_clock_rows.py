"""Ladders, whistles and supervised cases on both engines: one living row each, and the slower of two changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import ladder, supervision, whistle
from domain.calendar import Calendar, QuietHours
from domain.category import Urgency
from domain.incoming import Chat, ChatKind, Incoming, Kind, Sender
from domain.ladder import Hours, Ladder, RunState
from domain.place import Place
from domain.supervision import Reason
from domain.templates import DEFAULT
from domain.ticket import Ticket, Who, open_ticket
from domain.whistle import Answer, State, Wanted
from storage import calendars, ladders, retention, schema, tickets, whistles
from storage import supervision as cases
from storage.database import Database
from storage.tables import tickets as table
from tests.community import settle

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
CHINA = Calendar(ZoneInfo("Asia/Shanghai"), lambda day: day.weekday() < 5)
HOURS = Hours(CHINA, QuietHours(NOW.time(), NOW.time()))
CHAT = Chat("web", "web", "g")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    found = Database(database_url, busy_seconds=1)
    try:
        await schema.migrate(found)
        await settle(found, "web", "web", {}, "g")
        yield found
    finally:
        await found.close()


async def a_ticket(database: Database) -> Ticket:
    """A ticket that somebody has just reported."""
    async with database.write("open") as tx:
        number = await tickets.next_number(tx)
        event = Incoming(CHAT, ChatKind.GROUP, Kind.MESSAGE, number, f"m{number}", Sender("w"), NOW, "灯不亮")
        change = open_ticket(
            number, grid_id=3, chat=CHAT, chat_kind=ChatKind.GROUP, message_id=f"m{number}", thread="",
            reporter=Who("web", "w"), words="灯不亮", code="FIX01", urgency=Urgency.P2, place=Place(), private=False,
            why=None, at=NOW, calendar=CHINA, template=DEFAULT,
        )  # fmt: skip
        tickets.insert(tx, change, event)
    return change[0]


async def test_one_living_run_and_the_slower_writer_loses(database: Database) -> None:
    ticket = await a_ticket(database)
    async with database.write("start") as tx:
        assert await ladders.wanted(tx) == [ticket.number]
        fresh = ladder.start(0, ticket, Ladder().steps(Urgency.P2), HOURS)
        run = await ladders.start(tx, fresh, ticket.grid_id)
        assert run is not None
        assert replace(run, id=0) == fresh
        assert await ladders.start(tx, fresh, ticket.grid_id) is None
        assert await ladders.wanted(tx) == []
    async with database.write("climb") as tx:
        after = replace(run, position=2, acked_by=2, acked_at=NOW, promise_on=date(2026, 11, 25), missed=True)
        assert await ladders.save(tx, run, after)
        assert not await ladders.save(tx, run, replace(run, position=3))
        kept = await ladders.of_ticket(tx, ticket.number)
        assert kept == replace(after, version=2)
        assert await ladders.living(tx) == {ticket.number: kept}
        assert await ladders.save(tx, kept, replace(kept, state=RunState.DONE, next_at=None))
        assert await ladders.living(tx) == {}
        assert await ladders.start(tx, fresh, ticket.grid_id) is not None
        assert len(await ladders.every(tx, ticket.number)) == 2


async def test_one_open_whistle_and_its_units(database: Database) -> None:
    ticket = await a_ticket(database)
    wanted = Wanted(whistle.Kind.ENFORCEMENT, ("城管", "消防"), date(2026, 11, 25), "劝过")
    async with database.write("blow") as tx:
        found = await whistles.blow(tx, ticket.number, 3, 1, wanted, NOW, NOW + timedelta(hours=1))
        assert found is not None
        assert [u.name for u in found.units] == sorted(["城管", "消防"])
        assert await whistles.blow(tx, ticket.number, 3, 1, wanted, NOW, NOW) is None
        assert await whistles.due(tx, NOW) == []
        assert await whistles.due(tx, NOW + timedelta(hours=1)) == [found]
        called = whistle.confirm(found, 6, NOW, CHINA)
        assert await whistles.save(tx, found, called, NOW)
        assert not await whistles.save(tx, found, called, NOW)
        done = whistle.answer(called, (), Answer.DONE, by_street=True)
        assert await whistles.save(tx, called, done, NOW)
        assert await whistles.of_ticket(tx, ticket.number) == done
        assert await whistles.share(tx, 3, NOW - timedelta(days=1)) == (1, 1)
        assert await whistles.share(tx, 3, NOW + timedelta(days=1)) == (0, 0)
        again = await whistles.blow(tx, ticket.number, 3, 1, wanted, NOW, NOW)
        assert again is not None
        await whistles.end(tx, ticket.number)
        ended = await whistles.of_ticket(tx, ticket.number)
        assert ended is not None
        assert (ended.id, ended.state, ended.remind_at) == (again.id, State.ENDED, None)


async def test_a_case_is_listed_once_and_may_come_back(database: Database) -> None:
    ticket = await a_ticket(database)
    async with database.write("list") as tx:
        assert await cases.candidates(tx) == []
        await tickets.save(tx, (replace(ticket, overdue=2), (await tickets.history(tx, ticket.number))[0]))
        assert await cases.candidates(tx) == [ticket.number]
        case = supervision.put_on(ticket, Reason.OVERDUE, 2, NOW, CHINA)
        assert await cases.put_on(tx, case)
        assert not await cases.put_on(tx, case)
        assert await cases.candidates(tx) == []
        assert await cases.listed(tx, 3) == [case]
        assert await cases.listed(tx, 4) == []
        assert await cases.due(tx, case.next_update_on - timedelta(days=1)) == []
        assert await cases.due(tx, case.next_update_on) == [case]
        reminded = replace(case, reminded_on=case.next_update_on)
        assert await cases.save(tx, case, reminded)
        assert not await cases.save(tx, case, reminded)
        assert await cases.due(tx, case.next_update_on) == []
        kept = await cases.of_ticket(tx, ticket.number)
        assert kept == replace(reminded, version=2)
        assert await cases.save(tx, kept, replace(kept, state=supervision.State.STRUCK, struck_by=6, struck_at=NOW))
        assert await cases.listed(tx, 3) == []
        assert await cases.put_on(tx, case)
        assert await cases.listed(tx, 3) == [case]


async def test_what_people_wrote_goes_with_the_words_of_the_ticket(database: Database) -> None:
    ticket = await a_ticket(database)
    wanted = Wanted(whistle.Kind.HARD, ("城管",), date(2026, 11, 25), "劝过")
    async with database.write("old") as tx:
        await whistles.blow(tx, ticket.number, 3, 1, wanted, NOW, NOW)
        case = replace(supervision.put_on(ticket, Reason.LEADER, 2, NOW, CHINA), note="影响大")
        await cases.put_on(tx, case)
        await tx.execute(table.update().values(state="archived", closed_at=NOW))
        await retention.forget(tx, NOW + timedelta(days=700))
        assert [(await whistles.of_ticket(tx, 1)).tried, (await cases.of_ticket(tx, 1)).note] == ["劝过", "影响大"]  # type: ignore[union-attr]
        await retention.forget(tx, NOW + timedelta(days=740))
        assert [(await whistles.of_ticket(tx, 1)).tried, (await cases.of_ticket(tx, 1)).note] == ["", ""]  # type: ignore[union-attr]


async def test_a_year_is_told_once(database: Database) -> None:
    async with database.write("year") as tx:
        assert [await calendars.first_time(tx, year) for year in (2027, 2027, 2028)] == [True, False, True]
