"""Who stands in during a leave is asked."""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Stand-ins named before this version stay as they are: whoever was named has been told."""
    op.create_table(
        "covers",
        sa.Column("leave_id", _ID, autoincrement=False, nullable=False),
        sa.Column("grid_id", _ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rung", _ID, nullable=False),
        sa.Column("turn", _ID, nullable=False),
        sa.Column("asked_at", storage.types.Time(), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["areas.id"], name=op.f("fk_covers_grid_id")),
        sa.ForeignKeyConstraint(["leave_id"], ["leaves.id"], name=op.f("fk_covers_leave_id")),
        sa.PrimaryKeyConstraint("leave_id", name=op.f("pk_covers")),
        sqlite_strict=True,
    )
    op.create_index("ix_covers_state", "covers", ["state"])
    op.create_table(
        "cover_asks",
        sa.Column("leave_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("declined", storage.types.Flag(), nullable=False),
        sa.ForeignKeyConstraint(["leave_id"], ["leaves.id"], name=op.f("fk_cover_asks_leave_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_cover_asks_member_id")),
        sa.PrimaryKeyConstraint("leave_id", "member_id", name=op.f("pk_cover_asks")),
        sqlite_strict=True,
    )
