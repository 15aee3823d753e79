"""${message}."""

import sqlalchemy as sa
import storage.types
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only: an old program refuses a newer database."""
    ${upgrades if upgrades else "pass"}
