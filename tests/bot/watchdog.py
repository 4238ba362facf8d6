"""Does anything keep the event loop from running? Measured by how late a short sleep ends.

Where the system tells how long a thread waited for a core (Linux), that time is taken off: a busy machine is not the
program's fault. What is left is work on the loop, or waiting that does not give way to others."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

SLEEP_S = 0.01
LIMIT_S = 0.05
SCHEDULE = Path("/proc/thread-self/schedstat")


class Watchdog:
    """`task = asyncio.create_task(watchdog.watch())`; `worst_s` is the longest that the loop was kept busy at once,
    `worst_late_s` the same with the time in which this thread had no core."""

    def __init__(self) -> None:
        self.worst_s = 0.0
        self.worst_late_s = 0.0

    async def watch(self) -> None:
        while True:
            began, waited = time.perf_counter(), _waited_for_a_core_s()
            await asyncio.sleep(SLEEP_S)
            late_s = time.perf_counter() - began - SLEEP_S
            self.worst_late_s = max(self.worst_late_s, late_s)
            self.worst_s = max(self.worst_s, late_s - (_waited_for_a_core_s() - waited))

    def forget(self) -> None:
        """Measure anew: what went before, such as the start, does not count."""
        self.worst_s = self.worst_late_s = 0.0

    def report(self, path: Path) -> None:
        """Write the figures down."""
        path.write_text(json.dumps({"worst_s": self.worst_s, "worst_late_s": self.worst_late_s}))


def _waited_for_a_core_s() -> float:
    """How long this thread was ready to run and did not, so far."""
    try:
        return int(SCHEDULE.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
