"""A child process that speaks in lines of text: in by its standard input, out by its standard output.

In: a command line; lines. Out: lines; the child's log, as this process's own (`engine.jobs.marks`). Conventions: the
child is ended with us, for its standard input then ends. Caveat: what is sent is kept in memory until the child reads
it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque

from engine.errors import WorkerLost
from engine.jobs.marks import overheard

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 2**20
BURIAL_S = 5.0
"""How long a child that hung up may take to end."""


class Pipe:
    """`module`: run as `python -m`; `name`: whose log it is."""

    def __init__(self, name: str, module: str, *arguments: str) -> None:
        self._name = name
        self._command = (sys.executable, "-m", module, *arguments)
        self._process: Process | None = None
        self._murmur: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=20)
        self._killed = False

    @property
    def pid(self) -> int | None:
        """The process; None before it has begun and after its end."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def connect(self) -> None:
        """Begin the process. Raises `OSError`."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=MAX_LINE_BYTES
        )
        self._murmur = asyncio.create_task(self._overhear(self._process))

    def post(self, line: str) -> None:
        """Send a line; one that does not arrive is no error, for `hear` will say why."""
        stream = self._process.stdin if self._process is not None else None
        if stream is not None and not stream.is_closing():
            stream.write(line.encode() + b"\n")

    async def hear(self) -> str:
        """The next line; raises `WorkerLost`, saying how the process ended, when there will be none."""
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            raise WorkerLost(f"The worker sent a line over {MAX_LINE_BYTES} bytes.") from None
        if not line.endswith(b"\n"):
            raise await self._death(self._process)
        return line.decode()

    def kill(self) -> None:
        """End the process at once."""
        self._killed = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def hang_up(self, last: str, wait_s: float) -> None:
        """Send a last line, kill the process when it has not ended after so many seconds, let go of its pipes."""
        process = self._process
        if process is None:
            return
        if wait_s:
            self.post(last)
            try:
                async with asyncio.timeout(wait_s):
                    await process.wait()
            except TimeoutError:
                log.warning("A worker of %s did not stop by itself; it was killed.", self._name)
        self.kill()
        await process.wait()
        if self._murmur is not None:
            await asyncio.gather(self._murmur, return_exceptions=True)
        if process.stdin is not None:
            process.stdin.close()

    async def _death(self, process: Process) -> WorkerLost:
        """How the process ended, now that it hung up; the log has what it said last."""
        try:
            async with asyncio.timeout(BURIAL_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        if not self._killed:
            words = "\n".join(self._last_words)
            log.error("A worker of %s died with status %s; its last words:\n%s", self._name, process.returncode, words)
        return WorkerLost(f"The worker process died with status {process.returncode}.")

    async def _overhear(self, process: Process) -> None:
        """Keep the last lines of the standard error, and log them."""
        assert process.stderr is not None
        try:
            while line := await process.stderr.readline():
                text = line.decode(errors="replace").rstrip()
                self._last_words.append(text)
                overheard(self._name, text)
        except ValueError:
            log.warning("A worker of %s wrote a line over %d bytes to its log.", self._name, MAX_LINE_BYTES)
            process.kill()
