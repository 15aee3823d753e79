"""Exchanges of places, places to avoid, skills and duty times."""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Nobody has any yet; 0 is no cap of his own."""
    op.add_column("members", sa.Column("week_cap", _ID, server_default="0", nullable=False))
    op.create_table(
        "member_skills",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("skill", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_skills_member_id")),
        sa.PrimaryKeyConstraint("member_id", "skill", name=op.f("pk_member_skills")),
        sqlite_strict=True,
    )
    op.create_table(
        "duty_times",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("weekday", _ID, nullable=False),
        sa.Column("from_minute", _ID, nullable=False),
        sa.Column("to_minute", _ID, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_duty_times_member_id")),
        sa.PrimaryKeyConstraint("member_id", "weekday", "from_minute", name=op.f("pk_duty_times")),
        sqlite_strict=True,
    )
    op.create_table(
        "avoids",
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("area_id", _ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_avoids_area_id")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_avoids_member_id")),
        sa.PrimaryKeyConstraint("member_id", "area_id", name=op.f("pk_avoids")),
        sqlite_strict=True,
    )
    op.create_table(
        "swaps",
        sa.Column("id", _ID, nullable=False),
        sa.Column("grid_id", _ID, nullable=False),
        sa.Column("from_id", _ID, nullable=False),
        sa.Column("to_id", _ID, nullable=False),
        sa.Column("gives", storage.types.Json(), nullable=False),
        sa.Column("takes", storage.types.Json(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", storage.types.Time(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["members.id"], name=op.f("fk_swaps_from_id")),
        sa.ForeignKeyConstraint(["grid_id"], ["areas.id"], name=op.f("fk_swaps_grid_id")),
        sa.ForeignKeyConstraint(["to_id"], ["members.id"], name=op.f("fk_swaps_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swaps")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_swaps_asked",
        "swaps",
        ["from_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )
