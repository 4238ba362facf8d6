"""What was asked and is not done yet: the queue of jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and its indexes; nothing waits in it."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("song_id", sa.String(32), nullable=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=True)
            for name in ("person_id", "guild_id", "channel_id", "message_id", "reply_id")
        ),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("person_turn", sa.BigInteger, nullable=False),
        sa.Column("guild_turn", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("lease_owner", sa.String(64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text, nullable=True),
        sa.Column("incident", sa.String(32), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'composing', 'rendering', 'delivering', 'done', 'failed', 'cancelled')",
            name=op.f("ck_jobs_state"),
        ),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name=op.f("fk_jobs_song_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    queued, started = sa.text("state = 'queued'"), sa.text("started_at IS NOT NULL")
    order = ["kind", "person_turn", "guild_turn"]
    op.create_index(
        "ix_jobs_queued", "jobs", [*order, "created_at", "id"], sqlite_where=queued, postgresql_where=queued
    )
    op.create_index("ix_jobs_started", "jobs", order, sqlite_where=started, postgresql_where=started)
    op.create_index("ix_jobs_person_id", "jobs", ["person_id", "kind", "person_turn"])
    op.create_index("ix_jobs_guild_id", "jobs", ["guild_id", *order])
    op.create_index("ix_jobs_song_id", "jobs", ["song_id"])
    op.create_index("ix_jobs_state", "jobs", ["state", "lease_until"])


def downgrade() -> None:
    """Drop the table, and with it what waits."""
    op.drop_table("jobs")
