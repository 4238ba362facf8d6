"""Weighted choices from a request's own generator: a weighted vocabulary goes in, one entry comes out.

Conventions: a vocabulary is a tuple of `(entry, weight)` pairs; weights are positive and need not sum to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
Weighted = tuple[tuple[T, float], ...]


def pick(rng: np.random.Generator, weighted: Sequence[tuple[T, float]]) -> T:
    """One entry, with a probability in proportion to its weight."""
    threshold = rng.random() * sum(weight for _, weight in weighted)
    for entry, weight in weighted:
        threshold -= weight
        if threshold < 0:
            return entry
    return weighted[-1][0]


def any_of(rng: np.random.Generator, entries: Sequence[T]) -> T:
    """One entry, all equally likely."""
    return entries[int(rng.random() * len(entries))]


def happens(rng: np.random.Generator, probability: float) -> bool:
    """True with the given probability."""
    return bool(rng.random() < probability)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number in low…high, triangular around the middle."""
    return float(rng.triangular(low, (low + high) / 2, high)) if high > low else low
