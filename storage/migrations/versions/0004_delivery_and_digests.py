"""Delivery of notices, rhythms as iCalendar lines, morning digests."""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only: an old program refuses a newer database."""
    op.add_column("outbox", sa.Column("notice", _ID, nullable=True))
    op.create_index("ix_outbox_notice", "outbox", ["notice"])
    op.add_column("notices", sa.Column("reported", _ID, server_default="0", nullable=False))
    op.add_column("notices", sa.Column("chats", storage.types.Json(), server_default="[]", nullable=False))
    op.add_column("notices", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "digests",
        sa.Column("grid_id", _ID, autoincrement=False, nullable=False),
        sa.Column("day", storage.types.Day(), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["areas.id"], name=op.f("fk_digests_grid_id")),
        sa.PrimaryKeyConstraint("grid_id", name=op.f("pk_digests")),
        sqlite_strict=True,
    )
    notices = sa.table("notices", *(sa.column(name) for name in ("id", "repeat", "sent", "reported")))
    connection = op.get_bind()
    connection.execute(sa.update(notices).values(reported=notices.c.sent))  # what went out before is not told again
    for row in connection.execute(sa.select(notices).where(notices.c.repeat != "")).all():
        rule = dict(part.split("=", 1) for part in row.repeat.split(";"))
        start = f"DTSTART:20260101T{int(rule['BYHOUR']):02}{int(rule['BYMINUTE']):02}00"
        lines = f"{start}\nRRULE:FREQ=WEEKLY;BYDAY={rule['BYDAY']}"
        connection.execute(sa.update(notices).where(notices.c.id == row.id).values(repeat=lines))
