"""Versions of the weights: listed, used, rolled back, compared; a damaged one never makes the program deaf."""

import asyncio
import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from bot.config import Config
from bot.triage import corpus
from bot.triage.versions import BUILT_IN, NoSuchVersion, Store
from domain.correction import Kind
from tests.cli.desk import Desk
from tests.cli.test_export import _spoken as spoken
from tests.cli.test_learning import TALK, correct
from tests.cli.test_triage import ROWS, labelled
from texts.learned import SHIPPED, About, ModelError, load, save


def version(folder: Path, name: str, *, rows: int = 7) -> None:
    """A version with the weights of the built-in one."""
    figures = {"p0_recall": 0.9, "left_in_peace": 0.95}
    save(folder / f"{name}.json.gz", load(SHIPPED), About(name, "2026-11-20", rows, 2, figures))


def test_it_lists_what_is_there_and_which_is_used(desk: Desk) -> None:
    folder = desk.folder / "models"
    version(folder, "2026-11-20")
    (folder / "broken.json.gz").write_bytes(b"no")
    shown = desk.ok("triage", "versions")
    assert "内置（在用）" in shown
    assert "2026-11-20" in shown
    assert "7 条（纠正 2）" in shown
    assert "读不了" in shown


def test_forward_and_back(desk: Desk) -> None:
    version(desk.folder / "models", "2026-11-20")
    assert "重启后生效" in desk.ok("triage", "use", "2026-11-20")
    assert "2026-11-20（在用）" in desk.ok("triage", "versions")
    assert "2026-11-20”" in desk.call("check").output
    desk.ok("triage", "use", "内置")
    assert "内置（在用）" in desk.ok("triage", "versions")


@pytest.mark.parametrize("name", ["none", "../../etc/passwd", "", ".in_use", "a/b"])
def test_what_is_not_there_is_not_used(desk: Desk, name: str) -> None:
    version(desk.folder / "models", "2026-11-20")
    assert "现有：内置、2026-11-20" in desk.refused("triage", "use", name)


def test_what_cannot_be_read_is_not_used(desk: Desk) -> None:
    folder = desk.folder / "models"
    folder.mkdir()
    for name, data in (("a", b"no"), ("b", gzip.compress(b"{")), ("c", gzip.compress(b'{"format": 99}'))):
        (folder / f"{name}.json.gz").write_bytes(data)
        assert "没有换" in desk.refused("triage", "use", name)
    assert not (folder / "in_use").exists()


def test_a_version_that_is_gone_leaves_the_built_in_one(tmp_path: Path) -> None:
    kept = Store(tmp_path / "models")
    assert kept.usable() == (SHIPPED, True)
    version(kept.folder, "mine")
    kept.use("mine")
    assert kept.usable() == (kept.folder / "mine.json.gz", True)
    (kept.folder / "mine.json.gz").unlink()
    assert kept.usable() == (SHIPPED, False)
    with pytest.raises(NoSuchVersion):
        kept.use("mine")
    assert kept.chosen() == "mine"


def test_the_check_says_so(desk: Desk) -> None:
    folder = desk.folder / "models"
    folder.mkdir()
    (folder / "mine.json.gz").write_bytes(b"")
    (folder / "in_use").write_text("mine\n", encoding="utf-8")
    assert "“mine”读不了，先用内置的" in desk.call("check").output


def test_where_versions_lie(tmp_path: Path) -> None:
    def folder(url: str, models: str = "") -> Path:
        return Store.of(Config.model_validate({"storage": {"url": url}, "triage": {"models": models}})).folder

    assert folder(f"sqlite:///{tmp_path}/x/data.db") == tmp_path / "x" / "models"
    assert folder("postgresql://u@h/d") == Path("data") / "models"
    assert folder("sqlite:///x.db", "/srv/models") == Path("/srv/models")


