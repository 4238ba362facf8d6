"""Votes as they count: each with its weight, and duels as pairs.

In: what `engine.taste.fairness` made of a ballot. Out: sums for and against a song. Conventions: weights lie in 0…1; a
duel's answer is a pair, and beside it votes on both songs where it says something of either alone. Caveat: votes on
one song are alike, since they hear the same song; `spread` says how many independent ones they are worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.music.taste import Posterior
from engine.taste.ballot import Suspicion

LIKENESS = 0.15
"""How alike votes on one song are beyond what is known of it: the share of their spread that lies between songs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A vote that counts `weight`. `implied`: it was an answer to a duel."""

    song_id: str
    person_id: int
    value: int
    weight: float
    implied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two songs compared by one person: `left` is 1 where the left one was preferred, 0 the right one, .5 neither."""

    left_id: str
    right_id: str
    person_id: int
    left: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A ballot's votes and pairs as they count; `cast`: how many there were before any was left out."""

    votes: tuple[Weighed, ...]
    pairs: tuple[Pair, ...]
    suspicions: tuple[Suspicion, ...] = ()
    cast: int = 0

    @property
    def total(self) -> float:
        """All weight that there is."""
        return sum(vote.weight for vote in self.votes) + sum(pair.weight for pair in self.pairs)


@dataclass(slots=True)
class Tally:
    """Weight for and against one song."""

    up: float = 0.0
    down: float = 0.0
    persons: set[int] = field(default_factory=set)


def tallies(votes: Iterable[Weighed]) -> dict[str, Tally]:
    """Song → its votes, in the order of the first one."""
    found: dict[str, Tally] = {}
    for vote in votes:
        if vote.weight <= 0:
            continue
        tally = found.setdefault(vote.song_id, Tally())
        tally.persons.add(vote.person_id)
        if vote.value > 0:
            tally.up += vote.weight
        else:
            tally.down += vote.weight
    return found


def heard_by_all(weights: Weights) -> dict[str, Tally]:
    """Song → its votes, with duels: one that was won is half a vote for a song, and half a vote against the other."""
    found = tallies(weights.votes)
    for pair in weights.pairs:
        if pair.left == 0.5 or pair.weight <= 0:
            continue
        won, lost = (pair.left_id, pair.right_id) if pair.left > 0.5 else (pair.right_id, pair.left_id)
        found.setdefault(won, Tally()).up += pair.weight / 2
        found.setdefault(lost, Tally()).down += pair.weight / 2
    return found


def spread(weight: float, likeness: float = LIKENESS) -> float:
    """Factor by which votes of that weight on one song count, if songs and not votes are what is asked about.

    Kish's design effect (Survey Sampling, 1965): n alike votes are worth n / (1 + (n − 1) · likeness).
    """
    return 1.0 / (1.0 + max(0.0, weight - 1.0) * likeness)


def summed(songs: Mapping[str, Tally], ids: Iterable[str]) -> Posterior:
    """Votes of several songs as one posterior: of the seed, version or arm that they have in common."""
    up = down = 0.0
    for song_id in ids:
        tally = songs.get(song_id)
        if tally is not None:
            factor = spread(tally.up + tally.down)
            up, down = up + tally.up * factor, down + tally.down * factor
    return Posterior(up=round(up, 4), down=round(down, 4))
