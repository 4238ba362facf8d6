"""A ballot → a taste: all that votes teach, put together.

In: a `Ballot`. Out: `Learnt`: for each style that was voted on the next version of its taste, the figures that a report
needs, votes that count less, and what is to become of models on trial. Conventions: no database and no clock here, the
same ballot gives the same answer. Figures are JSON:

    {"votes", "weight", "least_votes", "styles_ranked": [rating…], "styles": {style: {
        "votes", "weight", "songs", "voters",
        "plan", "song": {"on", "trust", "accuracy", "lower", "chance", "needed", "votes", "songs", "source", "reason",
                         "strongest": {feature: weight}},
        "liked": {seed: {"up", "down", "mean", "lower"}}, "seeds": [rating…], "versions": [rating…],
        "composed_by_taste": {"up", "down", "duels_won", "duels_lost"}, "heard": {song: [up, down]},
        "generation": {"number", "bred", "resting", "born"}}}}

where a rating is {"name", "strength", "low", "high", "beats", "votes", "pairs"}. Caveat: scikit-learn and choix are
loaded with this module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np

from engine.music.seed import Seed, lineage_of
from engine.music.seedbank import load_seeds
from engine.music.styles import STYLES_DIR, style_names
from engine.music.taste import Posterior, StyleTaste
from engine.taste.ballot import Ballot, HeardSong, Learnt
from engine.taste.breed import Stock, is_due, next_generation
from engine.taste.canary import rule
from engine.taste.fairness import weigh
from engine.taste.foresight import foreseen
from engine.taste.preference import Finding, find_preference, find_prior
from engine.taste.ratings import MIN_VOTES, Rating, lower_bound, rate
from engine.taste.table import Evidence
from engine.taste.weighed import Pair, Weighed, Weights, heard_by_all, summed

OTHER_STYLES = 0.5
"""How much a home's votes in other styles count towards what it may like in one."""
MOST_PRIOR_SONGS = 200
"""Of each other home, its newest."""
MOST_HEARD = 200
"""Songs of which the figures name the votes."""
Features = Callable[[HeardSong], Mapping[str, float]]
FEATURES: Mapping[str, Features] = {"plan": lambda song: song.plan, "song": lambda song: song.song}


