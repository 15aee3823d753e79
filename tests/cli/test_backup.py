"""Copies while the program works, and back: whole, sealed, and of one moment."""

import asyncio
import itertools
import random
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from pydantic import SecretStr

from bot.app import house
from bot.backups import daily, making, sealing
from bot.config import Config, load
from storage.database import Database
from storage.snapshot import SnapshotFault
from storage.tables import counters, grid_words
from tests.cli.desk import Desk
from texts.sentences import Sentences

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
REFUSE = """CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
IF EXISTS (SELECT 1 FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.tickets')
THEN RAISE EXCEPTION 'no'; END IF; END $$"""


@pytest.fixture
def any_desk(tmp_path: Path, database_url: str) -> Desk:
    return Desk.at(tmp_path, database_url)


def _config(desk: Desk) -> Config:
    return load(desk.config, Sentences.load())


async def _name(desk: Desk, name: str) -> None:
    database = Database(desk.url)
    try:
        async with database.write("name") as tx:
            await tx.execute(sa.text("UPDATE members SET name = :name WHERE name = '李建国'").bindparams(name=name))
    finally:
        await database.close()


async def test_there_and_back(any_desk: Desk) -> None:
    await asyncio.to_thread(any_desk.filled)
    out = await asyncio.to_thread(any_desk.ok, "backup", any_desk.folder / "a.backup")
    assert "名册 5 人" in out
    await _name(any_desk, "改过的")
    assert "--force" in await asyncio.to_thread(any_desk.refused, "restore", any_desk.folder / "a.backup")
    out = await asyncio.to_thread(any_desk.ok, "restore", any_desk.folder / "a.backup", "--force")
    assert "原来的数据留在" in out
    assert {m.name for m in (await asyncio.to_thread(any_desk.roster)).members.values()} >= {"李建国"}
    assert "数据库是最新的" in (await asyncio.to_thread(any_desk.call, "check")).stdout


async def test_into_nothing(any_desk: Desk) -> None:
    await asyncio.to_thread(any_desk.filled)
    await asyncio.to_thread(any_desk.ok, "backup", any_desk.folder / "a.backup")
    if any_desk.url.startswith("sqlite"):
        for file in any_desk.folder.glob("contract.db*"):
            file.unlink()
    else:
        database = Database(any_desk.url)
        async with database.write("drop") as tx:
            await tx.execute(sa.text("DROP SCHEMA public CASCADE"))
            await tx.execute(sa.text("CREATE SCHEMA public"))
        await database.close()
    out = await asyncio.to_thread(any_desk.ok, "restore", any_desk.folder / "a.backup")
    assert "原来的数据" not in out
    assert len((await asyncio.to_thread(any_desk.roster)).members) == 5


async def test_of_one_moment_while_others_write(any_desk: Desk) -> None:
    """The counter and the rows are written together: in no copy may one be ahead of the other."""
    await asyncio.to_thread(any_desk.filled)
    database, stop = Database(any_desk.url, busy_seconds=20), asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            async with database.write("load") as tx:
                number = await tx.next_number("ticket")
                tx.add(grid_words, {"grid_id": 3, "kind": "load", "word": f"{number}"})

    writers = [asyncio.ensure_future(write()) for _ in range(3)]
    copies = [any_desk.folder / f"{n}.backup" for n in range(4)]
    for copy in copies:
        await asyncio.to_thread(any_desk.ok, "backup", copy)
    stop.set()
    await asyncio.gather(*writers)
    async with database.read() as tx:
        last = await tx.value(sa.select(counters.c.value).where(counters.c.name == "ticket"))
    await database.close()
    loaded = sa.select(sa.func.count()).select_from(grid_words).where(grid_words.c.kind == "load")
    found = []
    for copy in copies:
        await asyncio.to_thread(any_desk.ok, "restore", copy, "--force")
        (row,) = await asyncio.to_thread(
            any_desk.rows,
            sa.select(counters.c.value, loaded.scalar_subquery()).where(counters.c.name == "ticket"),
        )
        number, rows = tuple(row)
        assert number == rows
        found.append(number)
    assert found == sorted(set(found))
    assert 0 < found[-1] <= last


