"""What happens in the studio, as counts.

In: `StudioEvent`s. Out: calls of `Metrics`. Conventions: the studio knows nothing of operations; a request is `done`
when its song was delivered, not when it was made, and what lies between is the stage `delivering`. Caveat: what
happened before `listen` is not counted, and songs that were made by another process are delivered without a time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from engine.dispatch.events import StudioEvent
from engine.operations.metrics import Metrics

UNKNOWN = "unknown"
MOST_REMEMBERED = 1000
"""Songs that are being delivered; when there are more, the oldest is forgotten."""


class Feed:
    """Call it with each event: `studio.listen(Feed(metrics))`."""

    def __init__(self, metrics: Metrics, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._metrics = metrics
        self._clock = clock
        self._made_at: OrderedDict[str | None, float] = OrderedDict()

    def __call__(self, event: StudioEvent) -> None:
        """Count one event."""
        metrics = self._metrics
        match event.kind:
            case "accepted":
                metrics.accepted()
            case "started":
                metrics.stayed("queued", event.seconds or 0.0)
            case "stage":
                metrics.stayed(event.stage or UNKNOWN, event.seconds or 0.0)
            case "done":
                self._made(event)
            case "retried":
                metrics.retried(event.error or UNKNOWN)
            case "voted":
                metrics.voted(event.vote)
            case "duel" | "answered" | "learnt" | "trial":
                self._tasted(event)
            case _:
                self._over(event)

    def _tasted(self, event: StudioEvent) -> None:
        """Votes did something."""
        outcome, metrics = event.outcome or UNKNOWN, self._metrics
        match event.kind:
            case "duel":
                metrics.fought(outcome)
            case "answered":
                metrics.answered(outcome)
            case "learnt":
                metrics.learnt(outcome, event.seconds or 0.0, event.count)
            case "trial":
                metrics.tried(outcome)

    def _over(self, event: StudioEvent) -> None:
        """Nothing more happens to the request."""
        match event.kind:
            case "delivered":
                self._delivered(event)
            case "failed":
                self._metrics.failed(event.error or UNKNOWN)
            case "refused":
                self._metrics.refused(event.error or UNKNOWN)
            case "cancelled":
                self._metrics.ended("cancelled")

    def _made(self, event: StudioEvent) -> None:
        """The song is there, and is to be delivered."""
        self._metrics.waited(event.seconds or 0.0)
        if event.receipt is not None:
            self._metrics.made(event.receipt.duration_s, event.receipt.timings_s)
        self._made_at[event.job_id] = self._clock()
        if len(self._made_at) > MOST_REMEMBERED:
            self._made_at.popitem(last=False)

    def _delivered(self, event: StudioEvent) -> None:
        """Whoever asked has the song."""
        made_at = self._made_at.pop(event.job_id, None)
        if made_at is not None:
            self._metrics.stayed("delivering", self._clock() - made_at)
        self._metrics.ended("done")
