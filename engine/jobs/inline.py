"""Jobs in threads of this process: for the command line, for tests, and wherever a second process is not wanted.

In: lanes and the openers' config. Out: an executor. Conventions: each worker is one thread, never the event loop's.
Caveat: a thread cannot be killed, so one that is given up goes on unseen until its job ends.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import traceback
from typing import Any

from engine.errors import WorkerLost
from engine.jobs.job import Json, Lane
from engine.jobs.lanes import LaneExecutor
from engine.jobs.line import Line
from engine.jobs.work import Inbox, work


class InlineExecutor(LaneExecutor):
    """Its workers are threads."""

    def new_line(self, lane: Lane) -> Line:
        """A line to a thread."""
        return ThreadLine()


class ThreadLine:
    """To a thread by a queue, back by the event loop's own mailbox."""

    pid = None

    def __init__(self) -> None:
        self._inbox: Inbox = queue.SimpleQueue()
        self._heard: asyncio.Queue[str | WorkerLost] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def connect(self) -> None:
        """Begin the thread."""
        threading.Thread(target=self._live, name="tunesmith-job", daemon=True).start()

    def post(self, text: str) -> None:
        """Send a message."""
        self._inbox.put(json.loads(text))

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        said = await self._heard.get()
        if isinstance(said, WorkerLost):
            raise said
        message: dict[str, Any] = json.loads(said)
        return message

    def kill(self) -> None:
        """Let go of the thread; it ends after its job."""
        self._inbox.put({"stop": True})
        self._heard.put_nowait(WorkerLost("The worker's thread was given up."))

    async def hang_up(self, wait_s: float) -> None:
        """Ask the thread to stop, and wait for it for a while."""
        self._inbox.put({"stop": True})
        if wait_s:
            await asyncio.wait({asyncio.ensure_future(self._ended.wait())}, timeout=wait_s)

    def _live(self) -> None:
        """Runs in the thread."""
        try:
            work(self._inbox, self._send)
            last = WorkerLost("The worker's thread has ended.")
        except BaseException as error:
            traceback.print_exc()
            last = WorkerLost(f"The worker's thread died of {type(error).__name__}: {error}")
        self._on_loop(self._heard.put_nowait, last)
        self._on_loop(self._ended.set)

    def _send(self, message: Json) -> None:
        """Runs in the thread."""
        self._on_loop(self._heard.put_nowait, json.dumps(message))

    def _on_loop(self, call: Any, *values: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *values)
