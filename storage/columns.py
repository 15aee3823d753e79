"""What all tables are made of: one metadata, STRICT tables, short names for the columns that come again and again."""

import sqlalchemy as sa

from storage.types import Id

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *parts: sa.Column[object] | sa.Constraint | sa.Index) -> sa.Table:
    """A STRICT table of the one metadata."""
    return sa.Table(name, metadata, *parts, sqlite_strict=True)


def text(name: str, **options: object) -> sa.Column[object]:
    """Text that may be empty, never missing."""
    return sa.Column(name, sa.Text, nullable=False, server_default="", **options)  # type: ignore[arg-type]


def need(name: str, kind: object, *args: object, **options: object) -> sa.Column[object]:
    """What must be there."""
    return sa.Column(name, kind, *args, nullable=False, **options)  # type: ignore[arg-type]


def may(name: str, kind: object, *args: object) -> sa.Column[object]:
    """What may be missing."""
    return sa.Column(name, kind, *args, nullable=True)  # type: ignore[arg-type]


def ident() -> sa.Column[object]:
    """The number of a row."""
    return sa.Column("id", Id, primary_key=True)


def chat() -> tuple[sa.Column[object], ...]:
    """The three columns that name a chat."""
    return need("channel", sa.Text), need("bot", sa.Text), need("chat_id", sa.Text)
