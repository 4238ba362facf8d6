"""The queues of an executor: one a lane, first come, first served; whichever worker has most room gets the next job.

In: `submit` calls. Out: results, and events on the event loop. Conventions: an executor says how a line to a worker is
made, and nothing else. Caveat: a job waits in memory here; what must outlive the process is the store's business.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Any

from engine.errors import JobError, TunesmithError, WorkerLost
from engine.jobs.job import JobEvent, Json, Lane, LaneState, OnEvent
from engine.jobs.keeper import Keeper
from engine.jobs.line import Line
from engine.jobs.marks import job_id
from engine.jobs.ticket import Ticket
from engine.jobs.wire import to_text

log = logging.getLogger(__name__)


class LaneExecutor(ABC):
    """Base of the executors. `grace_s`: how long `close` waits; `open_timeout_s`: how long opening may take."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        config: Json,
        *,
        grace_s: float = 10.0,
        open_timeout_s: float = 180.0,
    ) -> None:
        to_text(config)
        self._config = config
        self.grace_s = grace_s
        self.open_timeout_s = open_timeout_s
        self.queues = tuple(LaneQueue(self, lane) for lane in lanes)
        self._by_kind = {kind: lane for lane in self.queues for kind in lane.lane.kinds}
        self._numbers = itertools.count(1)
        self._started = False
        self._closed = False

    @property
    def config(self) -> Json:
        """What openers are called with."""
        return self._config

    @abstractmethod
    def new_line(self, lane: Lane) -> Line:
        """A line to a worker of the lane; it has not begun."""

    async def start(self) -> None:
        """Begin to take jobs; loading goes on in the background."""
        if not self._started and not self._closed:
            self._started = True
            for queue in self.queues:
                queue.changed()

    async def submit(self, kind: str, payload: Json, on_event: OnEvent | None = None) -> dict[str, Any]:
        """Run a job and return its result; `on_event` is called on the event loop. Raises what the job raised."""
        if self._closed or not self._started:
            raise JobError("The job runner is not open.")
        queue = self._by_kind.get(kind)
        if queue is None:
            raise JobError(f"No lane takes jobs of kind {kind!r}; known are {', '.join(sorted(self._by_kind))}.")
        result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        ticket = Ticket(next(self._numbers), kind, to_text(payload), job_id.get(), on_event, result)
        queue.put(ticket)
        try:
            return await result
        finally:
            queue.withdraw(ticket)

    async def close(self, *, grace_s: float | None = None) -> None:
        """Refuse the waiting jobs, give the running ones `grace_s` seconds, then free everything. Safe to call twice.

        Jobs that nobody waits for any more get no grace.
        """
        self._closed = True
        for queue in self.queues:
            queue.refuse_waiting()
        running = {ticket.result for queue in self.queues for ticket in queue.running}
        if running:
            wait_s = self.grace_s if grace_s is None else grace_s
            _, unfinished = await asyncio.wait(running, timeout=wait_s)
            if unfinished:
                log.warning("%d jobs still ran %g s after closing began; they were given up.", len(unfinished), wait_s)
        for queue in self.queues:
            for ticket in queue.running:
                ticket.fail(WorkerLost("The job runner was closed while the job ran."))
        await asyncio.gather(*(queue.stop() for queue in self.queues))

    def state(self) -> tuple[LaneState, ...]:
        """How the lanes do; costs nothing."""
        return tuple(queue.state() for queue in self.queues)


