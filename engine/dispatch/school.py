"""Takes lessons and trainings from the queue, has them worked on, tells what becomes of them; beside the songs.

    lesson     queue ─lease─→ "teach" ─→ "preview" ─→ understood ─→ whoever watches
    training   queue ─lease─→ gather ─→ "train" ─→ live, or refused ─→ whoever watches

In: rows. Out: rows, updates. Conventions: as in `dispatcher.py`, under an owner's name of its own, so that songs and
lessons know nothing of each other's leases; as many are taken as their lanes have workers, and one lesson more, whose
preview is made meanwhile. A stop waits for lessons, never for a training, which goes on after the next start. Caveat:
belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

from engine.dispatch.bulletin import Bulletin
from engine.dispatch.desk import Desk
from engine.dispatch.errands import Errands
from engine.dispatch.lanes import COMPOSE, Team
from engine.dispatch.lesson import KINDS, TEACH, TRAIN, SchoolKind
from engine.dispatch.loops import Loops
from engine.dispatch.outcome import Outcomes
from engine.dispatch.patience import patiently
from engine.dispatch.room import Room
from engine.dispatch.rows import Rows
from engine.dispatch.study import Study
from engine.errors import StoreError
from engine.jobs import Executor
from engine.jobs.courtesy import Courtesy
from engine.jobs.marks import marked
from engine.settings import Settings
from engine.store import JobRecord, Store

LOOK_S = 2.0
BEAT_S = 5.0
COURTESY_S = 0.5
HOUSE_S = 15.0
SWEEP_S = 600.0
HAND_BACK_S = 3.0
ORPHANED = timedelta(hours=1)
"""How long an upload or model may be without a job before its process is taken for dead."""

log = logging.getLogger(__name__)


class School:
    """`start`, then `wake` whenever something was accepted; `stop` in the end."""

    def __init__(self, store: Store, executor: Executor, settings: Settings, owner: str) -> None:
        self.store = store
        self.rows = Rows(store.jobs, f"{owner}+school", most_attempts=settings.most_attempts, kinds=KINDS)
        self.desk = Desk(store, settings.data_dir)
        self.studies: dict[str, Study] = {}
        self.bulletin = Bulletin(store, self.rows, self.studies, self.desk)
        self.errands = Errands()
        self.outcomes = Outcomes(
            Room(
                store=store,
                executor=executor,
                rows=self.rows,
                desk=self.desk,
                bulletin=self.bulletin,
                errands=self.errands,
            )
        )
        self.is_closing = False
        self._executor = executor
        self._team = Team(executor)
        self._courtesy = Courtesy(settings.data_dir)
        self._changed = asyncio.Event()
        self._loops = Loops("school")

    async def take_up(self) -> None:
        """Free what this name's last life left. Raises `StoreError`."""
        incident = secrets.token_hex(4)
        freed = await self.store.jobs.reclaim(self.rows.owner, most_attempts=self.rows.most_attempts, incident=incident)
        for job in freed.failed:
            self.errands(self.outcomes.came_to_nothing(job))

    def start(self) -> None:
        """Begin to take jobs and to tell of them."""
        self._loops.start(self._lease, self._beat, self._keep_house, self._be_courteous, self.bulletin.tell_all)

    def wake(self) -> None:
        """A job was accepted, cancelled, or is over."""
        self._changed.set()

    def withdraw(self, job: JobRecord) -> None:
        """The job was cancelled: nobody works on it any more, and whoever waits is told."""
        if (study := self.studies.pop(job.id, None)) is not None and study.task is not None:
            study.task.cancel()
        self.bulletin.end(job)
        self.errands(self.outcomes.came_to_nothing(job))
        self.wake()

    async def delivered(self, job_id: str, *, reply_id: int | None) -> bool:
        """Whoever asked was told what came of it. False: another process told them."""
        is_done = await self.rows.done(job_id, reply_id=reply_id)
        self.bulletin.forget(job_id)
        return is_done

    async def stop(self, *, grace_s: float) -> None:
        """Take no more jobs; give lessons so many seconds; hand back the rest."""
        self.is_closing = True
        lessons = [study.task for study in self.studies.values() if study.task is not None and not study.is_training]
        if lessons:
            await asyncio.wait(lessons, timeout=grace_s)
        tasks = [study.task for study in self.studies.values() if study.task is not None]
        self.studies.clear()
        self.bulletin.watchers.end()
        await self._loops.stop(*tasks)
        await self.errands.close()
        self._courtesy.say(False)
        try:
            await patiently(lambda: self.store.jobs.hand_back(self.rows.owner), for_s=HAND_BACK_S)
        except StoreError as error:
            log.warning("%s Lessons and trainings are taken up when their leases are over.", error)

    async def _lease(self) -> None:
        """Take jobs whenever there is room for them."""
        while True:
            self._changed.clear()
            for kind, more in ((TEACH, 1), (TRAIN, 0)):
                await self._lease_some(kind, more)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()

    async def _lease_some(self, kind: SchoolKind, more: int) -> None:
        workers = self._team.workers(kind)
        room = workers + more - sum(study.job.kind == kind for study in self.studies.values())
        if self.is_closing or not workers or room <= 0:
            return
        for job in await self.rows.lease(room, list(self.studies), kinds=(kind,)):
            self.studies[job.id] = study = Study(job=job)
            study.task = asyncio.create_task(self._attend(study), name=f"{job.kind} {job.id}")

    async def _attend(self, study: Study) -> None:
        """See one job through this try of it, whatever happens."""
        with marked(study.job.id):
            working = asyncio.create_task(self.outcomes.work(study))
            try:
                await asyncio.wait({working})
            except asyncio.CancelledError:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                raise
            error = None if working.cancelled() else working.exception()
            try:
                if error is not None:
                    await self.outcomes.failed(study, error)
            finally:
                if self.studies.get(study.job.id) is study:
                    del self.studies[study.job.id]
                self.wake()

    async def _beat(self) -> None:
        """Keep what is ours; stop what is not any more."""
        beaten = -math.inf
        while True:
            if monotonic() - beaten >= BEAT_S:
                beaten = monotonic()
                mine = {*self.studies, *self.bulletin.delivering}
                kept = await self.rows.beat(sorted(mine)) if mine else frozenset()
                for job_id in mine - kept:
                    await self._missed(job_id)
            await asyncio.sleep(1.0)

    async def _missed(self, job_id: str) -> None:
        """A heartbeat did not find the job to be ours; it may have ended meanwhile."""
        study = self.studies.get(job_id)
        if study is None:
            self.bulletin.forget(job_id)
            return
        row = await self.rows.row(job_id)
        if study.is_ending or (row is not None and row.lease_owner == self.rows.owner):
            return
        if row is not None and row.state == "cancelled":
            self.withdraw(row)
        elif self.studies.pop(job_id, None) is not None and study.task is not None:
            study.task.cancel()

    async def _keep_house(self) -> None:
        """Free expired leases; now and then remove what rows say is not there."""
        swept = -math.inf
        while True:
            incident = secrets.token_hex(4)
            jobs = self.store.jobs
            expired = await jobs.expire(most_attempts=self.rows.most_attempts, incident=incident, kinds=KINDS)
            for job in expired.failed:
                self.bulletin.end(job)
                await self.outcomes.came_to_nothing(job)
            if expired.again:
                self.wake()
            if monotonic() - swept >= SWEEP_S:
                swept = monotonic()
                await self.store.teaching.abandoned(before=datetime.now(UTC) - ORPHANED)
                await self.store.teaching.bereft()
                await self.desk.sweep()
            await asyncio.sleep(HOUSE_S)

    async def _be_courteous(self) -> None:
        """Say to whoever trains whether songs are composed."""
        while True:
            if any(study.is_training for study in self.studies.values()):
                self._courtesy.say(self._songs_are_composed())
            await asyncio.sleep(COURTESY_S)

    def _songs_are_composed(self) -> bool:
        return any(lane.name == COMPOSE and lane.running + lane.waiting > 0 for lane in self._executor.state())
