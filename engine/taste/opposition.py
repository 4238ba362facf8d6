"""People who vote against what all others like, song by song.

In: acts, and songs' features. Out: smaller weights for theirs, and why. Conventions: a person's votes are compared with
what the others' say of the same songs, both without their usual level, so that neither strict nor easy people stand
out; songs that few voted on are filled up with what a linear regression on features makes of the others' votes.
Caveat: an honest person of the opposite taste looks the same. Therefore it takes clear evidence, a community of
`LEAST_VOTERS` that agrees, and at most a quarter of it against: if more are, tastes differ, and all count.

After de Kerchove and Van Dooren 2010 (iterative filtering in reputation systems).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.taste.acts import Act
from engine.taste.ballot import HeardSong, Suspicion

Floats = NDArray[np.float64]

LEAST_VOTERS = 8
LEAST_VOTES = 6
"""Of a person on songs that others judged too."""
LARGEST_SHARE = 0.25
DOUBTFUL, CERTAIN = -0.9, -2.4
"""Standard errors of the likeness to others from which votes count less, and from which they count `KEPT`."""
KEPT = 0.1
AGREED = 0.7
"""The others are on average at least so like each other, in standard errors: else there is nothing to be against."""
ROUNDS = 3
RIDGE = 6.0
REGRESSION_VOTES = 3.0
"""What features say counts as so many votes on a song."""


def damp_opposed(acts: Sequence[Act], songs: Mapping[str, HeardSong]) -> list[Suspicion]:
    """Make votes of those count less who vote against the others."""
    table = _Opinions.of(acts, songs)
    if len(table.people) < LEAST_VOTERS:
        return []
    kept, likeness = np.ones(len(table.people)), np.zeros(len(table.people))
    for _ in range(ROUNDS):
        likeness = table.likeness(kept)
        kept = 1.0 - (1.0 - KEPT) * np.clip((likeness - DOUBTFUL) / (CERTAIN - DOUBTFUL), 0.0, 1.0)
    opposed = kept < 1.0
    judged = np.isfinite(likeness) & (table.count >= LEAST_VOTES)
    if not opposed.any() or opposed.sum() > LARGEST_SHARE * judged.sum():
        return []
    if float(np.mean(likeness[judged & ~opposed])) < AGREED:
        return []
    left = {person: float(kept[at]) for at, person in enumerate(table.people) if opposed[at]}
    for act in acts:
        act.weight *= left.get(act.person_id, 1.0)
    return [_suspicion(person, share) for person, share in left.items()]


def _suspicion(person: int, share: float) -> Suspicion:
    return Suspicion(
        kind="opposed",
        persons=(person,),
        songs=(),
        kept=round(share, 3),
        sentence=f"One person likes what others do not and the other way round; their votes count {share:.0%}.",
    )


@dataclass(frozen=True, slots=True)
class _Opinions:
    """Opinions as arrays: `person` and `song` [N] indices, `value` [N] without the person's usual level, `weight` [N];
    `features` [S, F] standardised; `count` [P] opinions a person.
    """

    people: list[int]
    person: NDArray[np.int64]
    song: NDArray[np.int64]
    value: Floats
    weight: Floats
    features: Floats
    count: Floats

    @classmethod
    def of(cls, acts: Sequence[Act], songs: Mapping[str, HeardSong]) -> _Opinions:
        rows = [(act.person_id, song, value, act.weight) for act in acts for song, value in act.opinions]
        people = sorted({row[0] for row in rows})
        heard = sorted({row[1] for row in rows})
        number = {person: index for index, person in enumerate(people)}
        person = np.array([number[row[0]] for row in rows], dtype=np.int64)
        at = {song: index for index, song in enumerate(heard)}
        song = np.array([at[row[1]] for row in rows], dtype=np.int64)
        value = np.array([float(row[2]) for row in rows])
        count = np.bincount(person, minlength=len(people)).astype(np.float64)
        level = np.bincount(person, weights=value, minlength=len(people)) / np.maximum(count, 1.0)
        everybody = float(value.mean()) if len(value) else 0.0
        level = (level * count + everybody) / (count + 1.0)
        weight = np.array([row[3] for row in rows]) / np.sqrt(np.maximum(count, 1.0))[person]
        features = _standardised([songs[one] for one in heard])
        return cls(people, person, song, value - level[person], weight, features, count)

    def likeness(self, kept: Floats) -> Floats:
        """[P]: how like the others each votes, in standard errors of a correlation; 0 where it cannot be told."""
        weight = self.weight * kept[self.person]
        rows = self.features[self.song]
        square = (rows * weight[:, None]).T @ rows
        product = rows.T @ (weight * self.value)
        size, total = self._sums(weight), self._sums(weight * self.value)
        usual = float(np.mean(weight)) if len(weight) else 1.0
        found = np.zeros(len(self.people))
        for at in range(len(self.people)):
            own = np.flatnonzero(self.person == at)
            mine, share = rows[own], weight[own, None]
            ridge = RIDGE * usual * np.eye(rows.shape[1])
            slope = np.linalg.solve(
                square - (mine * share).T @ mine + ridge, product - mine.T @ (share[:, 0] * self.value[own])
            )
            filled = REGRESSION_VOTES * usual
            said = total[self.song[own]] - share[:, 0] * self.value[own]
            others = (said + filled * (mine @ slope)) / (size[self.song[own]] - share[:, 0] + filled)
            found[at] = _correlation(self.value[own], others)
        return found

    def _sums(self, values: Floats) -> Floats:
        """[S]: sums of values over a song's opinions."""
        sums: Floats = np.bincount(self.song, weights=values, minlength=len(self.features)).astype(np.float64)
        return sums


def _correlation(one: Floats, other: Floats) -> float:
    """In standard errors under no relation: r · √(n − 1)."""
    if len(one) < LEAST_VOTES:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((one @ one) * (other @ other)))
    return 0.0 if norm < 1e-9 else float(one @ other) / norm * float(np.sqrt(len(one) - 1))


def _standardised(songs: Sequence[HeardSong]) -> Floats:
    """[S, F]: each style's songs in their own standard deviations, 0 where nothing is known; one column at least."""
    names = sorted({name for song in songs for name in song.song})
    found = np.zeros((len(songs), max(1, len(names))))
    styles: dict[str, list[int]] = defaultdict(list)
    for at, song in enumerate(songs):
        if song.song:
            styles[song.style].append(at)
    for places in styles.values():
        raw = np.array([[songs[at].song.get(name, np.nan) for name in names] for at in places])
        known = np.isfinite(raw)
        centre = np.where(known, raw, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        apart = np.where(known, raw - centre, 0.0)
        scale = np.sqrt((apart**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
        found[places] = np.clip(apart / np.where(scale > 1e-9, scale, np.inf), -4.0, 4.0)
    return found
