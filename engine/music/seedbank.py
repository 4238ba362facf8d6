"""Seed banks: the seeds of a style, as a small file in its folder.

In: `seeds.json` in a style's folder. Out: its `Seed`s, and how each of them feels beside the others. Conventions: the
seeds are this project's own songs, written by the style's network (`engine.compose.sowing`), never excerpts of what it
learnt from. Caveat: a style without a bank has no seeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from engine.errors import CheckpointError, EngineError
from engine.music.seed import Seed, seed_from_json, seed_to_json

FILE = "seeds.json"
FORMAT = "tunesmith-seeds-1"
MAX_BYTES = 60_000
KEPT_BANKS = 20
"""So many styles' banks stay in memory, shipped ones and servers' together."""


@lru_cache(maxsize=KEPT_BANKS)
def load_seeds(folder: Path) -> tuple[Seed, ...]:
    """The seeds of a style's folder; none without a bank. Raises `CheckpointError` for one that is damaged."""
    path = folder / FILE
    if not path.exists():
        return ()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r}")
        return tuple(seed_from_json(row) for row in data["seeds"])
    except (KeyError, TypeError, ValueError, EngineError) as error:
        raise CheckpointError(f"The seed bank {path} is damaged ({error}); `tunesmith seeds` makes it anew.") from error


def write_seeds(path: Path, *, style: str, checkpoint: Mapping[str, str], seeds: Sequence[Seed]) -> int:
    """Write a bank, dropping seeds from the end until it has at most `MAX_BYTES`; returns how many it holds."""
    rows = [json.dumps(seed_to_json(seed), separators=(",", ":")) for seed in seeds]
    head = json.dumps({"format": FORMAT, "style": style, "checkpoint": dict(checkpoint)}, separators=(",", ":"))[:-1]
    while len(head) + sum(len(row) + 2 for row in rows) + 20 > MAX_BYTES:
        rows.pop()
    draft = path.with_suffix(".tmp")
    draft.write_text(head + ',"seeds":[\n' + ",\n".join(rows) + "\n]}\n", encoding="utf-8")
    draft.replace(path)
    load_seeds.cache_clear()
    return len(rows)
