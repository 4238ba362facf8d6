"""Uploads: what was taught, by whom, under which licence, and what was made of it.

    add_upload ─→ received ─understood─→ understood ─keep─→ (awaiting ─keep─→) kept
                     └─ refuse ──────────────┴──────────────┴─→ refused      anything ─forget─→ forgotten

In: `NewUpload`s and what became of them. Out: `UploadRecord`s. Conventions: one server's uploads are nobody else's
business; the same bytes are taken once a server and style; a step that does not fit the state changes nothing and
returns None. Forgetting blanks the row and retires every model that learnt from the upload, in one transaction.
Caveat: files are whoever calls' to remove, before the row when something is forgotten twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from engine.errors import BadRequest, NotFound
from engine.store.database import Database
from engine.store.names import keepable
from engine.store.tables import jobs, models, uploads
from engine.store.teaching_records import (
    THERE,
    DailyLimits,
    Forgetting,
    ModelRecord,
    NewUpload,
    Understood,
    UploadRecord,
    UploadState,
    model_record,
    upload_record,
)

TEACHING_LOCK = 0x54656163  # any number that nobody else of this database uses
DAY = timedelta(hours=24)
ONE_IN = 5
"""Of so many kept uploads of a server and style, one is held out."""
BLANK: dict[str, Any] = {
    "person_id": None, "name": "", "credit": "", "sha256": None, "kind": None, "duration_s": None, "refusal": None,
    "report": None, "pipeline": None, "split": None, "decided_by": None,
}  # fmt: skip
WITHOUT = "a piece that it learnt from was taken back"


class Uploads:
    """Rows of `uploads`. `clock`: what time it is, in UTC."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    async def add_upload(self, new: NewUpload, limits: DailyLimits) -> UploadRecord:
        """Take an upload in; the same id again changes nothing. Raises `BadRequest` for bytes that are there already,
        and when the person or the server taught enough for a day.
        """
        async with self._database.writing() as connection:
            await self._alone(connection)
            for known in await upload_rows(connection, sa.select(uploads).where(uploads.c.id == new.id)):
                return known
            await _new_bytes(connection, new)
            await self._within_limits(connection, new, limits)
            row = {
                "id": new.id,
                "guild_id": new.guild_id,
                "style": new.style,
                "person_id": new.person_id,
                "name": keepable(new.name),
                "licence": new.licence,
                "credit": keepable(new.credit),
                "created_at": self._clock(),
                "sha256": new.sha256,
                "state": "received",
            }
            return (await upload_rows(connection, uploads.insert().values(row).returning(uploads)))[0]

    async def upload(self, upload_id: str) -> UploadRecord:
        """The upload's row; raises `NotFound`."""
        async with self._database.reading() as connection:
            found = await upload_rows(connection, sa.select(uploads).where(uploads.c.id == keepable(upload_id)))
        if not found:
            raise no_upload(upload_id)
        return found[0]

    async def uploads(
        self, guild_id: int, style: str | None = None, *, states: Sequence[UploadState] = THERE
    ) -> tuple[UploadRecord, ...]:
        """A server's uploads, oldest first; of one style if named."""
        where = (uploads.c.guild_id == guild_id) & uploads.c.state.in_(states)
        if style is not None:
            where &= uploads.c.style == style
        async with self._database.reading() as connection:
            return await upload_rows(
                connection, sa.select(uploads).where(where).order_by(uploads.c.created_at, uploads.c.id)
            )

    async def understood(self, upload_id: str, what: Understood) -> UploadRecord | None:
        """The worker has understood it; what is kept already stays kept."""
        state = sa.case((uploads.c.state == "received", "understood"), else_=uploads.c.state)
        values = {
            "state": state,
            "kind": what.kind,
            "duration_s": what.duration_s,
            "report": what.report,
            "pipeline": what.pipeline,
        }
        return await self._change(upload_id, THERE, values)

    async def refuse(self, upload_id: str, why: str, *, by: int | None = None) -> UploadRecord | None:
        """It is no use, or nobody wants it; `by`: which moderator says so. What is kept is forgotten, not refused."""
        values = {"state": "refused", "refusal": keepable(why), "decided_by": by, "decided_at": self._clock()}
        return await self._change(upload_id, ("received", "understood", "awaiting"), values)

    async def keep(self, upload_id: str, *, by: int | None, ask_first: bool = False) -> UploadRecord | None:
        """It is part of the dataset from now on. `ask_first`: it awaits a moderator instead."""
        if ask_first:
            return await self._change(upload_id, ("understood",), {"state": "awaiting"})
        async with self._database.writing() as connection:
            await self._alone(connection)
            mine = (uploads.c.id == upload_id) & uploads.c.state.in_(("understood", "awaiting"))
            for upload in await upload_rows(connection, sa.select(uploads).where(mine)):
                values = {
                    "state": "kept",
                    "split": await _split(connection, upload),
                    "decided_by": by,
                    "decided_at": self._clock(),
                }
                return (await upload_rows(connection, _update(upload_id, values)))[0]
        return None

    async def forget(self, upload_id: str) -> Forgetting | None:
        """Nothing of it stays but that there was something; all models that learnt from it are retired. None when it
        was forgotten before. Raises `NotFound`.
        """
        async with self._database.writing() as connection:
            await self._alone(connection)
            found = await upload_rows(connection, sa.select(uploads).where(uploads.c.id == keepable(upload_id)))
            if not found:
                raise no_upload(upload_id)
            if found[0].state == "forgotten":
                return None
            now = self._clock()
            await connection.execute(_update(upload_id, BLANK | {"state": "forgotten", "decided_at": now}))
            await _silence(connection, found[0])
            done = Forgetting(upload=found[0], models=await _retire_pupils(connection, found[0], now))
        await self._database.scrub()
        return done

    async def _change(
        self, upload_id: str, states: Sequence[UploadState], values: dict[str, Any]
    ) -> UploadRecord | None:
        where = (uploads.c.id == upload_id) & uploads.c.state.in_(states)
        async with self._database.writing() as connection:
            changed = await upload_rows(connection, uploads.update().where(where).values(values).returning(uploads))
        return changed[0] if changed else None

    async def _within_limits(self, connection: AsyncConnection, new: NewUpload, limits: DailyLimits) -> None:
        since = uploads.c.created_at > self._clock() - DAY
        person = uploads.c.person_id.is_(None) if new.person_id is None else uploads.c.person_id == new.person_id
        of_person = await _count(connection, since & person) if new.person_id is not None else 0
        if of_person >= limits.person:
            raise BadRequest(
                f"You uploaded {_files(of_person)} within a day, and {limits.person} are the most; tomorrow would work."
            )
        of_guild = await _count(connection, since & (uploads.c.guild_id == new.guild_id))
        if new.person_id is not None and of_guild >= limits.guild:
            raise BadRequest(
                f"This server was taught {_files(of_guild)} within a day, and {limits.guild} are the most; tomorrow"
                " would work."
            )

    async def _alone(self, connection: AsyncConnection) -> None:
        """Nobody else teaches until this transaction ends; SQLite's transactions exclude each other anyway."""
        if self._database.is_postgresql:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TEACHING_LOCK)))


