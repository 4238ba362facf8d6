"""Where generated songs leave what human ones do: bands, and the metrics that betray most.

In: sets of vectors. Out: the share of metric values inside the human 5th–95th percentile, and a row a metric with both
medians and how far they lie apart. Conventions: effect is the difference of the means over the pooled deviation (Cohen
1988); the single-metric area under the ROC curve is .5 where a metric tells nothing. Caveat: medians of many metrics
move together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.vectors import Values, VectorSet

Hits = NDArray[np.bool_]

LOW, HIGH = 5.0, 95.0
LEAST = 8
EDGE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Betrayal:
    """A metric of both sets: human median and band, the other's median, effect size and single-metric ROC area."""

    metric: str
    human: float
    low: float
    high: float
    other: float
    effect: float
    auc: float
    inside: float

    def __str__(self) -> str:
        band = f"human {self.human:8.3f} [{self.low:.3f}–{self.high:.3f}]"
        return (
            f"{self.metric:<28}{band:<38} generated {self.other:8.3f}"
            f"  effect {self.effect:+6.2f}  AUC {self.auc:.2f}  inside {self.inside:4.0%}"
        )


def share_inside(human: VectorSet, songs: VectorSet) -> float:
    """Share of all finite metric values that lie within the human band of their metric; NaN if there are none."""
    hits = [_inside(human.column(name), songs.column(name)) for name in human.metrics]
    known = np.concatenate([hit for hit in hits if hit is not None] or [np.empty(0, bool)])
    return float(known.mean()) if len(known) else float("nan")


def metric_inside(human: VectorSet, songs: VectorSet, metric: str) -> float:
    """The same for one metric."""
    hits = _inside(human.column(metric), songs.column(metric))
    return float("nan") if hits is None or not len(hits) else float(hits.mean())


def _inside(human: Values, songs: Values) -> Hits | None:
    if len(human) < LEAST:
        return None
    low, high = np.percentile(human, [LOW, HIGH])
    hits: Hits = (songs >= low - EDGE) & (songs <= high + EDGE)
    return hits


def betrayals(human: VectorSet, songs: VectorSet) -> list[Betrayal]:
    """Every metric that both sets have values of, the one that tells most first."""
    rows = []
    for name in human.metrics:
        left, right = human.column(name), songs.column(name)
        if min(len(left), len(right)) < LEAST:
            continue
        low, high = np.percentile(left, [LOW, HIGH])
        pooled = float(np.sqrt((left.var() + right.var()) / 2)) or EDGE
        rows.append(
            Betrayal(
                metric=name,
                human=float(np.median(left)),
                low=float(low),
                high=float(high),
                other=float(np.median(right)),
                effect=float(np.clip((right.mean() - left.mean()) / pooled, -99, 99)),
                auc=_single_auc(left, right),
                inside=metric_inside(human, songs, name),
            )
        )
    return sorted(rows, key=lambda row: (-abs(row.auc - 0.5), -abs(row.effect)))


def _single_auc(left: Values, right: Values) -> float:
    """Chance that a value of the right set exceeds one of the left; ties count half."""
    greater = (right[:, None] > left[None, :]).mean()
    equal = (right[:, None] == left[None, :]).mean()
    return float(greater + equal / 2)
