"""What servers taught: uploads, the models that learnt from them, and styles of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

THERE = sa.text("state NOT IN ('refused', 'forgotten')")


def upgrade() -> None:
    """Create the tables; nothing was taught yet."""
    _create_uploads()
    _create_models()
    op.create_table(
        "guild_styles",
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("parent", sa.String(40), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "name", name=op.f("pk_guild_styles")),
    )


def downgrade() -> None:
    """Drop the tables, and the jobs that nobody understands any more. Files stay where they are."""
    op.execute("DELETE FROM jobs WHERE kind IN ('teach', 'train')")
    for table in ("guild_styles", "models", "uploads"):
        op.drop_table(table)


def _create_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("style", sa.String(40), nullable=False),
        sa.Column("person_id", sa.BigInteger, nullable=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("licence", sa.String(16), nullable=False),
        sa.Column("credit", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("kind", sa.String(16), nullable=True),
        sa.Column("duration_s", sa.Float, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("refusal", sa.Text, nullable=True),
        sa.Column("report", sa.JSON, nullable=True),
        sa.Column("pipeline", sa.String(32), nullable=True),
        sa.Column("split", sa.String(8), nullable=True),
        sa.Column("decided_by", sa.BigInteger, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'understood', 'awaiting', 'kept', 'refused', 'forgotten')",
            name=op.f("ck_uploads_state"),
        ),
        sa.CheckConstraint("split IN ('train', 'valid')", name=op.f("ck_uploads_split")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index("ix_uploads_guild_id", "uploads", ["guild_id", "style", "state"])
    op.create_index("ix_uploads_person_id", "uploads", ["person_id", "created_at"])
    op.create_index(
        "ix_uploads_sha256",
        "uploads",
        ["guild_id", "style", "sha256"],
        unique=True,
        sqlite_where=THERE,
        postgresql_where=THERE,
    )


def _create_models() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("style", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("parent_sha256", sa.String(64), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("upload_ids", sa.JSON, nullable=False),
        sa.Column("metrics", sa.JSON, nullable=True),
        sa.Column("reason", sa.Text, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('training', 'candidate', 'live', 'refused', 'retired', 'rolled_back')",
            name=op.f("ck_models_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    op.create_index("ix_models_guild_id", "models", ["guild_id", "style", "version"], unique=True)
