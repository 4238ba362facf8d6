"""What happens in the studio, as counts.

In: `StudioEvent`s. Out: calls of `Metrics`. Conventions: the studio knows nothing of operations; a request is `done`
when its song was delivered, not when it was made. Caveat: what happened before `listen` is not counted.
"""

from __future__ import annotations

from engine.dispatch.events import StudioEvent
from engine.operations.metrics import Metrics

UNKNOWN = "unknown"


class Feed:
    """Call it with each event: `studio.listen(Feed(metrics))`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

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
                metrics.waited(event.seconds or 0.0)
            case "retried":
                metrics.retried(event.error or UNKNOWN)
            case "failed":
                metrics.failed(event.error or UNKNOWN)
                metrics.ended("failed")
            case "delivered":
                metrics.ended("done")
            case "refused" | "cancelled":
                metrics.ended(event.kind)
            case "voted":
                metrics.voted(event.vote)
