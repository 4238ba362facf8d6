"""What a server's votes say → what a version may learn of its taste, if that is worth a training.

    weighted votes, what they taught ─preferred()─→ Preferred ─to_json─→ "preferred" of a training's order

In: songs of one server and style with their weighted votes, and the preference that was learnt from them. Out: a
`Preferred`, or None. Conventions: a vote's weight is whoever calls' to know (`engine.taste`); songs that are clearly
liked weigh up to 1, clearly disliked ones down to −1, and what lies between says nothing. The network learns from songs
that the shipped one writes, ranked by the preference; the songs that were voted on are never read by it, and judge what
it became. Light: the Discord process imports this. Caveat: only ids and weights leave here, never who voted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.music.codec import Plain
from engine.music.taste import Preference

LEAST_LIKED, LEAST_DISLIKED = 10, 6
"""With fewer there is too little to judge by."""
NEW_LIKED = 8
"""Of the liked ones, at least so many that the newest version does not know."""
MOST_SONGS = 96
"""Of either kind; those that most is known of."""
CLEAR = 0.2
"""How far from 0 a song's weight is to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedSong:
    """A finished song, and the summed weights of the votes for and against it."""

    id: str
    up: float
    down: float

    @property
    def weight(self) -> float:
        """−1 (surely disliked) … 1 (surely liked): twice the posterior's mean less one, with a uniform prior."""
        return (self.up - self.down) / (self.up + self.down + 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Liking:
    """A song to be judged by. `weight`: see `VotedSong`."""

    id: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred(Plain, called="What is preferred"):
    """What is to be learnt from votes: a preference in measured features of songs (`engine.metrics.features`), and the
    songs that were voted on, liked and disliked. `votes`: how many (weighted) these have.
    """

    preference: Preference
    songs: tuple[Liking, ...]
    votes: float = 0.0


def preferred(
    songs: Sequence[VotedSong], preference: Preference | None, *, known: Collection[str] = ()
) -> Preferred | None:
    """What a training from these votes would learn from; None where it is not worth one: the votes are few or foretell
    nothing. `preference`: of finished songs, `StyleTaste.song`; `known`: which songs the newest version knows
    (`known_songs` of its metrics), also where that was refused; () to ask for a training all the same.
    """
    liked = _clearest([song for song in songs if song.weight >= CLEAR])
    disliked = _clearest([song for song in songs if song.weight <= -CLEAR])
    if preference is None or preference.trust <= 0 or len(liked) < LEAST_LIKED or len(disliked) < LEAST_DISLIKED:
        return None
    if known and sum(song.id not in known for song in liked) < NEW_LIKED:
        return None
    chosen = sorted((*liked, *disliked), key=lambda song: song.id)
    return Preferred(
        preference=preference,
        songs=tuple(Liking(id=song.id, weight=round(song.weight, 4)) for song in chosen),
        votes=round(sum(song.up + song.down for song in chosen), 2),
    )


def known_songs(metrics: Mapping[str, Any] | None) -> frozenset[str]:
    """The ids of the songs whose votes a version learnt from, out of its metrics."""
    said = (metrics or {}).get("preferred") or {}
    return frozenset(said.get("songs", ()))


def _clearest(songs: Sequence[VotedSong]) -> list[VotedSong]:
    """Those with the most weight either way; each once."""
    once = {song.id: song for song in songs}
    return sorted(once.values(), key=lambda song: (-abs(song.weight), song.id))[:MOST_SONGS]
