"""What learning a taste sees, and what it returns.

In: rows of songs and votes, read by whoever may see the database. Out: a `Ballot`, which goes to a worker as JSON, and
the `Learnt` that comes back. Conventions: a home is whose taste it is: a server's id, a person's id for a private chat,
`HOME` for the command line; a song's votes count in the song's own home; times are aware; feature values are finite
floats; a person's id is a Discord snowflake, which says how old the account is. Light: the Discord process imports
this. Caveat: older songs have no measured features; they count for seeds and versions, not for preferences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from engine.music.codec import Plain
from engine.music.taste import Posterior, StyleTaste
from engine.store.records import SongRecord

HOME = 0
"""The home of what the command line composes."""
ANSWERS = ("left", "right", "both", "neither")
"""What a duel can be answered with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardSong:
    """What taste needs of a finished song. `version`: of the checkpoint; `model_id`: the server's model that wrote it,
    empty for the shipped one; `seed_name`: the primer that it began from; `taste`: version of the taste that it was
    composed by, 0 for none; `plan` and `song`: feature → value, empty for songs that were not measured.
    """

    id: str
    style: str
    version: str
    created_at: datetime
    model_id: str = ""
    seed_name: str | None = None
    person_id: int | None = None
    taste: int = 0
    plan: Mapping[str, float] = field(default_factory=dict)
    song: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CastVote:
    """One person's opinion of one song: `value` is 1 or −1."""

    song_id: str
    person_id: int
    value: int
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DuelVote:
    """One person's answer to one duel; `left_id` and `right_id` are songs, `answer` is one of `ANSWERS`."""

    duel_id: str
    left_id: str
    right_id: str
    person_id: int
    answer: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A model that composes a share of a style's songs until votes have decided."""

    style: str
    model_id: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot(Plain, called="A ballot"):
    """All that a home's taste is learnt from. `voided`: persons whose votes do not count; `shared`: ballots of homes
    that share theirs, for the prior; `tastes`: style → what is in force; `trials`: models to be decided about.
    """

    home: int
    now: datetime
    is_private: bool = False
    songs: tuple[HeardSong, ...] = ()
    votes: tuple[CastVote, ...] = ()
    duels: tuple[DuelVote, ...] = ()
    voided: frozenset[int] = frozenset()
    shared: tuple[Ballot, ...] = ()
    tastes: Mapping[str, StyleTaste] = field(default_factory=dict)
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Votes that count less, and why. `kind`: "young", "burst", "crowd", "ring", "claque", "opposed", "heavy";
    `kept`: the share of their weight that is left, 0…1; `sentence`: for moderators.
    """

    kind: str
    persons: tuple[int, ...]
    songs: tuple[str, ...]
    kept: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What votes say of a trial: `decision` is "promote", "roll back" or "go on"; `control` and `canary`: weighted
    votes on songs of either arm since it began, songs that many voted on counted less than their votes.
    """

    style: str
    model_id: str
    decision: str
    control: Posterior
    canary: Posterior
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt(Plain, called="What was learnt from votes"):
    """What a ballot taught. `tastes`: style → the next version of what is in force; `figures`: JSON for the report."""

    tastes: Mapping[str, StyleTaste]
    figures: Mapping[str, Any] = field(default_factory=dict)
    suspicions: tuple[Suspicion, ...] = ()
    rulings: tuple[Ruling, ...] = ()


def heard_song(record: SongRecord) -> HeardSong | None:
    """What taste needs of a song's row; None for one that is not done."""
    receipt = record.receipt
    if record.status != "done" or receipt is None:
        return None
    model, features = receipt.get("model", {}), receipt.get("features") or {}
    style = receipt["style"]
    return HeardSong(
        id=record.id,
        style=style,
        version=str(model.get("version", "")),
        model_id=str(model.get("server_models", "")),
        seed_name=receipt.get("primer"),
        person_id=record.origin.person_id,
        created_at=record.created_at,
        taste=int((receipt.get("taste") or {}).get(style, 0)),
        plan=_finite(features.get("plan") or {}),
        song=_finite(features.get("song") or {}),
    )


def _finite(features: Mapping[str, Any]) -> dict[str, float]:
    """Those that are numbers."""
    numbers = {name: float(value) for name, value in features.items() if isinstance(value, int | float)}
    return {name: value for name, value in numbers.items() if isfinite(value)}
