"""Models: the versions of a style that a server's uploads made.

    begin_model ─→ training ─publish─→ live ⇄ rolled_back      any ─→ retired, when a piece is taken back
                      └─ refuse_model ─→ refused

In: what training brings. Out: `ModelRecord`s. Conventions: versions of a server and style count from 1, and none is
used twice; at most one is in training. Of the live ones the newest composes; without any, the shipped one does (version
0). Caveat: a model whose uploads are not all there any more is never published.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import BadRequest, NotFound
from engine.store.names import keepable
from engine.store.tables import models, songs, uploads
from engine.store.teaching_records import USED, ModelRecord, UploadRecord
from engine.store.teaching_uploads import Uploads, model_rows, upload_rows

USABLE = ("live", "rolled_back")
SONG_GONE = "a song whose votes it learnt from was deleted"
MOST_IDS = 500
"""In one question."""
LIVE = {"state": "live", "reason": None, "trial_since": None}
ROLLED_BACK = {"state": "rolled_back", "trial_since": None}


class Models(Uploads):
    """Rows of `models`."""

    async def begin_model(self, model_id: str, guild_id: int, style: str) -> ModelRecord:
        """A new version is about to be trained; the same id again changes nothing. Raises `BadRequest` while another
        one is.
        """
        theirs = (models.c.guild_id == guild_id) & (models.c.style == style)
        async with self._database.writing() as connection:
            await self._alone(connection)
            for known in await model_rows(connection, sa.select(models).where(models.c.id == model_id)):
                return known
            for other in await model_rows(connection, sa.select(models).where(theirs, models.c.state == "training")):
                raise BadRequest(
                    f"Version {other.version} of {style} is being trained already; once it is done, asking again works."
                )
            newest = (await connection.execute(sa.select(sa.func.max(models.c.version)).where(theirs))).scalar_one()
            row: dict[str, Any] = {
                "id": model_id,
                "guild_id": guild_id,
                "style": style,
                "version": (newest or 0) + 1,
                "state": "training",
                "upload_ids": [],
                "created_at": self._clock(),
            }
            return (await model_rows(connection, models.insert().values(row).returning(models)))[0]

    async def gather(self, model_id: str) -> tuple[UploadRecord, ...]:
        """What the model learns from: all that its server keeps of the style now, oldest first. From here on, taking
        one of them back retires it. None are returned when it is not in training any more.
        """
        async with self._database.writing() as connection:
            await self._alone(connection)
            mine = (models.c.id == model_id) & (models.c.state == "training")
            for model in await model_rows(connection, sa.select(models).where(mine)):
                theirs = (uploads.c.guild_id == model.guild_id) & (uploads.c.style == model.style)
                kept = sa.select(uploads).where(theirs, uploads.c.state == "kept")
                found = await upload_rows(connection, kept.order_by(uploads.c.created_at, uploads.c.id))
                ids = [upload.id for upload in found]
                await connection.execute(models.update().where(models.c.id == model_id).values(upload_ids=ids))
                return found
        return ()

    async def note(self, model_id: str, metrics: dict[str, Any]) -> ModelRecord | None:
        """Keep this of a model in training, until it is decided on."""
        where = (models.c.id == model_id) & (models.c.state == "training")
        async with self._database.writing() as connection:
            changed = models.update().where(where).values(metrics=metrics).returning(models)
            return next(iter(await model_rows(connection, changed)), None)

    async def bereft(self) -> tuple[ModelRecord, ...]:
        """Retire the models that learnt from votes on songs of which one is gone; returns them as they were."""
        heard = models.c.state.in_(USED) & models.c.metrics.is_not(None)
        async with self._database.writing() as connection:
            await self._alone(connection)
            found = await model_rows(connection, sa.select(models).where(heard))
            named = sorted({song for model in found for song in voted_songs(model)})
            there: set[str] = set()
            for start in range(0, len(named), MOST_IDS):
                some = sa.select(songs.c.id).where(songs.c.id.in_(named[start : start + MOST_IDS]))
                there.update((await connection.execute(some)).scalars())
            lost = tuple(model for model in found if not there.issuperset(voted_songs(model)))
            values = {"state": "retired", "reason": SONG_GONE, "decided_at": self._clock()}
            ids = [model.id for model in lost]
            await connection.execute(models.update().where(models.c.id.in_(ids)).values(values))
        return lost

    async def publish(
        self, model_id: str, *, sha256: str, parent_sha256: str, metrics: dict[str, Any]
    ) -> ModelRecord | None:
        """The model composes from now on. None when it may not: it was retired meanwhile."""
        values = {"state": "live", "sha256": sha256, "parent_sha256": parent_sha256, "metrics": metrics, "reason": None}
        return await self._decide(model_id, ("training",), values)

    async def refuse_model(
        self, model_id: str, reason: str, *, metrics: dict[str, Any] | None = None
    ) -> ModelRecord | None:
        """The model is not good enough, or came to nothing: without `metrics` what was noted stays. None when that was
        decided before.
        """
        values: dict[str, Any] = {"state": "refused", "reason": keepable(reason)}
        return await self._decide(model_id, ("training",), values if metrics is None else values | {"metrics": metrics})

    async def retire(self, guild_id: int, style: str, reason: str) -> tuple[ModelRecord, ...]:
        """None of the style's models is used any more; returns those that could have been, as they were."""
        theirs = (models.c.guild_id == guild_id) & (models.c.style == style)
        theirs &= models.c.state.not_in(("refused", "retired"))
        async with self._database.writing() as connection:
            await self._alone(connection)
            found = await model_rows(connection, sa.select(models).where(theirs))
            values = {"state": "retired", "reason": keepable(reason), "decided_at": self._clock(), "trial_since": None}
            await connection.execute(models.update().where(theirs).values(values))
        return found

    async def rollback(self, guild_id: int, style: str, version: int) -> ModelRecord | None:
        """Compose with this version again, and with no later one; what was on trial of those is not any more. 0 is the
        shipped one, of which None comes back. Raises `NotFound` for a version that cannot be used.
        """
        theirs = (models.c.guild_id == guild_id) & (models.c.style == style)
        later = theirs & (models.c.version > version) & (models.c.state == "live")
        this = theirs & (models.c.version == version) & models.c.state.in_(USABLE)
        async with self._database.writing() as connection:
            await self._alone(connection)
            raised = await model_rows(connection, models.update().where(this).values(LIVE).returning(models))
            if not raised and version != 0:
                raise NotFound(
                    f"There is no version {version} of {style} to go back to; a live or rolled back one of the list"
                    " would work, and 0 is the shipped one."
                )
            await connection.execute(models.update().where(later).values(ROLLED_BACK))
        return raised[0] if raised else None

    async def model(self, model_id: str) -> ModelRecord:
        """The model's row; raises `NotFound`."""
        async with self._database.reading() as connection:
            found = await model_rows(connection, sa.select(models).where(models.c.id == keepable(model_id)))
        if not found:
            raise NotFound(f"There is no model {model_id[:40]!r}.")
        return found[0]

    async def models(self, guild_id: int, style: str | None = None) -> tuple[ModelRecord, ...]:
        """A server's models, by style and version."""
        theirs = models.c.guild_id == guild_id
        if style is not None:
            theirs &= models.c.style == style
        async with self._database.reading() as connection:
            return await model_rows(
                connection, sa.select(models).where(theirs).order_by(models.c.style, models.c.version)
            )

    async def live(self, guild_id: int) -> dict[str, ModelRecord]:
        """By style, which model composes for this server; a style that it lacks is composed by the shipped one."""
        return {model.style: model for model in await self.models(guild_id) if model.state == "live"}

    async def in_training(self) -> tuple[str, ...]:
        """The ids of all models, of whatever server, that are in training."""
        async with self._database.reading() as connection:
            found = sa.select(models.c.id).where(models.c.state == "training").order_by(models.c.id)
            return tuple((await connection.execute(found)).scalars())

    async def _decide(self, model_id: str, states: tuple[str, ...], values: dict[str, Any]) -> ModelRecord | None:
        where = (models.c.id == model_id) & models.c.state.in_(states)
        decided = values | {"decided_at": self._clock()}
        async with self._database.writing() as connection:
            changed = await model_rows(connection, models.update().where(where).values(decided).returning(models))
        return changed[0] if changed else None


def voted_songs(model: ModelRecord) -> tuple[str, ...]:
    """The songs whose votes a model learnt from, as its metrics say."""
    said = (model.metrics or {}).get("preferred") or {}
    return tuple(said.get("songs", ()))
