"""Takes jobs from the queue, has them worked on, tells what becomes of them.

    queue ─lease─→ work: compose ─→ record ─→ delivering ─→ whoever watches ─delivered─→ done
            ↑        │ worker died, file store away: again, alone (at most so often)
            └────────┘ anything else: failed, with an incident number if the person cannot mend it

In: rows. Out: rows, updates, events. Conventions: as many songs are leased as the composing workers hold, and fewer
while composed ones wait for their recording; all that is leased here is kept by heartbeats until it is delivered. A job
that was with others in a worker when it died is tried again alone, so that it can do no harm to others twice. While the
database is away, work goes on and reports wait. Caveat: belongs to one event loop; what it forgets when it dies, the
rows remember.
"""

from __future__ import annotations

import asyncio
import logging
import math
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic

from engine.compose.request import ComposeRequest, Receipt
from engine.dispatch.ends import Ends
from engine.dispatch.errands import Errands
from engine.dispatch.events import Listener, StudioEvent
from engine.dispatch.gate import Gate
from engine.dispatch.housekeeping import in_passing
from engine.dispatch.lanes import Team
from engine.dispatch.loops import Loops
from engine.dispatch.news import News
from engine.dispatch.pace import Pace
from engine.dispatch.patience import patiently
from engine.dispatch.rows import Rows
from engine.dispatch.stages import Stages
from engine.dispatch.work import Work, Works
from engine.errors import StoreError
from engine.jobs import Executor
from engine.jobs.marks import marked
from engine.settings import Settings
from engine.store import JobRecord, JobState, Store

LOOK_S = 2.0
"""How often the queue is looked at when nobody says that something changed."""
BEAT_S = 5.0
COUNT_S = 1.0
DRAFTS_A_HAND = 2
"""Composed songs that wait for each recording worker before less is composed."""
DELIVERY_S = 5.0
"""How long a stop waits for finished songs to be delivered, within its grace."""
HAND_BACK_S = 3.0
"""How long a stop tries to tell the database."""

log = logging.getLogger(__name__)


