"""What a Ray cluster is to jobs: lines to actors and tasks. The one home of ray; loaded by the gateway and on machines
of the cluster, never by whoever submits jobs.

In: the cluster's address. Out: lines. Conventions: an actor is asked again and again what it has to say, in calls that
wait for it (streams do not pass through `ray://`); a task tells how far it is by an actor of the gateway's, the
mailbox, and returns its last word. Processes keep what they opened, so tasks find it warm; each pool has processes of
its own. Nothing is tried again by Ray. Caveat: a machine's death is noticed when Ray notices it, see docs/cluster.md.
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import threading
import traceback
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError

from engine.errors import WorkerLost
from engine.jobs.job import Handler, Json
from engine.jobs.line import Line
from engine.jobs.work import Inbox, open_worker, perform, work

TAKE_S = 10.0
"""How long an actor may wait for something to say before it answers that there is nothing."""
FLUSH_S = 5.0
"""How long a task waits for its events to be delivered, and the gateway for them to come."""
SMALL_SHARE = 0.01
"""What a pool of added niceness claims of a core: it takes what others leave."""
LANE_VARIABLE = "TUNESMITH_LANE"
"""Set in the processes of a pool, so that Ray gives each pool its own."""

handlers: dict[str, Handler] = {}
"""What this process of the cluster has opened."""


class Cluster:
    """A connection; a process has one."""

    def __init__(self, address: str) -> None:
        os.environ.setdefault("RAY_CLIENT_RECONNECT_GRACE_PERIOD", "10")
        ray.init(address, configure_logging=False, log_to_driver=False)
        self._numbers = 0
        self._lines: dict[int, TaskLine] = {}
        self._mailbox: Any = None
        self._emptying: asyncio.Task[None] | None = None

    def size(self) -> Json:
        """`{"nodes", "cpus", "gpus"}` of what lives and has cores to offer."""
        nodes = [node for node in _nodes() if node["Alive"] and node["Resources"].get("CPU")]
        cpus, gpus = (int(sum(node["Resources"].get(kind, 0) for node in nodes)) for kind in ("CPU", "GPU"))
        return {"nodes": len(nodes), "cpus": cpus, "gpus": gpus}

    def leave(self) -> None:
        """Disconnect; Ray ends our actors and tasks."""
        ray.shutdown()

    def new_line(self, *, name: str, shape: str, nice: int) -> Line:
        """A line to a worker that has not begun."""
        if shape == "resident":
            return ActorLine(nice, 1 if self.size()["gpus"] else 0)
        self._numbers += 1
        self._lines[self._numbers] = line = TaskLine(self, self._numbers, name, nice)
        return line

    def forget(self, number: int) -> None:
        """A pool's line has ended."""
        self._lines.pop(number, None)

    @property
    def mailbox(self) -> Any:
        """Where tasks tell how far they are."""
        if self._emptying is None or self._emptying.done():
            self._mailbox = distant(Mailbox, num_cpus=0, max_restarts=0).remote()
            self._emptying = asyncio.create_task(self._empty(self._mailbox))
        return self._mailbox

    async def _empty(self, mailbox: Any) -> None:
        """Hand out what is in the mailbox, until it is lost; the next job then gets a new one."""
        with suppress(RayError):
            while True:
                for number, text in await mailbox.take.remote():
                    if number in self._lines:
                        self._lines[number].told(text)


