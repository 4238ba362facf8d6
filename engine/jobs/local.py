"""Jobs in processes of this machine: what is dear is loaded once a worker, and never in the caller's process.

In: lanes and the openers' config. Out: an executor. Conventions: workers speak as `engine.jobs.worker` says; they are
begun ahead, and anew after they died. Caveat: jobs that a dead worker had fail with `WorkerLost` and are not tried
again here, for one of them may well have killed it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from typing import Any

from engine.errors import WorkerLost
from engine.jobs.job import Lane
from engine.jobs.lanes import LaneExecutor
from engine.jobs.line import Line

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 2**20
BURIAL_S = 5.0
"""How long a worker that hung up may take to end."""


class LocalExecutor(LaneExecutor):
    """Its workers are processes `python -m engine.jobs.worker`."""

    def new_line(self, lane: Lane) -> Line:
        """A line to a process."""
        return ProcessLine(lane.nice)


class ProcessLine:
    """To a process by its standard input, back by its standard output; its standard error is logged."""

    def __init__(self, nice: int) -> None:
        self._nice = nice
        self._process: Process | None = None
        self._murmur: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=20)

    @property
    def pid(self) -> int | None:
        """The process; None before it has begun and after its end."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def connect(self) -> None:
        """Begin the process."""
        command = (sys.executable, "-m", "engine.jobs.worker", str(self._nice))
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=MAX_LINE_BYTES
        )
        self._murmur = asyncio.create_task(self._overhear(self._process))

    def post(self, text: str) -> None:
        """Send a message."""
        stream = self._process.stdin if self._process is not None else None
        if stream is not None and not stream.is_closing():
            stream.write(text.encode() + b"\n")

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        try:
            line = await process.stdout.readline()
        except ValueError:
            raise WorkerLost(f"The worker sent a line over {MAX_LINE_BYTES} bytes.") from None
        if not line.endswith(b"\n"):
            raise await self._death(process)
        message: dict[str, Any] = json.loads(line)
        return message

    def kill(self) -> None:
        """End the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def hang_up(self, wait_s: float) -> None:
        """Ask the process to stop, kill it when it does not, let go of its pipes."""
        process = self._process
        if process is None:
            return
        if wait_s:
            self.post('{"stop": true}')
            try:
                await asyncio.wait_for(process.wait(), wait_s)
            except TimeoutError:
                log.warning("A worker did not stop by itself; it was killed.")
        self.kill()
        await process.wait()
        if self._murmur is not None:
            await asyncio.gather(self._murmur, return_exceptions=True)
        if process.stdin is not None:
            process.stdin.close()

    async def _death(self, process: Process) -> WorkerLost:
        """How the worker ended, now that it hung up; the log has what it said last."""
        try:
            await asyncio.wait_for(process.wait(), BURIAL_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        log.error("A worker died with status %s; its last words:\n%s", process.returncode, "\n".join(self._last_words))
        return WorkerLost(f"The worker process died with status {process.returncode} while it ran the job.")

    async def _overhear(self, process: Process) -> None:
        """Keep the last lines of the worker's standard error, and log them."""
        assert process.stderr is not None
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").rstrip()
            self._last_words.append(text)
            log.debug("worker: %s", text)
