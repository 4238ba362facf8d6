"""Jobs in a thread of this process: for the command line, for tests, and wherever a second process is not wanted.

In: the opener's name and its config. Out: an executor. Conventions: opener and handler run in one thread of their own,
never on the event loop. Caveat: a thread cannot be killed, so a job that runs out of time goes on unseen to its end.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.errors import JobError
from engine.jobs.job import Handler, JobEvent, Json, as_json, error_to_json, json_to_error, resolve
from engine.jobs.serial import SerialExecutor, Ticket


class InlineExecutor(SerialExecutor):
    """Calls `opener(config)` once and the handler a job at a time, in a thread."""

    def __init__(self, opener: str, config: Json, *, timeout_s: float = 600.0, grace_s: float = 10.0) -> None:
        super().__init__(timeout_s=timeout_s, grace_s=grace_s)
        self._opener = opener
        self._config = as_json(config)
        self._handler: Handler | None = None
        self._thread = _new_thread()

    async def _warm(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def _perform(self, ticket: Ticket) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, self._call, ticket, loop)
        try:
            return await asyncio.wait_for(work, self.timeout_s)
        except TimeoutError:
            self._thread.shutdown(wait=False)
            self._thread, self._handler = _new_thread(), None
            raise JobError(f"The job took longer than {self.timeout_s:g} s and was given up.") from None

    async def _free(self, *, busy: bool) -> None:
        self._handler = None
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _open(self) -> Handler:
        """Runs in the thread."""
        if self._handler is None:
            try:
                self._handler = resolve(self._opener)(self._config)
            except Exception as error:
                raise json_to_error(error_to_json(error)) from error
        return self._handler

    def _call(self, ticket: Ticket, loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
        """Runs in the thread."""

        def emit(data: Json) -> None:
            event = JobEvent(state="progress", data=as_json(data))
            if not loop.is_closed():
                loop.call_soon_threadsafe(ticket.tell, event)

        handler = self._open()
        try:
            return as_json(handler(ticket.kind, ticket.payload, emit))
        except Exception as error:
            raise json_to_error(error_to_json(error)) from error


def _new_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="tunesmith-job")
