"""Every table. Rows that grow carry the grid they belong to, so that a city can be split by district.

There is no table for messages: what is not a request is never written. There is no table for residents: a ticket keeps
who reported it, and nothing else is known about anybody who is not on the roster.
"""

import sqlalchemy as sa

from storage import audit_tables, clock_tables, roster_tables, visit_tables  # noqa: F401 - they belong to the same metadata
from storage.columns import chat as _chat
from storage.columns import ident as _id
from storage.columns import may as _may
from storage.columns import metadata as metadata  # noqa: PLC0414 - everybody finds it here
from storage.columns import need as _need
from storage.columns import table as _table
from storage.columns import text as _text
from storage.types import Day, Flag, Id, Json, Time

counters = _table("counters", sa.Column("name", sa.Text, primary_key=True), _need("value", Id))
"""Ticket numbers without gaps, and ``roster``: raised by every change of the roster so that cached grids are dropped."""

areas = _table(
    "areas",
    _id(),
    _may("parent_id", Id, sa.ForeignKey("areas.id")),
    _may("grid_id", Id, sa.ForeignKey("areas.id")),
    _need("kind", sa.Text),
    _need("code", sa.Text),
    _need("name", sa.Text),
    _text("building"),
    _text("unit"),
    _text("room"),
    _text("caution"),
    sa.UniqueConstraint("parent_id", "code"),
    sa.Index("ix_areas_grid_id", "grid_id"),
)

grid_words = _table(
    "grid_words",
    _id(),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    _need("kind", sa.Text),
    _need("word", sa.Text),
    _text("means"),
    sa.UniqueConstraint("grid_id", "kind", "word"),
)
"""Spots and nicknames of a grid (``spot``, ``nickname``), for the gazetteer."""

groups = _table(
    "groups",
    *_chat(),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    _text("title"),
    _text("became"),
    _need("active", Flag),
    _may("muted_until", Time),
    sa.PrimaryKeyConstraint("channel", "bot", "chat_id"),
    sa.Index("ix_groups_grid_id", "grid_id"),
)
"""Chat groups of a grid. ``became`` is the new id after a migration; the row stays as an alias."""

members = _table(
    "members",
    _id(),
    _need("area_id", Id, sa.ForeignKey("areas.id")),
    _need("role", sa.Text),
    _need("name", sa.Text),
    _text("public_name"),
    _text("phone"),
    _text("bind_code"),
    _need("capacity", Id),
    _need("week_cap", Id, server_default="0"),
    _need("active", Flag),
    _may("joined_on", Day),
    sa.Index("ix_members_area_id", "area_id"),
    sa.Index(
        "uq_members_bind_code",
        "bind_code",
        unique=True,
        sqlite_where=sa.text("bind_code <> ''"),
        postgresql_where=sa.text("bind_code <> ''"),
    ),
)

accounts = _table(
    "accounts",
    _need("channel", sa.Text),
    _need("bot", sa.Text),
    _need("account", sa.Text),
    _need("member_id", Id, sa.ForeignKey("members.id")),
    _need("chat_id", sa.Text),
    sa.PrimaryKeyConstraint("channel", "bot", "account"),
    sa.Index("ix_accounts_member_id", "member_id"),
)
"""Where a member of the roster is reached in private, bound by the code the leader handed him."""

assignment_runs = _table(
    "assignment_runs",
    _id(),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    _need("input_hash", sa.Text),
    _need("params", Json),
    _need("epoch", sa.Text),
    _need("solver_version", sa.Text),
    _need("objective", Id),
    _need("unassigned", Json),
    _need("applied_by", sa.Text),
    _need("at", Time),
    sa.Index("ix_assignment_runs_grid_id", "grid_id"),
)
"""Pairing proposals that were applied. ``unassigned``: [household, role, why] of those that got nobody."""

pairings = _table(
    "pairings",
    _id(),
    _need("area_id", Id, sa.ForeignKey("areas.id")),
    _need("member_id", Id, sa.ForeignKey("members.id")),
    _need("role", sa.Text),
    _need("from_on", Day),
    _may("to_on", Day),
    _may("source", sa.Text),
    _may("run_id", Id, sa.ForeignKey("assignment_runs.id")),
    _may("reason", Json),
    sa.Index("ix_pairings_area_id", "area_id"),
    sa.Index(
        "uq_pairings_open_first",
        "area_id",
        unique=True,
        sqlite_where=sa.text("to_on IS NULL AND role = 'first'"),
        postgresql_where=sa.text("to_on IS NULL AND role = 'first'"),
    ),
)

leaves = _table(
    "leaves",
    _id(),
    _need("member_id", Id, sa.ForeignKey("members.id")),
    _may("stand_in_id", Id, sa.ForeignKey("members.id")),
    _need("from_at", Time),
    _need("to_at", Time),
    sa.Index("ix_leaves_member_id", "member_id"),
)

