"""Tells whoever waits how far their lessons and trainings are: as it changes, else about once a second.

In: the studies of this process, and the rows of all others. Out: updates. Conventions: as in `news.py`. Caveat: what is
read of another process's work is only that it is being worked on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic

from engine.dispatch.desk import Desk
from engine.dispatch.lesson import TEACH
from engine.dispatch.patience import patiently
from engine.dispatch.rows import Rows
from engine.dispatch.study import Study
from engine.dispatch.ticket import Update, in_vain
from engine.dispatch.watching import Watch, Watchers
from engine.errors import NotFound, StoreError
from engine.store import JobRecord, Store

TELL_S = 1.0
LOOK_S = 5.0
LESSON_BROKE = "The file could not be understood because something broke on our side; uploading it again may work."
TRAINING_BROKE = "The training came to nothing because something broke on our side; asking again may work."
TAKEN_BACK = "The upload was taken back."
LESSON_CANCELLED, TRAINING_CANCELLED = "The upload was cancelled.", "The training was cancelled."


class Bulletin:
    """`watchers`: who waits; `delivering`: what is over and this process's to tell somebody."""

    def __init__(self, store: Store, rows: Rows, studies: Mapping[str, Study], desk: Desk) -> None:
        self._store, self._rows, self._studies, self._desk = store, rows, studies, desk
        self.watchers: Watchers[Update] = Watchers()
        self.delivering: set[str] = set()
        self._looked = 0.0

    async def begin(self, job_id: str) -> Watch[Update]:
        """Somebody waits for this job: they are told at once how far it is. Raises `NotFound`."""
        watch = self.watchers.open(job_id)
        try:
            await patiently(lambda: self._tell_where(job_id))
        except BaseException:
            self.watchers.close(job_id, watch)
            raise
        return watch

    async def ready(self, job: JobRecord) -> None:
        """The job is over, and this process tells whoever waits."""
        self.delivering.add(job.id)
        update = await patiently(lambda: self._result(job))
        if update.phase == "cancelled":  # there is nothing to bring any more
            await self._rows.done(job.id, reply_id=None)
            self.forget(job.id)
        self.watchers.tell(job.id, update)

    def end(self, job: JobRecord) -> None:
        """The job came to nothing."""
        self.forget(job.id)
        self.watchers.tell(job.id, vain_update(job))

    def forget(self, job_id: str) -> None:
        """Nothing of the job has to be kept in mind."""
        self.delivering.discard(job_id)

    async def tell_all(self) -> None:
        """For ever: tell everybody who waits."""
        while True:
            await asyncio.sleep(TELL_S)
            for job_id in self.watchers:
                if (study := self._studies.get(job_id)) is not None:
                    self.watchers.tell(job_id, study.update())
            if self.watchers and monotonic() - self._looked >= LOOK_S:
                self._looked = monotonic()
                with suppress(StoreError, NotFound):
                    for job_id in self.watchers:
                        await self._tell_where(job_id)

    async def _tell_where(self, job_id: str) -> None:
        """Look up a job that is not worked on here. Raises `NotFound`, `StoreError`."""
        if (study := self._studies.get(job_id)) is not None:
            self.watchers.tell(job_id, study.update())
            return
        row = await self._store.jobs.job(job_id)
        if row.state == "queued":
            ahead = await self._store.jobs.position(job_id)
            self.watchers.tell(job_id, Update(phase="queued", ahead=ahead or 0))
        elif row.state in ("failed", "cancelled"):
            self.watchers.tell(job_id, vain_update(row))
        elif row.state == "done":
            self.watchers.tell(job_id, await self._result(row))
        elif row.state == "delivering":
            if job_id in self.delivering or await self._rows.take(job_id) is not None:
                await self.ready(row)
        else:  # another process works on it
            self.watchers.tell(job_id, Update(phase="learning"))

    async def _result(self, job: JobRecord) -> Update:
        """What came of a job that is over; what was taken back since counts as cancelled."""
        try:
            if job.kind == TEACH:
                return Update(phase="ready", share=1.0, lesson=await self._desk.lesson(job.payload["upload_id"]))
            return Update(phase="ready", share=1.0, training=await self._desk.training(job.payload["model_id"]))
        except NotFound:
            return Update(phase="cancelled", sentence=TAKEN_BACK)


def vain_update(job: JobRecord) -> Update:
    """What is told of a lesson or training that failed or was cancelled."""
    update = in_vain(job)
    is_lesson = job.kind == TEACH
    if job.state == "cancelled":
        sentence = LESSON_CANCELLED if is_lesson else TRAINING_CANCELLED
        return Update(phase="cancelled", sentence=sentence)
    if job.incident is not None or not job.error:
        sentence = LESSON_BROKE if is_lesson else TRAINING_BROKE
        return Update(phase="failed", sentence=sentence, incident=job.incident)
    return update
