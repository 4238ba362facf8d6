"""Loops that go on for ever: begun anew when something breaks in them, ended by whoever began them.

In: coroutine functions that do not return. Out: tasks. Conventions: a database that is away is a warning once, anything
else an error with its traceback. Caveat: belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from engine.errors import StoreError

TROUBLE_S = 1.0
log = logging.getLogger(__name__)


class Loops:
    """`start` some, `stop` all. `of`: whose they are, for the log."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *loops: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin these."""
        for loop in loops:
            self._tasks.append(asyncio.create_task(self._kept_up(loop), name=f"{self._of} {loop.__name__}"))

    async def stop(self) -> None:
        """End all of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _kept_up(self, loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
        was_away = False
        while True:
            task = asyncio.create_task(loop())
            try:
                await asyncio.wait({task})
            finally:
                task.cancel()
            error = task.exception()
            is_away = isinstance(error, StoreError)
            if is_away:
                log.log(logging.DEBUG if was_away else logging.WARNING, "%s", error)
            else:
                log.error("A loop of the %s broke and is begun anew.", self._of, exc_info=error)
            was_away = is_away
            await asyncio.sleep(TROUBLE_S)
