"""Who waits for which job or duel, and the newest that there is to tell them.

In: updates of jobs, states of duels. Out: each watcher's newest one. Conventions: whoever is slow misses what was
overtaken, never the last word; nothing is told after it, and the same is not told twice. Caveat: belongs to one event
loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from engine.dispatch.ticket import LAST


class Phased(Protocol):
    """What is told: it is in some phase, and some phases are the last."""

    @property
    def phase(self) -> str:
        """Where it is."""


T = TypeVar("T", bound=Phased)


class Watch(Generic[T]):
    """One who waits. `async for update in watch` ends after an update of a phase in `last`, or when the studio
    closes.
    """

    def __init__(self, last: frozenset[str] = LAST) -> None:
        self._last = last
        self._newest: T | None = None
        self._told: T | None = None
        self._is_over = False
        self._news = asyncio.Event()

    def tell(self, update: T) -> None:
        """Something newer; ignored after the last word."""
        if self._is_over or update in (self._newest, self._told if self._newest is None else None):
            return
        self._newest = update
        self._is_over = update.phase in self._last
        self._news.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._is_over = True
        self._news.set()

    def __aiter__(self) -> Watch[T]:
        return self

    async def __anext__(self) -> T:
        while self._newest is None:
            if self._is_over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        update, self._newest = self._newest, None
        self._told = update
        return update


class Watchers(Generic[T]):
    """All who wait."""

    def __init__(self, last: frozenset[str] = LAST) -> None:
        self._last = last
        self._by_job: dict[str, list[Watch[T]]] = {}
        self._is_over = False

    def open(self, job_id: str) -> Watch[T]:
        """Somebody begins to wait for a job; once the studio closes they hear nothing."""
        watch: Watch[T] = Watch(self._last)
        if self._is_over:
            watch.end()
        self._by_job.setdefault(job_id, []).append(watch)
        return watch

    def close(self, job_id: str, watch: Watch[T]) -> None:
        """They stop waiting."""
        others = [other for other in self._by_job.get(job_id, ()) if other is not watch]
        if others:
            self._by_job[job_id] = others
        else:
            self._by_job.pop(job_id, None)

    def tell(self, job_id: str, update: T) -> None:
        """Tell all who wait for this job."""
        for watch in self._by_job.get(job_id, ()):
            watch.tell(update)

    def end(self) -> None:
        """The studio closes."""
        self._is_over = True
        for watches in self._by_job.values():
            for watch in watches:
                watch.end()

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._by_job

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._by_job))

    def __len__(self) -> int:
        return len(self._by_job)
