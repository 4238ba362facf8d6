"""The figures of a set of songs beside a style's human music.

In: the human set, the pool of human sets, a set of songs. Out: `SetFigures`. Conventions: the discriminator's area is
the larger of two learners; overlap is relative to human halves against each other; structure shares count the songs
whose indicator lies in the human band. Caveat: a figure that cannot be taken is NaN, and None in JSON.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.evaluate.bands import metric_inside, share_inside
from engine.evaluate.learners import discriminator_auc, named_styles
from engine.evaluate.neighbours import precision, recall, spread, unseen_precision
from engine.evaluate.overlap import halves, relative_overlap
from engine.evaluate.vectors import VectorSet

HALVINGS = 3
ENOUGH_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFigures:
    """`inside`: metric values in the human band. `overlap`: relative overlapping area. `auc`: discriminator.
    `precision`, `recall`: by neighbours. `structure_mid`, `structure_long`: indicators in the human band. `variety`:
    mean distance of two songs in human deviations. `named`: songs whose style is named right. All but `variety` lie in
    0…1, `overlap` may be slightly above.
    """

    songs: int
    inside: float
    overlap: float
    auc: float
    precision: float
    recall: float
    structure_mid: float
    structure_long: float
    variety: float
    named: float

    def to_json(self) -> dict[str, Any]:
        """Four places; None for what could not be taken."""
        return {name: rounded(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What songs are compared with: a style's `human` set, the `pool` of all people's, the `training` sets of all
    styles for naming, and the seed of everything random.
    """

    style: str
    human: VectorSet
    pool: VectorSet
    training: VectorSet
    seed: int

    def figures(self, songs: VectorSet) -> SetFigures:
        """The figures of songs of any maker."""
        return SetFigures(
            songs=len(songs),
            inside=share_inside(self.human, songs),
            overlap=relative_overlap(self.human, songs, seed=self.seed),
            auc=discriminator_auc(self.human, songs, seed=self.seed),
            precision=precision(self.pool, songs),
            recall=recall(self.pool, self.human, songs),
            structure_mid=metric_inside(self.human, songs, "structure_mid"),
            structure_long=metric_inside(self.human, songs, "structure_long"),
            variety=spread(self.pool, songs),
            named=self.named(songs),
        )

    def human_figures(self) -> SetFigures:
        """What people's own music reaches: one half, cut by piece, against the other; means over several cuts."""
        rng = np.random.default_rng(self.seed)
        rows = []
        for turn in range(HALVINGS):
            one, two = halves(self.human, rng)
            rows.append(
                SetFigures(
                    songs=len(two),
                    inside=share_inside(one, two),
                    overlap=1.0,
                    auc=discriminator_auc(one, two, seed=self.seed + turn),
                    precision=unseen_precision(self.pool, two),
                    recall=recall(self.pool, one, two),
                    structure_mid=metric_inside(one, two, "structure_mid"),
                    structure_long=metric_inside(one, two, "structure_long"),
                    variety=spread(self.pool, two),
                    named=self._unseen_named(one, two),
                )
            )
        return SetFigures(
            songs=len(self.human),
            **{name: float(np.mean([getattr(row, name) for row in rows])) for name in _FIGURES},
        )

    def human_variety(self) -> float:
        """The variety of people's own music of the style."""
        return spread(self.pool, self.human)

    def named(self, songs: VectorSet) -> float:
        """Share of songs whose style the classifier names right; NaN where only one style is known."""
        return self._share_named(self.training, songs)

    def _unseen_named(self, one: VectorSet, two: VectorSet) -> float:
        """The same for the style's half `two`, by a classifier that has not heard it."""
        known = {label.id for label in one.labels}
        rows = [i for i, label in enumerate(self.training.labels) if label.style != self.style or label.id in known]
        return self._share_named(self.training.rows(rows), two)

    def _share_named(self, training: VectorSet, songs: VectorSet) -> float:
        if len({label.style for label in training.labels}) < 2:
            return math.nan
        return float(np.mean([name == self.style for name in named_styles(training, songs, seed=self.seed)]))


_FIGURES = tuple(name for name in SetFigures.__dataclass_fields__ if name != "songs")


def rounded(value: Any) -> Any:
    """A float to four places; None for one that is not finite."""
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
