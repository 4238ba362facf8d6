"""Which measured features a home likes: logistic regression over standardised features, and whether it can be trusted.

In: songs' features with weighed votes and pairs. Out: a `Preference` (plain numbers) with figures. Conventions: a
feature counts in standard deviations over the home's own songs; songs that were compared with each other stay on one
side of every split; `accuracy` is the share of pairs of a liked and a disliked song, and of duels, that are foretold
for songs which were not learnt from (the area under the ROC curve; chance is .5 however seldom people dislike a song),
`lower` its 10 % bound by a bootstrap over songs. It is switched off where `lower` is under `LEAST`. A prior, learnt
from others, is one more feature that costs less to use. Caveat: only straight preferences can be told (more is better
or worse, never "in the middle").

Sources: Hanley and McNeil 1982 (area as share of pairs); Efron 1979 (bootstrap); Varma and Simon 2006 (choosing the
penalty inside each training part).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from engine.music.taste import Preference
from engine.taste.table import Chosen, Evidence, Floats, Ints, Table

NOT_AGAINST = 0.45
"""Own votes agree with a prior that foretells so large a share of them."""
PENALTIES = (0.004, 0.016, 0.063, 0.25, 1.0)
"""Of which cross-validation takes one: scikit-learn's C, smaller is more cautious."""
FOLDS, INNER_FOLDS = 5, 4
DRAWS = 300
"""Of the bootstrap."""
LOWEST = 0.1
"""The quantile that is the lower bound."""
LEAST, SURE = 0.52, 0.60
"""Lower bounds of the accuracy: below the first a preference is off, from the second on it is trusted wholly."""
SECOND_HAND = 0.5
"""How much of a prior's trust counts where the home itself has hardly voted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A preference, None if it is off, and why. `weights`: what one standard deviation of a feature moves, in log
    odds, whether it is on or off.
    """

    preference: Preference | None
    weights: Mapping[str, float] = field(default_factory=dict)
    accuracy: float | None = None
    lower: float | None = None
    votes: float = 0.0
    songs: int = 0
    source: str = "own"
    reason: str = ""

    def figures(self) -> dict[str, Any]:
        """For the report, as JSON."""
        strongest = sorted(self.weights, key=lambda name: (-abs(self.weights[name]), name))
        return {
            "on": self.preference is not None,
            "trust": 0.0 if self.preference is None else round(self.preference.trust, 3),
            "accuracy": _rounded(self.accuracy),
            "lower": _rounded(self.lower),
            "chance": 0.5,
            "needed": LEAST,
            "votes": round(self.votes, 1),
            "songs": self.songs,
            "source": self.source,
            "reason": self.reason,
            "strongest": {name: round(self.weights[name], 3) for name in strongest[:5]},
        }


def find_preference(evidence: Evidence, prior: Finding | None = None, *, seed: int = 0) -> Finding:
    """What a home prefers, if its votes can be foretold. `prior`: what others have in common, used if that is on;
    `seed` draws the splits.
    """
    lent = prior.preference.trust if prior is not None and prior.preference is not None else 0.0
    table = Table([evidence], prior.weights if prior is not None and lent else {})
    lacking = table.lacking()
    if lacking:
        return _second_hand(table, lacking, lent)
    own = _judged(table, np.random.default_rng(seed))
    if not lent:
        return own
    alone = _prior_alone(table, np.random.default_rng(seed))
    better = max(own, alone, key=lambda found: found.lower or 0.0)
    return _supported(table, better, alone, SECOND_HAND * lent)


def find_prior(evidences: Iterable[Evidence], *, seed: int = 0) -> Finding:
    """What several homes or styles have in common, each measured in its own standard deviations."""
    table = Table(list(evidences), {})
    lacking = table.lacking()
    return _nothing(table, lacking) if lacking else _judged(table, np.random.default_rng(seed), is_prior=True)


def _fitted(x: Floats, y: Floats, weights: Floats, penalty: float) -> Floats:
    some = weights > 0
    if len(set(y[some].tolist())) < 2:
        return np.zeros(x.shape[1])
    model = LogisticRegression(C=penalty, solver="newton-cholesky", fit_intercept=False, tol=1e-4, max_iter=100)
    model.fit(x[some], y[some], sample_weight=weights[some])
    found: Floats = model.coef_[0]
    return found


def _split(groups: Ints, folds: int, rng: np.random.Generator) -> list[Chosen]:
    """For each fold, which songs are held out; a group is in one of them."""
    kinds, inverse = np.unique(groups, return_inverse=True)
    fold = rng.permutation(len(kinds)) % folds
    return [fold[inverse] == at for at in range(folds)]


def _penalty(table: Table, within: Chosen, rng: np.random.Generator) -> float:
    """The penalty under which songs of `within` that are held out surprise least."""
    surprise = np.zeros(len(PENALTIES))
    for held in _split(table.groups, INNER_FOLDS, rng):
        x, y, weights = table.rows(within & ~held)
        asked, answers, stakes = table.rows(within & held)
        for at, penalty in enumerate(PENALTIES):
            margin = (2 * answers - 1) * (asked @ _fitted(x, y, weights, penalty))
            surprise[at] += float(stakes @ np.logaddexp(0.0, -margin))
    return PENALTIES[int(np.argmin(surprise))]


