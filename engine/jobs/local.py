"""Jobs in one resident worker process of this machine: what is dear is loaded once and never in the caller's process.

In: the opener's name and its config. Out: an executor. Conventions: the worker speaks as `engine.jobs.worker` says; it
is started ahead, and again for the next job after it died. Caveat: a job that takes down the worker fails with
`JobError` and is not tried again, for it may well take down the next one too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections import deque
from typing import Any

from engine.errors import JobError
from engine.jobs.job import JobEvent, Json, as_json, json_to_error
from engine.jobs.serial import SerialExecutor, Ticket

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 2**20
STOP_S = 5.0


class LocalExecutor(SerialExecutor):
    """Owns one `python -m engine.jobs.worker` process. `open_timeout_s`: how long loading may take."""

    def __init__(
        self,
        opener: str,
        config: Json,
        *,
        timeout_s: float = 600.0,
        grace_s: float = 10.0,
        open_timeout_s: float = 180.0,
    ) -> None:
        super().__init__(timeout_s=timeout_s, grace_s=grace_s)
        self._opener = opener
        self._config = as_json(config)
        self._open_timeout_s = open_timeout_s
        self._process: asyncio.subprocess.Process | None = None
        self._murmur: asyncio.Task[None] | None = None
        self._last_words: deque[str] = deque(maxlen=20)
        self._count = 0

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is no worker."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def _warm(self) -> None:
        await self._worker()

    async def _perform(self, ticket: Ticket) -> dict[str, Any]:
        process = await self._worker()
        self._count += 1
        message = {"job": self._count, "kind": ticket.kind, "payload": ticket.payload}
        try:
            return await asyncio.wait_for(self._converse(process, message, ticket), self.timeout_s)
        except TimeoutError:
            await self._kill()
            raise JobError(f"The job took longer than {self.timeout_s:g} s and was given up.") from None

    async def _free(self, *, busy: bool) -> None:
        process = self._process
        if process is None:
            return
        if not busy and process.returncode is None:
            try:
                await self._write(process, {"stop": True})
                await asyncio.wait_for(process.wait(), STOP_S)
            except (JobError, TimeoutError):
                log.warning("The worker did not stop by itself; it was killed.")
        await self._kill()

    async def _worker(self) -> asyncio.subprocess.Process:
        """The living worker, started and opened if there is none."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._kill()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "engine.jobs.worker",
            self._opener,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_LINE_BYTES,
        )
        self._process = process
        self._murmur = asyncio.create_task(self._overhear(process))
        try:
            await asyncio.wait_for(self._open(process), self._open_timeout_s)
        except TimeoutError:
            await self._kill()
            raise JobError(f"The worker took longer than {self._open_timeout_s:g} s to load.") from None
        except BaseException:
            await self._kill()
            raise
        return process

    async def _open(self, process: asyncio.subprocess.Process) -> None:
        await self._write(process, {"open": self._config})
        answer = await self._read(process)
        if "error" in answer:
            raise json_to_error(answer["error"])

    async def _converse(self, process: asyncio.subprocess.Process, message: Json, ticket: Ticket) -> dict[str, Any]:
        """Send a job and listen until its result or error."""
        await self._write(process, message)
        while True:
            answer = await self._read(process)
            if answer.get("job") != message["job"]:
                continue
            if "event" in answer:
                ticket.tell(JobEvent(state="progress", data=answer["event"]))
            elif "error" in answer:
                raise json_to_error(answer["error"])
            else:
                result: dict[str, Any] = answer["result"]
                return result

    async def _write(self, process: asyncio.subprocess.Process, message: Json) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise await self._death(process) from None

    async def _read(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        try:
            line = await process.stdout.readline()
        except ValueError:
            await self._kill()
            raise JobError(f"The worker sent a line over {MAX_LINE_BYTES} bytes.") from None
        if not line.endswith(b"\n"):
            raise await self._death(process)
        message: dict[str, Any] = json.loads(line)
        return message

    async def _death(self, process: asyncio.subprocess.Process) -> JobError:
        """Bury a worker that hung up; the error says how it ended, the log what it said last."""
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        await self._kill()
        log.error(
            "The worker died with status %s; its last words:\n%s", process.returncode, "\n".join(self._last_words)
        )
        return JobError(f"The worker process died with status {process.returncode} while it ran the job.")

    async def _kill(self) -> None:
        """End the worker if it lives and let go of its pipes."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        if self._murmur is not None:
            await asyncio.gather(self._murmur, return_exceptions=True)
            self._murmur = None
        if process.stdin is not None:
            process.stdin.close()

    async def _overhear(self, process: asyncio.subprocess.Process) -> None:
        """Keep the last lines of the worker's standard error, and log them."""
        assert process.stderr is not None
        self._last_words.clear()
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").rstrip()
            self._last_words.append(text)
            log.debug("worker: %s", text)
