"""The queue that every executor shares: first come, first served, one job at a time, positions told as they change.

In: `submit` calls. Out: results, and events on the event loop. Conventions: a subclass says how one job is performed.
Caveat: a caller who is cancelled leaves the queue; the job that already runs is finished and its result dropped.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Any

from engine.errors import JobError
from engine.jobs.job import JobEvent, Json, OnEvent, as_json

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Ticket:
    """A submitted job: what it is and who waits for it."""

    kind: str
    payload: dict[str, Any]
    on_event: OnEvent | None
    result: asyncio.Future[dict[str, Any]]

    def tell(self, event: JobEvent) -> None:
        """Call the listener; an error of the listener's own fails this job and no other."""
        if self.on_event is None or self.result.done():
            return
        try:
            self.on_event(event)
        except Exception as error:
            self.result.set_exception(error)


class SerialExecutor(ABC):
    """Base of the executors. `timeout_s`: a job that runs longer has failed. `grace_s`: how long `close` waits."""

    def __init__(self, *, timeout_s: float = 600.0, grace_s: float = 10.0) -> None:
        self.timeout_s = timeout_s
        self.grace_s = grace_s
        self._waiting: deque[Ticket] = deque()
        self._running: Ticket | None = None
        self._wake = asyncio.Event()
        self._closed = False
        self._pump_task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to take jobs; loading goes on in the background."""
        if self._pump_task is None and not self._closed:
            self._pump_task = asyncio.create_task(self._pump())

    async def submit(self, kind: str, payload: Json, on_event: OnEvent | None = None) -> dict[str, Any]:
        """Run a job and return its result; `on_event` is called on the event loop. Raises what the job raised."""
        if self._closed or self._pump_task is None:
            raise JobError("The job runner is not open.")
        ticket = Ticket(kind, as_json(payload), on_event, asyncio.get_running_loop().create_future())
        self._waiting.append(ticket)
        ticket.tell(JobEvent(state="queued", ahead=self._ahead(len(self._waiting) - 1)))
        self._wake.set()
        try:
            return await ticket.result
        finally:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                self._tell_positions()

    async def close(self) -> None:
        """Refuse the waiting jobs, give the running one `grace_s` seconds, then free everything. Safe to call twice.

        A running job that nobody waits for any more gets no grace.
        """
        self._closed = True
        while self._waiting:
            _fail(self._waiting.popleft(), JobError("The job runner was closed before the job began."))
        if self._running is not None:
            _, unfinished = await asyncio.wait({self._running.result}, timeout=self.grace_s)
            if unfinished:
                log.warning("A job still ran %.0f s after closing began; it was given up.", self.grace_s)
        busy = self._running is not None
        if self._running is not None:
            _fail(self._running, JobError("The job runner was closed while the job ran."))
        if self._pump_task is not None:
            self._pump_task.cancel()
            await asyncio.gather(self._pump_task, return_exceptions=True)
            self._pump_task = None
        await self._free(busy=busy)

    @abstractmethod
    async def _warm(self) -> None:
        """Load what the first job will need. May raise; the first job then tries again."""

    @abstractmethod
    async def _perform(self, ticket: Ticket) -> dict[str, Any]:
        """Run one job to its end."""

    @abstractmethod
    async def _free(self, *, busy: bool) -> None:
        """Free process, thread, memory. `busy`: a job was given up and may still run."""

    def _ahead(self, index: int) -> int:
        return index + (self._running is not None)

    def _tell_positions(self) -> None:
        for index, ticket in enumerate(tuple(self._waiting)):
            ticket.tell(JobEvent(state="queued", ahead=self._ahead(index)))

    async def _pump(self) -> None:
        """Take one ticket after the other, for ever."""
        try:
            await self._warm()
        except Exception as error:
            log.warning("Loading ahead failed and will be tried again by the first job: %r", error)
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            ticket = self._waiting.popleft()
            if not ticket.result.done():
                await self._run(ticket)

    async def _run(self, ticket: Ticket) -> None:
        self._running = ticket
        self._tell_positions()
        ticket.tell(JobEvent(state="started"))
        try:
            result = await self._perform(ticket)
            if not ticket.result.done():
                ticket.result.set_result(result)
        except Exception as error:
            _fail(ticket, error)
        finally:
            self._running = None
            self._tell_positions()


def _fail(ticket: Ticket, error: Exception) -> None:
    if not ticket.result.done():
        ticket.result.set_exception(error)