class Dispatcher:
    """`start`, then `wake` whenever something was accepted; `stop` in the end. `totals`: what happened so far."""

    def __init__(self, store: Store, executor: Executor, settings: Settings, owner: str) -> None:
        self.store, self.executor, self.settings = store, executor, settings
        self.rows = Rows(store.jobs, owner, most_attempts=settings.most_attempts)
        self.works = Works()
        self.pace = Pace()
        self.team = Team(executor)
        self.news = News(store, self.rows, self.works, self.pace, self.team)
        self.totals: dict[str, int] = {}
        self.listeners: list[Listener] = []
        self.counts: dict[JobState, int] = {}
        self.counted = monotonic()
        self.is_closing = False
        gate = Gate(lambda: self.team.hands.composers)
        self.stages = Stages(store, executor, gate, self.works, self.pace)
        self.stages.on_stage = self._stage_ended
        self.errands = Errands()
        self.ends = Ends(self.rows, self.news, self.stages, self.errands, self.tell)
        self._changed = asyncio.Event()
        self._has_moved = True
        self._loops = Loops("studio")

    def start(self) -> None:
        """Begin to take jobs and to tell of them."""
        self._loops.start(self._lease, self._beat, self._keep_house, self.news.tell_all)

    @property
    def trouble(self) -> str | None:
        """What is wrong with the database just now."""
        return self._loops.trouble

    def wake(self) -> None:
        """Something changed: a job was accepted, cancelled, or left a stage."""
        self._changed.set()
        self._has_moved = True
        self.news.queue_moved()

    def tell(self, event: StudioEvent) -> None:
        """Count an event, and pass it on."""
        self.totals[event.kind] = self.totals.get(event.kind, 0) + 1
        for listener in self.listeners:
            listener(event)

    async def delivered(self, job_id: str, *, reply_id: int | None = None) -> bool:
        """The song was brought to whoever asked. False: another process brought it."""
        is_done = await self.rows.done(job_id, reply_id=reply_id)
        self.news.forget(job_id)
        self.wake()
        if is_done:
            self.tell(StudioEvent(kind="delivered", job_id=job_id))
        return is_done

    def withdraw(self, job: JobRecord) -> None:
        """The job was cancelled: nobody works on it any more, and whoever waits is told."""
        work = self.works.get(job.id)
        if work is not None:
            self._let_go(work)
        self.ends.cancelled(job)
        self.wake()

    async def stop(self, *, grace_s: float) -> None:
        """Take no more jobs; give those in the making, and their delivery, so many seconds; hand back the rest."""
        self.is_closing = True
        began = monotonic()
        tasks = [work.task for work in self.works.all if work.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=grace_s)
        await self.news.deliveries(for_s=min(DELIVERY_S, began + grace_s - monotonic()))
        tasks = [work.task for work in self.works.all if work.task is not None]
        for work in self.works.all:
            self._let_go(work)
        self.news.close()
        await self._loops.stop(*tasks)
        await self.errands.close()
        try:
            await patiently(lambda: self.store.jobs.hand_back(self.rows.owner), for_s=HAND_BACK_S)
        except StoreError as error:
            log.warning("%s What was being made is taken up when its leases are over.", error)

    async def _lease(self) -> None:
        """Take jobs whenever there is room for them."""
        while True:
            room = 0 if self.is_closing else self._room()
            if room > 0:
                known = [work.job_id for work in self.works.all]
                for job in await self.rows.lease(room, known):
                    self._begin(job)
                    room -= 1
            self._changed.clear()
            if room > 0 or self.is_closing or not self._room():
                await self._change()

    async def _change(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_S):
                await self._changed.wait()

    def _room(self) -> int:
        """How many more jobs to take. Suspects are taken one by one, and nobody beside them."""
        hands = self.team.hands
        composing, drafts = len(self.works.of("composing")), len(self.works.of("rendering"))
        suspects = sum(self.ends.is_suspect(work.job) for work in self.works.all)
        if suspects:
            return 1 if suspects < hands.composers and suspects == composing else 0
        held = hands.composers * hands.at_once
        room = min(held - composing, held + DRAFTS_A_HAND * hands.renderers - composing - drafts)
        return max(0, min(room, 1) if self.ends.suspects else room)

    def _begin(self, job: JobRecord) -> None:
        work = Work(job=job)
        self.works.add(work)
        waited_s = (datetime.now(UTC) - job.created_at).total_seconds()
        self.tell(StudioEvent(kind="started", job_id=job.id, seconds=max(0.0, waited_s)))
        self.news.queue_moved()
        self.news.of(work)
        work.task = asyncio.create_task(self._attend(work), name=f"song {job.id}")

    async def _attend(self, work: Work) -> None:
        """See one job through this try of it, whatever happens."""
        with marked(work.job_id):
            making = asyncio.create_task(self._make(work))
            try:
                await asyncio.wait({making})
            except asyncio.CancelledError:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
                raise
            if making.cancelled():
                return
            error = making.exception()
            try:
                if error is not None:
                    await self.ends.failed(work, error)
            finally:
                self.works.remove(work)
                self.wake()

    async def _make(self, work: Work) -> None:
        """Both stages; then whoever waits gets the song."""
        song = await patiently(lambda: self.store.song(work.job.song_id or work.job_id))
        request = ComposeRequest.from_json(song.request)
        self.stages.composers = self.team.hands.composers
        draft = await self.stages.compose(work, request, alone=self.ends.is_suspect(work.job))
        if not await self.rows.rendering(work.job_id):
            await self._lost(work)
            return
        self.ends.acquit(work.job_id)
        work.enter("rendering")
        self.news.of(work)
        self.wake()
        receipt = await self.stages.record(work, draft, most_attempts=self.rows.most_attempts)
        work.is_ending = let_go = work.job_id not in self.news.watchers
        if not await self.rows.delivering(work.job_id, receipt, let_go=let_go):
            await self._lost(work)
            return
        self._made(work, receipt)
        if let_go and work.job_id in self.news.watchers:  # who came just now
            let_go = await self.rows.take(work.job_id) is None
        if not let_go:
            await self.news.ready(work.job_id)

    def _made(self, work: Work, receipt: Receipt) -> None:
        took_s = (datetime.now(UTC) - work.job.created_at).total_seconds()
        self.tell(StudioEvent(kind="done", job_id=work.job_id, seconds=max(0.0, took_s), receipt=receipt))

    async def _lost(self, work: Work) -> None:
        """The job is not ours any more: it was cancelled elsewhere, or its lease ran out and another has it."""
        self.works.remove(work)
        await self.ends.lost(work)

    def _let_go(self, work: Work) -> None:
        """Work no more on it; its row is somebody else's business."""
        self.works.remove(work)
        if work.task is not None:
            work.task.cancel()

    def _stage_ended(self, work: Work, seconds: float) -> None:
        self.tell(StudioEvent(kind="stage", job_id=work.job_id, stage=work.stage, seconds=seconds))

    async def _beat(self) -> None:
        """Keep what is ours; stop what is not any more; see how long the queue is."""
        beaten = -math.inf
        while True:
            if monotonic() - beaten >= BEAT_S:
                beaten = monotonic()
                mine = {work.job_id for work in self.works.all} | self.news.delivering
                kept = await self.rows.beat(sorted(mine)) if mine else frozenset()
                for job_id in mine - kept:
                    await self._missed(job_id)
            if self._has_moved or monotonic() - self.counted >= BEAT_S:
                self._has_moved = False
                self.counts = await self.store.jobs.counts()
                self.counted, self._loops.trouble = monotonic(), None
            await asyncio.sleep(COUNT_S)

    async def _missed(self, job_id: str) -> None:
        """A heartbeat did not find the job to be ours; it may have ended meanwhile."""
        work = self.works.get(job_id)
        if work is None:
            self.news.delivering.discard(job_id)
        elif not work.is_ending:
            row = await self.rows.row(job_id)
            is_ours = row is not None and row.lease_owner == self.rows.owner
            if not is_ours and not work.is_ending and job_id in self.works:
                self._let_go(work)
                await self._lost(work)

    async def _keep_house(self) -> None:
        await in_passing(
            self.store, most_attempts=self.rows.most_attempts, on_failed=self.ends.has_failed, on_freed=self.wake
        )