async def test_not_while_the_program_runs(any_desk: Desk) -> None:
    await asyncio.to_thread(any_desk.filled)
    copy = any_desk.folder / "a.backup"
    await asyncio.to_thread(any_desk.ok, "backup", copy)
    await _name(any_desk, "改过的")
    database = Database(any_desk.url)
    async with database.read() as tx:
        await tx.rows(sa.select(counters))
    refusal = await asyncio.to_thread(any_desk.refused, "restore", copy, "--force", code=1)
    await database.close()
    assert "请先停程序" in refusal
    assert "改过的" in {m.name for m in (await asyncio.to_thread(any_desk.roster)).members.values()}


async def test_one_that_was_never_finished_changes_nothing(postgres: str, tmp_path: Path) -> None:
    """What pg_restore cannot play back to its end leaves the tables where they were."""
    desk = Desk.at(tmp_path, postgres)
    await asyncio.to_thread(desk.filled)
    await asyncio.to_thread(desk.ok, "backup", tmp_path / "a.backup")
    database = Database(postgres)
    async with database.write("refuse") as tx:  # a server that says no half way
        await tx.execute(sa.text(REFUSE))
        await tx.execute(sa.text("CREATE EVENT TRIGGER refuse ON ddl_command_end EXECUTE FUNCTION refuse()"))
    await database.close()
    assert "什么都没有改" in await asyncio.to_thread(desk.refused, "restore", tmp_path / "a.backup", "--force", code=1)
    assert len((await asyncio.to_thread(desk.roster)).members) == 5


def test_only_its_owner_reads_it_and_only_with_the_key(desk: Desk) -> None:
    desk.filled()
    copy = desk.folder / "a.backup"
    desk.ok("backup", copy)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "李建国".encode() not in copy.read_bytes()
    assert "没有覆盖" in desk.refused("backup", copy)
    desk.ok("backup", copy, "--force")
    assert list(desk.folder.glob(".dangxiaoqi*")) == []
    old = desk.config.read_text(encoding="utf-8")
    desk.config.write_text(old.replace('keys = ["', f'keys = ["{Fernet.generate_key().decode()}", "'), encoding="utf-8")
    desk.ok("restore", copy, "--force")
    desk.config.write_text(old.split("[secrets]")[0] + f'[secrets]\nkeys = ["{Fernet.generate_key().decode()}"]\n')
    assert "别的密钥" in desk.refused("restore", copy, "--force", code=1)
    desk.config.write_text(old.split("[secrets]")[0])
    assert "没有密钥" in desk.refused("backup", desk.folder / "b.backup", code=1)


def test_a_stranger_a_newer_one_another_engine(desk: Desk) -> None:
    desk.filled()
    assert "不是党小栖的备份" in desk.refused("restore", desk.file("x", b"PK\3\4"), "--force", code=1)
    assert "读写不了" in desk.refused("restore", desk.folder / "nowhere", "--force")
    keys = _config(desk).secrets.keys
    plain = desk.folder / "plain"
    with closing(sqlite3.connect(desk.folder / "data.db")) as connection:
        connection.execute("VACUUM INTO ?", (str(plain),))
    for number, (engine, sql, said) in enumerate(
        [
            ("postgresql", "SELECT 1", "另一种数据库"),
            ("sqlite", "UPDATE alembic_version SET version_num = '9999'", "先升级程序"),
            ("sqlite", "DROP TABLE alembic_version", "坏了或不完整"),
        ]
    ):
        with closing(sqlite3.connect(plain)) as connection:
            connection.execute(sql)
            connection.commit()
        copy = desk.folder / f"{number}.backup"
        sealing.seal(plain, copy, keys[0], sealing.Label(engine, NOW.isoformat()))
        assert said in desk.refused("restore", copy, "--force", code=1)
    assert len(desk.roster().members) == 5