tickets = _table(
    "tickets",
    sa.Column("number", Id, primary_key=True, autoincrement=False),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    *_chat(),
    _need("chat_kind", sa.Text),
    _text("thread"),
    _need("message_id", sa.Text),
    _need("reporter", sa.Text),
    _text("reporter_name"),
    _need("words", sa.Text),
    _text("code"),
    _need("urgency", sa.Text),
    _text("building"),
    _text("unit"),
    _text("room"),
    _text("spot"),
    _need("private", Flag),
    _need("state", sa.Text),
    _may("assignee_id", Id, sa.ForeignKey("members.id")),
    _text("reason"),
    _may("why", Json),
    _need("created_at", Time),
    _need("response_due_at", Time),
    _need("closing_due_at", Time),
    _may("responded_at", Time),
    _may("solved_at", Time),
    _may("closed_at", Time),
    _may("reminded_at", Time),
    _text("done"),
    _may("rating", sa.Text),
    _need("urges", Id),
    _need("supporters", Id),
    _need("reworks", Id),
    _need("extended", Flag),
    _may("word_at", Time),
    _may("paused_at", Time),
    _need("overdue", Id, server_default="0"),
    _need("photos", Json),
    _need("version", Id),
    sa.Index("ix_tickets_grid_id_state", "grid_id", "state"),
    sa.Index("ix_tickets_channel_reporter", "channel", "reporter"),
    sa.Index("ix_tickets_state_solved_at", "state", "solved_at"),
)

ticket_events = _table(
    "ticket_events",
    _id(),
    _need("ticket", Id, sa.ForeignKey("tickets.number")),
    _need("at", Time),
    _need("by", sa.Text),
    _need("action", sa.Text),
    _need("was", sa.Text),
    _need("now", sa.Text),
    _text("note"),
    sa.Index("ix_ticket_events_ticket", "ticket"),
)

corrections = _table(
    "corrections",
    _id(),
    _need("ticket", Id, sa.ForeignKey("tickets.number")),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    _need("kind", sa.Text),
    _need("was_act", sa.Text),
    _text("was_code"),
    _text("code"),
    _need("at", Time),
    sa.Index("ix_corrections_ticket", "ticket"),
    sa.Index("ix_corrections_at", "at"),
)
"""What a leader said against the triage. No words: those are the ticket's, and go with them (docs/decisions/0007)."""

ticket_sources = _table(
    "ticket_sources",
    *_chat(),
    _need("message_id", sa.Text),
    _need("ticket", Id, sa.ForeignKey("tickets.number")),
    _need("part", sa.Text),
    _text("album"),
    _need("at", Time),
    sa.PrimaryKeyConstraint("channel", "bot", "chat_id", "message_id"),
    sa.Index("ix_ticket_sources_ticket", "ticket"),
    sa.Index("ix_ticket_sources_album", "channel", "bot", "chat_id", "album"),
)
"""Which messages a ticket is made of: exactly one ticket per message, however often the channel repeats itself."""

supporters = _table(
    "supporters",
    _need("ticket", Id, sa.ForeignKey("tickets.number")),
    _need("channel", sa.Text),
    _need("account", sa.Text),
    _need("at", Time),
    sa.PrimaryKeyConstraint("ticket", "channel", "account"),
)

album_parts = _table(
    "album_parts",
    *_chat(),
    _need("album", sa.Text),
    _need("message_id", sa.Text),
    _need("ref", sa.Text),
    _need("at", Time),
    sa.PrimaryKeyConstraint("channel", "bot", "chat_id", "message_id"),
    sa.Index("ix_album_parts_at", "at"),
)
"""Photos of an album whose words have not come yet: ids only, swept after seconds."""

questions = _table(
    "questions",
    _id(),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    *_chat(),
    _need("chat_kind", sa.Text),
    _text("thread"),
    _need("message_id", sa.Text),
    _need("reporter", sa.Text),
    _text("reporter_name"),
    _need("words", sa.Text),
    _need("codes", Json),
    _need("why", Json),
    _need("asked_at", Time),
    _need("expires_at", Time),
    sa.UniqueConstraint("channel", "bot", "chat_id", "message_id"),
    sa.Index("ix_questions_expires_at", "expires_at"),
)
"""待确认: asked once, kept until answered and a day at most, then erased with its words."""

group_days = _table(
    "group_days",
    *_chat(),
    _need("day", Day),
    _need("asked", Id),
    _need("noticed", Id),
    sa.PrimaryKeyConstraint("channel", "bot", "chat_id", "day"),
)
"""How often the group was asked or told something unasked on a day: the caps that keep it from being annoyed."""

prompts = _table(
    "prompts",
    *_chat(),
    _need("account", sa.Text),
    _need("action", sa.Text),
    _need("subject", Id),
    _need("expires_at", Time),
    sa.PrimaryKeyConstraint("channel", "bot", "chat_id", "account"),
)
"""The one line 党小栖 is waiting for from a person, for example what was done."""

