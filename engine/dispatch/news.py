"""Tells whoever waits how far their songs are: at once when a phase begins or ends, else about once a second.

In: the works of this process, and the rows of all others. Out: updates. Conventions: positions are looked up when the
queue moved, and now and then anyway, for other processes move it too; a finished song is told as soon as its files are
on this machine; while the database is away nothing is told, rather than something wrong. Caveat: who is told of a
finished song is expected to say that it was delivered, or that it could not be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from engine.dispatch.lanes import Team
from engine.dispatch.pace import Pace, Promises
from engine.dispatch.patience import patiently
from engine.dispatch.rows import Rows
from engine.dispatch.shelf import stored_song
from engine.dispatch.ticket import Update, in_vain
from engine.dispatch.watching import Watch, Watchers
from engine.dispatch.work import Work, Works
from engine.errors import StoreError
from engine.store import JobRecord, Store

TELL_S = 1.0
LOOK_S = 5.0
"""How often positions are looked up when nothing is known to have moved, and rows of other processes' jobs."""


class News:
    """`watchers`: who waits; `delivering`: finished songs that are this process's to bring to somebody."""

    def __init__(self, store: Store, rows: Rows, works: Works, pace: Pace, team: Team) -> None:
        self._store, self._rows, self._works = store, rows, works
        self._pace, self._team = pace, team
        self.watchers: Watchers[Update] = Watchers()
        self.delivering: set[str] = set()
        self._songs: dict[str, Update] = {}
        self._promises = Promises()
        self._ahead: dict[str, int] = {}
        self._has_moved = True
        self._looked = 0.0
        self._all_delivered = asyncio.Event()

    def queue_moved(self) -> None:
        """Positions are other ones now."""
        self._has_moved = True

    async def begin(self, job_id: str) -> Watch[Update]:
        """Somebody waits for this job: they are told at once how far it is. Raises `NotFound`."""
        watch = self.watchers.open(job_id)
        try:
            await patiently(lambda: self._tell_where(job_id))
        except BaseException:
            self.watchers.close(job_id, watch)
            raise
        return watch

    def of(self, work: Work) -> None:
        """Tell how far a work is."""
        if work.job_id in self.watchers:
            self._tell_work(work, self._estimates(queued=()))

    async def ready(self, job_id: str) -> None:
        """The song is made, and this process brings it to whoever waits. Raises `NotFound` when its files are gone."""
        self.delivering.add(job_id)
        if job_id not in self._songs:
            song = await patiently(lambda: stored_song(self._store, job_id))
            self._songs[job_id] = Update(phase="ready", share=1.0, song=song)
        self.watchers.tell(job_id, self._songs[job_id])

    def end(self, job_id: str, update: Update) -> None:
        """The job came to nothing."""
        self.forget(job_id)
        self.watchers.tell(job_id, update)

    def forget(self, job_id: str) -> None:
        """The job is over, and nothing of it has to be kept in mind."""
        self.delivering.discard(job_id)
        self._songs.pop(job_id, None)
        self._promises.forget(job_id)
        if not self.delivering:
            self._all_delivered.set()

    async def deliveries(self, *, for_s: float) -> None:
        """Wait until every finished song was brought to whoever watched, but not longer than this."""
        self._all_delivered.clear()
        if self.delivering:
            with suppress(TimeoutError):
                async with asyncio.timeout(for_s):
                    await self._all_delivered.wait()

    def close(self) -> None:
        """No more is told."""
        self.watchers.end()

    async def tell_all(self) -> None:
        """For ever: tell everybody who waits how far their songs are."""
        while True:
            await asyncio.sleep(TELL_S)
            if not self.watchers:
                continue
            is_time = monotonic() - self._looked >= LOOK_S
            elsewhere = [job_id for job_id in self.watchers if job_id not in self._works]
            with suppress(StoreError):  # what is known already is told all the same
                if is_time or (self._has_moved and elsewhere):
                    await self._look()
            self._tell_known()
            with suppress(StoreError):
                for job_id in elsewhere if is_time else ():
                    if job_id not in self._ahead and job_id not in self._songs:
                        await self._tell_where(job_id)

    def _tell_known(self) -> None:
        """Tell of works, and of positions as they were looked up last."""
        estimates = self._estimates()
        for job_id in self.watchers:
            if (work := self._works.get(job_id)) is not None:
                self._tell_work(work, estimates)
            elif job_id in self._ahead:
                self._tell_queued(job_id, estimates)

    async def _look(self) -> None:
        """Look up the positions."""
        self._has_moved = False
        try:
            self._ahead = await self._store.jobs.ahead()
        except BaseException:
            self._has_moved = True
            raise
        self._looked = monotonic()

    def _estimates(self, queued: Sequence[str] | None = None) -> dict[str, float]:
        """Seconds until each song is ready that this process works on, or that is `queued` (all that are); nothing
        while workers load.
        """
        if not self._team.has_loaded:
            return {}
        return self._pace.estimate(
            self._team.hands,
            [work.as_composing() for work in self._works.of("composing")],
            [work.as_rendering() for work in self._works.of("rendering")],
            [job_id for job_id in self._ahead if job_id not in self._works] if queued is None else queued,
        )

    def _tell_work(self, work: Work, estimates: dict[str, float]) -> None:
        eta_s = self._eta_s(work.job_id, estimates)
        self.watchers.tell(work.job_id, Update(phase=work.stage, share=work.share, eta_s=eta_s))

    def _tell_queued(self, job_id: str, estimates: dict[str, float]) -> None:
        eta_s = self._eta_s(job_id, estimates)
        self.watchers.tell(job_id, Update(phase="queued", ahead=self._ahead[job_id], eta_s=eta_s))

    def _eta_s(self, job_id: str, estimates: dict[str, float]) -> float | None:
        """What is told of when the song will be ready; None while that is not known."""
        return self._promises.told(job_id, estimates[job_id], monotonic()) if job_id in estimates else None

    async def _tell_where(self, job_id: str) -> None:
        """Look up a job that this process does not work on, and tell where it is. Raises `NotFound`, `StoreError`."""
        if job_id in self._songs:
            self.watchers.tell(job_id, self._songs[job_id])
            return
        row = await self._store.jobs.job(job_id)
        if row.state == "queued":
            await self._look()
        if (work := self._works.get(job_id)) is not None:
            self.of(work)
        elif row.state == "queued":
            if job_id in self._ahead:
                self._tell_queued(job_id, self._estimates())
        elif row.state in ("failed", "cancelled"):
            self.watchers.tell(job_id, in_vain(row))
        elif row.state == "done":
            await self._tell_done(job_id)
        elif row.state == "delivering":
            if await self._rows.take(job_id) is not None:
                await self.ready(job_id)
        else:  # another process works on it
            self._tell_elsewhere(row)

    async def _tell_done(self, job_id: str) -> None:
        song = await stored_song(self._store, job_id)
        self.watchers.tell(job_id, Update(phase="ready", share=1.0, song=song))

    def _tell_elsewhere(self, row: JobRecord) -> None:
        self.watchers.tell(row.id, Update(phase="composing" if row.state == "composing" else "rendering"))
