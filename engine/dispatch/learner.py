"""What a worker does with a ballot, beside its other jobs: learn from it, or say how its votes count.

In: jobs of kind `taste` with a packed ballot (`parcel.py`); with `"audit": true` the second is asked. Out: what
`engine.taste.worker` and `auditing.py` return. Conventions: everything heavy is loaded with the first such job. Caveat:
scikit-learn, 90 MB or so, then stays.
"""

from __future__ import annotations

from engine.dispatch.parcel import unpacked
from engine.jobs.job import Emit, Handler, Json

TASTE = "taste"


def with_learning(others: Handler) -> Handler:
    """A handler that learns tastes too, beside what `others` does."""

    def handle(kind: str, payload: Json, emit: Emit) -> Json:
        """A job."""
        if kind != TASTE:
            return others(kind, payload, emit)
        ballot = unpacked(payload)
        if payload.get("audit"):
            from engine.dispatch.auditing import audit_job  # noqa: PLC0415 (numpy comes with it)

            return audit_job(ballot)
        from engine.taste.worker import learn_job  # noqa: PLC0415 (the database's library comes with its values)

        return learn_job(ballot)

    return handle
