"""Loops that go on for ever: begun anew when something breaks in them, ended by whoever began them.

In: coroutine functions that do not return. Out: tasks. Conventions: a database that is away is a warning, once until it
was back; anything else is an error with its traceback. Caveat: belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from time import monotonic
from typing import Any

from engine.errors import StoreError

TROUBLE_S = 1.0
CALM_S = 30.0
"""A loop that went on for so long was well."""
STOP_S = 2.0
"""What has not ended after so long is cancelled once more."""
log = logging.getLogger(__name__)
Loop = Callable[[], Coroutine[Any, Any, None]]


class Loops:
    """`start` some, `stop` all. `of`: whose they are, for the log. `trouble`: what broke one of them last; who knows
    that it is over sets it to None.
    """

    def __init__(self, of: str) -> None:
        self._of = of
        self.trouble: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    def start(self, *loops: Loop) -> None:
        """Begin these."""
        for loop in loops:
            self._begin(loop)

    async def stop(self, *others: asyncio.Task[None]) -> None:
        """End all of them, and with them these other tasks."""
        self._is_stopped = True
        tasks = going = {*self._tasks, *others}
        for task in tasks:
            if not task.cancelling():
                task.cancel()
        while going:
            _, going = await asyncio.wait(going, timeout=STOP_S)
            for task in going:  # libraries lose a cancellation now and then
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, loop: Loop) -> None:
        if not self._is_stopped:
            task = asyncio.create_task(loop(), name=f"{self._of} {loop.__name__}")
            self._tasks.add(task)
            task.add_done_callback(partial(self._ended, loop, monotonic()))

    def _ended(self, loop: Loop, began: float, task: asyncio.Task[None]) -> None:
        """Say what broke it, and begin it anew after a while."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if self._is_stopped:
            return
        is_news = self.trouble is None or monotonic() - began > CALM_S
        self.trouble = str(error)
        if isinstance(error, StoreError):
            log.log(logging.WARNING if is_news else logging.DEBUG, "%s", error)
        else:
            log.error("A loop of the %s broke and is begun anew.", self._of, exc_info=error)
        task.get_loop().call_later(TROUBLE_S, self._begin, loop)
