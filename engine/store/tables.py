"""The tables as SQLAlchemy sees them today; how they came to be is in `migrations/`.

Conventions: times are aware datetimes in UTC on both sides, whatever the database keeps; people, guilds and channels
are Discord snowflakes in 64 bits; requests and receipts are JSON as their flow wrote them. Caveat: a change here needs
a migration; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept and given back in UTC; a naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database; SQLite forgets the zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

songs = sa.Table(
    "songs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("receipt", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("person_id", sa.BigInteger, nullable=True),
    sa.Column("guild_id", sa.BigInteger, nullable=True),
    sa.Column("channel_id", sa.BigInteger, nullable=True),
    sa.Column("message_id", sa.BigInteger, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("failure", sa.Text, nullable=True),
    sa.Column("style", sa.String(40), nullable=True),  # known when it is done
    sa.CheckConstraint("status IN ('composing', 'done', 'failed')", name="status"),
    sa.Index("ix_songs_guild_id", "guild_id"),
    sa.Index("ix_songs_created_at", "created_at"),
    sa.Index("ix_songs_style", "guild_id", "style", "created_at"),
    sa.Index("ix_songs_person_id", "person_id", "created_at"),
)

votes = sa.Table(
    "votes",
    metadata,
    sa.Column("song_id", sa.String(32), sa.ForeignKey("songs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.SmallInteger, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.CheckConstraint("value IN (-1, 1)", name="value"),
    sa.Index("ix_votes_person_id", "person_id", "changed_at"),
    sa.Index("ix_votes_changed_at", "changed_at"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("song_id", sa.String(32), sa.ForeignKey("songs.id", ondelete="CASCADE"), nullable=True),
    sa.Column("person_id", sa.BigInteger, nullable=True),
    sa.Column("guild_id", sa.BigInteger, nullable=True),
    sa.Column("channel_id", sa.BigInteger, nullable=True),
    sa.Column("message_id", sa.BigInteger, nullable=True),  # shows how far it is
    sa.Column("reply_id", sa.BigInteger, nullable=True),  # brought the result
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("person_turn", sa.BigInteger, nullable=False),
    sa.Column("guild_turn", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("lease_owner", sa.String(64), nullable=True),
    sa.Column("lease_until", UtcDateTime, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=True),
    sa.Column("finished_at", UtcDateTime, nullable=True),
    sa.Column("error", sa.Text, nullable=True),
    sa.Column("incident", sa.String(32), nullable=True),
    sa.Column("told_at", UtcDateTime, nullable=True),  # somebody was told that it came to nothing
    sa.CheckConstraint(
        "state IN ('queued', 'composing', 'rendering', 'delivering', 'done', 'failed', 'cancelled')", name="state"
    ),
    # Which is next, and who stands before whom.
    sa.Index(
        "ix_jobs_queued",
        "kind",
        "person_turn",
        "guild_turn",
        "created_at",
        "id",
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    ),
    # How far the turns are.
    sa.Index(
        "ix_jobs_started",
        "kind",
        "person_turn",
        "guild_turn",
        sqlite_where=sa.text("started_at IS NOT NULL"),
        postgresql_where=sa.text("started_at IS NOT NULL"),
    ),
    sa.Index("ix_jobs_person_id", "person_id", "kind", "person_turn"),
    sa.Index("ix_jobs_guild_id", "guild_id", "kind", "person_turn", "guild_turn"),
    sa.Index("ix_jobs_song_id", "song_id"),
    sa.Index("ix_jobs_state", "state", "lease_until"),
    # Who has still to be told.
    sa.Index(
        "ix_jobs_untold",
        "created_at",
        sqlite_where=sa.text("told_at IS NULL AND state IN ('failed', 'cancelled')"),
        postgresql_where=sa.text("told_at IS NULL AND state IN ('failed', 'cancelled')"),
    ),
    sa.Index("ix_jobs_lease_owner", "lease_owner"),
)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("guild_id", sa.BigInteger, nullable=False),  # 0: the command line
    sa.Column("style", sa.String(40), nullable=False),
    sa.Column("person_id", sa.BigInteger, nullable=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("licence", sa.String(16), nullable=False),
    sa.Column("credit", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=True),
    sa.Column("kind", sa.String(16), nullable=True),
    sa.Column("duration_s", sa.Float, nullable=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("refusal", sa.Text, nullable=True),
    sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("pipeline", sa.String(32), nullable=True),
    sa.Column("split", sa.String(8), nullable=True),
    sa.Column("decided_by", sa.BigInteger, nullable=True),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.CheckConstraint("state IN ('received', 'understood', 'awaiting', 'kept', 'refused', 'forgotten')", name="state"),
    sa.CheckConstraint("split IN ('train', 'valid')", name="split"),
    sa.Index("ix_uploads_guild_id", "guild_id", "style", "state"),
    sa.Index("ix_uploads_person_id", "person_id", "created_at"),
    # The same bytes are there once a server and style.
    sa.Index(
        "ix_uploads_sha256",
        "guild_id",
        "style",
        "sha256",
        unique=True,
        sqlite_where=sa.text("state NOT IN ('refused', 'forgotten')"),
        postgresql_where=sa.text("state NOT IN ('refused', 'forgotten')"),
    ),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("guild_id", sa.BigInteger, nullable=False),
    sa.Column("style", sa.String(40), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("parent_sha256", sa.String(64), nullable=True),
    sa.Column("sha256", sa.String(64), nullable=True),
    sa.Column("upload_ids", sa.JSON, nullable=False),
    sa.Column("metrics", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("reason", sa.Text, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("decided_at", UtcDateTime, nullable=True),
    sa.Column("trial_since", UtcDateTime, nullable=True),  # a live one that votes have to decide on
    sa.CheckConstraint("state IN ('training', 'candidate', 'live', 'refused', 'retired', 'rolled_back')", name="state"),
    sa.Index("ix_models_guild_id", "guild_id", "style", "version", unique=True),
)

guild_styles = sa.Table(
    "guild_styles",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("parent", sa.String(40), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("created_by", sa.BigInteger, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

duels = sa.Table(
    "duels",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("person_id", sa.BigInteger, nullable=True),
    sa.Column("guild_id", sa.BigInteger, nullable=True),
    sa.Column("channel_id", sa.BigInteger, nullable=True),
    sa.Column("message_id", sa.BigInteger, nullable=True),
    sa.Column("style", sa.String(40), nullable=True),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("left_id", sa.String(32), sa.ForeignKey("songs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("right_id", sa.String(32), sa.ForeignKey("songs.id", ondelete="CASCADE"), nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("votes_wanted", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("failure", sa.Text, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("closes_at", UtcDateTime, nullable=True),
    sa.Column("revealed_at", UtcDateTime, nullable=True),
    sa.CheckConstraint("state IN ('making', 'open', 'revealed', 'failed')", name="state"),
    sa.Index("ix_duels_state", "state", "closes_at"),
    sa.Index("ix_duels_guild_id", "guild_id", "created_at"),
    sa.Index("ix_duels_left_id", "left_id"),
    sa.Index("ix_duels_right_id", "right_id"),
)

duel_votes = sa.Table(
    "duel_votes",
    metadata,
    sa.Column("duel_id", sa.String(32), sa.ForeignKey("duels.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("answer", sa.String(8), nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.CheckConstraint("answer IN ('left', 'right', 'both', 'neither')", name="answer"),
    sa.Index("ix_duel_votes_person_id", "person_id", "changed_at"),
)

favourites = sa.Table(
    "favourites",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("song_id", sa.String(32), sa.ForeignKey("songs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_favourites_song_id", "song_id"),
)

tastes = sa.Table(
    "tastes",
    metadata,
    sa.Column("home", sa.BigInteger, primary_key=True, autoincrement=False),  # `home_of` who asks
    sa.Column("style", sa.String(40), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.JSON, nullable=False),
    sa.Column("figures", sa.JSON, nullable=False),
    sa.Column("votes", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

switches = sa.Table(
    "switches",
    metadata,
    sa.Column("home", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("names", sa.JSON, nullable=False),
    sa.Column("changed_by", sa.BigInteger, nullable=True),
    sa.Column("changed_at", UtcDateTime, nullable=False),
)

voids = sa.Table(
    "voids",
    metadata,
    sa.Column("guild_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("by", sa.BigInteger, nullable=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
