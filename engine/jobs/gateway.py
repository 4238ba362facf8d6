"""The process between an executor and a Ray cluster: `python -m engine.jobs.gateway`, with address and log level.

In (standard input), a line each: `connect n {"name", "shape", "nice"}` begins worker n; `post n message` sends it a
message of `engine.jobs.work`; `kill n`; `hang_up n seconds`; at last `stop 0`. Out (standard output): first
`size 0 {"nodes", "cpus", "gpus"}`, or `error 0 "why"` when the cluster cannot be reached, and the size again when it
has changed; `heard n message`; `lost n "why"`, which is the last of a worker. Conventions: workers are `Line`s, made by
`engine.jobs.on_ray`. Caveat: when standard input ends, the executor is gone, and so are its workers; when the cluster
has not answered for a while, the gateway ends too, for a connection to Ray that broke is never whole again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from typing import Any, TextIO

from engine.jobs.line import Line
from engine.jobs.marks import speak_to_parent
from engine.jobs.on_ray import Cluster
from engine.jobs.worker import claim_stdout

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often the cluster's size is looked at."""
SILENT_S = 20
"""A cluster that has not told its size for so long is lost. The system's own clock then ends this process, for Ray may
keep all of its threads from running.
"""


def main() -> None:
    """Relay until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = claim_stdout()
    address, level = sys.argv[1:]
    try:
        cluster = Cluster(address)
    except Exception as error:
        print(f"error 0 {json.dumps(f'{type(error).__name__}: {error}')}", file=out, flush=True)
        return
    speak_to_parent(level, sys.stderr)
    asyncio.run(Gateway(cluster, out).run())
    cluster.leave()


class Gateway:
    """Which worker has which number."""

    def __init__(self, cluster: Cluster, out: TextIO) -> None:
        self._cluster = cluster
        self._out = out
        self._lines: dict[int, Line] = {}
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Until told to stop."""
        loop = asyncio.get_running_loop()
        self._tell("size", 0, self._cluster.size)
        signal.alarm(SILENT_S)
        for work in (self._listen, self._watch):
            threading.Thread(target=work, args=(loop,), daemon=True).start()
        await self._stopped.wait()
        await asyncio.gather(*(line.hang_up(0.0) for line in self._lines.values()), return_exceptions=True)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in a thread: pass on each line."""
        for line in sys.stdin:
            loop.call_soon_threadsafe(self._hear, line)
            if line.startswith("stop"):
                return
        threading.Timer(5.0, os._exit, (1,)).start()
        self._cluster.leave()
        os._exit(1)

    def _hear(self, line: str) -> None:
        verb, digits, text = line.split(" ", 2) if line.count(" ") > 1 else (*line.split(), "")
        number = int(digits)
        if verb == "stop":
            self._stopped.set()
        elif verb == "connect":
            self._lines[number] = self._cluster.new_line(**json.loads(text))
            self._serving[number] = self._begin(self._serve(number))
        elif number in self._lines:
            if verb == "post":
                self._lines[number].post(text)
            elif verb == "kill":
                self._lines[number].kill()
            else:
                self._begin(self._hang_up(number, float(text)))

    async def _serve(self, number: int) -> None:
        """Pass on what a worker says, until it is lost."""
        line = self._lines[number]
        try:
            await line.connect()
            while True:
                self._tell("heard", number, await line.hear())
        except Exception as error:
            await line.hang_up(0.0)
            self._lines.pop(number, None)
            self._tell("lost", number, str(error))

    async def _hang_up(self, number: int, wait_s: float) -> None:
        line = self._lines.pop(number)
        self._serving[number].cancel()
        await line.hang_up(wait_s)
        self._tell("lost", number, "The worker was stopped.")

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Runs in a thread: tell the cluster's size when it has changed."""
        while True:
            time.sleep(LOOK_S)
            before = self._cluster.size
            try:
                self._cluster.look()
            except Exception as error:
                if self._stopped.is_set():
                    return
                log.warning("The cluster does not answer: %s", error)
                continue
            signal.alarm(SILENT_S)
            if self._cluster.size != before:
                loop.call_soon_threadsafe(self._tell, "size", 0, self._cluster.size)

    def _tell(self, verb: str, number: int, value: Any) -> None:
        self._out.write(f"{verb} {number} {json.dumps(value)}\n")
        self._out.flush()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


if __name__ == "__main__":
    main()
