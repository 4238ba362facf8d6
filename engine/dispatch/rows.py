"""A worker's reports to the queue, made until they arrive: a database that is away costs time, nothing else.

In: what became of a job. Out: whether it is still this owner's. Conventions: each report can be made twice, for its
answer may be lost: what is refused the second time is looked up. Caveat: without a database these wait for ever, and
whoever calls them is cancelled when the studio closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.compose.request import Receipt
from engine.dispatch.patience import patiently
from engine.errors import NotFound, StoreError
from engine.store import JobRecord, JobState, Queue

LEASE_S = 60.0


class Rows:
    """The queue as `owner` uses it. `kinds`: of jobs that it takes."""

    def __init__(self, queue: Queue, owner: str, *, most_attempts: int, kinds: Sequence[str] = ("compose",)) -> None:
        self._queue = queue
        self.owner = owner
        self.most_attempts = most_attempts
        self._kinds = kinds
        self._is_unsure = False

    async def lease(
        self, most: int, known: Iterable[str], *, kinds: Sequence[str] | None = None
    ) -> tuple[JobRecord, ...]:
        """The next jobs; of some of the kinds, if named. Raises `StoreError`; what was leased although the answer was
        lost comes with the next call. `known`: the jobs of this owner that are in hand already.
        """
        if self._is_unsure:
            mine = await self._queue.owned(self.owner)
            self._is_unsure = False
            in_hand = frozenset(known)
            lost = tuple(job for job in mine if job.id not in in_hand and job.state != "delivering")
            if lost:
                return lost
        try:
            return await self._queue.lease(self.owner, for_s=LEASE_S, most=most, kinds=kinds or self._kinds)
        except StoreError:
            self._is_unsure = True
            raise

    async def beat(self, job_ids: list[str]) -> frozenset[str]:
        """This process lives; which of these jobs are still its own. Raises `StoreError`."""
        return await self._queue.heartbeat(self.owner, job_ids, for_s=LEASE_S)

    async def rendering(self, job_id: str) -> bool:
        """The job is composed."""
        return await patiently(lambda: self._queue.advance(job_id, self.owner, "rendering"))

    async def delivering(self, job_id: str, receipt: Receipt | None = None, *, let_go: bool) -> bool:
        """The song is made, or whatever the job is about. `let_go`: nobody here will bring it to anybody."""
        plain = None if receipt is None else receipt.to_json()
        mine = await patiently(
            lambda: self._queue.advance(job_id, self.owner, "delivering", receipt=plain, let_go=let_go)
        )
        return mine or (let_go and await self._is(job_id, "delivering"))

    async def done(self, job_id: str, *, reply_id: int | None) -> bool:
        """The song was brought to whoever asked."""
        if await patiently(lambda: self._queue.finish(job_id, self.owner, reply_id=reply_id)):
            return True
        if await self.take(job_id) is None:
            return await self._is(job_id, "done")
        return await patiently(lambda: self._queue.finish(job_id, self.owner, reply_id=reply_id))

    async def fail(self, job_id: str, error: str, *, incident: str | None) -> bool:
        """The job came to nothing."""
        mine = await patiently(lambda: self._queue.fail(job_id, self.owner, error, incident=incident))
        return mine or await self._is(job_id, "failed")

    async def again(self, job_id: str, error: str, *, incident: str) -> JobRecord | None:
        """The job waits again, or has failed after so many tries. None: it is somebody else's."""
        kept = await patiently(
            lambda: self._queue.retry(job_id, self.owner, error, most_attempts=self.most_attempts, incident=incident)
        )
        if kept is None:
            row = await self.row(job_id)
            if row is not None and (row.state == "failed" or (row.state == "queued" and row.lease_owner is None)):
                return row
        return kept

    async def take(self, job_id: str) -> JobRecord | None:
        """The finished song shall be brought to somebody from here; None when another process does, or it is over."""
        return await patiently(lambda: self._queue.take(job_id, self.owner, for_s=LEASE_S))

    async def row(self, job_id: str) -> JobRecord | None:
        """The job as it is, if there is any."""
        try:
            return await patiently(lambda: self._queue.job(job_id))
        except NotFound:
            return None

    async def _is(self, job_id: str, state: JobState) -> bool:
        row = await self.row(job_id)
        return row is not None and row.state == state
