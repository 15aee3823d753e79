"""Tables of the must-visit households (六必访). See ``storage/tables.py`` for the rest."""

import sqlalchemy as sa

from storage.columns import ident, may, need, table, text
from storage.types import Day, Flag, Id, Time

visit_plans = table(
    "visit_plans",
    ident(),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("household_id", Id, sa.ForeignKey("areas.id")),
    need("category", sa.Text),
    need("cadence", sa.Text, server_default="month"),
    need("starts_on", Day),
    need("consent_on", Day),
    text("person"),
    text("contact"),
    text("note"),
    need("active", Flag),
    may("next_on", Day),
    text("paused"),
    sa.UniqueConstraint("household_id", "category"),
    sa.Index("ix_visit_plans_grid_id", "grid_id"),
    sa.Index("ix_visit_plans_next_on", "next_on"),
)
"""Six must-visit households (六必访). ``person``, ``contact`` and ``note`` are encrypted. ``next_on``: when the clock looks
at it again; ``paused``: why nobody goes until then, or at all.
"""

visit_consents = table(
    "visit_consents",
    ident(),
    need("plan_id", Id, sa.ForeignKey("visit_plans.id")),
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("given", Flag),
    need("at", Time),
    sa.Index("ix_visit_consents_plan_id", "plan_id"),
)
"""Who told us that the person wants to be visited, or not any more (个保法 14-16). Rows are never changed."""

visit_rounds = table(
    "visit_rounds",
    ident(),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("author_id", Id, sa.ForeignKey("members.id")),
    need("kind", sa.Text),
    text("category"),
    need("state", sa.Text),
    need("created_at", Time),
    need("ends_at", Time),
    may("erased_at", Time),
    need("asked", Id),
    need("answered", Id),
    sa.Index("ix_visit_rounds_state_ends_at", "state", "ends_at"),
    sa.Index("ix_visit_rounds_grid_id", "grid_id"),
)
"""轮访: every household once, before a festival, in heat or cold, or all of them in an emergency."""

occurrences = table(
    "occurrences",
    ident(),
    need("plan_id", Id, sa.ForeignKey("visit_plans.id")),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("period", sa.Text),
    need("from_on", Day, server_default=""),
    need("due_on", Day),
    need("to_on", Day, server_default=""),
    need("state", sa.Text),
    need("rung", Id),
    need("revision", Id),
    may("next_on", Day),
    may("assignee_id", Id, sa.ForeignKey("members.id")),
    may("settled_on", Day),
    may("round_id", Id, sa.ForeignKey("visit_rounds.id")),
    sa.UniqueConstraint("plan_id", "period"),
    sa.Index("ix_occurrences_grid_id_state_due_on", "grid_id", "state", "due_on"),
    sa.Index("ix_occurrences_next_on", "next_on"),
    sa.Index("ix_occurrences_round_id", "round_id"),
)
"""One due visit each, unique per plan and period. ``assignee_id``: who was asked to go instead (请人代). ``next_on``: the day
the clock makes something of it.
"""

visit_asks = table(
    "visit_asks",
    need("occurrence_id", Id, sa.ForeignKey("occurrences.id")),
    need("revision", Id),
    need("rung", Id),
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("key", sa.Text),
    sa.PrimaryKeyConstraint("occurrence_id", "revision", "rung", "member_id"),
    sa.Index("ix_visit_asks_key", "key"),
)
"""Who was asked about which visit on which rung, and in which message of the outbox (``key``): one message may ask for many."""

visits = table(
    "visits",
    ident(),
    need("occurrence_id", Id, sa.ForeignKey("occurrences.id")),
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("visited_on", Day),
    need("recorded_at", Time),
    need("mode", sa.Text, server_default="home"),
    need("outcome", sa.Text),
    may("ticket", Id, sa.ForeignKey("tickets.number")),
    text("note"),
    sa.Index("ix_visits_occurrence_id", "occurrence_id"),
)

visit_knocks = table(
    "visit_knocks",
    sa.Column("occurrence_id", Id, sa.ForeignKey("occurrences.id"), primary_key=True, autoincrement=False),
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("step", Id),
    need("tried_on", Day),
    may("tell_at", Time),
    sa.Index("ix_visit_knocks_tell_at", "tell_at"),
)
"""没见到: how far the volunteer has come with knocking and asking. ``tell_at``: when the grid leader hears if nothing more is
said; nothing when it is over.
"""

visit_feeds = table(
    "visit_feeds",
    ident(),
    need("member_id", Id, sa.ForeignKey("members.id"), unique=True),
    need("digest", sa.Text),
    need("made_at", Time),
)
"""A volunteer's calendar link. Only the hash of its secret is kept; a new link, or none, ends the former one."""
