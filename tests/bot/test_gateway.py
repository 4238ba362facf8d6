"""What operations are told of the connection to Discord."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from bot.gateway import gateway_of
from engine import Gateway


@dataclass
class Shard:
    """A connection whose state the test sets."""

    latency: float = 0.05
    closed: bool = False

    def is_closed(self) -> bool:
        return self.closed


@dataclass
class Client:
    """A client of such shards."""

    shards: dict[int, Shard] = field(default_factory=dict)
    shard_count: int | None = None
    closed: bool = False

    def is_closed(self) -> bool:
        return self.closed


@pytest.mark.parametrize(
    ("client", "gateway"),
    [
        (Client(), Gateway(shards=1, connected=0)),
        (Client(shard_count=3, shards={0: Shard()}), Gateway(shards=3, connected=1, latency_s=0.05)),
        (
            Client(shard_count=3, shards={0: Shard(), 1: Shard(latency=0.2), 2: Shard(latency=9.0, closed=True)}),
            Gateway(shards=3, connected=2, latency_s=0.2),
        ),
        (Client(shard_count=1, shards={0: Shard(latency=math.inf)}), Gateway(shards=1, connected=1)),
        (Client(shard_count=1, shards={0: Shard()}, closed=True), Gateway(shards=1, connected=0)),
    ],
)
def test_shards_that_hear_are_counted_and_the_slowest_is_told(client: Client, gateway: Gateway) -> None:
    assert gateway_of(client) == gateway
