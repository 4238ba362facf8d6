"""Songs, and one vote a person and song."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "songs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("receipt", sa.JSON, nullable=True),
        sa.Column("person_id", sa.BigInteger, nullable=True),
        sa.Column("guild_id", sa.BigInteger, nullable=True),
        sa.Column("channel_id", sa.BigInteger, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", sa.Text, nullable=True),
        sa.CheckConstraint("status IN ('composing', 'done', 'failed')", name=op.f("ck_songs_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_songs")),
    )
    op.create_index("ix_songs_guild_id", "songs", ["guild_id"])
    op.create_index("ix_songs_created_at", "songs", ["created_at"])
    op.create_table(
        "votes",
        sa.Column("song_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("value", sa.SmallInteger, nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value IN (-1, 1)", name=op.f("ck_votes_value")),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name=op.f("fk_votes_song_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("song_id", "person_id", name=op.f("pk_votes")),
    )


def downgrade() -> None:
    """Drop both tables."""
    op.drop_table("votes")
    op.drop_table("songs")
