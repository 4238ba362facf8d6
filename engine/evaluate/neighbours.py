"""Precision and recall of generated songs among human ones, by nearest neighbours.

In: sets of vectors. Out: precision (share of generated songs that lie among human ones) and recall (share of human
songs that lie among the generated ones). Source: Kynkäänniemi, Karras, Laine, Lehtinen and Aila, "Improved precision
and recall metric for assessing generative models" (NeurIPS 2019): a set's manifold is the union of balls around its
songs, each as wide as the way to its third nearest neighbour. Conventions: metrics are standardised by the human pool
and limited to ±`FAR` deviations; a missing value stands at the mean. Caveat: with many metrics the balls are wide.
"""

from __future__ import annotations

import numpy as np

from engine.evaluate.vectors import Values, VectorSet

NEIGHBOUR = 3
FAR = 4.0


def precision(pool: VectorSet, songs: VectorSet) -> float:
    """Share of `songs` inside the manifold of `pool`."""
    return _inside(_standardised(pool, pool), _standardised(pool, songs))


def recall(pool: VectorSet, human: VectorSet, songs: VectorSet) -> float:
    """Share of `human` inside the manifold of `songs`, both measured by the pool's deviations."""
    return _inside(_standardised(pool, songs), _standardised(pool, human))


def unseen_precision(pool: VectorSet, human: VectorSet) -> float:
    """What human songs reach: the share of them inside the manifold of the pool without their own pieces."""
    names = {label.id.partition("@")[0] for label in human.labels}
    others = pool.rows([i for i, label in enumerate(pool.labels) if label.id.partition("@")[0] not in names])
    return precision(others, human)


def _standardised(pool: VectorSet, songs: VectorSet) -> Values:
    known = np.isfinite(pool.values)
    counts = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, pool.values, 0.0).sum(axis=0) / counts
    deviation = np.sqrt((np.where(known, pool.values - mean, 0.0) ** 2).sum(axis=0) / counts)
    scaled = (songs.values - mean) / np.where(deviation > 0, deviation, 1.0)
    out: Values = np.clip(np.where(np.isfinite(scaled), scaled, 0.0), -FAR, FAR)
    return out


def _inside(manifold: Values, points: Values) -> float:
    own = _distances(manifold, manifold)
    nearest = min(NEIGHBOUR, len(manifold) - 1)
    radius = np.sort(own, axis=1)[:, nearest]  # column 0 is the song itself
    return float((_distances(points, manifold) <= radius[None, :] + 1e-6).any(axis=1).mean())


def _distances(rows: Values, columns: Values) -> Values:
    squares = (rows**2).sum(axis=1)[:, None] + (columns**2).sum(axis=1)[None, :] - 2 * rows @ columns.T
    out: Values = np.sqrt(np.maximum(squares, 0.0))
    return out


def spread(pool: VectorSet, songs: VectorSet) -> float:
    """Variety: the mean distance of two of the songs, in the pool's deviations a metric; NaN for fewer than two."""
    if len(songs) < 2:
        return float("nan")
    rows = _standardised(pool, songs)
    pairs = np.triu_indices(len(rows), 1)
    return float(_distances(rows, rows)[pairs].mean() / np.sqrt(rows.shape[1]))