def test_nothing_that_was_changed_is_taken_for_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte changed, an end cut off, pieces swapped, left out or doubled: never opened as if it were whole."""
    monkeypatch.setattr(sealing, "_PIECE", 500)
    key, chance = SecretStr(Fernet.generate_key().decode()), random.Random(1)
    plain, copy, bad = tmp_path / "plain", tmp_path / "copy", tmp_path / "bad"
    plain.write_bytes(chance.randbytes(2222))
    sealing.seal(plain, copy, key, sealing.Label("sqlite", NOW.isoformat()))
    whole = copy.read_bytes()
    sealing.unseal(copy, tmp_path / "again", [key])
    assert (tmp_path / "again").read_bytes() == plain.read_bytes()
    head, rest = whole[:37], whole[37:]
    pieces = []
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        pieces.append(rest[:size])
        rest = rest[size:]
    assert len(pieces) == 6
    spoiled = [whole[:end] for end in range(0, len(whole), 7)] + [whole + b"x"]
    spoiled += [
        whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :]
        for place in range(0, len(whole), 11)
    ]
    spoiled += [head + b"".join(order) for order in itertools.permutations(pieces) if list(order) != pieces]
    spoiled += [head + b"".join(pieces[:n] + pieces[n + 1 :]) for n in range(6)]
    for data in spoiled:
        bad.write_bytes(data)
        (tmp_path / "out").unlink(missing_ok=True)
        with pytest.raises(SnapshotFault):
            sealing.unseal(bad, tmp_path / "out", [key])


@pytest.fixture
async def night(desk: Desk) -> tuple[Config, list[datetime]]:
    await asyncio.to_thread(desk.filled)
    with desk.config.open("a", encoding="utf-8") as file:
        file.write("[backup]\nkeep = 3\n")
    return _config(desk), [NOW]


async def test_every_day_once_and_the_newest_are_kept(night: tuple[Config, list[datetime]]) -> None:
    config, clock = night
    async with house(config, now=lambda: clock[0]) as home:
        made = []
        for hour in range(5 * 24):
            clock[0] = NOW + timedelta(hours=hour)
            if await daily.make_if_due(home):
                made.append(hour)
        assert made == [
            0,
            18,
            42,
            66,
            90,
            114,
        ]  # at once, because there is none; then 04:00 is the first hour after 03:30
        assert [path.name[11:19] for path in making.kept(config)] == ["20261123", "20261124", "20261125"]
        clock[0] += timedelta(days=9)
        assert await daily.make_if_due(home)
        assert not await daily.make_if_due(home)


async def test_a_disk_that_refuses_stops_nothing(night: tuple[Config, list[datetime]], tmp_path: Path) -> None:
    config, clock = night
    (tmp_path / "backups").write_text("in the way")
    async with house(config, now=lambda: clock[0]) as home:
        assert not await daily.make_if_due(home)
        (tmp_path / "backups").unlink()
        assert await daily.make_if_due(home)


async def test_without_a_key_nothing_is_copied(tmp_path: Path) -> None:
    desk = Desk.at(tmp_path, key=False)
    async with house(_config(desk), now=lambda: NOW) as home, daily.part(home) as run:
        assert run is None


def test_what_a_killed_copy_left_readable_goes(desk: Desk) -> None:
    desk.filled()
    config = _config(desk)
    folder = making.folder_of(config)
    (folder / ".dangxiaoqi-work-x").mkdir(parents=True)
    now = datetime.fromtimestamp((folder / ".dangxiaoqi-work-x").stat().st_mtime, UTC)
    making.make(config, folder / "a", now + timedelta(hours=1))
    assert (folder / ".dangxiaoqi-work-x").exists()
    making.make(config, folder / "a", now + timedelta(hours=7))
    assert not (folder / ".dangxiaoqi-work-x").exists()
