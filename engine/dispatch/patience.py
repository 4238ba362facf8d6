"""Trying again while the database or the file store is away.

In: something to do, which may raise `StoreError`. Out: its result, sooner or later. Conventions: pauses grow from a
tenth of a second to two seconds; only `StoreError` is waited out, and what was asked may have happened although the
answer was lost, so it has to be something that can be done twice. Caveat: without `for_s` it waits for ever; whoever
stops cancels it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

from engine.errors import StoreError

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0

T = TypeVar("T")
log = logging.getLogger(__name__)


async def patiently(work: Callable[[], Awaitable[T]], *, for_s: float | None = None) -> T:
    """`await work()`, again and again until it succeeds; after `for_s` seconds its `StoreError` is raised."""
    began = monotonic()
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except StoreError as error:
            if for_s is not None and monotonic() - began + pause_s > for_s:
                raise
            log.log(logging.WARNING if pause_s == FIRST_PAUSE_S else logging.DEBUG, "%s Trying again.", error)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
