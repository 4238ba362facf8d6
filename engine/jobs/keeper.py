"""Keeps one worker of a lane: begins it, hands it jobs, hears it, and begins it anew when it is lost.

In: tickets (`take`), withdrawals (`give_up`). Out: the tickets' events, results and errors. Conventions: everything
happens on the event loop; pauses between failures double up to half a minute, but are short while jobs wait. Caveat: a
job that a pool's worker cannot forget occupies it until it ends, or until patience does and the worker is replaced.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, Protocol

from engine.errors import JobError, WorkerLost
from engine.jobs.job import JobEvent, Json, Lane
from engine.jobs.line import Line
from engine.jobs.marks import marked
from engine.jobs.ticket import Ticket
from engine.jobs.wire import job_to_text, json_to_error, to_text

log = logging.getLogger(__name__)

STOP_S = 5.0
"""How long an idle worker may take to stop by itself."""
PATIENCE_S = 10.0
"""How long a pool's worker may go on with a job that was withdrawn."""
SILENCE_S = 10.0
"""A resident that says nothing for so long, while a job of its runs out of time, hangs."""
TRIES, PASSING_S = 3, 30.0
"""So many times in a row, and so long, a worker may be lost while it opens, until waiting jobs fail for it."""
AWAY_S = 900.0
"""The same where no worker can be begun at all: the cluster is away, or the machine has no room for a process."""
FIRST_PAUSE_S, LONGEST_PAUSE_S, HURRY_S = 0.1, 30.0, 0.5


class Desk(Protocol):
    """What a keeper sees of its lane."""

    lane: Lane

    def new_line(self) -> Line:
        """A line to a worker that has not begun."""

    def changed(self) -> None:
        """A worker has room, or has lost it."""

    def lost(self, error: Exception, *, opened: bool) -> None:
        """A worker died, was given up, or could not be opened."""

    @property
    def jobs_wait(self) -> bool:
        """Whether anybody waits for a worker."""


