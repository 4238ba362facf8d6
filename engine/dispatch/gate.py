"""Many may work together, but a suspect works alone.

    with everybody:  together … together │ alone │ together …

In: who wants to work, and whether alone. Out: leave to begin, first come, first served. Conventions: whoever works
alone waits until all others have left; `width` may be alone at once, each by itself on a worker of its own. Caveat:
that suspects come to different workers is the executor's doing, which gives jobs to the least busy one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Gate:
    """`async with gate.entered(alone=…)`. `width`: asked each time, for workers come and go."""

    def __init__(self, width: Callable[[], int]) -> None:
        self._width = width
        self._together = 0
        self._alone = 0
        self._waiting: deque[tuple[bool, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def entered(self, *, alone: bool) -> AsyncIterator[None]:
        """Wait for leave, work, go."""
        await self._enter(alone)
        try:
            yield
        finally:
            self._count(alone, -1)
            self._admit()

    async def _enter(self, alone: bool) -> None:
        ticket = (alone, asyncio.get_running_loop().create_future())
        self._waiting.append(ticket)
        self._admit()
        try:
            await ticket[1]
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
            elif ticket[1].done() and not ticket[1].cancelled():
                self._count(alone, -1)  # it was let in at the same moment
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting:
            alone, leave = self._waiting[0]
            if leave.cancelled():
                self._waiting.popleft()
                continue
            has_room = self._alone < self._width() and not self._together if alone else not self._alone
            if not has_room:
                return
            self._waiting.popleft()
            self._count(alone, 1)
            leave.set_result(None)

    def _count(self, alone: bool, change: int) -> None:
        if alone:
            self._alone += change
        else:
            self._together += change
