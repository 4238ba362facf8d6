"""The studio's door for whoever teaches: uploads and what they become, trainings, versions, styles of a server's own.

    teach ─→ ticket ─watch─→ … lesson ─keep─→ (approve ─→) dataset ─train─→ ticket ─watch─→ … live ─→ rollback
                                     └─ forget ─→ everything that learnt from it is retired, and trained anew

In: files, ids, names. Out: tickets and records. Conventions: `Origin` says who asks, and in which server; the command
line's is `HOME`. What belongs to another server is not found. Whether somebody is a moderator, whoever calls knows.
Raises `BadRequest` and `NotFound` for what a person can mend, `StoreError` after about two seconds. Caveat: a song that
is being composed when its model is retired is finished with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.compose.naming import new_song_id
from engine.compose.words.taken import says
from engine.dispatch.intake import Intake, guild_of
from engine.dispatch.lesson import FOR_NOBODY, TEACH, TRAIN, Forgotten, Lesson, Material, SchoolTicket, school_ticket
from engine.dispatch.liking import preferred_here
from engine.dispatch.patience import patiently
from engine.dispatch.pupil import LEAST_PIECES
from engine.dispatch.school import School
from engine.errors import BadRequest, NotFound, StoreError, UserError
from engine.music.styles import load_style, style_names
from engine.settings import Settings
from engine.store import (
    DailyLimits,
    GuildStyle,
    JobRecord,
    ModelRecord,
    NewJob,
    NewUpload,
    Origin,
    Store,
    UploadRecord,
)

ANSWER_S = 2.0
STYLE_NAME = re.compile(r"[a-z][a-z0-9-]{1,23}")
MOST_DESCRIPTION = 300
OVER = "the style was dropped"


class Teaching:
    """Over one store and one school."""

    def __init__(self, store: Store, school: School, settings: Settings) -> None:
        self._store, self._school, self._settings = store, school, settings
        self._teaching = store.teaching
        self._intake = Intake(store, settings)

    async def teach(self, material: Material, *, origin: Origin) -> SchoolTicket:
        """Take a file: when this returns, it is kept and will be looked at. Raises `JobError` when an attachment's host
        does not answer.
        """
        self._check_open()
        await self._intake.check(material, guild_of(origin))
        upload_id = new_song_id()
        folder = await asyncio.to_thread(self._store.scratch.make, upload_id)
        try:
            new = await self._intake.receive(material, folder, upload_id, origin)
            await self._accepted(new)
            await patiently(lambda: self._store.space("uploads").publish(upload_id, folder), for_s=ANSWER_S)
            job = await self._enqueued(_lesson_job(new, upload_id, origin))
        except BaseException:
            self._school.errands(self._undone(upload_id))
            raise
        finally:
            await asyncio.to_thread(self._store.scratch.remove, upload_id)
        return school_ticket(job)

    async def understand_anew(self, upload_id: str, *, origin: Origin) -> SchoolTicket:
        """Derive what was understood from the kept original once more, as today's version does."""
        upload = await self._own(upload_id, origin, moderator=True)
        if upload.state not in ("understood", "awaiting", "kept"):
            raise BadRequest("The upload is being looked at still, or is gone; a kept one would work.")
        new = replace(_lesson_job(upload, upload_id, origin), id=new_song_id())
        return school_ticket(await self._enqueued(new))

    async def lesson(self, upload_id: str, *, origin: Origin) -> Lesson:
        """What was understood of an upload of this server."""
        await self._own(upload_id, origin, moderator=True)
        return await self._school.desk.lesson(upload_id)

    async def shown_at(self, upload_id: str, *, origin: Origin) -> Origin | None:
        """Where an upload of this server shows on Discord, as long as that is known."""
        try:
            job = await patiently(lambda: self._store.jobs.job(upload_id), for_s=ANSWER_S)
        except NotFound:
            return None
        is_here = job.kind == TEACH and job.payload.get("guild_id") == guild_of(origin)
        return replace(job.origin, message_id=job.reply_id or job.origin.message_id) if is_here else None

    async def keep(self, upload_id: str, *, origin: Origin) -> UploadRecord:
        """Its uploader wants it in the dataset; where the settings say so, a moderator has to `approve` it first."""
        upload = await self._own(upload_id, origin)
        if upload.state in ("awaiting", "kept"):
            return upload
        ask = self._settings.approve_uploads and origin.person_id is not None
        return await self._kept(upload, origin, ask_first=ask)

    async def approve(self, upload_id: str, *, origin: Origin) -> UploadRecord:
        """A moderator lets it into the dataset."""
        upload = await self._own(upload_id, origin, moderator=True)
        return upload if upload.state == "kept" else await self._kept(upload, origin, ask_first=False)

    async def forget(self, upload_id: str, *, origin: Origin, moderator: bool = False) -> Forgotten:
        """Nothing of it is left when this returns: no file, no transcription, no model that learnt from it; these are
        trained anew without it where enough is left. Its uploader may say so, and moderators of its server.
        """
        upload = await self._own(upload_id, origin, moderator=moderator, forgotten=True)
        done = await patiently(lambda: self._teaching.forget(upload_id), for_s=ANSWER_S)
        await self._cancel_lessons(upload_id)
        await self._school.desk.clear_upload(upload_id)
        retired = () if done is None else done.models
        await self._clear(retired)
        ticket = await self._train_anew(upload, retired, origin)
        return Forgotten(upload_id=upload_id, style=upload.style, retired=retired, training=ticket)

    async def dataset(self, *, origin: Origin, style: str | None = None) -> tuple[UploadRecord, ...]:
        """What this server taught, oldest first: kept, awaiting a moderator, or not decided yet."""
        return await self._teaching.uploads(guild_of(origin), style)

    async def train(self, style: str, *, origin: Origin) -> SchoolTicket:
        """Train a new version of the style from all that this server keeps of it, and from its votes, where these are
        enough (and the switch `tuning` is on).
        """
        self._check_open()
        guild_id = guild_of(origin)
        await self._intake.check_style(style, guild_id)
        kept = await self._teaching.uploads(guild_id, style, states=("kept",))
        if len(kept) < LEAST_PIECES and await preferred_here(self._store, guild_id, style, anew=True) is None:
            raise BadRequest(
                f"Kept pieces of {style}: {len(kept)}; {LEAST_PIECES} are the least to learn from, so teach some more."
            )
        return await self._begun(style, guild_id, origin)

    async def train_by_votes(self, guild_id: int, style: str) -> SchoolTicket | None:
        """Train a new version where enough was newly voted on, for nobody in particular; None where not, or while
        another one is trained. Raises `StoreError`.
        """
        if self._school.is_closing or await preferred_here(self._store, guild_id, style) is None:
            return None
        with contextlib.suppress(BadRequest):  # one is being trained
            return await self._begun(style, guild_id, Origin(guild_id=guild_id or None), {FOR_NOBODY: True})
        return None

    async def models(self, *, origin: Origin, style: str | None = None) -> tuple[ModelRecord, ...]:
        """This server's versions, by style and number."""
        return await self._teaching.models(guild_of(origin), style)

    async def rollback(self, style: str, version: int, *, origin: Origin) -> ModelRecord | None:
        """Compose with an earlier version again, or with the shipped one (0, of which None comes back)."""
        return await self._teaching.rollback(guild_of(origin), style, version)

    async def styles(self, *, origin: Origin) -> tuple[GuildStyle, ...]:
        """This server's own styles."""
        return await self._teaching.styles(guild_of(origin))

    async def create_style(self, name: str, *, parent: str, description: str, origin: Origin) -> GuildStyle:
        """Found a style: it begins as its parent, and becomes what it is taught."""
        load_style(parent)
        shipped = {alias.casefold() for style in style_names() for alias in (style, *load_style(style).aliases)}
        if not STYLE_NAME.fullmatch(name) or name in shipped:
            raise BadRequest(
                f"A style cannot be called {name[:40]!r}; 2 to 24 small letters, digits and hyphens that are no style's"
                " name yet would work, such as dubstep."
            )
        if (meaning := says(name)) is not None:
            raise BadRequest(
                f"A style cannot be called {name!r}, which is {meaning} in everybody's prompts; a word that is only the"
                " style's name would work, such as dubstep."
            )
        if not 0 < len(description.strip()) <= MOST_DESCRIPTION:
            raise BadRequest(f"A style needs a description of 1 to {MOST_DESCRIPTION} characters: what it sounds like.")
        return await self._teaching.create_style(
            guild_of(origin), name, parent=parent, description=description.strip(), person_id=origin.person_id
        )

    async def drop_style(self, name: str, *, origin: Origin) -> GuildStyle:
        """The server's style goes, with all that was taught to it. For moderators."""
        guild_id = guild_of(origin)
        style = await self._teaching.drop_style(guild_id, name)
        await self._clear(await self._teaching.retire(guild_id, name, OVER))
        for upload in await self._teaching.uploads(guild_id, name):
            await self._teaching.forget(upload.id)
            await self._cancel_lessons(upload.id)
            await self._school.desk.clear_upload(upload.id)
        return style

    async def pending(self) -> tuple[SchoolTicket, ...]:
        """Of which lessons and trainings somebody has still to hear, oldest first."""
        jobs = await patiently(lambda: self._store.jobs.pending(kinds=(TEACH, TRAIN)))
        return tuple(map(school_ticket, jobs))

    def _check_open(self) -> None:
        if self._school.is_closing:
            raise UserError("Tunesmith is being restarted; asking again in a minute would work.")

    async def _accepted(self, new: NewUpload) -> UploadRecord:
        limits = DailyLimits(person=self._settings.uploads_a_day, guild=self._settings.guild_uploads_a_day)
        return await patiently(lambda: self._teaching.add_upload(new, limits), for_s=ANSWER_S)

    async def _enqueued(self, new: NewJob) -> JobRecord:
        job = await patiently(lambda: self._store.jobs.enqueue(new), for_s=ANSWER_S)
        self._school.wake()
        return job

    async def _undone(self, upload_id: str) -> None:
        """An upload that was not accepted may be half there."""
        with contextlib.suppress(NotFound):
            job = await patiently(lambda: self._store.jobs.cancel(upload_id))
            if job is not None:
                self._school.withdraw(job)
                await patiently(lambda: self._store.jobs.told(upload_id))
            await patiently(lambda: self._teaching.refuse(upload_id, "it could not be kept"))
        await self._school.desk.clear_upload(upload_id)

    async def _own(
        self, upload_id: str, origin: Origin, *, moderator: bool = False, forgotten: bool = False
    ) -> UploadRecord:
        """The upload, if whoever asks may decide on it. `forgotten`: even if it is gone already."""
        upload = await patiently(lambda: self._teaching.upload(upload_id), for_s=ANSWER_S)
        gone = upload.state in ("refused", "forgotten") and not forgotten
        if upload.guild_id != guild_of(origin) or gone:
            raise NotFound(f"There is no upload {upload_id[:40]!r} here; it may have been forgotten.")
        if upload.person_id not in (None, origin.person_id) and not moderator:
            raise BadRequest("This file was uploaded by somebody else; its uploader or a moderator may decide on it.")
        return upload

    async def _kept(self, upload: UploadRecord, origin: Origin, *, ask_first: bool) -> UploadRecord:
        keep = self._teaching.keep
        kept = await patiently(lambda: keep(upload.id, by=origin.person_id, ask_first=ask_first), for_s=ANSWER_S)
        if kept is None:
            raise BadRequest("The upload cannot be kept yet; once it is understood, that works.")
        if kept.state == "kept":
            await self._train_by_itself(kept, origin)
        return kept

    async def _train_by_itself(self, kept: UploadRecord, origin: Origin) -> None:
        """Where the settings say so, train when enough new minutes are there."""
        enough = self._settings.train_after_minutes
        if not enough:
            return
        there = await self._teaching.uploads(kept.guild_id, kept.style, states=("kept",))
        versions = await self._teaching.models(kept.guild_id, kept.style)
        learnt = set(versions[-1].upload_ids) if versions else set()
        new_s = sum(upload.duration_s or 0.0 for upload in there if upload.id not in learnt)
        if new_s >= 60 * enough and len(there) >= LEAST_PIECES:
            with contextlib.suppress(BadRequest):  # one is being trained
                await self._begun(kept.style, kept.guild_id, _quiet(origin))

    async def _begun(
        self, style: str, guild_id: int, origin: Origin, more: Mapping[str, Any] | None = None
    ) -> SchoolTicket:
        model_id = new_song_id()
        model = await patiently(lambda: self._teaching.begin_model(model_id, guild_id, style), for_s=ANSWER_S)
        payload = {"model_id": model_id, "guild_id": guild_id, "style": style, "version": model.version, **(more or {})}
        try:
            return school_ticket(await self._enqueued(NewJob(id=model_id, kind=TRAIN, payload=payload, origin=origin)))
        except StoreError:
            self._school.errands(self._given_up(model_id))
            raise

    async def _given_up(self, model_id: str) -> None:
        job = await patiently(lambda: self._store.jobs.cancel(model_id))
        if job is not None:
            self._school.withdraw(job)
        await patiently(lambda: self._teaching.refuse_model(model_id, "it could not be kept"))

    async def _train_anew(
        self, upload: UploadRecord, retired: tuple[ModelRecord, ...], origin: Origin
    ) -> SchoolTicket | None:
        """What had learnt from it and was in use is trained without it, if enough is left."""
        left = await self._teaching.uploads(upload.guild_id, upload.style, states=("kept",))
        if not any(model.state in ("training", "live") for model in retired) or len(left) < LEAST_PIECES:
            return None
        try:
            return await self._begun(upload.style, upload.guild_id, _quiet(origin))
        except BadRequest:  # a newer version is being trained, which does not know it
            return None

    async def _clear(self, retired: tuple[ModelRecord, ...]) -> None:
        """Retired models go: their trainings are stopped, their files removed."""
        for model in retired:
            if model.state == "training":
                await self._cancel(model.id)
        await self._school.desk.clear_models([model.id for model in retired])

    async def _cancel_lessons(self, upload_id: str) -> None:
        for job in await patiently(lambda: self._store.jobs.unfinished(kinds=(TEACH,))):
            if job.payload.get("upload_id") == upload_id:
                await self._cancel(job.id)

    async def _cancel(self, job_id: str) -> None:
        job = await patiently(lambda: self._store.jobs.cancel(job_id))
        if job is not None:
            self._school.withdraw(job)


def _quiet(origin: Origin) -> Origin:
    """The same without the message that shows something else."""
    return replace(origin, message_id=None)


def _lesson_job(upload: NewUpload | UploadRecord, job_id: str, origin: Origin) -> NewJob:
    payload = {"upload_id": upload.id, "guild_id": upload.guild_id, "style": upload.style}
    return NewJob(id=job_id, kind=TEACH, payload=payload, origin=origin)
