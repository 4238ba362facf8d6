"""What becomes of a try that did not end with a song: once more, alone, or failed; and who is told.

    worker died while composing, or a store was away   → the job waits again, at most so often; a suspect works alone
    what the person can mend                           → failed, and its sentence is told as it is
    anything else                                      → failed, with an incident number; the log has the traceback

In: works and errors. Out: rows, updates, events. Conventions: what is missing on the machine (`SetupError`) is not the
person's to mend; an incident is eight hexadecimal digits. Caveat: who is suspect is forgotten with the process; how
often a job was tried is not.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from engine.dispatch.errands import Errands
from engine.dispatch.events import StudioEvent
from engine.dispatch.news import News
from engine.dispatch.rows import Rows
from engine.dispatch.stages import Stages
from engine.dispatch.ticket import in_vain
from engine.dispatch.work import Work
from engine.errors import SetupError, StoreError, UserError, WorkerLost
from engine.store import JobRecord

INNOCENT_TRIES = 2
"""A job that begins its third try is suspect whatever ended the others: it may have killed the whole process."""

log = logging.getLogger(__name__)


class Ends:
    """`suspects`: jobs that were in a composing worker when it died, and are not composed yet."""

    def __init__(
        self, rows: Rows, news: News, stages: Stages, errands: Errands, tell: Callable[[StudioEvent], None]
    ) -> None:
        self._rows, self._news, self._stages = rows, news, stages
        self._errands, self._tell = errands, tell
        self.suspects: set[str] = set()

    def is_suspect(self, job: JobRecord) -> bool:
        """Whether it may be what killed a worker, or several times this whole process."""
        return job.id in self.suspects or job.attempts > INNOCENT_TRIES

    def acquit(self, job_id: str) -> None:
        """It was composed, and its worker lives."""
        self.suspects.discard(job_id)

    async def failed(self, work: Work, error: BaseException) -> None:
        """Try again what may work the next time; else tell whoever waits."""
        may_work_again = isinstance(error, WorkerLost) and work.stage == "composing"
        if may_work_again:
            self.suspects.add(work.job_id)
        work.is_ending = True
        if may_work_again or isinstance(error, StoreError):
            await self._again(work, error)
            return
        reason, incident = str(error), None
        if not isinstance(error, UserError) or isinstance(error, SetupError):
            incident = secrets.token_hex(4)
            reason = _noted(error, incident)
        if await self._rows.fail(work.job_id, reason, incident=incident):
            await self._in_vain(work, error)
        else:
            await self.lost(work)

    async def lost(self, work: Work) -> None:
        """The job is not this process's any more; if it came to nothing elsewhere, whoever waits here is told."""
        log.info("The song %s is no longer this process's.", work.job_id)
        self.acquit(work.job_id)
        row = await self._rows.row(work.job_id)
        if row is not None and row.state in ("cancelled", "failed"):
            self._news.end(work.job_id, in_vain(row))
            self._clear(row)

    def cancelled(self, job: JobRecord) -> None:
        """The row says that the job was cancelled."""
        self.acquit(job.id)
        if job.attempts > 0:
            self._clear(job)
        self._news.end(job.id, in_vain(job))
        self._tell(StudioEvent(kind="cancelled", job_id=job.id))

    def has_failed(self, job: JobRecord) -> None:
        """The row says that the job was tried too often, by processes that died."""
        self._news.end(job.id, in_vain(job))
        self._clear(job)
        self._tell(StudioEvent(kind="failed", job_id=job.id, error=WorkerLost.__name__))

    async def _again(self, work: Work, error: BaseException) -> None:
        incident = secrets.token_hex(4)
        reason = f"{type(error).__name__}: {error}"
        row = await self._rows.again(work.job_id, reason, incident=incident)
        if row is None:
            await self.lost(work)
        elif row.state == "failed":
            _noted(error, incident)
            await self._in_vain(work, error)
        else:
            log.warning("%s It is tried again.", error)
            self._tell(StudioEvent(kind="retried", job_id=work.job_id, error=type(error).__name__))

    async def _in_vain(self, work: Work, error: BaseException) -> None:
        """The row says that the job failed: tell whoever waits, clear up."""
        self.acquit(work.job_id)
        row = await self._rows.row(work.job_id) or work.job
        self._news.end(work.job_id, in_vain(row))
        self._clear(row)
        self._tell(StudioEvent(kind="failed", job_id=work.job_id, error=type(error).__name__))

    def _clear(self, job: JobRecord) -> None:
        self._errands(self._stages.clear(job.song_id or job.id))


def _noted(error: BaseException, incident: str) -> str:
    """Write an incident into the log, and say what is kept in the row."""
    reason = f"{type(error).__name__}: {error}"
    log.error("incident %s: %s", incident, reason, exc_info=error, extra={"incident": incident})
    return reason
