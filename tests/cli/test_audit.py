"""What the verbs write into the audit log: every act once, in codes, and the copy knows of itself."""

import sqlite3
from contextlib import closing

import sqlalchemy as sa

from storage.audit_tables import audit
from tests.cli.desk import HOMES, Desk


def _acts(desk: Desk) -> list[tuple[str, str]]:
    return [(row.act, row.ref) for row in desk.rows(sa.select(audit).order_by(audit.c.id))]


def test_every_act_once(desk: Desk) -> None:
    desk.filled()
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    desk.ok("import", "households", desk.file("homes.csv", HOMES), "--yes")
    assert [act for act, _ in _acts(desk)] == ["import"] * 3  # the fourth time nothing changed
    desk.ok("export", "tickets", desk.folder / "t.csv")
    desk.ok("export", "tickets", desk.folder / "c.csv", "--with-contacts")
    for what in ("roster", "supervised", "figures"):
        desk.ok("export", what, desk.folder / f"out-{what}.csv")
    desk.ok("keys", "rotate")
    desk.ok("keys", "rotate", "--dry-run")
    desk.ok("backup", desk.folder / "a.backup")
    desk.ok("export", "roster", desk.folder / "later.csv")
    exports = [("export", what) for what in ("tickets", "tickets+contacts", "roster", "supervised", "figures")]
    done = [*exports, ("keys", ""), ("backup", "")]
    assert _acts(desk)[3:] == [*done, ("export", "roster")]
    desk.ok("restore", desk.folder / "a.backup", "--force")
    assert _acts(desk)[3:-1] == done
    assert _acts(desk)[-1][0] == "restore"
    assert "11 条操作记录都对得上" in desk.ok("audit", "verify")
    everything = str(desk.rows(sa.select(audit.c.act, audit.c.actor, audit.c.ref)))  # in a hash stand any digits
    assert not any(word in everything for word in ("张奶奶", "李建国", "13900000000", "501", "csv"))


def test_what_was_changed_is_named(desk: Desk) -> None:
    desk.filled()
    desk.ok("export", "roster", desk.folder / "a.csv")
    assert "3 条操作记录都对得上" in desk.ok("audit", "verify")
    with closing(sqlite3.connect(desk.folder / "data.db")) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET ref = 'figures' WHERE id = 3")
        connection.commit()
    assert "第 3 条" in desk.refused("audit", "verify", code=1)
