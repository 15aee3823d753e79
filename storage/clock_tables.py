"""Tables of what happens when a deadline comes: ladders, whistles, supervised cases. See ``storage/tables.py`` for the rest."""

import sqlalchemy as sa

from storage.columns import ident, may, need, table, text
from storage.types import Day, Flag, Id, Json, Time

ladder_runs = table(
    "ladder_runs",
    ident(),
    need("ticket", Id, sa.ForeignKey("tickets.number")),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("snapshot", Json),
    need("due_at", Time),
    may("next_at", Time),
    need("position", Id),
    need("revision", Id),
    need("state", sa.Text),
    need("missed", Flag),
    may("acked_by", Id, sa.ForeignKey("members.id")),
    may("acked_at", Time),
    may("promise_on", Day),
    need("version", Id),
    sa.Index(
        "uq_ladder_runs_living",
        "ticket",
        unique=True,
        sqlite_where=sa.text("state <> 'done'"),
        postgresql_where=sa.text("state <> 'done'"),
    ),
)
"""督促阶梯: one living climb per open ticket. ``snapshot``: the steps as they were when it began."""

whistles = table(
    "whistles",
    ident(),
    need("ticket", Id, sa.ForeignKey("tickets.number")),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("kind", sa.Text),
    need("by_id", Id, sa.ForeignKey("members.id")),
    text("tried"),
    need("wanted_on", Day),
    need("state", sa.Text),
    need("asked_at", Time),
    may("confirmed_by", Id, sa.ForeignKey("members.id")),
    may("confirmed_at", Time),
    may("remind_at", Time),
    sa.Index("ix_whistles_grid_id_asked_at", "grid_id", "asked_at"),
    sa.Index("ix_whistles_state_remind_at", "state", "remind_at"),
    sa.Index(
        "uq_whistles_open",
        "ticket",
        unique=True,
        sqlite_where=sa.text("state IN ('asked', 'called')"),
        postgresql_where=sa.text("state IN ('asked', 'called')"),
    ),
)

whistle_units = table(
    "whistle_units",
    need("whistle_id", Id, sa.ForeignKey("whistles.id")),
    need("ticket", Id, sa.ForeignKey("tickets.number")),
    need("unit", sa.Text),
    text("answer"),
    may("answered_at", Time),
    text("mark"),
    sa.PrimaryKeyConstraint("whistle_id", "unit"),
)
"""吹哨报到: the units that are called, what they did (``answer``) and what the street says of it (``mark``). Units, not persons."""

supervised = table(
    "supervised",
    sa.Column("ticket", Id, sa.ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("reason", sa.Text),
    text("note"),
    need("listed_at", Time),
    may("responsible_id", Id, sa.ForeignKey("members.id")),
    need("due_on", Day),
    need("next_update_on", Day),
    may("reminded_on", Day),
    need("state", sa.Text),
    may("struck_by", Id, sa.ForeignKey("members.id")),
    may("struck_at", Time),
    need("version", Id),
    sa.Index("ix_supervised_grid_id_state", "grid_id", "state"),
)
"""挂牌督办: one row per ticket that ever stood on the list."""