class LaneQueue:
    """A lane: who waits, and the keepers of its workers."""

    def __init__(self, executor: LaneExecutor, lane: Lane) -> None:
        self.lane = lane
        self._executor = executor
        self._wanted = lane.workers
        self._waiting: deque[Ticket] = deque()
        self._keepers: dict[Keeper, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._restarts = 0
        self._last_error: str | None = None

    @property
    def jobs_wait(self) -> bool:
        """Whether anybody waits for a worker."""
        return bool(self._waiting)

    @property
    def running(self) -> list[Ticket]:
        """Jobs in workers that somebody waits for."""
        return [ticket for keeper in self._keepers for ticket in keeper.running]

    def resize(self, workers: int) -> None:
        """From now on so many workers; those that are too many leave when they have nothing in hand."""
        self._wanted = workers
        self.changed()

    async def stop(self) -> None:
        """End the workers."""
        self._wanted = 0
        self._leaving.update(self._keepers.values())
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        self._keepers.clear()

    def put(self, ticket: Ticket) -> None:
        """A new job: at the end of the queue, or with a worker at once."""
        self._waiting.append(ticket)
        ticket.tell(JobEvent(state="queued", ahead=self._ahead(len(self._waiting) - 1)))
        self.changed()
        if self._waiting:
            for keeper in self._keepers:
                keeper.hurry()

    def withdraw(self, ticket: Ticket) -> None:
        """Nobody waits for this job any more, or it has ended."""
        if ticket in self._waiting:
            self._waiting.remove(ticket)
            self._tell_positions()
        else:
            for keeper in self._keepers:
                keeper.give_up(ticket)

    def refuse_waiting(self) -> None:
        """Fail those that have not begun."""
        self._fail_waiting(WorkerLost("The job runner was closed before the job began."))

    def changed(self) -> None:
        """A worker has room, or has lost it: see that there are enough of them, and hand out what waits."""
        self._fit()
        dealt = False
        while self._waiting and (keepers := [keeper for keeper in self._keepers if keeper.has_room]):
            ticket = self._waiting.popleft()
            dealt = True
            if not ticket.result.done():
                min(keepers, key=lambda keeper: keeper.load).take(ticket)
        if dealt:
            self._tell_positions()

    def new_line(self) -> Line:
        """A line to a worker that has not begun."""
        return self._executor.new_line(self.lane)

    def lost(self, error: Exception, *, opened: bool) -> None:
        """A worker was lost; when none will open, the waiting jobs learn why."""
        self._restarts += 1
        self._last_error = f"{type(error).__name__}: {error}"
        if not opened and all(keeper.hopeless for keeper in self._keepers):
            self._fail_waiting(error)

    def state(self) -> LaneState:
        """How the lane does."""
        return LaneState(
            name=self.lane.name,
            wanted=self._wanted,
            alive=sum(keeper.open for keeper in self._keepers),
            running=len(self.running),
            waiting=len(self._waiting),
            at_once=self.lane.room,
            restarts=self._restarts,
            last_error=self._last_error,
            facts=tuple(keeper.facts for keeper in self._keepers if keeper.facts is not None),
            pids=tuple(keeper.pid for keeper in self._keepers if keeper.pid is not None),
        )

    def _fit(self) -> None:
        """Begin workers that are lacking; let go of one that is too many and has nothing in hand."""
        while len(self._keepers) < self._wanted:
            keeper = Keeper(self, self._executor.config, self._executor.open_timeout_s)
            self._keepers[keeper] = asyncio.create_task(keeper.run())
        for keeper in sorted(self._keepers, key=lambda keeper: keeper.open):
            if len(self._keepers) > self._wanted and not keeper.load:
                task = self._keepers.pop(keeper)
                task.cancel()
                self._leaving.add(task)
                task.add_done_callback(self._leaving.discard)

    def _ahead(self, index: int) -> int:
        return index + len(self.running)

    def _tell_positions(self) -> None:
        for index, ticket in enumerate(tuple(self._waiting)):
            ticket.tell(JobEvent(state="queued", ahead=self._ahead(index)))

    def _fail_waiting(self, error: Exception) -> None:
        while self._waiting:
            self._waiting.popleft().fail(_afresh(error))


def _afresh(error: Exception) -> TunesmithError:
    """The same error once more, for one raised in several places would gather all their tracebacks."""
    if isinstance(error, TunesmithError):
        return type(error)(str(error))
    return WorkerLost(f"The worker cannot be begun: {error}")
