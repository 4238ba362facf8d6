"""Votes on measured songs as arrays, as a learner takes them.

In: `Evidence`: songs' features with weighed votes and pairs, of one home or of several. Out: a `Table`: standardised
features, weight for and against each song, pairs, and rows to fit. Conventions: a feature counts in standard
deviations over its own home's songs, what a song lacks counts as usual; songs that were compared with each other are
one group. Caveat: a feature that fewer than four songs in five have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.taste.weighed import Pair, Weighed, spread, tallies

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Chosen = NDArray[np.bool_]

MIN_VOTES, MIN_SONGS, MIN_SIDE = 24.0, 12, 5.0
"""So much weight, so many songs, so much weight for and against: less teaches nothing."""
PRIOR_REACH = 2.0
"""The prior's column is so many times as wide as a feature's, so that using it costs a quarter."""
ONES = 3.0
"""The constant column: wide, so that it is hardly held back."""
FARTHEST = 4.0
"""Standard deviations beyond which a song is as odd as can be."""
KNOWN_SHARE = 0.8
"""A feature counts if so large a share of the songs has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one home said of the songs of one style. `features`: song → feature → value, for all songs that were heard;
    `worth`: a factor on all weights.
    """

    features: Mapping[str, Mapping[str, float]]
    votes: Sequence[Weighed]
    pairs: Sequence[Pair] = ()
    worth: float = 1.0


class Table:
    """Evidence as arrays. `songs` [S, F] standardised features, `up` and `down` [S] weight; `left`, `right` [P]
    indices of songs, `won` [P] 1, 0 or .5, `stake` [P] weight; `groups` [S]: songs that stay together.
    """

    def __init__(self, evidences: Sequence[Evidence], prior: Mapping[str, float]) -> None:
        self.names = _shared_names(evidences)
        self.prior = np.array([prior.get(name, 0.0) for name in self.names])
        self.centre: dict[str, float] = {}
        self.scale: dict[str, float] = {}
        parts = [self._part(evidence) for evidence in evidences]
        rows = [len(part[0]) for part in parts]
        offsets = [sum(rows[:at]) for at in range(len(rows))]
        width = len(self.names)
        self.songs: Floats = np.concatenate([np.zeros((0, width)), *(part[0] for part in parts)])
        self.up: Floats = np.concatenate([np.zeros(0), *(part[1] for part in parts)])
        self.down: Floats = np.concatenate([np.zeros(0), *(part[2] for part in parts)])
        pairs = [np.zeros((0, 4))]
        for part, offset in zip(parts, offsets, strict=True):
            pairs.append(part[3] + np.array([offset, offset, 0, 0]))
        every = np.concatenate(pairs)
        self.left, self.right = every[:, 0].astype(np.int64), every[:, 1].astype(np.int64)
        self.won, self.stake = every[:, 2], every[:, 3]
        self.groups = _groups(len(self.songs), self.left, self.right)
        self.prior_scale = float(np.std(self.songs @ self.prior)) if len(self.songs) else 0.0

    def _part(self, evidence: Evidence) -> tuple[Floats, Floats, Floats, Floats]:
        heard = [song for song in evidence.features if evidence.features[song]]
        raw = np.array([[evidence.features[song].get(name, np.nan) for name in self.names] for song in heard])
        raw = raw.reshape(len(heard), len(self.names))
        with np.errstate(invalid="ignore"):
            centre = np.array([np.nanmean(column) if np.isfinite(column).any() else 0.0 for column in raw.T])
            scale = np.array([np.nanstd(column) if np.isfinite(column).any() else 0.0 for column in raw.T])
        usable = scale > 1e-6 * (1.0 + np.abs(centre))
        scale = np.where(usable, scale, 1.0)
        self.centre = dict(zip(self.names, centre.tolist(), strict=True))
        self.scale = dict(zip(self.names, scale.tolist(), strict=True))
        known = np.where(np.isfinite(raw) & usable, (raw - centre) / scale, 0.0).clip(-FARTHEST, FARTHEST)
        tally = tallies(evidence.votes)
        index = {song: at for at, song in enumerate(heard)}
        up, down = np.zeros(len(heard)), np.zeros(len(heard))
        for song, votes in tally.items():
            if song in index:
                factor = spread(votes.up + votes.down) * evidence.worth
                up[index[song]], down[index[song]] = votes.up * factor, votes.down * factor
        pairs = [
            (index[pair.left_id], index[pair.right_id], pair.left, pair.weight * evidence.worth)
            for pair in evidence.pairs
            if pair.left_id in index and pair.right_id in index and pair.weight > 0
        ]
        return known, up, down, np.array(pairs, dtype=np.float64).reshape(len(pairs), 4)

    @property
    def votes(self) -> float:
        """All weight."""
        return float(self.up.sum() + self.down.sum() + self.stake.sum())

    @property
    def judged_songs(self) -> int:
        """Songs that somebody said something of."""
        said = (self.up + self.down) > 0
        said[self.left], said[self.right] = True, True
        return int(said.sum())

    def lacking(self) -> str:
        """What is missing for learning; empty if nothing is."""
        decided = float(self.stake[self.won != 0.5].sum())
        side = min(self.up.sum(), self.down.sum()) + decided / 2
        if not self.names:
            return "No song that was voted on has been measured."
        if self.votes < MIN_VOTES:
            return f"Votes worth {self.votes:.0f} are too few; {MIN_VOTES:.0f} would do."
        if self.judged_songs < MIN_SONGS:
            return f"{self.judged_songs} songs are too few; {MIN_SONGS} would do."
        if side < MIN_SIDE:
            return f"Almost all votes say the same; {MIN_SIDE:.0f} each way would do."
        return ""

    def columns(self, difference: Floats, constant: float) -> Floats:
        """Rows [N, F] with the prior's column and the constant one."""
        prior = difference @ self.prior * (PRIOR_REACH / self.prior_scale if self.prior_scale > 1e-9 else 0.0)
        return np.column_stack((difference, prior, np.full(len(difference), constant)))

    def rows(self, chosen: Chosen) -> tuple[Floats, Floats, Floats]:
        """Rows, labels and weights of the songs that are `chosen` and of pairs of two of them."""
        up, down = np.flatnonzero(chosen & (self.up > 0)), np.flatnonzero(chosen & (self.down > 0))
        inside = chosen[self.left] & chosen[self.right]
        left, right, won = self.left[inside], self.right[inside], self.won[inside]
        difference = self.songs[left] - self.songs[right]
        x = np.concatenate(
            (
                self.columns(self.songs[up], ONES),
                self.columns(self.songs[down], ONES),
                self.columns(difference, 0.0),
                self.columns(difference, 0.0),
            )
        )
        y = np.concatenate((np.ones(len(up)), np.zeros(len(down)), np.ones(len(left)), np.zeros(len(left))))
        likes, dislikes = self.up[up], self.down[down]
        half = (likes.sum() + dislikes.sum()) / 2
        if len(likes) and len(dislikes):
            likes, dislikes = likes * half / likes.sum(), dislikes * half / dislikes.sum()
        stake = self.stake[inside]
        return x, y, np.concatenate((likes, dislikes, stake * won, stake * (1.0 - won)))

    def feature_weights(self, coefficients: Floats) -> Floats:
        """Weights [F] in log odds a standard deviation, the prior's share in them."""
        width = len(self.names)
        share = coefficients[width] * PRIOR_REACH / self.prior_scale if self.prior_scale > 1e-9 else 0.0
        weights: Floats = coefficients[:width] + share * self.prior
        return weights


def _shared_names(evidences: Sequence[Evidence]) -> tuple[str, ...]:
    """Features that most songs have."""
    measured = [features for evidence in evidences for features in evidence.features.values() if features]
    counts: dict[str, int] = {}
    for features in measured:
        for name in features:
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(name for name, count in counts.items() if count >= KNOWN_SHARE * len(measured)))


def _groups(songs: int, left: Ints, right: Ints) -> Ints:
    """Songs that were compared, directly or by others, in one group [S]."""
    root = list(range(songs))

    def top(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    for one, other in zip(left.tolist(), right.tolist(), strict=True):
        root[top(one)] = top(other)
    return np.array([top(at) for at in range(songs)], dtype=np.int64)
