"""Cadences instead of numbers of days, windows, rounds, knocks, consents and calendar links of the must-visit households."""

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CADENCES = {7: "week", 30: "month", 31: "month", 90: "quarter", 91: "quarter", 92: "quarter"}
"""What a number of days meant; any other number rolled and keeps rolling (``45d``)."""
_UNSETTLED = ("planned", "open", "absent")
_DAY = timedelta(days=1)


def upgrade() -> None:
    """Forward only. Columns are added one by one: rebuilding a table that others refer to would break them on SQLite."""
    _tables()
    op.add_column("visit_plans", sa.Column("cadence", sa.Text(), nullable=False, server_default="month"))
    op.add_column("visit_plans", sa.Column("next_on", storage.types.Day(), nullable=True))
    op.add_column("visit_plans", sa.Column("paused", sa.Text(), nullable=False, server_default=""))
    for name in ("from_on", "to_on"):
        op.add_column("occurrences", sa.Column(name, storage.types.Day(), nullable=False, server_default=""))
    op.add_column("occurrences", sa.Column("next_on", storage.types.Day(), nullable=True))
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE occurrences ADD COLUMN round_id {kind} "
        "CONSTRAINT fk_occurrences_round_id REFERENCES visit_rounds (id)"
    )
    op.add_column("visits", sa.Column("mode", sa.Text(), nullable=False, server_default="home"))
    _plans()
    _occurrences()
    _asks()
    op.drop_column("visit_plans", "every_days")
    op.drop_index("ix_occurrences_state_due_on", "occurrences")
    op.create_index("ix_occurrences_grid_id_state_due_on", "occurrences", ["grid_id", "state", "due_on"])
    op.create_index("ix_occurrences_next_on", "occurrences", ["next_on"])
    op.create_index("ix_occurrences_round_id", "occurrences", ["round_id"])
    op.create_index("ix_visit_plans_next_on", "visit_plans", ["next_on"])


def _plans() -> None:
    conn = op.get_bind()
    plans = sa.table(
        "visit_plans",
        *(sa.column(name) for name in ("id", "every_days", "starts_on", "cadence", "active")),
        sa.column("next_on", sa.Text),
    )
    occurrences = sa.table("occurrences", sa.column("plan_id"), sa.column("due_on"))
    due = sa.select(occurrences.c.plan_id, sa.func.max(occurrences.c.due_on)).group_by(occurrences.c.plan_id)
    newest = {row[0]: row[1] for row in conn.execute(due)}
    today = str(conn.execute(sa.select(sa.func.current_date())).scalar_one())
    for row in conn.execute(sa.select(plans)).all():
        # A day that lies in a period which has its visit does no harm: the period is unique.
        next_on = str(date.fromisoformat(newest[row.id]) + _DAY) if row.id in newest else max(row.starts_on, today)
        values = {"cadence": _CADENCES.get(row.every_days, f"{row.every_days}d"), "next_on": next_on}
        conn.execute(sa.update(plans).where(plans.c.id == row.id).values(**values))


def _occurrences() -> None:
    """A visit was asked for on its day (first rung), the day after and the day after that."""
    conn = op.get_bind()
    names = ("id", "due_on", "from_on", "to_on", "next_on", "state", "rung")
    occurrences = sa.table(
        "occurrences", *(sa.column(name, sa.Text if name.endswith("on") else None) for name in names)
    )
    for row in conn.execute(sa.select(occurrences)).all():
        due_on = date.fromisoformat(row.due_on)
        values = {
            "from_on": row.due_on,
            "to_on": str(due_on + _DAY),
            "next_on": str(due_on + row.rung * _DAY) if row.state in _UNSETTLED else None,
            "rung": row.rung + 1 if row.rung else 0,
        }
        conn.execute(sa.update(occurrences).where(occurrences.c.id == row.id).values(**values))


def _asks() -> None:
    """Reminders that stand in people's chats still lose their buttons when the visit is recorded."""
    conn = op.get_bind()
    outbox = sa.table("outbox", sa.column("key"), sa.column("op"))
    occurrences = sa.table("occurrences", sa.column("id"), sa.column("state"))
    members = sa.table("members", sa.column("id"))
    live = set(conn.execute(sa.select(occurrences.c.id).where(occurrences.c.state.in_(_UNSETTLED))).scalars())
    known = set(conn.execute(sa.select(members.c.id)).scalars())
    asks = sa.table(
        "visit_asks", *(sa.column(name) for name in ("occurrence_id", "revision", "rung", "member_id", "key"))
    )
    mine = sa.select(outbox.c.key).where(outbox.c.op == "send", outbox.c.key.like("visit:%:%:%:%"))
    for key in conn.execute(mine).scalars():
        parts = key.split(":")[1:]
        if len(parts) != 4 or not all(part.isdigit() for part in parts):
            continue
        number, asked_in, rung, member_id = (int(part) for part in parts)
        if number in live and member_id in known:
            row = {"occurrence_id": number, "revision": asked_in, "rung": rung + 1, "member_id": member_id, "key": key}
            conn.execute(sa.insert(asks).values(**row))


def _tables() -> None:
    day, time, flag = storage.types.Day(), storage.types.Time(), storage.types.Flag()
    op.create_table(
        "visit_rounds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("grid_id", _ID, nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("ends_at", time, nullable=False),
        sa.Column("erased_at", time, nullable=True),
        sa.Column("asked", _ID, nullable=False),
        sa.Column("answered", _ID, nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["members.id"], name=op.f("fk_visit_rounds_author_id")),
        sa.ForeignKeyConstraint(["grid_id"], ["areas.id"], name=op.f("fk_visit_rounds_grid_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_rounds")),
        sqlite_strict=True,
    )
    op.create_index("ix_visit_rounds_state_ends_at", "visit_rounds", ["state", "ends_at"])
    op.create_index("ix_visit_rounds_grid_id", "visit_rounds", ["grid_id"])
    op.create_table(
        "visit_consents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("plan_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("given", flag, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_visit_consents_member_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["visit_plans.id"], name=op.f("fk_visit_consents_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_consents")),
        sqlite_strict=True,
    )
    op.create_index("ix_visit_consents_plan_id", "visit_consents", ["plan_id"])
    op.create_table(
        "visit_asks",
        sa.Column("occurrence_id", _ID, nullable=False),
        sa.Column("revision", _ID, nullable=False),
        sa.Column("rung", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_visit_asks_member_id")),
        sa.ForeignKeyConstraint(["occurrence_id"], ["occurrences.id"], name=op.f("fk_visit_asks_occurrence_id")),
        sa.PrimaryKeyConstraint("occurrence_id", "revision", "rung", "member_id", name=op.f("pk_visit_asks")),
        sqlite_strict=True,
    )
    op.create_index("ix_visit_asks_key", "visit_asks", ["key"])
    op.create_table(
        "visit_knocks",
        sa.Column("occurrence_id", _ID, nullable=False, autoincrement=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("step", _ID, nullable=False),
        sa.Column("tried_on", day, nullable=False),
        sa.Column("tell_at", time, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_visit_knocks_member_id")),
        sa.ForeignKeyConstraint(["occurrence_id"], ["occurrences.id"], name=op.f("fk_visit_knocks_occurrence_id")),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_visit_knocks")),
        sqlite_strict=True,
    )
    op.create_index("ix_visit_knocks_tell_at", "visit_knocks", ["tell_at"])
    op.create_table(
        "visit_feeds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", time, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_visit_feeds_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_feeds")),
        sa.UniqueConstraint("member_id", name=op.f("uq_visit_feeds_member_id")),
        sqlite_strict=True,
    )
