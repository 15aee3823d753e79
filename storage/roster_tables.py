"""Tables of what members say about themselves and agree among each other; the roster itself stands in ``tables``."""

import sqlalchemy as sa

from storage.columns import ident, need, table
from storage.types import Flag, Id, Json, Time

member_skills = table(
    "member_skills",
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("skill", sa.Text),
    sa.PrimaryKeyConstraint("member_id", "skill"),
)
"""What a volunteer says he can do (``texts/heard/skills.toml``)."""


duty_times = table(
    "duty_times",
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("weekday", Id),
    need("from_minute", Id),
    need("to_minute", Id),
    sa.PrimaryKeyConstraint("member_id", "weekday", "from_minute"),
)
"""值班时段 a volunteer has set himself: minutes of the local day, Monday is 0; none is any time."""


avoids = table(
    "avoids",
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("area_id", Id, sa.ForeignKey("areas.id")),
    need("reason", sa.Text),
    sa.PrimaryKeyConstraint("member_id", "area_id"),
)
"""回避: this member is never asked about this place. ``reason`` is a code (``domain.roster.AvoidReason``), never a story."""


swaps = table(
    "swaps",
    ident(),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("from_id", Id, sa.ForeignKey("members.id")),
    need("to_id", Id, sa.ForeignKey("members.id")),
    need("gives", Json),
    need("takes", Json),
    need("state", sa.Text),
    need("asked_at", Time),
    sa.Index(
        "uq_swaps_asked",
        "from_id",
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    ),
)
"""换班: one member asks another to exchange places; one open request each."""


covers = table(
    "covers",
    sa.Column("leave_id", Id, sa.ForeignKey("leaves.id"), primary_key=True, autoincrement=False),
    need("grid_id", Id, sa.ForeignKey("areas.id")),
    need("state", sa.Text),
    need("rung", Id),
    need("turn", Id),
    need("asked_at", Time),
    sa.Index("ix_covers_state", "state"),
)
"""代班: who stands in during a leave is being asked, or has been found (``leaves.stand_in_id``)."""


cover_asks = table(
    "cover_asks",
    need("leave_id", Id, sa.ForeignKey("leaves.id")),
    need("member_id", Id, sa.ForeignKey("members.id")),
    need("declined", Flag),
    sa.PrimaryKeyConstraint("leave_id", "member_id"),
)
