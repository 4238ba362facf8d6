"""Votes as a network learns them: songs that the shipped one wrote, ranked; and songs that were voted on, to judge by.

    candidates of one plan ─ranked by the preference─→ pairs to learn from, pairs of other plans to stop by
    songs that were voted on ─liked, disliked─→ pairs that no step reads ─→ Ranking

In: what is preferred, candidates, the file store's space `songs`. Out: `Pairs`, a `Ranking`. Conventions: candidates of
one plan differ in what the network decides alone, so what a plan prescribes is no part of the lesson; a pair counts by
how far the preference sets its songs apart. A song's own file (`<name>.song.json`) holds its notes under `score`.
Caveat: the preference has seen the votes by which the network is judged; how well it foretells others stands in its
`accuracy`, and where that is too little it has no trust and nothing is trained.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.errors import NotFound
from engine.learn.server.pieces import encoded_songs
from engine.learn.server.preferred import LEAST_DISLIKED, LEAST_LIKED, Preferred
from engine.metrics.features import song_features
from engine.model.network import Network
from engine.model.pairs import Pairs, agreement, rewards
from engine.music.codec import song_from_json
from engine.music.notes import Song
from engine.music.taste import Preference
from engine.store import FileStore

ENDING, SCORE = ".song.json", "score"
HELD_OUT = 6
"""Of so many plans one is held out."""
SURE = 1.28
"""Deviations that what is as good as another stays above nine times in ten."""
CLEARLY = 2.0
"""Deviations by which songs have to be liked more."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """Songs that were voted on and are still there: `weights` −1…1, one a song."""

    ids: tuple[str, ...]
    songs: tuple[Song, ...]
    weights: tuple[float, ...]

    @property
    def are_enough(self) -> bool:
        """Whether a version can be judged by them."""
        liked = sum(weight > 0 for weight in self.weights)
        return liked >= LEAST_LIKED and len(self.weights) - liked >= LEAST_DISLIKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How a candidate ranks songs that were voted on. `agreement`: share of the pairs of a liked and a disliked one
    that it finds likelier in this order than its parent did, 0…1; `current`: the same of what composes now, .5 for the
    parent itself; `error`: the deviation that chance gives. `score`, `score_before`: what the preference thinks of its
    songs and of the parent's, log odds; `score_error`: standard error of their difference.
    """

    agreement: float
    current: float
    error: float
    score: float
    score_before: float
    score_error: float

    @property
    def is_nearer(self) -> bool:
        """Whether its songs are clearly nearer to the preference than its parent's."""
        return self.score > self.score_before + CLEARLY * self.score_error

    @property
    def is_better(self) -> bool:
        """Whether its songs are, and what was voted on does not speak against it."""
        return self.is_nearer and not self.is_worse

    @property
    def is_worse(self) -> bool:
        """Whether its parent, or what composes now, ranks what was voted on clearly better."""
        return self.agreement < max(0.5, self.current) - SURE * self.error


def read_voted(files: FileStore, preferred: Preferred) -> Voted:
    """Bring the songs that were voted on; those that are gone or cannot be read are left out. Raises `StoreError`."""
    found = asyncio.run(_read(files, [song.id for song in preferred.songs]))
    there = [(song, notes) for song, notes in zip(preferred.songs, found, strict=True) if notes is not None]
    return Voted(
        ids=tuple(song.id for song, _ in there),
        songs=tuple(notes for _, notes in there),
        weights=tuple(song.weight for song, _ in there),
    )


async def _read(files: FileStore, ids: Sequence[str]) -> list[Song | None]:
    return [await _song(files, song_id) for song_id in ids]


async def _song(files: FileStore, song_id: str) -> Song | None:
    try:
        names = [file.name for file in await files.list(song_id) if file.name.endswith(ENDING)]
        if not names:
            return None
        data = b"".join([part async for part in files.fetch(song_id, names[0])])
        song = song_from_json(json.loads(data)[SCORE])
    except NotFound:
        return None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("The song %s cannot be read (%s); it is left out.", song_id, error)
        return None
    return song if song.bars and song.tracks else None


def scores_of(songs: Sequence[Song], preference: Preference) -> list[float]:
    """What the preference thinks of each song, log odds."""
    return [preference.score(song_features(song)) for song in songs]


def ranked(plans: Sequence[Sequence[Song]], preference: Preference, style: str, row: int) -> tuple[Pairs, Pairs]:
    """Pairs of candidates of one plan, the preferred one first: to learn from, and of other plans to stop by."""
    held_out = plans[HELD_OUT - 1 :: HELD_OUT]
    heard = [plan for index, plan in enumerate(plans) if (index + 1) % HELD_OUT]
    return _ranked(heard, preference, style, row), _ranked(held_out, preference, style, row)


def _ranked(plans: Sequence[Sequence[Song]], preference: Preference, style: str, row: int) -> Pairs:
    pairs: list[tuple[int, int, float]] = []
    songs: list[Song] = []
    for plan in plans:
        scores = scores_of(plan, preference)
        pairs += [
            (len(songs) + i, len(songs) + j, scores[i] - scores[j])
            for i in range(len(plan))
            for j in range(len(plan))
            if scores[i] > scores[j]
        ]
        songs += plan
    return _pairs(songs, pairs, style, row)


def pairs_of_votes(voted: Voted, style: str, row: int) -> Pairs:
    """All pairs of a liked and a disliked song."""
    rows = list(enumerate(voted.weights))
    pairs = [(i, j, one * -other) for i, one in rows for j, other in rows if one > 0 > other]
    return _pairs(voted.songs, pairs, style, row)


def _pairs(songs: Sequence[Song], pairs: Sequence[tuple[int, int, float]], style: str, row: int) -> Pairs:
    return Pairs(
        columns=encoded_songs(songs, style, row).columns,
        winners=np.array([pair[0] for pair in pairs], np.int64),
        losers=np.array([pair[1] for pair in pairs], np.int64),
        chances=np.array([pair[2] for pair in pairs], np.float64),
    )


def agreement_of(network: Network, parent: Network, pairs: Pairs) -> float:
    """See `Ranking`."""
    return agreement(rewards(network, parent, pairs.columns), pairs)


def chance_error(voted: Voted) -> float:
    """Deviation of the agreement of a network that knows nothing of the votes (Mann and Whitney, 1947)."""
    liked = sum(weight > 0 for weight in voted.weights)
    disliked = len(voted.weights) - liked
    return float(((liked + disliked + 1) / (12 * liked * disliked)) ** 0.5)


def provenance(preferred: Preferred, ranking: Ranking) -> dict[str, Any]:
    """What a model's metrics say of the votes that it learnt from, as plain JSON."""
    return {
        "songs": [song.id for song in preferred.songs],
        "votes": preferred.votes,
        "accuracy": preferred.preference.accuracy,
        **{name: round(value, 4) for name, value in asdict(ranking).items()},
    }