def _judged(table: Table, rng: np.random.Generator, *, is_prior: bool = False) -> Finding:
    """Learnt from all, and judged on songs that were held out. A prior, which is judged again by whoever uses it, has
    one penalty for all parts.
    """
    everything = np.ones(len(table.songs), dtype=np.bool_)
    overall = _penalty(table, everything, rng)
    scores = np.zeros(len(table.songs))
    for held in _split(table.groups, FOLDS, rng):
        penalty = overall if is_prior else _penalty(table, ~held, rng)
        weights = table.feature_weights(_fitted(*table.rows(~held), penalty))
        scores[held] = table.songs[held] @ weights
    accuracy, lower = _foretold(table, scores, rng)
    final = table.feature_weights(_fitted(*table.rows(everything), overall))
    return _decided(table, final, accuracy, lower)


def _prior_alone(table: Table, rng: np.random.Generator) -> Finding:
    """The prior as it is, judged on votes that it has never seen."""
    accuracy, lower = _foretold(table, table.songs @ table.prior, rng)
    return _decided(table, table.prior, accuracy, lower, source="prior")


def _supported(table: Table, better: Finding, alone: Finding, lent: float) -> Finding:
    """What was found, trusted half as much as the prior at least, if the home's votes do not speak against that."""
    trust = 0.0 if better.preference is None else better.preference.trust
    if trust >= lent or (alone.accuracy or 0.0) < NOT_AGAINST:
        return better
    found = better if better.preference is not None else alone
    weights = np.array([found.weights[name] for name in table.names])
    return replace(
        found,
        preference=_preference(table, weights, found.accuracy or 0.5, lent),
        source=found.source if better.preference is not None else "prior",
        reason=f"{found.reason} What is liked elsewhere says the same, and is half trusted.",
    )


def _second_hand(table: Table, lacking: str, lent: float) -> Finding:
    """The prior, half trusted, where there are too few votes to judge it; nothing where there is no prior."""
    if not lent or not table.prior.any():
        return _nothing(table, lacking)
    return Finding(
        preference=_preference(table, table.prior, 0.5, SECOND_HAND * lent),
        weights=dict(zip(table.names, table.prior.tolist(), strict=True)),
        votes=table.votes,
        songs=table.judged_songs,
        source="prior",
        reason=f"{lacking} Until then what is liked elsewhere is half trusted.",
    )


def _nothing(table: Table, reason: str) -> Finding:
    return Finding(preference=None, votes=table.votes, songs=table.judged_songs, source="none", reason=reason)


def _decided(table: Table, weights: Floats, accuracy: float, lower: float, source: str = "own") -> Finding:
    """On or off, by the lower bound."""
    trust = min(1.0, max(0.0, (lower - LEAST) / (SURE - LEAST)))
    off = f"Of unheard songs it foretells {accuracy:.0%}, surely {lower:.0%}; more than {LEAST:.0%} would switch it on."
    on = f"Of unheard songs it foretells {accuracy:.0%}, surely {lower:.0%}, where chance is 50%."
    return Finding(
        preference=_preference(table, weights, accuracy, trust) if trust > 0 else None,
        weights=dict(zip(table.names, weights.tolist(), strict=True)),
        accuracy=accuracy,
        lower=lower,
        votes=table.votes,
        songs=table.judged_songs,
        source=source,
        reason=on if trust > 0 else off,
    )


def _preference(table: Table, weights: Floats, accuracy: float, trust: float) -> Preference:
    kept = [(name, float(weight)) for name, weight in zip(table.names, weights, strict=True) if abs(weight) > 1e-6]
    return Preference(
        centre={name: round(table.centre[name], 6) for name, _ in kept},
        scale={name: max(1e-6, round(table.scale[name], 6)) for name, _ in kept},
        weights={name: round(weight, 6) for name, weight in kept},
        accuracy=round(accuracy, 4),
        trust=round(trust, 4),
    )


def _foretold(table: Table, scores: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """The accuracy of scores [S], and its lower bound by drawing groups of songs anew."""
    kinds, inverse = np.unique(table.groups, return_inverse=True)
    counts = rng.multinomial(len(kinds), np.full(len(kinds), 1 / len(kinds)), size=DRAWS).astype(np.float64)
    times = np.concatenate((np.ones((1, len(kinds))), counts))[:, inverse]
    order = np.argsort(scores, kind="stable")
    up, down = (table.up * times)[:, order], (table.down * times)[:, order]
    places = np.unique(scores[order], return_index=True)[1]
    up, down = np.add.reduceat(up, places, axis=1), np.add.reduceat(down, places, axis=1)
    right = (up * (np.cumsum(down, axis=1) - down / 2)).sum(axis=1)
    possible = up.sum(axis=1) * down.sum(axis=1)
    said = up.sum(axis=1) + down.sum(axis=1)
    area = np.divide(right, possible, out=np.full(len(right), 0.5), where=possible > 0)
    stake = np.where(table.won != 0.5, table.stake, 0.0) * times[:, table.left]
    gap = np.sign(scores[table.left] - scores[table.right])
    hit = (stake * (0.5 + 0.5 * gap * np.sign(table.won - 0.5))).sum(axis=1)
    both = said + stake.sum(axis=1)
    share = np.divide(said * area + hit, both, out=np.full(len(both), 0.5), where=both > 0)
    return float(share[0]), float(np.quantile(share[1:], LOWEST))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
