"""Where requests become jobs: one at a time, or the two of a duel.

    wish ─→ what its server taught, and what it likes ─→ job, song row ─→ ticket

In: wishes. Out: tickets. Conventions: when `accept` returns, the wish is kept and will be made, come what may; what
could not be kept within about two seconds is taken back, for only the answer may have been lost. Caveat: how much one
person may wait for, the settings' `person_limit` says; the command line may ask for any number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.compose.naming import new_seed, new_song_id
from engine.compose.request import ComposeRequest
from engine.dispatch.dispatcher import Dispatcher
from engine.dispatch.events import StudioEvent
from engine.dispatch.patience import patiently
from engine.dispatch.taught import DRAWN, Arm, brought
from engine.dispatch.ticket import Ticket
from engine.errors import StoreError, UserError
from engine.settings import Settings
from engine.store import NewJob, Origin, Store

KIND = "compose"
ANSWER_S = 2.0
"""How long somebody who waits for an answer at once is let wait for the database."""
DUEL = "duel"
"""Under this key a duel's jobs name it in their payload."""

Keep = Callable[[Sequence[NewJob], int | None], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A request and who has it. `limit_bytes`: the most that a file may have; `duel_id`: whose song it will be, of a
    duel; `arm`: which of what is on trial composes it.
    """

    request: ComposeRequest
    origin: Origin
    limit_bytes: int | None = None
    duel_id: str | None = None
    arm: Arm = DRAWN


class Reception:
    """Over one store and one dispatcher."""

    def __init__(self, store: Store, dispatcher: Dispatcher, settings: Settings) -> None:
        self._store, self._dispatcher, self._settings = store, dispatcher, settings

    async def accept(self, wish: Wish) -> Ticket:
        """Take a wish. Raises `BadRequest` when the person waits for enough songs already, `UserError` when the studio
        closes, `StoreError`.
        """
        return (
            await self.accept_all([wish], lambda jobs, limit: self._store.jobs.enqueue(jobs[0], person_limit=limit))
        )[0]

    async def accept_all(self, wishes: Sequence[Wish], keep: Keep) -> list[Ticket]:
        """Take some wishes of one person together; `keep` keeps their jobs, all or none of them, told how many songs
        the person may wait for.
        """
        try:
            jobs = await self._kept(wishes, keep)
        except (UserError, StoreError) as error:
            self._dispatcher.tell(StudioEvent(kind="refused", error=type(error).__name__))
            raise
        for job in jobs:
            self._dispatcher.tell(StudioEvent(kind="accepted", job_id=job.id))
        self._dispatcher.wake()
        return [_ticket(job, wish) for job, wish in zip(jobs, wishes, strict=True)]

    async def take_back(self, job_id: str) -> None:
        """Nobody wants it any more, and nobody has to be told."""
        job = await patiently(lambda: self._store.jobs.cancel(job_id))
        if job is not None:
            self._dispatcher.withdraw(job)
            await patiently(lambda: self._store.jobs.told(job_id))
            self._dispatcher.news.forget(job_id)

    async def _kept(self, wishes: Sequence[Wish], keep: Keep) -> list[NewJob]:
        if self._dispatcher.is_closing:
            raise UserError("Tunesmith is being restarted; asking again in a minute would work.")
        jobs = [await self._job_of(wish) for wish in wishes]
        limit = None if wishes[0].origin.person_id is None else self._settings.person_limit
        try:
            await patiently(lambda: keep(jobs, limit), for_s=ANSWER_S)
        except (StoreError, asyncio.CancelledError):
            for job in jobs:
                self._dispatcher.errands(self.take_back(job.id))
            raise
        return jobs

    async def _job_of(self, wish: Wish) -> NewJob:
        job_id = new_song_id()
        found = await patiently(lambda: brought(self._store, wish.origin, job_id, wish.arm), for_s=ANSWER_S)
        payload: dict[str, Any] = {"seed": new_seed(), "limit_bytes": wish.limit_bytes} | found
        if wish.duel_id is not None:
            payload[DUEL] = wish.duel_id
        return NewJob(
            id=job_id,
            kind=KIND,
            payload=payload,
            origin=wish.origin,
            song_id=job_id,
            request=wish.request.to_json(),
        )


def _ticket(job: NewJob, wish: Wish) -> Ticket:
    return Ticket(job_id=job.id, song_id=job.id, origin=wish.origin, request=wish.request, limit_bytes=wish.limit_bytes)
