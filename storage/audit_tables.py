"""The table of the audit log. See ``storage/audit.py``."""

import sqlalchemy as sa

from storage.columns import need, table, text
from storage.types import Id, Time

audit = table(
    "audit",
    sa.Column("id", Id, primary_key=True, autoincrement=False),
    need("at", Time),
    need("act", sa.Text),
    need("actor", sa.Text),
    text("ref"),
    need("previous", sa.Text),
    need("hash", sa.Text),
)
"""Only ever added to; ``previous`` is the ``hash`` of the row before. No names, no words, no numbers of telephones."""