def learn(ballot: Ballot) -> Learnt:
    """What the votes of a ballot teach."""
    here = _Home(ballot)
    others = [_Home(other) for other in ballot.shared]
    tastes: dict[str, StyleTaste] = {}
    figures: dict[str, Any] = {}
    for style, part in here.parts.items():
        if part.counted:
            tastes[style], figures[style] = _learn_style(here, others, part)
    return Learnt(
        tastes=tastes,
        figures={
            "votes": sum(taste.votes for taste in tastes.values()),
            "weight": round(here.weights.total, 2),
            "least_votes": MIN_VOTES,
            "styles_ranked": _rows(rate(here.weights, {song.id: song.style for song in ballot.songs})),
            "styles": figures,
        },
        suspicions=here.weights.suspicions,
        rulings=rule(ballot, here.weights),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """What a home said of one style."""

    style: str
    songs: tuple[HeardSong, ...]
    weights: Weights

    @property
    def counted(self) -> int:
        """Votes and answers that count at all."""
        votes = sum(vote.weight > 0 and not vote.implied for vote in self.weights.votes)
        return votes + sum(pair.weight > 0 for pair in self.weights.pairs)

    def evidence(self, features: Features, worth: float = 1.0) -> Evidence:
        """What preferences are learnt from."""
        return Evidence(
            features={song.id: features(song) for song in self.songs},
            votes=self.weights.votes,
            pairs=self.weights.pairs,
            worth=worth,
        )

    def newest(self, most: int) -> _Part:
        """The same of its newest songs."""
        songs = sorted(self.songs, key=lambda song: (song.created_at, song.id))[-most:]
        return _Part(self.style, tuple(songs), self.weights)


class _Home:
    """A ballot with its votes weighed, by style."""

    def __init__(self, ballot: Ballot) -> None:
        self.ballot = ballot
        self.weights = weigh(ballot)

    @cached_property
    def parts(self) -> dict[str, _Part]:
        """Style → what was said of it, by name."""
        style_of = {song.id: song.style for song in self.ballot.songs}
        votes: dict[str, list[Weighed]] = {style: [] for style in sorted(set(style_of.values()))}
        pairs: dict[str, list[Pair]] = {style: [] for style in votes}
        for vote in self.weights.votes:
            votes[style_of[vote.song_id]].append(vote)
        for pair in self.weights.pairs:
            pairs[style_of[pair.left_id]].append(pair)
        return {
            style: _Part(
                style,
                tuple(song for song in self.ballot.songs if song.style == style),
                Weights(votes=tuple(votes[style]), pairs=tuple(pairs[style])),
            )
            for style in votes
        }


def _learn_style(here: _Home, others: Sequence[_Home], part: _Part) -> tuple[StyleTaste, dict[str, Any]]:
    """The next taste of one style, and its figures."""
    before = here.ballot.tastes.get(part.style) or StyleTaste(version=0, votes=0)
    priors = _priors(here, others, part)
    found = {what: find_preference(part.evidence(features), priors[what]) for what, features in FEATURES.items()}
    seeds = _posteriors(part, {song.id: song.seed_name for song in part.songs if song.seed_name})
    taste = StyleTaste(
        version=before.version + 1,
        votes=part.counted,
        seeds=seeds,
        bred=before.bred,
        resting=before.resting,
        plan=found["plan"].preference,
        song=found["song"].preference,
    )
    taste, born = _bred(taste, before, part.style, here.ballot.home)
    return taste, _figures(part, found, taste, born)


def _priors(here: _Home, others: Sequence[_Home], part: _Part) -> dict[str, Finding | None]:
    """What is preferred elsewhere: of songs, and what that says of plans; of plans alone where that says nothing."""
    song = _prior(here, others, part, FEATURES["song"])
    groups = [other.songs for other in here.parts.values()]
    plan = foreseen(song, groups) if song is not None else None
    return {"song": song, "plan": plan or _prior(here, others, part, FEATURES["plan"])}


def _prior(here: _Home, others: Sequence[_Home], part: _Part, features: Features) -> Finding | None:
    """What other homes that share like in this style, and this home in other styles; None where nothing is known."""
    known = [
        other.parts[part.style].newest(MOST_PRIOR_SONGS).evidence(features)
        for other in others
        if part.style in other.parts and other.parts[part.style].counted
    ]
    known += [
        other.newest(MOST_PRIOR_SONGS).evidence(features, OTHER_STYLES)
        for style, other in here.parts.items()
        if style != part.style and other.counted
    ]
    return find_prior(known) if known else None


def _posteriors(part: _Part, kinds: Mapping[str, str]) -> dict[str, Posterior]:
    """Kind → votes on all its songs."""
    votes = heard_by_all(part.weights)
    songs: dict[str, list[str]] = {}
    for song, kind in kinds.items():
        if song in votes:
            songs.setdefault(kind, []).append(song)
    return {kind: summed(votes, songs[kind]) for kind in sorted(songs)}


def _bred(taste: StyleTaste, before: StyleTaste, style: str, home: int) -> tuple[StyleTaste, tuple[str, ...]]:
    """The taste with a new generation of seeds where one is due, and the names of the newly born."""
    if not is_due(before.votes, taste.votes):
        return taste, ()
    rng = np.random.default_rng([home, crc32(style.encode()), taste.version])
    stock = Stock(style=style, seeds=shipped_seeds(style), bred=taste.bred, votes=taste.seeds)
    brood = next_generation(stock, rng)
    return replace(taste, bred=brood.bred, resting=brood.resting), brood.born


def shipped_seeds(style: str) -> tuple[Seed, ...]:
    """The seeds that a shipped style brings; none for a server's own style."""
    return load_seeds(STYLES_DIR / style) if style in style_names() else ()


def _figures(part: _Part, found: Mapping[str, Finding], taste: StyleTaste, born: Sequence[str]) -> dict[str, Any]:
    """What the report tells of a style."""
    seeds = {song.id: song.seed_name for song in part.songs if song.seed_name}
    versions = {song.id: song.version for song in part.songs}
    lineages = [lineage for row in taste.bred if (lineage := lineage_of(row))]
    return {
        "votes": taste.votes,
        "weight": round(part.weights.total, 2),
        "songs": len(part.songs),
        "voters": len({vote.person_id for vote in part.weights.votes if vote.weight > 0}),
        **{what: finding.figures() for what, finding in found.items()},
        "liked": {
            name: {
                "up": round(votes.up, 2),
                "down": round(votes.down, 2),
                "mean": round(votes.mean, 4),
                "lower": round(lower_bound(votes), 4),
            }
            for name, votes in taste.seeds.items()
        },
        "seeds": _rows(rate(part.weights, seeds)),
        "versions": _rows(rate(part.weights, versions)),
        "composed_by_taste": _by_taste(part),
        "heard": _heard(part),
        "generation": {
            "number": max((lineage.generation for lineage in lineages), default=0),
            "bred": len(taste.bred),
            "resting": len(taste.resting),
            "born": list(born),
        },
    }


def _heard(part: _Part) -> dict[str, list[float]]:
    """Weight for and against each song, of those on which votes are clearest: a training is judged by them."""
    heard = sorted(heard_by_all(part.weights).items(), key=lambda row: (-abs(row[1].up - row[1].down), row[0]))
    return {song: [round(tally.up, 3), round(tally.down, 3)] for song, tally in heard[:MOST_HEARD]}


def _by_taste(part: _Part) -> dict[str, float]:
    """Votes on songs that were composed by a taste, and how they did in duels with songs that were not."""
    by_taste = {song.id for song in part.songs if song.taste}
    votes = _posteriors(part, dict.fromkeys(by_taste, "taste")).get("taste", Posterior())
    won = lost = 0.0
    for pair in part.weights.pairs:
        if (pair.left_id in by_taste) != (pair.right_id in by_taste):
            share = pair.left if pair.left_id in by_taste else 1.0 - pair.left
            won, lost = won + pair.weight * share, lost + pair.weight * (1.0 - share)
    return {"up": votes.up, "down": votes.down, "duels_won": round(won, 2), "duels_lost": round(lost, 2)}


def _rows(ratings: Sequence[Rating]) -> list[dict[str, Any]]:
    return [rating.to_json() for rating in ratings]
