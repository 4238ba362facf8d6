"""Snowflakes: ids that hold their time. Milliseconds since 2015 in the upper bits, a counter below."""

from __future__ import annotations

import itertools
import time

EPOCH_MS = 1_420_070_400_000
_counter = itertools.count(1)


def snowflake(at_s: float | None = None) -> int:
    """A new id, made at `at_s` (Unix seconds; now by default)."""
    milliseconds = int((time.time() if at_s is None else at_s) * 1000) - EPOCH_MS
    return (milliseconds << 22) | (next(_counter) & 0x3FFFFF)


def made_at_s(identity: int) -> float:
    """When an id was made, in Unix seconds."""
    return ((identity >> 22) + EPOCH_MS) / 1000
