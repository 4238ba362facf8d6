"""Measured sets on disk: what the reference, the baselines and an interrupted evaluation are kept in.

In: a `VectorSet` and facts about it. Out: one .npz file, and back. Conventions: five significant digits; a header in
JSON names the columns and rows; written beside and moved into place. Caveat: a set of another format is refused, not
guessed at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import SetupError
from engine.evaluate.vectors import Label, Values, VectorSet

FORMAT = 1
DIGITS = 5


def save_set(vectors: VectorSet, path: Path, facts: Mapping[str, Any] | None = None) -> None:
    """Write a set; `facts` must be plain JSON."""
    header = {
        "format": FORMAT,
        "metrics": vectors.metrics,
        "traits": vectors.trait_names,
        "rows": [list(asdict(label).values()) for label in vectors.labels],
        "facts": dict(facts or {}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            values=_short(vectors.values),
            traits=_short(vectors.traits),
            header=np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), dtype=np.uint8),
        )
    partial.replace(path)


def load_set(path: Path) -> tuple[VectorSet, dict[str, Any]]:
    """Read a set and its facts. Raises `SetupError` if the file is missing or of another format."""
    if not path.exists():
        raise SetupError(f"The measured set {str(path)!r} is missing; installing the package anew would bring it.")
    with np.load(path, allow_pickle=False) as file:
        header = json.loads(file["header"].tobytes())
        values, traits = file["values"].astype(np.float64), file["traits"].astype(np.float64)
    if header["format"] != FORMAT:
        raise SetupError(f"The measured set {str(path)!r} has format {header['format']}, not {FORMAT}; delete it.")
    labels = tuple(Label(id=i, style=style, split=split, kind=kind) for i, style, split, kind in header["rows"])
    vectors = VectorSet(
        metrics=tuple(header["metrics"]),
        trait_names=tuple(header["traits"]),
        values=values,
        traits=traits,
        labels=labels,
    )
    return vectors, dict(header["facts"])


def _short(values: Values) -> NDArray[np.float32]:
    """Five significant digits: what a comparison can use, and what packs well."""
    finite = np.where(np.isfinite(values) & (values != 0), np.abs(values), 1.0)
    scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(finite)))
    return (np.round(values * scale) / scale).astype(np.float32)
