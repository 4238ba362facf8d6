"""Is the running bot alive? It touches a file while its gateway connection beats; a health check looks at the file's
age.

Caveat: it says that the bot hears Discord, not that songs can be made; `tunesmith doctor` says that.
"""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import Protocol

BEAT_S = 15.0
STALE_S = 60.0


class Heart(Protocol):
    """What a client shows of its connection."""

    @property
    def latency(self) -> float:
        """Seconds between the last heartbeat and its answer; not finite without a connection."""

    def is_ready(self) -> bool:
        """Whether the gateway has said READY."""

    def is_closed(self) -> bool:
        """Whether the client has left."""


def is_alive(pulse: Path) -> bool:
    """Whether a bot touched the file lately."""
    try:
        age_s = time.time() - pulse.stat().st_mtime
    except FileNotFoundError:
        return False
    return age_s < STALE_S


async def keep_pulse(heart: Heart, pulse: Path, *, beat_s: float = BEAT_S) -> None:
    """Touch the file as long as the connection lives; take it away when told to stop (by cancellation)."""
    try:
        while True:
            if heart.is_ready() and not heart.is_closed() and math.isfinite(heart.latency):
                await asyncio.to_thread(_touch, pulse)
            await asyncio.sleep(beat_s)
    finally:
        await asyncio.to_thread(pulse.unlink, missing_ok=True)


def _touch(pulse: Path) -> None:
    pulse.parent.mkdir(parents=True, exist_ok=True)
    pulse.touch()
