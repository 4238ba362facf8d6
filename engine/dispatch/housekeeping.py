"""What the studio clears up: leases of the dead, folders that nobody works in, files brought long ago, old rows.

In: the store. Out: a tidier one. Conventions: `at_opening` runs once before any job is taken, `in_passing` for ever;
what fails for being tried too often gets an incident number like every failure. Caveat: a scratch folder is taken for
abandoned when no living process has its song leased.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

from engine.dispatch.owner import Owner
from engine.errors import NotFound
from engine.store import JobRecord, Store

EXPIRE_S = 15.0
TRIM_S = 600.0
FORGET_AFTER = timedelta(days=30)

log = logging.getLogger(__name__)
OnFailed = Callable[[JobRecord], None]


async def at_opening(store: Store, owner: Owner, *, most_attempts: int) -> tuple[JobRecord, ...]:
    """Free what this owner's last life left, and sweep away abandoned folders. Returns the jobs that failed by it."""
    failed: tuple[JobRecord, ...] = ()
    if owner.descriptor is not None:
        incident = secrets.token_hex(4)
        freed = await store.jobs.reclaim(owner.name, most_attempts=most_attempts, incident=incident)
        failed = freed.failed
        _log_failed(failed, incident)
    for song_id in await asyncio.to_thread(store.scratch.ids):
        if not await _is_worked_on(store, song_id):
            await asyncio.to_thread(store.scratch.remove, song_id)
    return failed


async def in_passing(store: Store, *, most_attempts: int, on_failed: OnFailed, on_freed: Callable[[], None]) -> None:
    """For ever: free expired leases, and now and then forget what is old. Raises `StoreError`."""
    trimmed = monotonic()
    while True:
        incident = secrets.token_hex(4)
        expired = await store.jobs.expire(most_attempts=most_attempts, incident=incident)
        _log_failed(expired.failed, incident)
        for job in expired.failed:
            on_failed(job)
        if expired.again:
            on_freed()
        if monotonic() - trimmed > TRIM_S:
            trimmed = monotonic()
            await store.files.trim()
            await store.jobs.forget(before=datetime.now(UTC) - FORGET_AFTER)
        await asyncio.sleep(EXPIRE_S)


async def _is_worked_on(store: Store, song_id: str) -> bool:
    try:
        job = await store.jobs.job(song_id)
    except NotFound:
        return False
    return job.lease_owner is not None and job.state in ("composing", "rendering")


def _log_failed(jobs: tuple[JobRecord, ...], incident: str) -> None:
    for job in jobs:
        log.error(
            "incident %s: the song %s was tried %d times: %s",
            incident,
            job.id,
            job.attempts,
            job.error,
            extra={"incident": incident, "job_id": job.id},
        )
