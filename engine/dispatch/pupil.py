"""What a training is told: which pieces, what votes prefer, beginning from what.

In: a model in training, its uploads, what is preferred. Out: the job's payload (see `engine/learn/worker.py`).
Conventions: a server's own style begins as its parent; what was learnt before is only compared with, for every version
starts from the shipped checkpoint, so that no forgotten piece lives on in a lineage. Caveat: paths are not told; the
worker brings the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.learn.server.preferred import Preferred
from engine.store import ModelRecord, Store, UploadRecord

LEAST_PIECES = 3
"""Fewer pieces teach nothing but themselves."""


async def order_of(
    store: Store, model: ModelRecord, uploads: Sequence[UploadRecord], preferred: Preferred | None = None
) -> dict[str, Any]:
    """The payload. Raises `StoreError`."""
    own = {style.name: style for style in await store.teaching.styles(model.guild_id)}.get(model.style)
    current = (await store.teaching.live(model.guild_id)).get(model.style)
    return {
        "model_id": model.id,
        "guild_id": model.guild_id,
        "style": model.style,
        "version": model.version,
        "parent": model.style if own is None else own.parent,
        "description": None if own is None else own.description,
        "uploads": [
            {"id": upload.id, "split": upload.split, "licence": upload.licence, "credit": upload.credit}
            for upload in uploads
        ],
        "current": None if current is None else current.id,
        "known": list(await store.teaching.in_training()),
        "preferred": None if preferred is None else preferred.to_json(),
    }
