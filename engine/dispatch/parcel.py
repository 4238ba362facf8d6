"""A ballot on its way to a worker: packed into one string, so that the event loop has little to send.

In: a plain JSON object. Out: a job's payload, and the object again. Conventions: lists are written element by element,
for what is written in one go keeps all threads of the process waiting. Caveat: packing takes as long as the ballot is
large, a tenth of a second for a megabyte or so; it is done in threads.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

from engine.errors import JobError
from engine.jobs.job import Json

LEVEL = 3
"""Of packing; more takes longer and saves little."""


def packed(plain: Json) -> dict[str, Any]:
    """The payload of a job about a ballot."""
    packer = zlib.compressobj(LEVEL)
    packed_parts = [packer.compress(part.encode()) for part in _parts(plain)]
    return {"ballot": base64.b64encode(b"".join([*packed_parts, packer.flush()])).decode("ascii")}


def unpacked(payload: Json) -> Json:
    """Inverse of `packed`. Raises `JobError`."""
    try:
        plain: Json = json.loads(zlib.decompress(base64.b64decode(payload["ballot"], validate=True)))
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise JobError(f"The ballot cannot be unpacked ({error!r}).") from error
    return plain


def _parts(plain: Json) -> Iterator[str]:
    """The object as JSON, some at a time."""
    opening = "{"
    for name, value in plain.items():
        yield f"{opening}{json.dumps(name)}:"
        opening = ","
        if isinstance(value, list):
            yield "["
            for place, item in enumerate(value):
                yield f"{',' if place else ''}{json.dumps(item, separators=(',', ':'))}"
            yield "]"
        else:
            yield json.dumps(value, separators=(",", ":"))
    yield "}" if plain else "{}"
