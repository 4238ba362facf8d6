"""How the connection to Discord is, for whoever keeps the bot running.

In: a sharded client. Out: a `Gateway`. Conventions: a shard hears Discord while its socket is open and its heartbeats
are answered. Caveat: a cable that was pulled is noticed when the next heartbeat stays without an answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

from engine import Gateway


class Connection(Protocol):
    """What a client shows of one shard."""

    @property
    def latency(self) -> float:
        """Seconds between the last heartbeat and its answer; not finite before the first one."""

    def is_closed(self) -> bool:
        """Whether its socket is closed."""


class Sharded(Protocol):
    """What a client shows of its shards."""

    @property
    def shard_count(self) -> int | None:
        """How many there are to be; None before the start."""

    @property
    def shards(self) -> Mapping[int, Connection]:
        """Those that were connected at some time."""

    def is_closed(self) -> bool:
        """Whether the client has left."""


def gateway_of(client: Sharded) -> Gateway:
    """How many shards there should be, how many hear, and the slowest one's latency."""
    open_ones = [] if client.is_closed() else [shard for shard in client.shards.values() if not shard.is_closed()]
    latencies_s = [shard.latency for shard in open_ones if math.isfinite(shard.latency)]
    return Gateway(
        shards=max(client.shard_count or 1, len(open_ones)),
        connected=len(open_ones),
        latency_s=max(latencies_s, default=None),
    )