def test_names_of_new_versions(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    assert kept.free_name(date(2026, 11, 20)) == "2026-11-20"
    version(tmp_path, "2026-11-20")
    assert kept.free_name(date(2026, 11, 20)) == "2026-11-20-2"
    assert [kept.is_name(n) for n in ("第二版", "2026-11-20", BUILT_IN, "a/b", "", "x" * 41)] == [True, *[False] * 5]


def test_two_versions_side_by_side(desk: Desk) -> None:
    version(desk.folder / "models", "same")
    file = desk.file("rows.jsonl", labelled(ROWS))
    found = json.loads(desk.ok("triage", "eval", "内置", "same", "--on", file, "--json"))
    assert (found["rows"], found["mended"], found["broken"]) == (4, [], [])
    assert found["figures"]["内置"] == found["figures"]["same"]
    assert "两个版本" in desk.ok("triage", "eval", "内置", "same", "--on", file)
    assert "现有" in desk.refused("triage", "eval", "内置", "none", "--on", file)
    assert "两个版本名" in desk.refused("triage", "eval", "a", "b", "c")
    assert "两个版本名" in desk.refused("triage", "eval", file, "--on", file)
    (desk.folder / "models" / "bad.json.gz").write_bytes(b"")
    assert "读不了" in desk.refused("triage", "eval", "内置", "bad", "--on", file)


def test_an_unreadable_file_says_so(tmp_path: Path) -> None:
    kept = Store(tmp_path)
    (tmp_path / "bad.json.gz").write_bytes(b"")
    with pytest.raises(ModelError):
        kept.use("bad")
    assert [v.about for v in kept.listed()][1:] == [None]


def test_training_makes_a_version_and_says_what_it_changes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a part of the corpus, because all of it takes a minute."""
    files = [file for file in corpus.learned() if file.name.startswith("v")][:3]
    monkeypatch.setattr(corpus, "learned", lambda: files)
    desk.filled()
    asyncio.run(spoken(desk, TALK))
    asyncio.run(correct(desk, (1, Kind.CODE, "EMG04")))
    orders = desk.file("old.csv", "text,code\n楼道灯不亮了打13912345678,FIX02\n")
    out = desk.ok("triage", "train", orders, "--as", "第一版")
    assert "旧工单 1 条，纠正 1 条" in out
    assert "两个版本" in out
    assert "triage use 第一版" in out
    listed = desk.ok("triage", "versions")
    assert "内置（在用）" in listed
    assert "（纠正 1）" in listed
    desk.ok("triage", "use", "第一版")
    again = desk.ok("triage", "eval", "内置", "第一版", "--json")
    assert list(json.loads(again)["figures"]) == ["内置", "第一版"]
    assert "已经有了" in desk.refused("triage", "train", "--as", "第一版")
    assert "读不到" in desk.refused("triage", "train", desk.folder / "none.csv")
    bad = desk.file("bad.csv", "text,code\n灯,XXX\n")
    assert "第2行的类目不认识" in desk.refused("triage", "train", bad)
    weights = gzip.decompress((desk.folder / "models" / "第一版.json.gz").read_bytes()).decode()
    assert "13912345678" not in weights
    assert "老李" not in weights
    assert [path.name for path in (desk.folder / "models").iterdir() if path.name.startswith(".")] == []


def test_folds_say_how_well_kinds_are_told_apart(desk: Desk) -> None:
    lines = [f"{n}楼电梯{how},报修" for n in range(9) for how in ("坏了", "不动")] + [
        f"{what}{n}次办什么手续,咨询" for n in range(9) for what in ("老年证", "居住证")
    ]
    orders = desk.file("old.csv", "\n".join(["text,label", *lines]))
    found = json.loads(desk.ok("triage", "folds", orders, "--json"))
    assert found["rows"] == 36
    assert found["macro_f1"] > 0.9
    assert set(found["f1"]) == {"报修", "咨询"}
    assert "宏平均" in desk.ok("triage", "folds", orders, "--folds", "3")
    few = desk.file("few.csv", "text,label\n灯,甲\n水,乙\n")
    assert "每类至少" in desk.refused("triage", "folds", few)
