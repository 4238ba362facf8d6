"""The recording process: what its lane's worker opens. Here recording meets the learning of tastes, which is short.

In: the engine's settings as JSON; jobs of kind `record` and `preview` (see `engine/compose/recorder.py`), and `taste`
with `{"ballot": packed}`. Out: what these return. Conventions: a ballot, of some megabytes, travels packed, so that the
event loop has one string to send. Caveat: scikit-learn comes with the first ballot.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from engine.compose.recorder import open_recorder as open_booth
from engine.errors import JobError
from engine.jobs.job import Emit, Handler, Json

TASTE = "taste"
LEVEL = 3
"""Of packing; more takes longer and saves little."""


def open_recorder(config: Json) -> Handler:
    """`config` is `Settings` as JSON. Raises `SetupError`, `CheckpointError`."""
    return with_learning(open_booth(config))


def with_learning(record: Handler) -> Handler:
    """A handler that learns tastes too, beside what `record` does."""

    def handle(kind: str, payload: Json, emit: Emit) -> Json:
        """A job."""
        if kind != TASTE:
            return record(kind, payload, emit)
        from engine.taste.worker import learn_job  # noqa: PLC0415 (the database's library comes with its values)

        return learn_job(unpacked(payload.get("ballot", "")))

    return handle


def packed(plain: Json) -> dict[str, Any]:
    """The payload of a job that learns; to be called in a thread."""
    text = json.dumps(plain, separators=(",", ":")).encode()
    return {"ballot": base64.b64encode(zlib.compress(text, LEVEL)).decode("ascii")}


def unpacked(text: str) -> Json:
    """Inverse of `packed`, of what stands there. Raises `JobError`."""
    try:
        plain: Json = json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except (ValueError, zlib.error) as error:
        raise JobError(f"The ballot cannot be unpacked ({error}).") from error
    return plain
