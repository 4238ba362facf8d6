"""What servers taught: uploads, models, and styles of their own; the whole of it as `store.teaching`.

In: uploads, trainings, names. Out: records. Conventions: see `teaching_uploads.py` and `teaching_models.py`; a style of
a server's own is known by its name in that server alone. Caveat: whether a name is a shipped style's is not known here.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from engine.errors import BadRequest, NotFound
from engine.store.names import keepable
from engine.store.records import UNFINISHED
from engine.store.tables import guild_styles, jobs, models, uploads
from engine.store.teaching_models import Models
from engine.store.teaching_records import THERE, USED, GuildStyle, ModelRecord, UploadRecord, style_record
from engine.store.teaching_uploads import model_rows, upload_rows

MOST_STYLES = 20
ENDED = "it was interrupted; uploading it once more would work"
ENDED_TRAINING = "its training was interrupted"


class Teaching(Models):
    """Rows of `uploads`, `models` and `guild_styles`."""

    async def create_style(
        self, guild_id: int, name: str, *, parent: str, description: str, person_id: int | None
    ) -> GuildStyle:
        """A server founds a style. Raises `BadRequest` when it has one of this name, or enough of them."""
        async with self._database.writing() as connection:
            await self._alone(connection)
            there = [row.name for row in await connection.execute(_names(guild_id))]
            if name in there:
                raise BadRequest(f"The style {name!r} is there already; another name would work.")
            if len(there) >= MOST_STYLES:
                raise BadRequest(f"This server has {MOST_STYLES} styles of its own, the most; drop one first.")
            row = {
                "guild_id": guild_id,
                "name": name,
                "parent": parent,
                "description": keepable(description),
                "created_by": person_id,
                "created_at": self._clock(),
            }
            made = await connection.execute(guild_styles.insert().values(row).returning(guild_styles))
            return style_record(made.mappings().one())

    async def drop_style(self, guild_id: int, name: str) -> GuildStyle:
        """The server has this style no more; returns it as it was. Raises `NotFound`."""
        this = (guild_styles.c.guild_id == guild_id) & (guild_styles.c.name == keepable(name))
        async with self._database.writing() as connection:
            gone = (await connection.execute(guild_styles.delete().where(this).returning(guild_styles))).mappings()
            row = gone.one_or_none()
        if row is None:
            raise NotFound(f"This server has no style {name[:40]!r} of its own.")
        return style_record(row)

    async def styles(self, guild_id: int) -> tuple[GuildStyle, ...]:
        """The server's own styles, by name."""
        theirs = guild_styles.c.guild_id == guild_id
        async with self._database.reading() as connection:
            rows = (await connection.execute(sa.select(guild_styles).where(theirs))).mappings()
            return tuple(sorted(map(style_record, rows), key=lambda style: style.name))

    async def with_files(self) -> tuple[frozenset[str], frozenset[str]]:
        """The ids of all uploads, and of all models, whose files are there, or may come to be there."""
        async with self._database.reading() as connection:
            there = await connection.execute(sa.select(uploads.c.id).where(uploads.c.state.in_(THERE)))
            used = await connection.execute(sa.select(models.c.id).where(models.c.state.in_(USED)))
            return frozenset(there.scalars()), frozenset(used.scalars())

    async def abandoned(self, *, before: datetime) -> tuple[tuple[UploadRecord, ...], tuple[ModelRecord, ...]]:
        """Refuse what was begun before then and what nobody works on any more: its process died before its job was
        written. Returns the refused.
        """
        busy = sa.select(jobs.c.id).where(jobs.c.state.in_(UNFINISHED), jobs.c.kind.in_(("teach", "train")))
        lost = (uploads.c.state == "received") & (uploads.c.created_at < before) & uploads.c.id.not_in(busy)
        stuck = (models.c.state == "training") & (models.c.created_at < before) & models.c.id.not_in(busy)
        now = self._clock()
        async with self._database.writing() as connection:
            refused = uploads.update().where(lost).values(state="refused", refusal=ENDED, decided_at=now)
            ended = models.update().where(stuck).values(state="refused", reason=ENDED_TRAINING, decided_at=now)
            return (
                await upload_rows(connection, refused.returning(uploads)),
                await model_rows(connection, ended.returning(models)),
            )


def _names(guild_id: int) -> sa.Select[tuple[str]]:
    return sa.select(guild_styles.c.name).where(guild_styles.c.guild_id == guild_id)
