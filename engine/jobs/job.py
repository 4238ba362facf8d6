"""The contract of jobs: a kind and a JSON payload go in, events come out on the way, a JSON object at the end.

    opener (named as a string "package.module:function")   config ─→ handler, or resident
    handler, of a pool's worker: one job at a time         kind, payload, emit ─→ result
    resident: many jobs at once, a little work for each    admit(job), step() ─→ told, done, failed

Kinds of jobs are taken by lanes; a lane is so many workers that have opened the same thing. Opening loads what is dear
once (networks, soundfont). Conventions: payloads, events, results and errors are JSON on every executor, so that a job
which works in one works in the other. Caveat: an error that is not of `engine.errors` comes out as `JobError` with its
class in the sentence; its traceback is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Json = Mapping[str, Any]
Emit = Callable[[Json], None]
Handler = Callable[[str, Json, Emit], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Some workers and what they do. `opener` is called once in each of them, with the executor's config.

    `workers`: of a pool on a cluster, on each of its machines. `at_once`: jobs that one worker has inside (of a pool
    always one). `nice`: added niceness of the processes. `timeout_s`: counted from when a worker got the job.
    """

    name: str
    kinds: tuple[str, ...]
    opener: str
    shape: Literal["resident", "pool"]
    workers: int = 1
    at_once: int = 1
    nice: int = 0
    timeout_s: float = 600.0

    @property
    def room(self) -> int:
        """Jobs that one worker has inside at most."""
        return self.at_once if self.shape == "resident" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A resident tells how far a job is."""

    job: str
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A resident has finished a job."""

    job: str
    result: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A job came to nothing; the resident's other jobs go on."""

    job: str
    error: Exception


class Resident(Protocol):
    """What the opener of a resident lane returns. It lives in one thread of its worker.

    An error that `step` or `facts` raises ends the worker and all jobs in it.
    """

    def admit(self, job: str, kind: str, payload: Json) -> None:
        """Take a job in; do no more than note it. What this raises fails that job alone."""

    def step(self) -> Sequence[Told | Done | Failed]:
        """A little work for everybody; called again and again while there is any."""

    def cancel(self, job: str) -> None:
        """Forget a job: nothing more is told of it. It may have ended already."""

    @property
    def idle(self) -> bool:
        """Whether `step` would have nothing to do."""

    def facts(self) -> Json:
        """How it does, for health and metrics; asked about once a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a job. `ahead`: jobs that come before it, the running ones included; `data`: what the
    worker told (for `progress`)."""

    state: Literal["queued", "started", "progress"]
    ahead: int = 0
    data: Json = field(default_factory=dict)


OnEvent = Callable[[JobEvent], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """How a lane does. `wanted`: workers it should have; `at_once`: jobs that each has inside at most; `alive`: those
    that have opened and not died; `restarts`: workers begun anew because one died, could not open, or was given up;
    `last_error`: why, the last time; `facts`: what each living worker of a resident lane told last; `pids`: the
    workers' processes.
    """

    name: str
    wanted: int
    alive: int
    running: int
    waiting: int
    at_once: int = 1
    restarts: int = 0
    last_error: str | None = None
    facts: tuple[Json, ...] = ()
    pids: tuple[int, ...] = ()


class Executor(Protocol):
    """Runs jobs in lanes, each lane first come, first served. All methods belong to one event loop."""

    async def start(self) -> None:
        """Begin; loading goes on in the background."""

    async def submit(self, kind: str, payload: Json, on_event: OnEvent | None = None) -> dict[str, Any]:
        """Run a job and return its result; `on_event` is called on the event loop. Raises what the job raised, and
        `WorkerLost` when its worker died.

        Cancelling the waiting task withdraws the job: it never begins, or a resident forgets it, or a pool's worker
        finishes it in vain (or is replaced, when that takes long).
        """

    async def close(self, *, grace_s: float | None = None) -> None:
        """Refuse the waiting jobs, give the running ones so many seconds, free everything. Safe to call twice."""

    def state(self) -> tuple[LaneState, ...]:
        """How the lanes do; costs nothing."""
