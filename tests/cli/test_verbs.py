"""Help, usage errors, and the verbs around the configuration and the database."""

import asyncio
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot import cli
from bot.cli.sorting import Triage
from bot.config import Config, ConfigFault, Telegram, load
from storage.database import Database
from tests.cli.desk import Desk
from tests.emulator import TOKEN, Emulator
from texts.sentences import Sentences


def test_help_knows_every_verb_and_loads_none() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom bot import cli\n"
        "out = CliRunner().invoke(cli.app, []).stdout\n"
        "heavy = {'nicegui', 'telegram', 'jieba', 'sqlalchemy', 'openpyxl'} & sys.modules.keys()\n"
        "print(out, heavy)\nsys.exit(len(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(verb in done.stdout for verb in cli.VERBS)


def test_classify_loads_nothing_that_other_verbs_need() -> None:
    """It is started for a handful of lines: what it does not use would double the time to the first answer."""
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom bot import cli\n"
        "out = CliRunner().invoke(cli.app, ['triage', 'classify'], input='{\"text\": \"3栋电梯坏了\"}').stdout\n"
        "heavy = {'nicegui', 'telegram', 'alembic', 'asyncpg', 'aiosqlite', 'apscheduler', 'openpyxl', 'sqlalchemy.orm',\n"
        "         'scheduler', 'storage', 'bot.app'} & sys.modules.keys()\n"
        "print(out, heavy)\nsys.exit(len(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"act": "ticket"' in done.stdout


@pytest.mark.parametrize(
    "verb",
    [*cli.VERBS, "import areas", "import households", "export tickets", *(f"triage {verb}" for verb in Triage.verbs)],
)
def test_every_verb_explains_itself_in_chinese(verb: str) -> None:
    result = CliRunner().invoke(cli.app, [*verb.split(), "--help"])
    assert result.exit_code == 0, result.output
    key = "cli.help." + verb.replace(" ", "_")
    assert Sentences.load().say(key)[:10] in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fly", "没有“fly”这个命令"),
        ("triage fly", "没有“fly”这个命令"),
        ("import", "用法不对"),
        ("import cats x.csv", "用法不对"),
        ("import roster", "缺少 file"),
        ("replay x --nope", "没有 --nope 这个选项"),
        ("demo --port 99999999", "--port 的值不对"),
        ("demo --port", "--port 后面要写一个值"),
        ("check too much", "用法不对"),
    ],
)
def test_misuse_is_one_chinese_line(desk: Desk, words: str, said: str) -> None:
    complaint = desk.refused(*words.split())
    assert said in complaint
    assert complaint.count("\n") == 1


def test_a_missing_or_wrong_configuration(desk: Desk) -> None:
    desk.config.write_text("[web]\nport = 0\ncolour = 1\n", encoding="utf-8")
    complaint = desk.refused("migrate", code=1)
    assert "web.port" in complaint
    assert "web.colour" in complaint
    desk.config.unlink()
    for verb in ("run", "check", "migrate"):
        assert "dangxiaoqi init" in desk.refused(verb, code=1)


def test_init_writes_what_only_the_owner_reads(desk: Desk) -> None:
    desk.config.unlink()
    url = f"sqlite:///{desk.folder}/a\\\\b.db"
    out = desk.ok("init", "--yes", "--zone", "Asia/Urumqi", "--storage-url", url, "--token", "1:abc")
    assert "境外" in out
    assert stat.S_IMODE(desk.config.stat().st_mode) == 0o600
    config = load(desk.config, Sentences.load())
    assert (config.community.zone, config.storage.url) == ("Asia/Urumqi", url)
    assert config.telegram is not None
    assert len(config.secrets.keys) == 1
    before = desk.config.read_bytes()
    assert "--force" in desk.refused("init", "--yes", code=1)
    assert "--force" in desk.refused("init", say="n\n", code=1)
    assert desk.config.read_bytes() == before
    desk.ok("init", "--yes", "--force", "--region", "other")
    assert load(desk.config, Sentences.load()).telegram is None
    assert list(desk.folder.iterdir()) == [desk.config]


def test_init_asks(desk: Desk) -> None:
    desk.config.unlink()
    desk.ok("init", "--token", "", say="幸福社区\nAsia/Shanghai\nother\n\n")
    config = load(desk.config, Sentences.load())
    assert (config.community.name, config.community.region) == ("幸福社区", "other")


@pytest.mark.parametrize(
    "wrong", [["--zone", "Mars/Base"], ["--region", "US"], ["--token", "x"], ["--storage-url", "mysql://a/b"]]
)
def test_init_writes_nothing_wrong(desk: Desk, wrong: list[str]) -> None:
    desk.config.unlink()
    assert "配置 " in desk.refused("init", "--yes", *wrong)
    assert not desk.config.exists()


