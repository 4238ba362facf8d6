"""What a Ray cluster is to jobs: lines to actors. The one home of ray; loaded by the gateway and by the cluster's
machines, never by whoever submits jobs.

In: the cluster's address. Out: lines. Conventions: every worker is an actor, those of pools too: tasks' processes would
be ended after a second's idleness where they and the actors are more than the machine has cores, and what they had
opened with them. An actor claims a core only while Ray looks for its place, so that lanes share machines as processes
do; pools go where fewest of their workers are. What an actor has to say is fetched by calls that wait for it, since
streams do not pass through `ray://`. Caveat: a machine's death is noticed when Ray notices it, see docs/cluster.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import socket
import threading
import traceback
from collections import Counter
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from engine.errors import WorkerLost
from engine.jobs.job import Json
from engine.jobs.line import Line
from engine.jobs.work import Inbox, work

TAKE_S = 10.0
"""How long an actor may wait for something to say before it answers that there is nothing."""
REACH_S = 5.0
"""How long a connection to the head may take; asked first, for Ray itself tries for minutes."""
RECONNECT_S = "10"
"""How long a machine that speaks `ray://` keeps our actors when we are suddenly gone."""
CALLS = 4
"""Calls that an actor answers at once: two are under way at most, and two may be left over."""


class Cluster:
    """A connection; a process has one."""

    def __init__(self, address: str) -> None:
        if found := re.fullmatch(r"(?:ray://)?\[?(.+?)\]?:(\d+)", address):
            socket.create_connection((found[1], int(found[2])), REACH_S).close()
        os.environ.setdefault("RAY_CLIENT_RECONNECT_GRACE_PERIOD", RECONNECT_S)
        ray.init(address, configure_logging=False, log_to_driver=False)
        self._actor = ray.remote(Actor)
        self._places: Counter[tuple[str, str]] = Counter()
        self._nodes: list[dict[str, Any]] = []
        self.look()

    def look(self) -> None:
        """Learn which machines there are now: those that live and have cores to offer."""
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        self._nodes = [node for node in nodes if node["Alive"] and node["Resources"].get("CPU")]

    @property
    def size(self) -> Json:
        """`{"nodes", "cpus", "gpus"}` of what was there at the last look."""
        nodes = self._nodes
        cpus, gpus = (int(sum(node["Resources"].get(kind, 0) for node in nodes)) for kind in ("CPU", "GPU"))
        return {"nodes": len(nodes), "cpus": cpus, "gpus": gpus}

    def leave(self) -> None:
        """Disconnect; Ray ends our actors."""
        ray.shutdown()

    def new_line(self, *, name: str, shape: str, nice: int) -> Line:
        """A line to a worker that has not begun."""
        options: dict[str, Any] = {"max_restarts": 0, "max_concurrency": CALLS}
        if shape == "resident" and self.size["gpus"]:
            options |= {"num_gpus": 1, "num_cpus": 0}
        if shape == "resident" or not self._nodes:
            return ActorLine(self._actor.options(**options), nice)
        node = min((node["NodeID"] for node in self._nodes), key=lambda node: (self._places[name, node], node))
        options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(node, soft=True)
        return ActorLine(self._actor.options(**options), nice, self._places, (name, node))


class ActorLine:
    """To an actor that lives as long as the line. `place`: what is counted in `places` meanwhile."""

    pid = None

    def __init__(
        self, kind: Any, nice: int, places: Counter[tuple[str, str]] | None = None, place: tuple[str, str] = ("", "")
    ) -> None:
        self._kind, self._nice = kind, nice
        self._places, self._place = places if places is not None else Counter(), place
        self._places[place] += 1
        self._actor: Any = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._unheard: list[str] = []
        self._sending: asyncio.Task[None] | None = None
        self._ended = False

    async def connect(self) -> None:
        """Begin the actor; Ray finds it a place."""
        self._actor = self._kind.remote(self._nice)
        self._sending = asyncio.create_task(self._send())

    def post(self, text: str) -> None:
        """Send a message."""
        self._unsent.put_nowait(text)

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        while not self._unheard:
            self._unheard = list(reversed(await _answer(self._actor.take.remote(TAKE_S))))
        message: dict[str, Any] = json.loads(self._unheard.pop())
        if "died" in message:
            raise WorkerLost(message["died"])
        return message

    def kill(self) -> None:
        """End the actor."""
        if self._actor is not None:
            with suppress(RayError, ConnectionError):
                ray.kill(self._actor)

    async def hang_up(self, wait_s: float) -> None:
        """Ask the actor to stop, and end it."""
        if self._ended:
            return
        self._ended = True
        self._places[self._place] -= 1
        if self._sending is not None:
            if wait_s:
                self.post('{"stop": true}')
                with suppress(TimeoutError, WorkerLost):
                    async with asyncio.timeout(wait_s):
                        await _answer(self._actor.ended.remote(wait_s))
            self._sending.cancel()
        self.kill()

    async def _send(self) -> None:
        """Hand over what is to be sent, one call after the other, for an actor may answer calls in any order."""
        with suppress(WorkerLost):
            while True:
                texts = [await self._unsent.get()]
                while not self._unsent.empty():
                    texts.append(self._unsent.get_nowait())
                await _answer(self._actor.post.remote(texts))


class Actor:
    """Runs on the cluster: a worker in a thread of its own, and its way in and out."""

    def __init__(self, nice: int) -> None:
        os.nice(nice)
        self._inbox: Inbox = queue.SimpleQueue()
        self._outbox: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def post(self, texts: list[str]) -> None:
        """Messages for the worker."""
        for text in texts:
            self._inbox.put(json.loads(text))

    def take(self, wait_s: float) -> list[str]:
        """What the worker has said meanwhile; waits for the first word for a while."""
        texts: list[str] = []
        with suppress(queue.Empty):
            texts.append(self._outbox.get(timeout=wait_s))
            while True:
                texts.append(self._outbox.get_nowait())
        return texts

    def ended(self, wait_s: float) -> None:
        """Wait for the worker to end."""
        self._thread.join(wait_s)

    def _live(self) -> None:
        why = "The worker has ended."
        try:
            work(self._inbox, lambda message: self._outbox.put(json.dumps(message)))
        except BaseException as error:
            traceback.print_exc()
            why = f"The worker died of {type(error).__name__}: {error}"
        self._outbox.put(json.dumps({"died": why}))


async def _answer(reference: Awaitable[Any]) -> Any:
    """What Ray answers; whatever goes wrong on the way, the worker is lost to us."""
    try:
        return await reference
    except (RayError, ConnectionError) as error:
        first = str(error).strip().partition("\n")[0]
        raise WorkerLost(f"The worker on the cluster was lost ({type(error).__name__}): {first}") from error
