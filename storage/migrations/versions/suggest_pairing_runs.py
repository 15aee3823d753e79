"""Pairing proposals that were applied, and why each pairing is as it is."""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "suggest_pairing_runs"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only: an old program refuses a newer database."""
    op.create_table(
        "assignment_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("grid_id", _ID, nullable=False),
        sa.Column("input_hash", sa.Text(), nullable=False),
        sa.Column("params", storage.types.Json(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("solver_version", sa.Text(), nullable=False),
        sa.Column("objective", _ID, nullable=False),
        sa.Column("unassigned", storage.types.Json(), nullable=False),
        sa.Column("applied_by", sa.Text(), nullable=False),
        sa.Column("at", storage.types.Time(), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["areas.id"], name=op.f("fk_assignment_runs_grid_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignment_runs")),
        sqlite_strict=True,
    )
    op.create_index("ix_assignment_runs_grid_id", "assignment_runs", ["grid_id"])
    op.add_column("pairings", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("pairings", sa.Column("reason", storage.types.Json(), nullable=True))
    # Written out: both engines take it, and the table need not be copied as Alembic's batch mode would on SQLite.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE pairings ADD COLUMN run_id {kind} CONSTRAINT fk_pairings_run_id REFERENCES assignment_runs (id)"
    )
