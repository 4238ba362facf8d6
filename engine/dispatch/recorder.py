"""The recording process: what its lane's worker opens. Here recording meets the learning of tastes, which is short.

In: the engine's settings as JSON; jobs of kind `record` and `preview` (see `engine/compose/recorder.py`), and `taste`
with a packed ballot (`parcel.py`), which is learnt from, or with `"audit": true` too, which says how its votes count.
Out: what these return. Caveat: scikit-learn comes with the first ballot.
"""

from __future__ import annotations

from engine.compose.recorder import open_recorder as open_booth
from engine.dispatch.parcel import unpacked
from engine.jobs.job import Emit, Handler, Json

TASTE = "taste"


def open_recorder(config: Json) -> Handler:
    """`config` is `Settings` as JSON. Raises `SetupError`, `CheckpointError`."""
    return with_learning(open_booth(config))


def with_learning(record: Handler) -> Handler:
    """A handler that learns tastes too, beside what `record` does."""

    def handle(kind: str, payload: Json, emit: Emit) -> Json:
        """A job."""
        if kind != TASTE:
            return record(kind, payload, emit)
        ballot = unpacked(payload)
        if payload.get("audit"):
            from engine.dispatch.auditing import audit_job  # noqa: PLC0415 (as below)

            return audit_job(ballot)
        from engine.taste.worker import learn_job  # noqa: PLC0415 (the database's library comes with its values)

        return learn_job(ballot)

    return handle