class Keeper:
    """One worker, and what it has in hand."""

    def __init__(self, desk: Desk, config: Json, open_timeout_s: float) -> None:
        self._desk = desk
        self._lane = desk.lane
        self._opening = to_text({"open": config, "opener": desk.lane.opener, "shape": desk.lane.shape})
        self._open_timeout_s = open_timeout_s
        self._line: Line | None = None
        self._jobs: dict[int, tuple[Ticket, asyncio.TimerHandle]] = {}
        self._failures = 0
        self._failing_since_s = 0.0
        self._patience_s = 0.0
        self._heard_s = 0.0
        self._verdict: WorkerLost | None = None
        self._hurry = asyncio.Event()
        self._begun = False
        self.open = False
        self.facts: Json | None = None

    @property
    def load(self) -> int:
        """Jobs inside."""
        return len(self._jobs)

    @property
    def has_room(self) -> bool:
        """Whether it can take a job now."""
        return self.open and self.load < self._lane.room

    @property
    def hopeless(self) -> bool:
        """Whether the last attempts say that it will not open."""
        return self._failures >= TRIES and time.monotonic() >= self._failing_since_s + self._patience_s

    @property
    def pid(self) -> int | None:
        """The worker's process."""
        return self._line.pid if self._line is not None else None

    @property
    def running(self) -> tuple[Ticket, ...]:
        """Jobs inside that somebody waits for."""
        return tuple(ticket for ticket, _ in self._jobs.values() if not ticket.result.done())

    async def run(self) -> None:
        """Begin the worker and keep it alive; when cancelled, end it: by itself when it is idle, else at once."""
        while True:
            self._line = line = self._desk.new_line()
            try:
                await self._open(line)
                await self._listen(line)
            except Exception as error:
                self._note(error)
            finally:
                idle = self.open and not self._jobs
                self._leave()
                await _through(line.hang_up(STOP_S if idle else 0.0))
            self._desk.changed()
            await self._pause()

    def take(self, ticket: Ticket) -> None:
        """Hand a job to the worker; it has room."""
        assert self._line is not None
        timer = asyncio.get_running_loop().call_later(self._lane.timeout_s, self._out_of_time, ticket)
        self._jobs[ticket.number] = (ticket, timer)
        self._line.post(job_to_text(ticket.number, ticket.kind, ticket.payload, ticket.mark))
        ticket.tell(JobEvent(state="started"))

    def give_up(self, ticket: Ticket) -> None:
        """Nobody waits for this job any more; unknown ones are none of our business."""
        if ticket.number not in self._jobs or self._line is None:
            return
        if self._lane.shape == "resident":
            self._line.post(to_text({"cancel": ticket.number}))
            self._drop(ticket.number)
            self._desk.changed()
        else:
            _, timer = self._jobs[ticket.number]
            timer.cancel()
            timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._out_of_patience, ticket)
            self._jobs[ticket.number] = (ticket, timer)

    def hurry(self) -> None:
        """A job waits: make the pause short."""
        self._hurry.set()

    async def _open(self, line: Line) -> None:
        self._begun = False
        await line.connect()
        self._begun = True
        line.post(self._opening)
        try:
            async with asyncio.timeout(self._open_timeout_s):
                answer = await line.hear()
        except TimeoutError:
            raise JobError(f"The worker took longer than {self._open_timeout_s:g} s to load.") from None
        if "error" in answer:
            raise json_to_error(answer["error"])
        self._failures = 0
        self.open = True
        self._desk.changed()

    async def _listen(self, line: Line) -> None:
        """Hear the worker until it is lost."""
        loop = asyncio.get_running_loop()
        while True:
            message = await line.hear()
            self._heard_s = loop.time()
            if "facts" in message:
                self.facts = message["facts"]
            elif message.get("job") in self._jobs:
                self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        ticket, _ = self._jobs[message["job"]]
        if "event" in message:
            ticket.tell(JobEvent(state="progress", data=message["event"]))
            return
        self._drop(ticket.number)
        if "error" in message:
            with marked(ticket.mark):
                ticket.fail(json_to_error(message["error"]))
        else:
            ticket.finish(message["result"])
        self._desk.changed()

    def _drop(self, number: int) -> None:
        _, timer = self._jobs.pop(number)
        timer.cancel()

    def _note(self, error: Exception) -> None:
        """The worker is lost, or did not open: say so to whom it concerns."""
        error, self._verdict = self._verdict or error, None
        log.warning("A worker of the lane %r is begun anew: %s: %s", self._lane.name, type(error).__name__, error)
        for ticket in self.running:
            ticket.fail(WorkerLost(str(error)))
        if not self.open:
            passing = isinstance(error, WorkerLost | OSError)
            self._failing_since_s = self._failing_since_s if self._failures else time.monotonic()
            self._failures += 1 if passing else TRIES
            self._patience_s = (PASSING_S if self._begun else AWAY_S) if passing else 0.0
        self._desk.lost(error, opened=self.open)

    def _leave(self) -> None:
        """Forget the worker and what it had."""
        self.open = False
        self.facts = None
        for number in tuple(self._jobs):
            ticket = self._jobs[number][0]
            self._drop(number)
            ticket.fail(WorkerLost("The worker was stopped while the job ran."))

    async def _pause(self) -> None:
        """Wait before the next attempt; not long when somebody waits for it."""
        attempts = min(self._failures, 20)
        pause_s = min(FIRST_PAUSE_S * 2**attempts, LONGEST_PAUSE_S)
        if pause_s <= HURRY_S:
            await asyncio.sleep(pause_s)
            return
        self._hurry.clear()
        await asyncio.sleep(HURRY_S)
        if not self._desk.jobs_wait:
            try:
                async with asyncio.timeout(pause_s - HURRY_S):
                    await self._hurry.wait()
            except TimeoutError:
                return

    def _out_of_time(self, ticket: Ticket) -> None:
        ticket.fail(JobError(f"The job took longer than {self._lane.timeout_s:g} s and was given up."))
        silent_s = asyncio.get_running_loop().time() - self._heard_s
        if self._lane.shape == "resident" and silent_s < SILENCE_S:
            self.give_up(ticket)
        else:
            self._condemn("The worker hung and was stopped.")

    def _out_of_patience(self, ticket: Ticket) -> None:
        self._condemn(f"The worker did not finish a withdrawn job of kind {ticket.kind!r} and was stopped.")

    def _condemn(self, why: str) -> None:
        if self._line is not None:
            self._verdict = WorkerLost(why)
            self._line.kill()


async def _through(work: Coroutine[Any, Any, None]) -> None:
    """See `work` through to its end, and be cancelled only then."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        raise asyncio.CancelledError
