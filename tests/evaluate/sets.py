"""Sets of vectors made up of numbers, for tests of comparisons."""

from __future__ import annotations

import numpy as np

from engine.evaluate.vectors import Label, VectorSet


def drawn(rows: int, *, at: float = 0.0, seed: int = 0, style: str = "rock", columns: int = 8) -> VectorSet:
    """Rows of independent normal values around `at`, a piece a row."""
    rng = np.random.default_rng(seed)
    return VectorSet(
        metrics=tuple(f"metric {index}" for index in range(columns)),
        trait_names=("trait",),
        values=rng.normal(at, 1.0, size=(rows, columns)),
        traits=rng.normal(at, 1.0, size=(rows, 1)),
        labels=tuple(
            Label(id=f"{style}-{seed}/{index}@0", style=style, split="train", kind="human") for index in range(rows)
        ),
    )
