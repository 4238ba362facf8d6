"""Everything together: a port that tells how the studio does, from before it is open until it is closed.

    operations = Operations(gateway=…)            (before the login: alive, not ready)
    await operations.start(host, port)
    operations.watch(studio)                      (when it is open)
    …
    await operations.stop()

In: a studio, and something that knows the connection to Discord. Out: the pages. Conventions: the database and the file
store are asked by whoever looks, at most once in so many seconds; nothing is asked while nobody looks. Caveat: belongs
to one event loop, whose lateness it measures from `start` on.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

from engine.dispatch.events import Listener, StudioState
from engine.operations.feed import Feed
from engine.operations.gauges import Gauges
from engine.operations.health import PATIENCE_S, Doctor, Gateway, Sight
from engine.operations.lateness import Lateness
from engine.operations.metrics import Metrics
from engine.operations.pages import Pages
from engine.operations.probe import Answer, Probe

STORE_TIMEOUT_S, STORE_KEPT_S = 3.0, 5.0
FILES_TIMEOUT_S, FILES_KEPT_S = 5.0, 30.0


class Watched(Protocol):
    """What operations need of a studio."""

    def state(self) -> StudioState:
        """How it is; costs nothing."""

    def listen(self, listener: Listener) -> None:
        """Hear of everything that happens from now on."""

    async def check_database(self) -> None:
        """Raises when the database does not answer."""

    async def check_files(self) -> None:
        """Raises when the file store does not answer."""


class Operations:
    """The pages and what feeds them. `gateway`: tells of the connection to Discord; None where there is none."""

    def __init__(self, *, gateway: Callable[[], Gateway | None] = lambda: None, patience_s: float = PATIENCE_S) -> None:
        self.metrics = Metrics()
        self._gateway = gateway
        self._studio: Watched | None = None
        self._store: Probe | None = None
        self._files: Probe | None = None
        self._lateness = Lateness(self.metrics.late)
        self._watching: asyncio.Task[None] | None = None
        self._pages = Pages(self._look, self.metrics.registry, Doctor(patience_s=patience_s), version=program_version())
        self.metrics.registry.register(Gauges(self._glance, version=program_version()))

    async def start(self, host: str, port: int) -> int:
        """Serve the pages; `port` 0 takes any that is free. Returns the port. Raises `SetupError`."""
        taken = await self._pages.start(host, port)
        self._watching = asyncio.create_task(self._lateness.watch(), name="lateness")
        return taken

    def watch(self, studio: Watched) -> None:
        """From now on tell of this studio."""
        self._studio = studio
        studio.listen(Feed(self.metrics))
        self._store = Probe(
            studio.check_database, timeout_s=STORE_TIMEOUT_S, keep_s=STORE_KEPT_S, told=self._store_answered
        )
        self._files = Probe(studio.check_files, timeout_s=FILES_TIMEOUT_S, keep_s=FILES_KEPT_S)

    async def stop(self) -> None:
        """Serve nothing more. Safe to call twice."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        await self._pages.stop()

    async def _look(self) -> Sight:
        """What is seen, the parts outside asked."""
        if self._store is not None and self._files is not None:
            await asyncio.gather(self._store.answer(), self._files.answer())
        return self._glance()

    def _glance(self) -> Sight:
        """What is seen, without waiting for anything: answers are the last ones."""
        sight = Sight(counts={}, gateway=self._gateway(), late_s=self._lateness.worst_s)
        if self._studio is None or self._store is None or self._files is None:
            return sight
        state = self._studio.state()
        return dataclasses.replace(
            sight,
            opened=True,
            closing=state.closing,
            counts={name: number for name, number in state.queue.items()},
            lanes=state.lanes,
            store=self._store.last,
            files=self._files.last,
        )

    def _store_answered(self, answer: Answer) -> None:
        if answer.ok:
            self.metrics.store_answered(answer.took_s)


@asynccontextmanager
async def serve(
    studio: Watched, *, host: str, port: int, gateway: Callable[[], Gateway | None] = lambda: None
) -> AsyncIterator[int]:
    """Tell of an open studio as long as the block lasts; gives the port."""
    operations = Operations(gateway=gateway)
    operations.watch(studio)
    try:
        yield await operations.start(host, port)
    finally:
        await operations.stop()


def program_version() -> str:
    """Of the installed package."""
    try:
        return version("tunesmith")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "unknown"
