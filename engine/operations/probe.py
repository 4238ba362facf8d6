"""Asking a part whether it works, not too often and never for long.

In: something that asks and raises when the answer is bad. Out: `Answer`s. Conventions: an answer is kept for some
seconds, and whoever comes while it is being asked for waits for the same one, so that a page asked for a hundred times
a second asks the database once. Caveat: an answer is as old as `keep_s` allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.errors import TunesmithError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a part works, how long it took to say so, and what is wrong."""

    ok: bool
    took_s: float
    error: str | None = None


class Probe:
    """`ask` is awaited for at most `timeout_s`; what it answered is good for `keep_s`. `told` hears of every answer."""

    def __init__(
        self,
        ask: Callable[[], Awaitable[object]],
        *,
        timeout_s: float,
        keep_s: float,
        told: Callable[[Answer], None] = lambda _: None,
    ) -> None:
        self._ask = ask
        self._timeout_s = timeout_s
        self._keep_s = keep_s
        self._told = told
        self._line = asyncio.Lock()
        self._stale_at = 0.0
        self.last: Answer | None = None
        """The last answer, however old."""

    async def answer(self) -> Answer:
        """The answer, fresh enough."""
        async with self._line:
            if self.last is None or time.monotonic() >= self._stale_at:
                self.last = await self._asked()
                self._stale_at = time.monotonic() + self._keep_s
                self._told(self.last)
            return self.last

    async def _asked(self) -> Answer:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._ask()
        except TimeoutError:
            return _bad(begun, f"no answer within {self._timeout_s:g} s")
        except (TunesmithError, OSError) as error:
            return _bad(begun, str(error))
        return Answer(ok=True, took_s=time.monotonic() - begun)


def _bad(begun: float, error: str) -> Answer:
    return Answer(ok=False, took_s=time.monotonic() - begun, error=error)
