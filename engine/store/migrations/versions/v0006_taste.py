"""What people like: duels, favourites, what was learnt of it, what it may move; the style of every song, by itself.

A song's style was in its receipt alone until now; it is read from there.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT_ONCE = 500
"""Receipts that are in memory together."""
SONGS = sa.table(
    "songs",
    sa.column("id", sa.String),
    sa.column("receipt", sa.JSON(none_as_null=True)),
    sa.column("style", sa.String),
)


def upgrade() -> None:
    """Create the tables; nothing was learnt yet. Songs get their styles."""
    op.add_column("songs", sa.Column("style", sa.String(40), nullable=True))
    op.add_column("models", sa.Column("trial_since", sa.DateTime(timezone=True), nullable=True))
    _style_songs()
    op.create_index("ix_songs_style", "songs", ["guild_id", "style", "created_at"])
    op.create_index("ix_songs_person_id", "songs", ["person_id", "created_at"])
    op.create_index("ix_votes_person_id", "votes", ["person_id", "changed_at"])
    op.create_index("ix_votes_changed_at", "votes", ["changed_at"])
    _create_duels()
    _create_favourites()
    _create_homes()


def downgrade() -> None:
    """Drop the tables; votes stay, and models that were on trial compose everything."""
    for table in ("voids", "switches", "tastes", "favourites", "duel_votes", "duels"):
        op.drop_table(table)
    for index in ("ix_votes_changed_at", "ix_votes_person_id"):
        op.drop_index(index, table_name="votes")
    for index in ("ix_songs_person_id", "ix_songs_style"):
        op.drop_index(index, table_name="songs")
    op.drop_column("models", "trial_since")
    op.drop_column("songs", "style")


def _style_songs() -> None:
    """Python reads the receipts: PostgreSQL does not look into JSON that has a NUL in it, as a prompt may."""
    connection, last = op.get_bind(), ""
    some = sa.select(SONGS.c.id, SONGS.c.receipt).where(SONGS.c.receipt.is_not(None)).order_by(SONGS.c.id)
    one = SONGS.update().where(SONGS.c.id == sa.bindparam("song")).values(style=sa.bindparam("its"))
    while rows := connection.execute(some.where(SONGS.c.id > last).limit(AT_ONCE)).all():
        last = rows[-1].id
        styles = [(row.id, row.receipt.get("style")) for row in rows if isinstance(row.receipt, dict)]
        if known := [{"song": song, "its": style[:40]} for song, style in styles if isinstance(style, str)]:
            connection.execute(one, known)


def _create_duels() -> None:
    op.create_table(
        "duels",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=True),
        sa.Column("guild_id", sa.BigInteger, nullable=True),
        sa.Column("channel_id", sa.BigInteger, nullable=True),
        sa.Column("message_id", sa.BigInteger, nullable=True),
        sa.Column("style", sa.String(40), nullable=True),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("left_id", sa.String(32), nullable=False),
        sa.Column("right_id", sa.String(32), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("votes_wanted", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("failure", sa.Text, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('making', 'open', 'revealed', 'failed')", name=op.f("ck_duels_state")),
        sa.ForeignKeyConstraint(["left_id"], ["songs.id"], name=op.f("fk_duels_left_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["right_id"], ["songs.id"], name=op.f("fk_duels_right_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duels")),
    )
    op.create_index("ix_duels_state", "duels", ["state", "closes_at"])
    op.create_index("ix_duels_guild_id", "duels", ["guild_id", "created_at"])
    op.create_index("ix_duels_left_id", "duels", ["left_id"])
    op.create_index("ix_duels_right_id", "duels", ["right_id"])
    op.create_table(
        "duel_votes",
        sa.Column("duel_id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("answer IN ('left', 'right', 'both', 'neither')", name=op.f("ck_duel_votes_answer")),
        sa.ForeignKeyConstraint(["duel_id"], ["duels.id"], name=op.f("fk_duel_votes_duel_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("duel_id", "person_id", name=op.f("pk_duel_votes")),
    )
    op.create_index("ix_duel_votes_person_id", "duel_votes", ["person_id", "changed_at"])


def _create_favourites() -> None:
    op.create_table(
        "favourites",
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("song_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["song_id"], ["songs.id"], name=op.f("fk_favourites_song_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "song_id", name=op.f("pk_favourites")),
    )
    op.create_index("ix_favourites_song_id", "favourites", ["song_id"])


def _create_homes() -> None:
    op.create_table(
        "tastes",
        sa.Column("home", sa.BigInteger, nullable=False),
        sa.Column("style", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.Column("figures", sa.JSON, nullable=False),
        sa.Column("votes", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("home", "style", "version", name=op.f("pk_tastes")),
    )
    op.create_table(
        "switches",
        sa.Column("home", sa.BigInteger, nullable=False),
        sa.Column("names", sa.JSON, nullable=False),
        sa.Column("changed_by", sa.BigInteger, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("home", name=op.f("pk_switches")),
    )
    op.create_table(
        "voids",
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=False),
        sa.Column("by", sa.BigInteger, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "person_id", name=op.f("pk_voids")),
    )
