"""Sets of measured songs: the unit that is compared.

In: songs. Out: a `VectorSet`: one row of metric values and one of style traits a song, with a label a row.
Conventions: values `[R, M] float64`, NaN where there is nothing to count; every song's chords are heard anew from its
notes, so that planned, written and analysed music is measured alike. Caveat: columns are bound to the names in
`metrics`; sets are compared only when these agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.evaluate.traits import style_traits
from engine.metrics.vector import metric_vector
from engine.music.analysis import estimate_chords
from engine.music.notes import Role, Song

Values = NDArray[np.float64]
HUMAN, ACCOMPANIED, COMPOSED = "human", "accompanied", "composed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Where a row comes from. `kind`: human, accompanied (a human tune with written accompaniment), composed (by the
    grammar), generated. `split`: train or valid.
    """

    id: str
    style: str
    split: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A song with its label."""

    label: Label
    song: Song


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSet:
    """`values [R, M]` by `metrics`, `traits [R, K]` by `trait_names`, a label a row."""

    metrics: tuple[str, ...]
    trait_names: tuple[str, ...]
    values: Values
    traits: Values
    labels: tuple[Label, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, chosen: Sequence[int] | NDArray[np.int64]) -> VectorSet:
        """Some of the rows, in the given order."""
        where = np.asarray(chosen, dtype=np.int64)
        labels = tuple(self.labels[i] for i in where)
        return replace(self, values=self.values[where], traits=self.traits[where], labels=labels)

    def of_style(self, style: str) -> VectorSet:
        """The rows of one style."""
        return self.rows([i for i, label in enumerate(self.labels) if label.style == style])

    def of_split(self, split: str) -> VectorSet:
        """The rows of one split."""
        return self.rows([i for i, label in enumerate(self.labels) if label.split == split])

    @property
    def works(self) -> NDArray[np.int64]:
        """The piece of each row as a number `[R]`: windows of one piece share it."""
        names = [label.id.partition("@")[0] for label in self.labels]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)

    def column(self, metric: str) -> Values:
        """One metric's finite values."""
        column: Values = self.values[:, self.metrics.index(metric)]
        return column[np.isfinite(column)]


def heard(song: Song) -> Song:
    """The song with the chords that its notes give to the ear, whatever its plan says."""
    pitched = [track for track in song.tracks if track.role is not Role.DRUMS]
    notes = [note for track in pitched for note in track.notes]
    bass = song.track(Role.BASS)
    chords = estimate_chords(
        notes,
        song.key,
        song.meter,
        song.bars,
        bass=bass.notes if bass else (),
        melody_only=[track.role for track in pitched] == [Role.MELODY],
    )
    return replace(song, chords=chords)


def measure_all(samples: Iterable[Sample]) -> VectorSet:
    """Measure songs. Raises `ValueError` for one that cannot be measured, or for none."""
    values, traits, labels = [], [], []
    for sample in samples:
        song = heard(sample.song)
        values.append(metric_vector(song))
        traits.append(style_traits(song))
        labels.append(sample.label)
    if not labels:
        raise ValueError("there are no songs to measure")
    return VectorSet(
        metrics=tuple(values[0]),
        trait_names=tuple(traits[0]),
        values=np.array([list(row.values()) for row in values]),
        traits=np.array([list(row.values()) for row in traits]),
        labels=tuple(labels),
    )


def joined(sets: Sequence[VectorSet]) -> VectorSet:
    """All rows of several sets. Raises `ValueError` where their columns differ."""
    first = sets[0]
    if any(other.metrics != first.metrics or other.trait_names != first.trait_names for other in sets):
        raise ValueError("these sets were measured by different metrics")
    return VectorSet(
        metrics=first.metrics,
        trait_names=first.trait_names,
        values=np.concatenate([one.values for one in sets]),
        traits=np.concatenate([one.traits for one in sets]),
        labels=tuple(label for one in sets for label in one.labels),
    )


def filled(*sets: Values) -> tuple[Values, ...]:
    """The sets without NaN: a missing value is replaced by one drawn from all values of its column, so that it tells
    nothing of the set that it stands in. Columns without any value become 0.
    """
    together = np.concatenate(sets)
    rng = np.random.default_rng(0)
    out = [one.copy() for one in sets]
    for column in range(together.shape[1]):
        known = together[:, column][np.isfinite(together[:, column])]
        for one in out:
            gaps = ~np.isfinite(one[:, column])
            one[gaps, column] = rng.choice(known, int(gaps.sum())) if len(known) else 0.0
    return tuple(out)
