"""The stages of a song, as jobs of the executor: composing makes a draft of a request, recording makes files of it.

    request ─"compose"─→ draft ─"record"─→ receipt, and the song's files in the file store

In: a work, its request. Out: the receipt. Conventions: a suspect composes alone; recording, whose worker has one song
inside anyway, is tried again from its draft while the tries last. A song that nobody wants any more is withdrawn; one
whose files are being made already is let end, and its files are removed. Caveat: what is raised here decides what
becomes of the job, see `dispatcher.py`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from engine.compose.request import ComposeRequest, Receipt
from engine.dispatch.gate import Gate
from engine.dispatch.lanes import COMPOSE, RECORD
from engine.dispatch.pace import Pace
from engine.dispatch.patience import patiently
from engine.dispatch.taught import guild_now
from engine.dispatch.work import Work, Works
from engine.errors import NotFound, StoreError, TunesmithError, WorkerLost
from engine.jobs import Executor, JobEvent
from engine.store import JobRecord, Store

SCORE = ".song.json"
MOST_SCORE_BYTES = 20_000_000
PAUSES_S = (0.5, 3.0, 10.0)
"""Before the second try of recording, the third, and all further ones."""

log = logging.getLogger(__name__)
OnStage = Callable[[Work, float], None]


class Stages:
    """`on_stage` is called with a work and the seconds that its stage took, when one has ended. `composers`: workers
    that compose.
    """

    def __init__(self, store: Store, executor: Executor, gate: Gate, works: Works, pace: Pace) -> None:
        self._store, self._executor, self._gate = store, executor, gate
        self._works, self._pace = works, pace
        self._leftovers: set[asyncio.Task[None]] = set()
        self.on_stage: OnStage = lambda work, seconds: None
        self.composers = 1

    async def compose(self, work: Work, request: ComposeRequest, *, alone: bool) -> dict[str, Any]:
        """Make a draft. Raises what the worker raises, `WorkerLost` when it died."""
        work.enter("composing")
        payload = {
            "request": request.to_json(),
            "entry": await self._forerunner(request),
            "seed": work.job.payload.get("seed"),
            "guild": await patiently(lambda: self._guild(work.job)),
        }
        async with self._gate.entered(alone=alone):
            answer = await self._executor.submit(COMPOSE, payload, lambda event: self._hear(work, event))
        self._finished(work)
        return dict(answer["draft"])

    async def record(self, work: Work, draft: dict[str, Any], *, most_attempts: int) -> Receipt:
        """Make the song of its draft, files and all. Raises what the worker raises."""
        for attempt in range(1, most_attempts + 1):
            work.enter("rendering")
            try:
                receipt = await self._recorded(work, draft)
            except (WorkerLost, StoreError) as error:
                if attempt == most_attempts:
                    raise
                log.warning("%s The song %s is recorded once more.", error, work.job_id)
                await asyncio.sleep(PAUSES_S[min(attempt, len(PAUSES_S)) - 1])
            else:
                break
        self._finished(work)
        return receipt

    async def clear(self, song_id: str) -> None:
        """Remove what there is of a song that came to nothing."""
        await asyncio.to_thread(self._store.scratch.remove, song_id)
        await patiently(lambda: self._store.files.remove(song_id))

    async def close(self) -> None:
        """Wait for what was let end; it ends at once when the executor is closed."""
        if self._leftovers:
            await asyncio.wait(self._leftovers, timeout=1.0)
        for task in self._leftovers:
            task.cancel()
        await asyncio.gather(*self._leftovers, return_exceptions=True)

    async def _recorded(self, work: Work, draft: dict[str, Any]) -> Receipt:
        payload = {"id": work.job_id, "draft": draft, "limit_bytes": work.job.payload.get("limit_bytes")}
        job = asyncio.ensure_future(self._executor.submit(RECORD, payload, lambda event: self._hear(work, event)))
        try:
            answer = await asyncio.shield(job)
        except asyncio.CancelledError:
            if work.began is None:
                job.cancel()
                await asyncio.gather(job, return_exceptions=True)
            else:
                self._let_end(work.job_id, job)
            raise
        return Receipt.from_json(answer["receipt"])

    def _let_end(self, song_id: str, job: asyncio.Future[dict[str, Any]]) -> None:
        """Its worker publishes files at the end whatever we do; they go then."""

        async def clear_up() -> None:
            with suppress(TunesmithError):
                await job
            if await self._is_in_vain(song_id):
                await self.clear(song_id)

        task = asyncio.create_task(clear_up())
        self._leftovers.add(task)
        task.add_done_callback(self._leftovers.discard)

    async def _is_in_vain(self, job_id: str) -> bool:
        """Whether nobody will make this song any more; it may only have gone to another process."""
        try:
            job = await patiently(lambda: self._store.jobs.job(job_id))
        except NotFound:
            return True
        return job.state in ("failed", "cancelled")

    async def _guild(self, job: JobRecord) -> dict[str, Any] | None:
        """What its server taught and likes, as it is now of what was accepted."""
        return await guild_now(self._store, job.payload.get("guild"), job.origin, job.payload.get("taste"))

    async def _forerunner(self, request: ComposeRequest) -> str | None:
        """The `.song.json` of the song that the request builds on; None when there is none, which composing says."""
        if request.again is None:
            return None
        try:
            return await patiently(lambda: self._read_score(request.again or ""))
        except NotFound:
            return None

    async def _read_score(self, song_id: str) -> str | None:
        names = [file for file in await self._store.files.list(song_id) if file.name.endswith(SCORE)]
        if not names or names[0].size > MOST_SCORE_BYTES:
            return None
        pieces = [piece async for piece in self._store.files.fetch(song_id, names[0].name)]
        return b"".join(pieces).decode("utf-8", "surrogateescape")

    def _hear(self, work: Work, event: JobEvent) -> None:
        if event.state == "started":
            counted = self._works.company_s()
            work.hear(event)
            work.company = counted
        else:
            work.hear(event)

    def _finished(self, work: Work) -> None:
        """A stage has ended: learn how long it took."""
        if work.began is None:
            return
        seconds = monotonic() - work.began
        shared = self._works.company_s() - work.company
        company = shared / seconds / self.composers if seconds > 0 else 1.0
        self._pace.learn(work.stage, seconds, company=company)
        self.on_stage(work, seconds)
        work.began = None