invitations = _table(
    "invitations",
    _id(),
    _need("ticket", Id, sa.ForeignKey("tickets.number")),
    _need("member_id", Id, sa.ForeignKey("members.id")),
    _need("state", sa.Text),
    _need("reason", sa.Text),
    _need("asked_at", Time),
    _need("due_at", Time),
    sa.Index("ix_invitations_ticket", "ticket"),
    sa.Index("ix_invitations_state_due_at", "state", "due_at"),
    sa.Index(
        "uq_invitations_asked",
        "ticket",
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    ),
)

alerts = _table(
    "alerts",
    sa.Column("ticket", Id, sa.ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
    _need("state", sa.Text),
    _need("rung", Id),
    _need("called", Json),
    _need("escalate_at", Time),
    sa.Index("ix_alerts_state_escalate_at", "state", "escalate_at"),
)

keyboards = _table(
    "keyboards",
    sa.Column("token", sa.Text, primary_key=True),
    _need("subject", sa.Text),
    _need("subject_id", Id),
    _need("actions", Json),
    _text("audience"),
    _need("expires_at", Time),
    sa.Index("ix_keyboards_expires_at", "expires_at"),
)
"""What the buttons under one message do: the channel only carries a random token and a position."""

outbox = _table(
    "outbox",
    _id(),
    _need("key", sa.Text, unique=True),
    *_chat(),
    _text("thread"),
    _need("op", sa.Text),
    _need("kind", sa.Text),
    _need("priority", Id),
    _need("night", Flag),
    _need("body", Json),
    _text("replaces"),
    _may("ticket", Id),
    _may("grid_id", Id),
    _may("notice", Id),
    _need("created_at", Time),
    _need("not_before", Time),
    _may("expires_at", Time),
    _need("state", sa.Text),
    _text("lease_owner"),
    _may("lease_until", Time),
    _need("attempt", Id),
    _need("resent", Flag),
    _text("provider_id"),
    _text("error"),
    _may("settled_at", Time),
    sa.Index("ix_outbox_state_not_before", "state", "not_before"),
    sa.Index("ix_outbox_chat_state", "channel", "bot", "chat_id", "state"),
    sa.Index("ix_outbox_replaces", "replaces"),
    sa.Index("ix_outbox_ticket", "ticket"),
    sa.Index("ix_outbox_notice", "notice"),
)
"""``notice``: the row of ``notices`` this is said for, so that its author can be told what became of it."""

chat_pace = _table(
    "chat_pace",
    *_chat(),
    _need("not_before", Time),
    sa.PrimaryKeyConstraint("channel", "bot", "chat_id"),
)
"""A channel's “later” (429) per chat, on disk so that a restart does not forget it."""

offsets = _table(
    "offsets",
    _need("channel", sa.Text),
    _need("bot", sa.Text),
    _need("event", Id),
    _need("at", Time),
    sa.PrimaryKeyConstraint("channel", "bot"),
)

tries = _table(
    "tries",
    _need("channel", sa.Text),
    _need("bot", sa.Text),
    _need("event", Id),
    _need("count", Id),
    _need("at", Time),
    sa.PrimaryKeyConstraint("channel", "bot", "event"),
)

dead_letters = _table(
    "dead_letters",
    _id(),
    *_chat(),
    _need("event", Id),
    _text("message_id"),
    _need("kind", sa.Text),
    _need("error", sa.Text),
    _need("at", Time),
    sa.UniqueConstraint("channel", "bot", "event"),
)
"""Messages that broke a handler three times: where to read them in the group, never their text."""

notices = _table(
    "notices",
    _id(),
    _need("grid_id", Id, sa.ForeignKey("areas.id")),
    _need("author_id", Id, sa.ForeignKey("members.id")),
    _need("words", sa.Text),
    _need("areas", Json),
    _need("state", sa.Text),
    _text("repeat"),
    _need("urgent", Flag),
    _may("next_at", Time),
    _need("sent", Id),
    _need("reported", Id, server_default="0"),
    _need("chats", Json, server_default="[]"),
    _text("reason"),
    _need("created_at", Time),
    _may("first_id", Id, sa.ForeignKey("notices.id")),
    sa.Index("ix_notices_state_next_at", "state", "next_at"),
    sa.Index("ix_notices_first_id", "first_id"),
)
"""``repeat``: a rhythm as iCalendar lines. ``chats``: only these groups, none for all of the grid. ``reason``: why an urgent
one was let through. ``reported``: how many of the times it was ``sent`` its author has heard about.
"""

digests = _table(
    "digests",
    sa.Column("grid_id", Id, sa.ForeignKey("areas.id"), primary_key=True, autoincrement=False),
    _need("day", Day),
)
"""The last day for which a grid's morning digest was made, said or not."""
