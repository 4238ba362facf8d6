"""Songs that a server voted on → what a version may learn from its taste, if that is worth a training.

    weighted votes ─preferred()─→ Preferred ─to_json─→ "preferred" of a training's order ─from_json─→ the trainer

In: songs of one server and style with their weighted votes, pairs from duels. Out: a `Preferred`, or None. Conventions:
a vote's weight is whoever calls' to know (`engine.taste`); songs that are clearly liked weigh up to 1, clearly disliked
ones down to −1, and what lies between is no lesson; of the liked and of the disliked about a third is held out, those
whose ids hash lowest, so a song stays on its side from version to version. Light: the Discord process imports this.
Caveat: only ids and weights leave here, never who voted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from engine.errors import JobError

LEAST_LIKED, LEAST_DISLIKED = 15, 9
"""With fewer there is too little to learn from, or to judge by."""
NEW_LIKED = 8
"""Of the liked ones, at least so many that the newest version did not hear."""
MOST_SONGS = 96
"""Of either kind; those that most is known of."""
CLEAR = 0.2
"""How far from 0 a song's weight is to be."""
HELD_OUT_SHARE = 1 / 3
LEAST_HELD_OUT = 3
"""Of either kind."""

Side = Literal["train", "valid"]


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
class Won:
    """A duel: the song that was preferred, the other one, and how much weight says so."""

    winner: str
    loser: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Liking:
    """A song to learn from. `weight`: see `VotedSong`; `side`: whether it is learnt from, or judged by."""

    id: str
    weight: float
    side: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred:
    """What is to be learnt from votes. `pairs`: of songs that are among `songs`, both on one side; `votes`: how many
    (weighted) all of it stands on.
    """

    songs: tuple[Liking, ...]
    pairs: tuple[Won, ...] = ()
    votes: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "songs": [{"id": song.id, "weight": round(song.weight, 4), "side": song.side} for song in self.songs],
            "pairs": [[pair.winner, pair.loser, round(pair.weight, 4)] for pair in self.pairs],
            "votes": round(self.votes, 2),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`. Raises `JobError` for what is no such object."""
        try:
            return cls(
                songs=tuple(
                    Liking(id=str(row["id"]), weight=float(row["weight"]), side=_side(row["side"]))
                    for row in data["songs"]
                ),
                pairs=tuple(Won(winner=str(w), loser=str(o), weight=float(x)) for w, o, x in data["pairs"]),
                votes=float(data["votes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(f"What is preferred cannot be read ({type(error).__name__}: {error}).") from error


def preferred(
    songs: Sequence[VotedSong], duels: Sequence[Won] = (), *, known: Collection[str] = ()
) -> Preferred | None:
    """What a training from these votes would learn from; None where it is not worth one. `known`: what the newest
    version heard (`heard_before`), also where that was refused; () to ask for a training all the same.
    """
    liked = _clearest([song for song in songs if song.weight >= CLEAR])
    disliked = _clearest([song for song in songs if song.weight <= -CLEAR])
    if len(liked) < LEAST_LIKED or len(disliked) < LEAST_DISLIKED:
        return None
    if known and sum(song.id not in known for song in liked) < NEW_LIKED:
        return None
    sides = {**_sides(liked), **_sides(disliked)}
    chosen = sorted((*liked, *disliked), key=lambda song: song.id)
    return Preferred(
        songs=tuple(Liking(id=song.id, weight=round(song.weight, 4), side=sides[song.id]) for song in chosen),
        pairs=tuple(
            duel
            for duel in duels
            if duel.weight > 0 and duel.winner in sides and sides.get(duel.loser) == sides[duel.winner]
        ),
        votes=round(sum(song.up + song.down for song in chosen), 2),
    )


def heard_before(metrics: Mapping[str, Any] | None) -> frozenset[str]:
    """The ids of the songs that a version heard, on either side, out of its metrics."""
    said = (metrics or {}).get("preferred") or {}
    return frozenset((*said.get("songs", ()), *said.get("held_out_songs", ())))


def _clearest(songs: Sequence[VotedSong]) -> list[VotedSong]:
    """Those with the most weight either way; each once."""
    once = {song.id: song for song in songs}
    return sorted(once.values(), key=lambda song: (-abs(song.weight), song.id))[:MOST_SONGS]


def _sides(songs: Sequence[VotedSong]) -> dict[str, Side]:
    places = sorted((_place(song.id), song.id) for song in songs)
    count = max(LEAST_HELD_OUT, sum(place < HELD_OUT_SHARE for place, _ in places))
    return {an_id: "valid" if rank < count else "train" for rank, (_, an_id) in enumerate(places)}


def _place(song_id: str) -> float:
    """Where its id's hash lies, 0…1."""
    return int.from_bytes(hashlib.sha256(song_id.encode()).digest()[:6], "big") / 2**48


def _side(side: object) -> Side:
    if side not in ("train", "valid"):
        raise ValueError(f"{side!r} is no side")
    return "valid" if side == "valid" else "train"