def test_init_into_a_folder_that_is_not_there(desk: Desk) -> None:
    away = Desk(desk.folder / "none", desk.url)
    assert "写不了" in away.refused("init", "--yes", code=1)


def test_keys_are_printed_and_checked(desk: Desk) -> None:
    key = desk.ok("init", "--print-key").strip()
    desk.config.write_text(f'[secrets]\nkeys = ["{key}"]\n', encoding="utf-8")
    assert load(desk.config, Sentences.load()).secrets.keys[0].get_secret_value() == key
    desk.config.write_text('[secrets]\nkeys = ["abc"]\n', encoding="utf-8")
    with pytest.raises(ConfigFault, match=r"secrets\.keys"):
        load(desk.config, Sentences.load())


def test_check_tells_the_state_of_the_database(desk: Desk) -> None:
    assert "还没有数据库" in desk.ok("check")
    assert not (desk.folder / "data.db").exists()
    desk.ok("migrate")
    assert "数据库是最新的" in desk.ok("check")
    desk.config.chmod(0o644)
    assert "chmod 600" in desk.call("check").stdout
    assert "1 处" in desk.refused("check", code=1)
    assert "chmod 600" in desk.refused("run", code=1)


def test_check_tells_about_the_roster(desk: Desk) -> None:
    desk.ok("migrate")
    assert "还没有网格" in desk.ok("check")
    desk.filled()
    assert "没有网格长：G02" in desk.ok("check")


def test_a_newer_database_is_left_alone(desk: Desk) -> None:
    desk.ok("migrate")

    async def age() -> None:
        database = Database(desk.url)
        async with database.write("age") as tx:
            await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        await database.close()

    asyncio.run(age())
    for verb in ("migrate", "run", "check", "export roster x.csv"):
        result = desk.call(*verb.split())
        assert result.exit_code, verb
        assert "数据库比程序新" in result.output


def test_a_database_that_cannot_be_reached(desk: Desk) -> None:
    for url in ("postgresql://root@127.0.0.1:1/none", f"sqlite:///{desk.config}/x.db", f"sqlite:///{desk.config}"):
        there = Desk.at(desk.folder, url)
        assert "数据库打不开" in there.refused("migrate", code=1), url
        assert there.call("check").exit_code or "还没有数据库" in there.ok("check"), url


async def test_check_asks_telegram(tmp_path: Path) -> None:
    async with Emulator() as emulator:
        desk = Desk.at(tmp_path)
        urls = f'base_url = "{emulator.base_url}"\nbase_file_url = "{emulator.base_file_url}"\n'
        text = desk.config.read_text(encoding="utf-8")
        desk.config.write_text(f'{text}[telegram]\ntoken = "{TOKEN}"\n{urls}', encoding="utf-8")
        found = await asyncio.to_thread(desk.ok, "check")
        assert "连上了 Telegram" in found
        desk.config.write_text(f'{text}[telegram]\ntoken = "1:wrong"\n{urls}', encoding="utf-8")
        assert "不认这个 token" in (await asyncio.to_thread(desk.call, "check")).stdout
    desk.config.write_text(f'{text}[telegram]\ntoken = "{TOKEN}"\n{urls}', encoding="utf-8")
    assert "连不上 Telegram" in (await asyncio.to_thread(desk.call, "check")).stdout


def test_the_example_is_complete_and_refused_until_it_is_edited() -> None:
    said = Sentences.load()
    example = Path(__file__).parents[2] / "config.example.toml"
    with pytest.raises(ConfigFault) as fault:
        load(example, said)
    assert str(fault.value).count("示例的口令") == 2
    text = example.read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    from_file = {f"{section}.{name}" for section, values in raw.items() for name in values}
    assert from_file == set(_settings())
    assert text.count("#") > len(raw)


def _settings() -> list[str]:
    found = []
    for name, field in Config.model_fields.items():
        section = Telegram if name == "telegram" else field.annotation
        assert section is not None
        found += [f"{name}.{below}" for below in section.model_fields]
    return found


def test_the_examples_values_are_the_defaults(tmp_path: Path) -> None:
    said = Sentences.load()
    example = Path(__file__).parents[2] / "config.example.toml"
    text = example.read_text(encoding="utf-8").replace('"请换成自己的"', "").replace('"REPLACE-ME"', '""')
    path = tmp_path / "config.toml"
    path.write_text(text.replace("123456:REPLACE-ME", "1:a"), encoding="utf-8")
    config = load(path, said)
    path.write_text('[telegram]\ntoken = "1:a"\n', encoding="utf-8")
    assert config == load(path, said)
