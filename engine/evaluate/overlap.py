"""How alike two sets of songs are, metric by metric: the overlapping area of their distances.

In: two sets of metric values. Out: an overlapping area a metric and their mean. Source: Yang and Lerch, "On the
evaluation of generative models in music" (Neural Computing and Applications 32, 2020): for each metric the distances
within one set and the distances between the sets are smoothed by Gaussian kernels, and the area under both curves is
taken; 1 means that the other set could be the same. Conventions: Scott's bandwidth (1992) for each of the two; a
song's distance to itself counts in neither. Caveat: blunt on purpose; human pieces with shuffled bars still reach 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.vectors import Values, VectorSet

CELLS = 1024
LEAST = 5
"""Fewer values than this in either set tell nothing."""
MARGIN = 0.15

Curve = NDArray[np.float64]


def overlapping_area(reference: Values, other: Values) -> float:
    """0…1 for one metric; NaN if either set has fewer than `LEAST` finite values."""
    reference, other = reference[np.isfinite(reference)], other[np.isfinite(other)]
    if min(len(reference), len(other)) < LEAST:
        return float("nan")
    within = np.abs(reference[:, None] - reference[None, :])[np.triu_indices(len(reference), 1)]
    between = np.abs(reference[:, None] - other[None, :]).ravel()
    top = max(float(within.max()), float(between.max()))
    if top == 0:
        return 1.0
    edges = np.linspace(-MARGIN * top, (1 + MARGIN) * top, CELLS + 1)
    shared = np.minimum(_density(within, edges), _density(between, edges))
    return float(min(1.0, shared.sum() * (edges[1] - edges[0])))


def overlaps(reference: VectorSet, other: VectorSet) -> dict[str, float]:
    """The overlapping area of every metric that both sets have values of."""
    areas = {name: overlapping_area(reference.column(name), other.column(name)) for name in reference.metrics}
    return {name: area for name, area in areas.items() if np.isfinite(area)}


def mean_overlap(reference: VectorSet, other: VectorSet) -> float:
    """Mean over the metrics; NaN if the sets share none."""
    areas = list(overlaps(reference, other).values())
    return float(np.mean(areas)) if areas else float("nan")


def relative_overlap(reference: VectorSet, other: VectorSet, *, seed: int, times: int = 5) -> float:
    """The mean overlap over what one half of the reference reaches against the other half, cut by piece.

    Both are taken with a half of the reference, so that equally many songs are compared. 1: as alike as human sets.
    """
    rng = np.random.default_rng(seed)
    ratios = []
    for _ in range(times):
        one, two = halves(reference, rng)
        ratios.append(mean_overlap(one, other) / mean_overlap(one, two))
    return float(np.mean(ratios))


def halves(whole: VectorSet, rng: np.random.Generator) -> tuple[VectorSet, VectorSet]:
    """Two parts of about equal size that share no piece."""
    works = whole.works
    order = rng.permutation(works.max() + 1)
    sizes = np.cumsum(np.bincount(works)[order])
    first = order[: int(np.searchsorted(sizes, len(whole) / 2)) + 1]
    inside = np.isin(works, first)
    return whole.rows(np.flatnonzero(inside)), whole.rows(np.flatnonzero(~inside))


def _density(distances: Curve, edges: Curve) -> Curve:
    """A Gaussian kernel density over the cells between `edges`: counted first, smoothed then."""
    width = edges[1] - edges[0]
    counts = np.histogram(distances, edges)[0] / (len(distances) * width)
    bandwidth = max(float(distances.std()) * len(distances) ** -0.2, 2 * width)
    reach = int(4 * bandwidth / width) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * width / bandwidth) ** 2)
    smooth: Curve = np.convolve(counts, kernel / kernel.sum(), mode="full")[reach : reach + len(counts)]
    return smooth
