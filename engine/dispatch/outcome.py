"""The work on a lesson or a training, from its lease to its last word.

In: studies. Out: rows that say what came of them, files that are there or not, updates. Conventions: a worker that died
and a store that was away are tried again; what a file lacks is told to whoever taught it, as the worker says it;
anything else gets an incident number. What was refused leaves no file. Caveat: a lesson whose upload is taken back
meanwhile is let end in its worker, and swept up then.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from engine.dispatch.lanes import PREVIEW
from engine.dispatch.lesson import FOR_NOBODY, TEACH, TRAIN
from engine.dispatch.liking import preferred_here
from engine.dispatch.patience import patiently
from engine.dispatch.pupil import LEAST_PIECES, order_of
from engine.dispatch.room import Room
from engine.dispatch.study import Study
from engine.errors import BadRequest, NotFound, SetupError, StoreError, TunesmithError, UserError, WorkerLost
from engine.jobs.keeper import PATIENCE_S
from engine.learn.server.preferred import Preferred
from engine.store import JobRecord, ModelRecord, Understood, UploadRecord
from engine.store.teaching_records import THERE

TAKEN_BACK = "It was taken back."
TAKEN_BACK_MEANWHILE = "A piece that it learnt from was taken back meanwhile; it is trained anew without it."
ORDERED = "ordered"
"""In the metrics of a model that is in training: what votes teach it."""
BROKE, WAS_CANCELLED = "Something broke on our side.", "It was cancelled."

log = logging.getLogger(__name__)
OnPublished = Callable[[ModelRecord], Awaitable[object]]


class Outcomes:
    """Of the studies of one school. `on_published` is called with each model that composes from now on."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._teaching = room.store.teaching
        self.on_published: OnPublished = _composes_everything

    async def work(self, study: Study) -> None:
        """See to a job. Raises what its workers raise."""
        if study.is_training:
            await self._train(study)
        else:
            await self._teach(study)

    async def failed(self, study: Study, error: BaseException) -> None:
        """Try again what may work the next time; else say so, and clear up."""
        room = self._room
        study.is_ending = True
        reason, incident = str(error), None
        if isinstance(error, WorkerLost | StoreError):
            incident = secrets.token_hex(4)
            row = await room.rows.again(study.job.id, f"{type(error).__name__}: {error}", incident=incident)
            if row is None or row.state != "failed":
                log.warning("%s It is tried again.", error)
                return
        elif not isinstance(error, UserError) or isinstance(error, SetupError):
            incident = secrets.token_hex(4)
            reason = f"{type(error).__name__}: {error}"
        if incident is not None:
            log.error("incident %s: %s", incident, reason, exc_info=error, extra={"incident": incident})
        if not isinstance(error, WorkerLost | StoreError):
            await room.rows.fail(study.job.id, reason, incident=incident)
        row = await room.rows.row(study.job.id)
        if row is not None and row.state in ("failed", "cancelled"):
            await self.came_to_nothing(row)
            room.bulletin.end(row)

    async def came_to_nothing(self, job: JobRecord) -> None:
        """The row says that the job failed or was cancelled: so did its upload or model, unless it is kept already."""
        reason = WAS_CANCELLED if job.state == "cancelled" else BROKE
        if job.incident is None and job.error:
            reason = job.error
        if job.kind == TEACH:
            upload_id = job.payload["upload_id"]
            await patiently(lambda: self._teaching.refuse(upload_id, reason))
            await self._clear_upload(upload_id)
        else:
            model_id = job.payload["model_id"]
            await patiently(lambda: self._teaching.refuse_model(model_id, reason))
            await self._room.desk.clear_models([model_id])

    async def _teach(self, study: Study) -> None:
        upload_id = study.job.payload["upload_id"]
        upload = await patiently(lambda: self._teaching.upload(upload_id))
        if upload.state not in THERE:
            raise BadRequest(TAKEN_BACK)
        others = await patiently(lambda: self._teaching.uploads(upload.guild_id, upload.style))
        payload = {
            "upload_id": upload_id,
            "name": upload.name,
            "style": upload.style,
            "others": [other.id for other in others if _came_before(other, upload)],
        }
        answer = await self._submitted(study, TEACH, payload)
        if "refusal" in answer:
            raise BadRequest(answer["refusal"])
        await self._submitted(study, PREVIEW, {"id": upload_id})
        made = Understood(**{name: answer[name] for name in ("kind", "duration_s", "report", "pipeline")})
        if await patiently(lambda: self._teaching.understood(upload_id, made)) is None:
            raise BadRequest(TAKEN_BACK)
        await self._over(study)

    async def _train(self, study: Study) -> None:
        model_id = study.job.payload["model_id"]
        uploads = await patiently(lambda: self._teaching.gather(model_id))
        model = await patiently(lambda: self._teaching.model(model_id))
        if model.state != "training":
            raise BadRequest(model.reason or "The training is over already.")
        preferred = await self._preferred(model)
        if len(uploads) < LEAST_PIECES and preferred is None:
            raise BadRequest(f"Pieces to learn {model.style} from: {len(uploads)}; {LEAST_PIECES} or more would work.")
        order = await patiently(lambda: order_of(self._room.store, model, uploads, preferred))
        answer = await self._submitted(study, TRAIN, order)
        metrics = dict(answer.get("metrics") or {})
        if answer["verdict"] == "publish":
            hashes = {"sha256": answer["sha256"], "parent_sha256": answer["parent_sha256"]}
            live = await patiently(lambda: self._teaching.publish(model_id, metrics=metrics, **hashes))
            if live is None and (await patiently(lambda: self._teaching.model(model_id))).state != "live":
                raise BadRequest(TAKEN_BACK_MEANWHILE)
            if live is not None:
                await self.on_published(live)
            await self._room.desk.clear_training(model_id)
        else:
            reason = str(answer["reason"])
            await patiently(lambda: self._teaching.refuse_model(model_id, reason, metrics=metrics))
            await self._room.desk.clear_models([model_id])
        await self._over(study)

    async def _preferred(self, model: ModelRecord) -> Preferred | None:
        """What votes teach it: as it was when the training was first begun, so that it can go on. From here on, a song
        of these that is deleted retires it.
        """
        noted = (model.metrics or {}).get(ORDERED)
        if noted is not None:
            return Preferred.from_json(noted)
        found = await preferred_here(self._room.store, model.guild_id, model.style, anew=True)
        if found is not None:
            songs = [song.id for song in found.songs]
            metrics = {ORDERED: found.to_json(), "preferred": {"songs": songs, "votes": found.votes}}
            await patiently(lambda: self._teaching.note(model.id, metrics))
        return found

    async def _over(self, study: Study) -> None:
        """It is done; whoever waits is told. What votes began waits for nobody."""
        bulletin, rows = self._room.bulletin, self._room.rows
        study.is_ending = let_go = study.job.id not in bulletin.watchers
        if let_go and study.job.payload.get(FOR_NOBODY):
            if await rows.delivering(study.job.id, let_go=False):
                await rows.done(study.job.id, reply_id=None)
            return
        if not await rows.delivering(study.job.id, let_go=let_go):
            return
        if let_go and study.job.id in bulletin.watchers:  # who came just now
            let_go = await rows.take(study.job.id) is None
        if not let_go:
            await bulletin.ready(study.job)

    async def _submitted(self, study: Study, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Have a worker do it. When nobody wants it any more, what the worker leaves behind is swept up."""
        work = asyncio.ensure_future(self._room.executor.submit(kind, payload, study.hear))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self._room.errands(self._swept_up(study.job, work))
            raise

    async def _swept_up(self, job: JobRecord, work: asyncio.Future[dict[str, Any]]) -> None:
        """A lesson is let end; a training is stopped by ending its worker, which takes a while."""
        if job.kind == TRAIN:
            work.cancel()
            await asyncio.sleep(PATIENCE_S + 1)
        with suppress(TunesmithError, asyncio.CancelledError):
            await work
        if job.kind == TEACH:
            await self._clear_upload(job.payload["upload_id"])
        elif not await self._is_used(job.payload["model_id"]):
            await self._room.desk.clear_models([job.payload["model_id"]])

    async def _clear_upload(self, upload_id: str) -> None:
        """Remove the files, unless the upload is there all the same."""
        upload = await patiently(lambda: self._teaching.upload(upload_id))
        if upload.state not in THERE:
            await self._room.desk.clear_upload(upload_id)

    async def _is_used(self, model_id: str) -> bool:
        try:
            return (await patiently(lambda: self._teaching.model(model_id))).state in ("training", "live")
        except NotFound:
            return False


async def _composes_everything(model: ModelRecord) -> None:
    """Nobody decides on it."""


def _came_before(other: UploadRecord, upload: UploadRecord) -> bool:
    """Whether one upload may make another a copy: of two that are looked at, only the earlier one may."""
    if other.id == upload.id:
        return False
    return other.state != "received" or (other.created_at, other.id) < (upload.created_at, upload.id)
