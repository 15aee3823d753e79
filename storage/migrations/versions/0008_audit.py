"""The audit log, and the triggers that keep it as it was written."""

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_TRIMMED = """EXISTS (
    SELECT 1 FROM audit AS t WHERE t.act = 'trim' AND t.id > OLD.id AND CAST(t.ref AS INTEGER) >= OLD.id
    AND OLD.at < CAST(CAST(substr(t.at, 1, 4) AS INTEGER) - 3 AS TEXT) || substr(t.at, 5))"""
"""A row may only go after three years, and after a row that says so."""


def upgrade() -> None:
    """Empty, with its counter at 0."""
    op.create_table(
        "audit",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("at", storage.types.Time(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), server_default="", nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_strict=True,
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('audit', 0)")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit'); END")
        op.execute(
            f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN NOT {_TRIMMED} "
            "BEGIN SELECT RAISE(ABORT, 'audit'); END"
        )
        op.execute(  # INSERT OR REPLACE deletes without asking the other trigger
            "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
            "WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'audit'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'DELETE' THEN IF {_TRIMMED} THEN RETURN OLD; END IF; END IF; "
        "RAISE EXCEPTION 'audit' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute("CREATE TRIGGER audit_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_kept()")
    op.execute("CREATE TRIGGER audit_whole BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_kept()")