async def upload_rows(connection: AsyncConnection, statement: sa.Executable) -> tuple[UploadRecord, ...]:
    """What a statement about `uploads` returns."""
    return tuple(upload_record(row) for row in (await connection.execute(statement)).mappings())


async def model_rows(connection: AsyncConnection, statement: sa.Executable) -> tuple[ModelRecord, ...]:
    """What a statement about `models` returns."""
    return tuple(model_record(row) for row in (await connection.execute(statement)).mappings())


def no_upload(upload_id: str) -> NotFound:
    """The error for an unknown upload."""
    return NotFound(f"There is no upload {upload_id[:40]!r}; it may have been forgotten.")


def _update(upload_id: str, values: dict[str, Any]) -> sa.UpdateBase:
    return uploads.update().where(uploads.c.id == upload_id).values(values).returning(uploads)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


async def _new_bytes(connection: AsyncConnection, new: NewUpload) -> None:
    same = (uploads.c.guild_id == new.guild_id) & (uploads.c.style == new.style) & (uploads.c.sha256 == new.sha256)
    there = sa.select(uploads).where(same, uploads.c.state.in_(THERE))
    for known in await upload_rows(connection, there):
        raise BadRequest(
            f"The file {new.name[:60]!r} was uploaded for {new.style} already, on {known.created_at:%Y-%m-%d}; another"
            " one would work."
        )


async def _count(connection: AsyncConnection, where: sa.ColumnElement[bool]) -> int:
    return int((await connection.execute(sa.select(sa.func.count()).select_from(uploads).where(where))).scalar_one())


async def _split(connection: AsyncConnection, upload: UploadRecord) -> str:
    """What a newly kept upload is for: every fifth is held out, and what was forgotten of those is made up for."""
    kept = (uploads.c.guild_id == upload.guild_id) & (uploads.c.style == upload.style) & (uploads.c.state == "kept")
    held_out = await _count(connection, kept & (uploads.c.split == "valid"))
    return "valid" if (await _count(connection, kept) + 1) // ONE_IN > held_out else "train"


async def _silence(connection: AsyncConnection, upload: UploadRecord) -> None:
    """What its jobs say of why they failed may name the file."""
    lessons = sa.select(jobs.c.id, jobs.c.payload).where(jobs.c.kind == "teach", jobs.c.error.is_not(None))
    rows = await connection.execute(lessons)
    ids = [row.id for row in rows if row.payload.get("upload_id") == upload.id]
    await connection.execute(jobs.update().where(jobs.c.id.in_(ids)).values(error=None))


async def _retire_pupils(connection: AsyncConnection, upload: UploadRecord, now: datetime) -> tuple[ModelRecord, ...]:
    """Retire all models that learnt from the upload; returns those that were of use, as they were. What was measured on
    any of them goes too, for it may name the piece.
    """
    theirs = (models.c.guild_id == upload.guild_id) & (models.c.style == upload.style)
    found = await model_rows(connection, sa.select(models).where(theirs))
    pupils = tuple(model for model in found if upload.id in model.upload_ids)
    state = sa.case((models.c.state == "refused", "refused"), else_="retired")
    values = {"state": state, "reason": WITHOUT, "metrics": None, "decided_at": now, "trial_since": None}
    await connection.execute(models.update().where(models.c.id.in_([pupil.id for pupil in pupils])).values(values))
    return tuple(pupil for pupil in pupils if pupil.state not in ("refused", "retired"))
