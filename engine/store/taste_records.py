"""What people like, as values: duels and their answers, what was learnt, what it may move, whose votes are void.

In: rows. Out: frozen values. Conventions: a home is what `home_of` says; times are aware and in UTC; votes are 1 or −1.
Caveat: `state`, `figures` and `request` are JSON as their flow wrote them, and are not looked into here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from engine.store.records import Origin, SongRecord, VoteValue, kept_of, origin_of

DuelState = Literal["making", "open", "revealed", "failed"]
Answer = Literal["left", "right", "both", "neither"]
SwitchName = Literal["seeds", "plans", "candidates", "canary", "tuning", "share"]
Verdict = Literal["promote", "roll back"]

SWITCHES: tuple[SwitchName, ...] = get_args(SwitchName)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedSong:
    """A song and the votes that count. `bound`: how often it is liked at least, 0…1 (`taste_ranking.lower_bound`)."""

    record: SongRecord
    up: int
    down: int
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteRecord:
    """A vote as it was cast, whether it counts or not."""

    song_id: str
    person_id: int
    value: VoteValue
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDuel:
    """Two songs for one request, to be compared. Open for `minutes`, or until so many votes are cast. `style`: None
    while nobody knows it; then it is the left song's.
    """

    id: str
    origin: Origin
    request: dict[str, Any]
    left_id: str
    right_id: str
    minutes: int
    votes_wanted: int
    style: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuelRecord:
    """A duel's row: making → open → revealed; or failed. `closes_at` is None until it is open; `message_id` of its
    origin: which message shows it.
    """

    id: str
    origin: Origin
    style: str | None
    request: dict[str, Any]
    left_id: str
    right_id: str
    minutes: int
    votes_wanted: int
    state: DuelState
    failure: str | None
    created_at: datetime
    closes_at: datetime | None
    revealed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuelTally:
    """A duel, how often each answer was given, and the person's own (None: none or withdrawn). Voided people's answers
    are not counted.
    """

    duel: DuelRecord
    left: int
    right: int
    both: int
    neither: int
    own: Answer | None

    @property
    def votes(self) -> int:
        """All answers that count."""
        return self.left + self.right + self.both + self.neither


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """An answer to a duel, whether it counts or not."""

    duel_id: str
    left_id: str
    right_id: str
    person_id: int
    answer: Answer
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BallotRows:
    """What a home's taste is learnt from, each oldest first: votes, answers to revealed duels, and the songs that they
    are about, whose receipts have `taste_ballots.HEARD` alone. `voided`: whose votes do not count.
    """

    home: int
    songs: tuple[SongRecord, ...]
    votes: tuple[VoteRecord, ...]
    duels: tuple[AnswerRecord, ...]
    voided: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRows:
    """All that a server's people said, and of what, oldest first. Receipts have `taste_ballots.EXPORTED` alone."""

    songs: tuple[SongRecord, ...]
    votes: tuple[VoteRecord, ...]
    duels: tuple[DuelRecord, ...]
    answers: tuple[AnswerRecord, ...]
    voids: tuple[VoidRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FavouriteRecord:
    """A song that somebody keeps in mind."""

    song_id: str
    person_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonVotes:
    """All that one person said, anywhere, oldest first; answers to duels that are open too."""

    votes: tuple[VoteRecord, ...]
    answers: tuple[AnswerRecord, ...]
    favourites: tuple[FavouriteRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many rows of a person are gone. `homes`: whose tastes were learnt from some of them."""

    votes: int
    answers: int
    favourites: int
    homes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTaste:
    """What was learnt of a home and style. `votes`: how many it was learnt from."""

    home: int
    style: str
    version: int
    state: dict[str, Any]
    figures: dict[str, Any]
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteRecord:
    """A version of what was learnt of a home and style."""

    home: int
    style: str
    version: int
    state: dict[str, Any]
    figures: dict[str, Any]
    votes: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """What a home's votes may move, and who said so last (None: nobody yet, or the command line). `share`: they count
    for other homes' prior too.
    """

    seeds: bool = True
    plans: bool = True
    candidates: bool = True
    canary: bool = True
    tuning: bool = True
    share: bool = False
    changed_by: int | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidRecord:
    """A person whose votes do not count in a server; `by`: which moderator said so, and why."""

    guild_id: int
    person_id: int
    by: int | None
    reason: str
    created_at: datetime


def duel_record(row: sa.RowMapping) -> DuelRecord:
    """A row of `duels` as a value."""
    return DuelRecord(origin=origin_of(row), **kept_of(row, DuelRecord, without="origin"))


def vote_record(row: sa.RowMapping) -> VoteRecord:
    """A row of `votes` as a value."""
    return VoteRecord(**kept_of(row, VoteRecord))


def answer_record(row: sa.RowMapping) -> AnswerRecord:
    """A row of `duel_votes` with its duel's songs as a value."""
    return AnswerRecord(**kept_of(row, AnswerRecord))


def favourite_record(row: sa.RowMapping) -> FavouriteRecord:
    """A row of `favourites` as a value."""
    return FavouriteRecord(**kept_of(row, FavouriteRecord))


def taste_record(row: sa.RowMapping) -> TasteRecord:
    """A row of `tastes` as a value."""
    return TasteRecord(**kept_of(row, TasteRecord))


def void_record(row: sa.RowMapping) -> VoidRecord:
    """A row of `voids` as a value."""
    return VoidRecord(**kept_of(row, VoidRecord))


def switches_of(row: sa.RowMapping | None) -> Switches:
    """A row of `switches` as a value; the usual ones where there is none."""
    if row is None:
        return Switches()
    known = {name: bool(on) for name, on in row["names"].items() if name in SWITCHES}
    return Switches(**known, changed_by=row["changed_by"], changed_at=row["changed_at"])
