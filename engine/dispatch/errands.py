"""What is done on the side, while nobody waits for it.

In: coroutines. Out: their effects; what goes wrong in one is logged. Caveat: what is not done when the studio closes is
left; rows and the next opening's sweep remember what matters.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Errands:
    """Call it with a coroutine."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, errand: Coroutine[Any, Any, None]) -> None:
        """Begin an errand."""
        task = asyncio.create_task(errand)
        self._running.add(task)
        task.add_done_callback(self._over)

    async def close(self) -> None:
        """Give up what is not done."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Something on the side went wrong.", exc_info=error)
