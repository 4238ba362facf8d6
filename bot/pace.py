"""How often messages are edited while songs are made: who edits goes in, seconds between two edits come out.

A message changes at most once a second. Where many songs are in the making, all of them together keep to `EDITS_PER_S`,
so that a crowd costs the event loop and Discord no more than a few; and messages that are edited as the channel's own
share its limit of five requests in five seconds, half of which is left to the songs themselves. Caveat: songs that are
delivered are not counted and do not wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

MIN_GAP_S = 1.0
EDITS_PER_S = 20
CHANNEL_EDITS_PER_S = 0.5


class Pace:
    """Counts those whose messages show progress."""

    def __init__(self, *, min_gap_s: float = MIN_GAP_S) -> None:
        self._min_gap_s = min_gap_s
        self._crowd = 0
        self._channels: Counter[int] = Counter()

    @contextmanager
    def joined(self, channel_id: int | None) -> Iterator[None]:
        """Show progress, in a message of this channel's own or (None) through an interaction's token."""
        self._crowd += 1
        if channel_id is not None:
            self._channels[channel_id] += 1
        try:
            yield
        finally:
            self._crowd -= 1
            if channel_id is not None:
                self._channels[channel_id] -= 1
                self._channels += Counter()  # those at zero go

    def gap_s(self, channel_id: int | None) -> float:
        """Seconds between two edits of a message there."""
        here = 0 if channel_id is None else self._channels[channel_id]
        neighbours = here / CHANNEL_EDITS_PER_S if here > 1 else 1.0
        return self._min_gap_s * max(1.0, self._crowd / EDITS_PER_S, neighbours)
