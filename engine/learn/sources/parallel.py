"""Slow readers on two processes, results in order.

In: a module-level function and picklable items. Out: what it finds in each, in the items' order. Caveat: the function
must not depend on state of this process; workers are started afresh.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from engine.learn.sources.piece import Found

T = TypeVar("T")
WORKERS = 2
CHUNK = 8
WORTH_IT = 24


def found_in(read: Callable[[T], list[Found]], items: Sequence[T]) -> Iterator[Found]:
    """`read` applied to every item, one after the other if they are few, else on two processes."""
    if len(items) < WORTH_IT:
        for item in items:
            yield from read(item)
        return
    with ProcessPoolExecutor(max_workers=WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(read, items, chunksize=CHUNK):
            yield from found
