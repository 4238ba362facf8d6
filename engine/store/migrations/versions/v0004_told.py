"""Whether somebody was told that a job came to nothing; and whose leases are whose, quickly.

From here on songs are made for jobs alone: what was being composed without one is over.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNTOLD = sa.text("told_at IS NULL AND state IN ('failed', 'cancelled')")


def upgrade() -> None:
    """Add the time; of what is over already nobody has to be told."""
    op.add_column("jobs", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE jobs SET told_at = finished_at WHERE state IN ('failed', 'cancelled')")
    op.execute(
        "UPDATE songs SET status = 'failed', failure = 'the process ended before the song was done'"
        " WHERE status = 'composing' AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.song_id = songs.id)"
    )
    op.create_index("ix_jobs_untold", "jobs", ["created_at"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)
    op.create_index("ix_jobs_lease_owner", "jobs", ["lease_owner"])


def downgrade() -> None:
    """Forget who was told."""
    op.drop_index("ix_jobs_lease_owner", table_name="jobs")
    op.drop_index("ix_jobs_untold", table_name="jobs")
    op.drop_column("jobs", "told_at")
