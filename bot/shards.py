"""When shards may identify: Discord's limits go in, leave to identify comes out.

Conventions: of the shards that share a bucket (shard id modulo `max_concurrency`) one may identify in five seconds, and
all together may so often a day as Discord says; discord.py itself would let one shard in five seconds pass, whatever
was allowed. Caveat: it knows this process alone; several processes of one bot would have to share their shards out.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

GAP_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTerms:
    """What Discord says of its gateway: how many shards it recommends, how many may identify at once, how many more
    times until the count begins anew in `reset_after_s`, and how many times there are in all then.
    """

    shards: int = 1
    max_concurrency: int = 1
    remaining: int = 1000
    total: int = 1000
    reset_after_s: float = 0.0


class IdentifyGate:
    """`await gate.enter(shard_id)` before each IDENTIFY."""

    def __init__(self, terms: GatewayTerms, *, gap_s: float = GAP_S) -> None:
        self._terms = terms
        self._gap_s = gap_s
        self._remaining = terms.remaining
        self._reset_at_s = time.monotonic() + terms.reset_after_s
        self._locks: dict[int, asyncio.Lock] = {}
        self._entered_at_s: dict[int, float] = {}

    async def enter(self, shard_id: int) -> None:
        """Wait for leave."""
        bucket = shard_id % max(1, self._terms.max_concurrency)
        async with self._locks.setdefault(bucket, asyncio.Lock()):
            await self._until_counted_anew()
            since_s = time.monotonic() - self._entered_at_s.get(bucket, -self._gap_s)
            await asyncio.sleep(max(0.0, self._gap_s - since_s))
            self._entered_at_s[bucket] = time.monotonic()
            self._remaining -= 1

    async def _until_counted_anew(self) -> None:
        if self._remaining > 0:
            return
        wait_s = max(0.0, self._reset_at_s - time.monotonic())
        if wait_s > 0:
            _log.warning("Discord lets the bot identify no more for %d s: it did so too often", wait_s)
            await asyncio.sleep(wait_s)
        self._remaining = max(1, self._terms.total)
