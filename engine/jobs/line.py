"""The line from an executor to one worker: messages of `engine.jobs.work` as text there, as JSON objects back.

A thread, a process and a cluster's actor differ in their lines alone. Conventions: all methods belong to the event
loop; that a worker is gone shows in `hear`, and nowhere else. Caveat: a line serves once; a new worker has a new one.
"""

from __future__ import annotations

from typing import Any, Protocol


class Line(Protocol):
    """One worker, as whoever keeps it sees it."""

    @property
    def pid(self) -> int | None:
        """The worker's process; None where it has none, or none any more."""

    async def connect(self) -> None:
        """Begin the worker. Raises `OSError` or `WorkerLost` when that cannot be done now."""

    def post(self, text: str) -> None:
        """Send a message; one that does not arrive is no error, for `hear` will say why."""

    async def hear(self) -> dict[str, Any]:
        """The worker's next message; raises `WorkerLost`, saying how it ended, when there will be none."""

    def kill(self) -> None:
        """End the worker in the middle of whatever it does; `hear` then raises."""

    async def hang_up(self, wait_s: float) -> None:
        """Ask the worker to stop, kill it when it has not after so many seconds (at once when 0), free everything."""
