"""The message that shows what becomes of a song."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; earlier songs know no message."""
    op.add_column("songs", sa.Column("message_id", sa.BigInteger, nullable=True))


def downgrade() -> None:
    """Drop the column, in place: SQLite would take the votes along with a table that is made anew."""
    op.drop_column("songs", "message_id")