class ActorLine:
    """To an actor that lives as long as the line."""

    pid = None

    def __init__(self, nice: int, gpus: int) -> None:
        self._nice, self._gpus = nice, gpus
        self._actor: Any = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue()
        self._unheard: list[str] = []
        self._sending: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Begin the actor; Ray finds it a place."""
        self._actor = distant(Actor, max_restarts=0, max_concurrency=4, num_gpus=self._gpus).remote(self._nice)
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
            with suppress(RayError):
                ray.kill(self._actor)

    async def hang_up(self, wait_s: float) -> None:
        """Ask the actor to stop, and end it."""
        if self._sending is not None:
            if wait_s:
                self.post('{"stop": true}')
                with suppress(TimeoutError, WorkerLost):
                    await asyncio.wait_for(_answer(self._actor.ended.remote(wait_s)), wait_s)
            self._sending.cancel()
        self.kill()

    async def _send(self) -> None:
        """Hand over what is to be sent, in order: one call after the other."""
        with suppress(WorkerLost):
            while True:
                texts = [await self._unsent.get()]
                while not self._unsent.empty():
                    texts.append(self._unsent.get_nowait())
                await _answer(self._actor.post.remote(texts))


class TaskLine:
    """To whichever process does the next task of a pool."""

    pid = None

    def __init__(self, cluster: Cluster, number: int, name: str, nice: int) -> None:
        self._cluster = cluster
        self._number = number
        self._nice = nice
        self._options: dict[str, Any] = {
            "num_cpus": SMALL_SHARE if nice else 1,
            "max_retries": 0,
            "scheduling_strategy": "SPREAD",
            "runtime_env": {"env_vars": {LANE_VARIABLE: name}},
        }
        self._opening = ""
        self._heard: asyncio.Queue[dict[str, Any] | WorkerLost] = asyncio.Queue()
        self._told = 0
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reference: Any = None

    async def connect(self) -> None:
        """Nothing to begin: the first task begins a process."""

    def post(self, text: str) -> None:
        """Send a message; opening is tried once, so that it is known whether it works and somebody is warm."""
        message = json.loads(text)
        if "open" in message:
            self._opening = text
            self._begin(warm, text, self._nice)
        elif "job" in message:
            self._told = 0
            self._begin(do, self._opening, self._nice, text, self._cluster.mailbox, self._number)

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        said = await self._heard.get()
        if isinstance(said, WorkerLost):
            raise said
        return said

    def told(self, text: str) -> None:
        """The mailbox had an event for us."""
        self._told += 1
        self._heard.put_nowait(json.loads(text))
        self._more.set()

    def kill(self) -> None:
        """End the process that does the task."""
        if self._task is not None and not self._task.done():
            with suppress(RayError):
                ray.cancel(self._reference, force=True)

    async def hang_up(self, wait_s: float) -> None:
        """Forget the task; its process is Ray's."""
        self.kill()
        if self._task is not None:
            self._task.cancel()
        self._cluster.forget(self._number)

    def _begin(self, function: Any, *values: Any) -> None:
        self._reference = distant(function, **self._options).remote(*values)
        self._task = asyncio.create_task(self._follow(self._reference))

    async def _follow(self, reference: Any) -> None:
        try:
            text, told = await _answer(reference)
        except WorkerLost as error:
            self._heard.put_nowait(error)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                while self._told < told:
                    self._more.clear()
                    await self._more.wait()
        self._heard.put_nowait(json.loads(text))


class Actor:
    """Runs on the cluster: a worker in a thread of its own, and its way in and out."""

    def __init__(self, nice: int) -> None:
        be_nice(nice)
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


class Mailbox:
    """Runs on the cluster: events of tasks, until the gateway takes them."""

    def __init__(self) -> None:
        self._mail: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def put(self, number: int, text: str) -> None:
        """An event of the line with this number."""
        self._mail.put_nowait((number, text))

    async def take(self) -> list[tuple[int, str]]:
        """What has come meanwhile; waits for the first for a while."""
        mail = []
        with suppress(TimeoutError):
            mail.append(await asyncio.wait_for(self._mail.get(), TAKE_S))
        while not self._mail.empty():
            mail.append(self._mail.get_nowait())
        return mail


def warm(opening: str, nice: int) -> tuple[str, int]:
    """Runs on the cluster: open; (what is said about it, events told)."""
    be_nice(nice)
    said: list[Json] = []
    opened(opening, said)
    return json.dumps(said[-1]), 0


def do(opening: str, nice: int, job: str, mailbox: Any, line: int) -> tuple[str, int]:
    """Runs on the cluster: a job; (its last word, how many events it told the mailbox before)."""
    be_nice(nice)
    message = json.loads(job)
    said: list[Json] = []
    handler = opened(opening, said)
    if handler is None:
        return json.dumps({"job": message["job"], **said[-1]}), 0
    last_words: list[str] = []
    told: list[Any] = []

    def send(message: Json) -> None:
        text = json.dumps(message)
        if "event" in message:
            told.append(mailbox.put.remote(line, text))
        else:
            last_words.append(text)

    perform(handler, message, send)
    with suppress(RayError):
        ray.get(told, timeout=FLUSH_S)
    return last_words[-1], len(told)


def opened(opening: str, said: list[Json]) -> Handler | None:
    """What this process has opened, or opens now; what there is to say about it goes to `said`."""
    if opening in handlers:
        said.append({"opened": os.getpid()})
    else:
        handler = open_worker(json.loads(opening), said.append)
        if handler is None:
            return None
        handlers[opening] = handler
    return handlers[opening]


def be_nice(nice: int) -> None:
    """Let this process step back so far; once."""
    if missing := nice - os.nice(0):
        os.nice(max(0, missing))


def distant(target: Any, **options: Any) -> Any:
    """A function or class, to be called on the cluster."""
    return ray.remote(target).options(**options)


def _nodes() -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return nodes


async def _answer(reference: Awaitable[Any]) -> Any:
    """What Ray answers; whatever goes wrong on the way, the worker is lost to us."""
    try:
        return await reference
    except (RayError, ConnectionError) as error:
        first = str(error).strip().splitlines()
        raise WorkerLost(
            f"The worker on the cluster was lost ({type(error).__name__}): {first[0] if first else ''}"
        ) from error
