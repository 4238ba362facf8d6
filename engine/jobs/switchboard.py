"""Lines to workers on a cluster, all through one gateway process of ours (`engine.jobs.gateway`).

    keeper ── FarLine ─┐                                      ┌─ actor, on some machine
    keeper ── FarLine ─┼─ Switchboard ── pipe ── gateway ─────┼─ actor
    keeper ── FarLine ─┘   this process          knows Ray    └─ actor

In: the cluster's address. Out: lines; how large the cluster is, whenever that changes. Conventions: the pipe's lines
are a verb, the number of a line, and what the verb is about (see `engine.jobs.gateway`); the gateway is begun when the
first line connects, and again after it died. Caveat: when the gateway is lost, all lines are, and what they had.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.errors import WorkerLost
from engine.jobs.job import Lane
from engine.jobs.pipe import Pipe

log = logging.getLogger(__name__)

CONNECT_S = 90.0
"""How long the gateway may take to reach the cluster."""
STOP_S = 10.0
"""How long it may take to leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a cluster consists of: living machines, cores, GPUs."""

    nodes: int
    cpus: int
    gpus: int


class Switchboard:
    """`on_size`: called when the size is known, and when it has changed."""

    def __init__(self, address: str, level: str, on_size: Callable[[Size], None]) -> None:
        self._arguments = (address, level)
        self._on_size = on_size
        self._pipe: Pipe | None = None
        self._lines: dict[int, FarLine] = {}
        self._numbers = itertools.count(1)
        self._attempt: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The gateway's process."""
        return self._pipe.pid if self._pipe is not None else None

    async def ready(self) -> None:
        """Return when the gateway has reached the cluster; several may wait for the same attempt."""
        if self._listening is None or self._listening.done():
            if self._attempt is None or self._attempt.done():
                self._attempt = asyncio.create_task(self._begin())
            await asyncio.shield(self._attempt)

    def connect(self, line: FarLine, lane: Lane) -> int:
        """Give a line its number, and begin its worker."""
        number = next(self._numbers)
        self._lines[number] = line
        self.post("connect", number, json.dumps({"name": lane.name, "shape": lane.shape, "nice": lane.nice}))
        return number

    def post(self, verb: str, number: int, text: str = "") -> None:
        """Tell the gateway something."""
        if self._pipe is not None:
            self._pipe.post(f"{verb} {number} {text}")

    def forget(self, number: int) -> None:
        """A line has ended."""
        self._lines.pop(number, None)

    async def close(self) -> None:
        """End the gateway; it takes what is left of our workers from the cluster."""
        connected = self._listening is not None and not self._listening.done()
        for task in (self._attempt, self._listening):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._pipe is not None:
            await self._pipe.hang_up("stop 0", STOP_S if connected else 0.0)

    async def _begin(self) -> None:
        self._pipe = pipe = Pipe("cluster", "engine.jobs.gateway", *self._arguments)
        await pipe.connect()
        try:
            async with asyncio.timeout(CONNECT_S):
                verb, _, text = _parts(await pipe.hear())
            if verb != "size":
                raise WorkerLost(f"The cluster {self._arguments[0]} cannot be reached: {json.loads(text)}")
        except TimeoutError:
            await pipe.hang_up("", 0.0)
            raise WorkerLost(f"The cluster {self._arguments[0]} could not be reached within {CONNECT_S:g} s.") from None
        except WorkerLost:
            await pipe.hang_up("", 0.0)
            raise
        self._on_size(Size(**json.loads(text)))
        self._listening = asyncio.create_task(self._listen(pipe))

    async def _listen(self, pipe: Pipe) -> None:
        try:
            while True:
                self._hear(*_parts(await pipe.hear()))
        except WorkerLost as error:
            log.error("The gateway to the cluster was lost: %s", error)
            for line in tuple(self._lines.values()):
                line.lose("The gateway to the cluster was lost.")
            self._lines.clear()
            await pipe.hang_up("", 0.0)

    def _hear(self, verb: str, number: int, text: str) -> None:
        line = self._lines.get(number)
        if verb == "size":
            self._on_size(Size(**json.loads(text)))
        elif line is None:
            return
        elif verb == "heard":
            line.said(json.loads(text))
        else:
            line.lose(json.loads(text))


class FarLine:
    """A line to a worker on the cluster."""

    pid = None

    def __init__(self, board: Switchboard, lane: Lane) -> None:
        self._board = board
        self._lane = lane
        self._number: int | None = None
        self._heard: asyncio.Queue[dict[str, Any] | WorkerLost] = asyncio.Queue()
        self._lost = asyncio.Event()

    async def connect(self) -> None:
        """Begin the worker."""
        await self._board.ready()
        self._number = self._board.connect(self, self._lane)

    def post(self, text: str) -> None:
        """Send a message."""
        if self._number is not None:
            self._board.post("post", self._number, text)

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        said = await self._heard.get()
        if isinstance(said, WorkerLost):
            raise said
        return said

    def kill(self) -> None:
        """End the worker."""
        if self._number is not None:
            self._board.post("kill", self._number)

    async def hang_up(self, wait_s: float) -> None:
        """Ask the worker to stop; the gateway kills it when it does not."""
        if self._number is None:
            return
        if not self._lost.is_set():
            self._board.post("hang_up", self._number, str(wait_s))
            try:
                async with asyncio.timeout(wait_s + STOP_S):
                    await self._lost.wait()
            except TimeoutError:
                log.warning("A worker on the cluster was not seen to end.")
        self._board.forget(self._number)

    def said(self, message: dict[str, Any]) -> None:
        """The worker said something."""
        self._heard.put_nowait(message)

    def lose(self, why: str) -> None:
        """The worker has ended."""
        self._lost.set()
        self._heard.put_nowait(WorkerLost(why))


def _parts(line: str) -> tuple[str, int, str]:
    verb, number, text = line.split(" ", 2)
    return verb, int(number), text
