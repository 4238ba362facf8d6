"""Rate limits: five requests in five seconds a channel and method, or an interaction's token; more get a 429.

The live service tells a client where it stands in headers; discord.py reads them and waits by itself.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque

REQUESTS, WINDOW_S = 5, 5.0


class RateLimits:
    """Counts requests by bucket."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[float]] = defaultdict(deque)

    def take(self, method: str, path: str) -> tuple[dict[str, str], float]:
        """Headers for the answer, and how many seconds to wait (0: go ahead)."""
        bucket = _bucket(method, path)
        if bucket is None:
            return {}, 0.0
        now, taken = time.monotonic(), self._taken[bucket]
        while taken and taken[0] <= now - WINDOW_S:
            taken.popleft()
        reset_after_s = WINDOW_S - (now - taken[0]) if taken else WINDOW_S
        is_over = len(taken) >= REQUESTS
        if not is_over:
            taken.append(now)
        headers = {
            "X-RateLimit-Limit": str(REQUESTS),
            "X-RateLimit-Remaining": str(REQUESTS - len(taken)),
            "X-RateLimit-Reset": f"{time.time() + reset_after_s:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after_s:.3f}",
            "X-RateLimit-Bucket": f"{abs(hash(bucket)):x}",
            "Via": "1.1 local",
        }
        return headers, reset_after_s if is_over else 0.0


def _bucket(method: str, path: str) -> str | None:
    if match := re.match(r"/channels/\d+/messages", path):
        return f"{method} {match[0]}"
    if match := re.match(r"/webhooks/\d+/[^/]+", path):
        return match[0]
    return None
