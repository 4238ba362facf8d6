"""How good songs, seeds, versions and styles are by their votes, and how sure that is.

In: weighed votes and pairs. Out: lower bounds of Beta posteriors for songs; Bradley–Terry strengths with bootstrap
intervals for what many songs have in common. Conventions: a strength is in log odds against an average rival; who was
compared with whom comes from duels, and from one person liking one song and not another; a tie is half a win each;
intervals hold nine tenths of what comes out when persons are drawn anew, since one person's votes hang together.
Nothing is ranked below `MIN_VOTES` weighed votes. Caveat: a person who likes everything, or nothing, compares nothing
but in duels.

Sources: Bradley and Terry 1952; Maystre and Grossglauser 2015 (`choix`); Efron 1979 (bootstrap).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import choix
import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from engine.music.taste import Posterior
from engine.taste.weighed import Weights, heard_by_all, spread

Floats = NDArray[np.float64]

MIN_VOTES = 8.0
"""Weighed votes, each on a song that counts as `engine.taste.weighed.spread` says, before anything is ranked."""
LOWER = 0.05
DRAWS = 120
"""Of the bootstrap."""
INTERVAL = (0.05, 0.95)
PRIOR_TIES = 2.0
"""So many ties with the others are taken for granted for each one: strengths stay finite."""
ITERATIONS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """`strength`, `low`, `high`: log odds of winning against an average rival, and the interval; `beats`: the same as
    a probability; `votes`: weighed ones for and against its songs, `pairs`: weighed comparisons with others.
    """

    name: str
    strength: float
    low: float
    high: float
    votes: float
    pairs: float

    @property
    def beats(self) -> float:
        """How often it wins against an average rival, 0…1."""
        return float(1 / (1 + np.exp(-self.strength)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "name": self.name,
            "strength": round(self.strength, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "beats": round(self.beats, 4),
            "votes": round(self.votes, 2),
            "pairs": round(self.pairs, 2),
        }


def lower_bound(votes: Posterior, quantile: float = LOWER) -> float:
    """The share of people who like it, 0…1, that it surely reaches: a quantile of the Beta posterior."""
    return float(betaincinv(votes.alpha, votes.beta, quantile))


def rate(weights: Weights, kinds: Mapping[str, str], *, seed: int = 0) -> tuple[Rating, ...]:
    """Ratings of what songs have in common, the strongest first. `kinds`: song → its seed, version or style; songs
    that it lacks are left out. Empty where fewer than two kinds have votes enough.
    """
    votes = _votes(weights, kinds)
    names = sorted(name for name, count in votes.items() if count >= MIN_VOTES)
    if len(names) < 2:
        return ()
    wins = _wins(weights, kinds, names)
    if not wins.any():
        return ()
    rng = np.random.default_rng(seed)
    people = len(wins)
    strengths = _strengths(wins.sum(axis=0))
    counts = rng.multinomial(people, np.full(people, 1 / people), size=DRAWS)
    drawn = np.array([_strengths(np.tensordot(count.astype(np.float64), wins, axes=1)) for count in counts])
    low, high = np.quantile(drawn, INTERVAL, axis=0)
    total = wins.sum(axis=0)
    pairs = total.sum(axis=0) + total.sum(axis=1)
    ratings = [
        Rating(
            name=name,
            strength=float(strengths[at]),
            low=float(min(low[at], strengths[at])),
            high=float(max(high[at], strengths[at])),
            votes=votes[name],
            pairs=float(pairs[at]),
        )
        for at, name in enumerate(names)
    ]
    return tuple(sorted(ratings, key=lambda rating: (-rating.strength, rating.name)))


def _votes(weights: Weights, kinds: Mapping[str, str]) -> dict[str, float]:
    """Kind → its weighed votes and answers."""
    found: dict[str, float] = defaultdict(float)
    for song, tally in heard_by_all(weights).items():
        if song in kinds:
            found[kinds[song]] += (tally.up + tally.down) * spread(tally.up + tally.down)
    return found


def _wins(weights: Weights, kinds: Mapping[str, str], names: Sequence[str]) -> Floats:
    """[P, I, I]: how often, by each person's word, one kind wins against another.

    Of n votes of one person each liked and disliked song make a pair that counts 1 / n, so that a person has no more
    to say than they have voted.
    """
    at = {name: index for index, name in enumerate(names)}
    people = {person: index for index, person in enumerate(_people(weights))}
    wins = np.zeros((len(people), len(names), len(names)))
    liked, disliked = (np.zeros((len(people), len(names))) for _ in range(2))
    for vote in weights.votes:
        place = at.get(kinds.get(vote.song_id, ""))
        if place is not None:
            side = liked if vote.value > 0 else disliked
            side[people[vote.person_id], place] += vote.weight
    said = np.maximum(1.0, liked.sum(axis=1) + disliked.sum(axis=1))
    wins += liked[:, :, None] * disliked[:, None, :] / said[:, None, None]
    for pair in weights.pairs:
        left, right = at.get(kinds.get(pair.left_id, "")), at.get(kinds.get(pair.right_id, ""))
        if left is not None and right is not None:
            wins[people[pair.person_id], left, right] += pair.weight * pair.left
            wins[people[pair.person_id], right, left] += pair.weight * (1.0 - pair.left)
    diagonal = np.arange(len(names))
    wins[:, diagonal, diagonal] = 0.0
    return wins


def _people(weights: Weights) -> list[int]:
    return sorted({vote.person_id for vote in weights.votes} | {pair.person_id for pair in weights.pairs})


def _strengths(wins: Floats) -> Floats:
    """[I] log odds against the average, from [I, I] wins and what is taken for granted."""
    kinds = len(wins)
    ties = np.full((kinds, kinds), PRIOR_TIES / 2 / (kinds - 1))
    np.fill_diagonal(ties, 0.0)
    found: Floats = choix.ilsr_pairwise_dense(wins + ties, max_iter=ITERATIONS, tol=1e-6)
    strengths: Floats = found - found.mean()
    return strengths
