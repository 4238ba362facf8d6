"""Jobs in processes of this machine: what is dear is loaded once a worker, and never in the caller's process.

In: lanes and the openers' config. Out: an executor. Conventions: workers speak as `engine.jobs.worker` says; they are
begun ahead, and anew after they died. Caveat: jobs that a dead worker had fail with `WorkerLost` and are not tried
again here, for one of them may well have killed it.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from engine.jobs.job import Lane
from engine.jobs.lanes import LaneExecutor
from engine.jobs.line import Line
from engine.jobs.pipe import Pipe


class LocalExecutor(LaneExecutor):
    """Its workers are processes `python -m engine.jobs.worker`."""

    def new_line(self, lane: Lane) -> Line:
        """A line to a process."""
        return ProcessLine(lane)


class ProcessLine:
    """To a process by its standard input, back by its standard output; its standard error is logged."""

    def __init__(self, lane: Lane) -> None:
        self._pipe = Pipe(lane.name, "engine.jobs.worker", str(lane.nice), level_name())

    @property
    def pid(self) -> int | None:
        """The process; None before it has begun and after its end."""
        return self._pipe.pid

    async def connect(self) -> None:
        """Begin the process."""
        await self._pipe.connect()

    def post(self, text: str) -> None:
        """Send a message."""
        self._pipe.post(text)

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        message: dict[str, Any] = json.loads(await self._pipe.hear())
        return message

    def kill(self) -> None:
        """End the process."""
        self._pipe.kill()

    async def hang_up(self, wait_s: float) -> None:
        """Ask the process to stop, kill it when it does not."""
        await self._pipe.hang_up('{"stop": true}', wait_s)


def level_name() -> str:
    """The level that children should log at: our own."""
    return logging.getLevelName(logging.getLogger().getEffectiveLevel())
