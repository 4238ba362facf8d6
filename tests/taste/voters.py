"""Simulated voters: songs with measured features, a hidden taste, and what people with that taste say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from engine.taste.ballot import Ballot, CastVote, HeardSong
from engine.taste.table import Evidence
from engine.taste.weighed import Weighed, Weights

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DISCORD_EPOCH_MS = 1_420_070_400_000
FEATURES = 18
Floats = NDArray[np.float64]


def snowflake(number: int, age_days: float, at: datetime = NOW) -> int:
    """The id of an account that is so old at a time."""
    made_ms = int((at - timedelta(days=age_days)).timestamp() * 1000) - DISCORD_EPOCH_MS
    return (made_ms << 22) + number


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Songs' features [S, F], and how much more than usual each is liked by the hidden taste, in log odds."""

    features: Floats
    liking: Floats
    beta: Floats
    mixing: Floats
    scale: Floats

    def named(self) -> dict[str, dict[str, float]]:
        """Song → feature → value."""
        return {
            f"s{at}": {f"f{i}": float(value) for i, value in enumerate(row)} for at, row in enumerate(self.features)
        }


def world(rng: np.random.Generator, kind: str, songs: int = 100, slope: float = 2.0, own: float = 0.3) -> World:
    """A hidden taste: "noise", "single" (one feature) or "linear" (four). `slope`: log odds a standard deviation of
    liking; `own`: what songs have beside, that no feature tells.
    """
    mixing = np.eye(FEATURES) + 0.4 * rng.normal(size=(FEATURES, FEATURES))
    scale = np.exp(rng.normal(size=FEATURES))
    mixing /= np.sqrt((mixing**2).sum(axis=0))
    features = rng.normal(size=(songs, FEATURES)) @ mixing
    beta = np.zeros(FEATURES)
    if kind == "single":
        beta[rng.integers(FEATURES)] = rng.choice((-1.0, 1.0))
    elif kind == "linear":
        beta[rng.choice(FEATURES, 4, replace=False)] = rng.normal(size=4)
    liking = features @ beta
    if beta.any():
        liking *= slope / liking.std()
    liking = liking + own * rng.normal(size=songs)
    return World(features=features * scale + 3, liking=liking, beta=beta / scale, mixing=mixing, scale=scale)


def votes_on(
    rng: np.random.Generator, liking: Sequence[float], votes: int, people: int = 20, mood: float = 0.0
) -> list[Weighed]:
    """So many votes, one a person and song; people differ in how easily they like things. `mood`: how easily all do."""
    ease = mood + 0.5 * rng.normal(size=people)
    every = rng.permutation(len(liking) * people)[:votes]
    found = []
    for song, person in zip((every // people).tolist(), (every % people).tolist(), strict=True):
        likes = rng.random() < 1 / (1 + np.exp(-(liking[song] + ease[person])))
        found.append(Weighed(song_id=f"s{song}", person_id=person, value=1 if likes else -1, weight=1.0))
    return found


def evidence(
    seed: int, kind: str, *, songs: int = 100, votes: int = 300, slope: float = 2.0, mood: float = 0.0
) -> tuple[Evidence, World]:
    """A home's votes on its songs, and what is behind them."""
    rng = np.random.default_rng(seed)
    made = world(rng, kind, songs, slope)
    return Evidence(features=made.named(), votes=votes_on(rng, made.liking.tolist(), votes, mood=mood)), made


def fresh_songs(rng: np.random.Generator, like: World, songs: int) -> list[dict[str, float]]:
    """Songs of the same kind that nobody voted on."""
    rows = rng.normal(size=(songs, FEATURES)) @ like.mixing * like.scale + 3
    return [{f"f{i}": float(value) for i, value in enumerate(row)} for row in rows]


def ranked_rightly(scores: Sequence[float], truth: Sequence[float]) -> float:
    """Share of pairs that two lists of numbers put in the same order."""
    one, other = np.asarray(scores), np.asarray(truth)
    first, second = np.triu_indices(len(one), 1)
    return float(np.mean((one[first] > one[second]) == (other[first] > other[second])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A server: its songs and who made them, its members, and the votes so far."""

    world: World
    songs: tuple[HeardSong, ...]
    members: tuple[int, ...]
    votes: tuple[CastVote, ...]

    def ballot(self, *more: CastVote, songs: Sequence[HeardSong] = ()) -> Ballot:
        """What learning sees, with more votes."""
        return Ballot(home=1, now=NOW, songs=(*self.songs, *songs), votes=(*self.votes, *more))


def town(
    rng: np.random.Generator,
    members: int,
    votes: int = 300,
    songs: int = 100,
    *,
    kind: str = "linear",
    heavy: float = 0.0,
    mood: float = 0.7,
) -> Town:
    """A server with one taste, of old accounts; some vote more than others. `heavy`: one casts such a share of all."""
    made = world(rng, kind, songs)
    people = tuple(snowflake(number, 400 + 10 * number) for number in range(members))
    composers = rng.integers(members, size=songs)
    heard = tuple(
        HeardSong(id=name, style="lofi", version="v1", created_at=NOW, person_id=people[composers[at]], song=features)
        for at, (name, features) in enumerate(made.named().items())
    )
    busy = rng.gamma(2.0, size=members)
    if heavy:
        busy[0] = heavy / (1 - heavy) * busy[1:].sum()
    ease = mood + 0.5 * rng.normal(size=members)
    free = {
        person: [at for at in rng.permutation(songs).tolist() if composers[at] != person] for person in range(members)
    }
    cast = []
    for _ in range(votes):
        left = np.array([bool(free[person]) for person in range(members)])
        person = int(rng.choice(members, p=busy * left / (busy * left).sum()))
        song = free[person].pop()
        likes = rng.random() < 1 / (1 + np.exp(-(made.liking[song] + ease[person])))
        cast.append(vote(people[person], f"s{song}", 1 if likes else -1, rng))
    return Town(world=made, songs=heard, members=people, votes=tuple(cast))


def vote(person: int, song: str, value: int, rng: np.random.Generator) -> CastVote:
    """A vote at some time of the last month."""
    at = NOW - timedelta(minutes=float(rng.uniform(0, 30 * 24 * 60)))
    return CastVote(song_id=song, person_id=person, value=value, changed_at=at)


def cast_by(
    rng: np.random.Generator, made: Town, people: Sequence[int], votes: int, opinion: Callable[[int], int]
) -> list[CastVote]:
    """So many votes by each of some people, on songs of others, each as `opinion` says of the song's number."""
    others = [at for at, song in enumerate(made.songs) if song.person_id not in people]
    return [
        vote(person, f"s{at}", opinion(at), rng) for person in people for at in rng.permutation(others)[:votes].tolist()
    ]


def share_of(weights: Weights, people: Sequence[int]) -> float:
    """Which share of all weight some people have."""
    own = sum(vote.weight for vote in weights.votes if vote.person_id in people)
    return own / sum(vote.weight for vote in weights.votes)
