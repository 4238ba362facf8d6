"""How late the event loop is: a task that sleeps for a fixed time and sees by how much it overslept.

In: a running loop. Out: each lateness in seconds, and the worst of late. Conventions: when the loop is late, so is
everything that the process does, Discord's heartbeat too. Caveat: a machine that is busy with other programs looks the
same as a blocked loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

EVERY_S = 0.25
KEPT_S = 60.0


class Lateness:
    """Watches while `watch` runs. `told` gets every lateness in seconds."""

    def __init__(self, told: Callable[[float], None], *, every_s: float = EVERY_S) -> None:
        self._told = told
        self._every_s = every_s
        self._late: deque[tuple[float, float]] = deque()

    async def watch(self) -> None:
        """For ever, until cancelled."""
        while True:
            due = time.monotonic() + self._every_s
            await asyncio.sleep(self._every_s)
            now = time.monotonic()
            late_s = max(0.0, now - due)
            self._told(late_s)
            self._late.append((now, late_s))
            while self._late[0][0] < now - KEPT_S:
                self._late.popleft()

    @property
    def worst_s(self) -> float:
        """The worst lateness of the last minute."""
        return max((late_s for _, late_s in self._late), default=0.0)
