"""Jobs on a Ray cluster: workers are actors, one per GPU of a resident lane, of a pool some on each machine.

In: the cluster's address, lanes, the openers' config. Out: an executor; or, by `open_executor`, whichever executor the
settings mean. Conventions: this process never loads Ray: a gateway process of ours does (`engine.jobs.switchboard`), so
that neither Ray's weight nor its ways of ending a process are the bot's. Caveat: machines of the cluster need the same
program, installed in the same Python, with the same Ray.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.jobs.job import Executor, Json, Lane
from engine.jobs.lanes import LaneExecutor
from engine.jobs.line import Line
from engine.jobs.local import LocalExecutor, level_name
from engine.jobs.switchboard import FarLine, Size, Switchboard


def open_executor(cluster: str | None, lanes: Sequence[Lane], config: Json) -> Executor:
    """The executor for a cluster's address (`auto` or `ray://host:port`), or for this machine alone."""
    return LocalExecutor(lanes, config) if cluster is None else RayExecutor(cluster, lanes, config)


class RayExecutor(LaneExecutor):
    """Its workers are actors of the Ray cluster at `address`."""

    def __init__(
        self,
        address: str,
        lanes: Sequence[Lane],
        config: Json,
        *,
        grace_s: float = 10.0,
        open_timeout_s: float = 180.0,
    ) -> None:
        super().__init__(lanes, config, grace_s=grace_s, open_timeout_s=open_timeout_s)
        self._board = Switchboard(address, level_name(), self._resize)

    @property
    def gateway_pid(self) -> int | None:
        """The process that knows Ray."""
        return self._board.pid

    def new_line(self, lane: Lane) -> Line:
        """A line to an actor."""
        return FarLine(self._board, lane)

    async def close(self, *, grace_s: float | None = None) -> None:
        """Refuse the waiting jobs, give the running ones so many seconds, leave the cluster. Safe to call twice."""
        await super().close(grace_s=grace_s)
        await self._board.close()

    def _resize(self, size: Size) -> None:
        for queue in self.queues:
            queue.resize(workers_of(queue.lane, size))


def workers_of(lane: Lane, size: Size) -> int:
    """How many workers of a lane suit a cluster: residents one a GPU, pools as many on each machine as on one."""
    if lane.shape == "resident":
        return size.gpus or lane.workers
    return max(1, min(lane.workers * size.nodes, size.cpus))
