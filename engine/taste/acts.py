"""A ballot's presses, each with a weight that reasons for doubt make smaller.

In: a ballot. Out: `Act`s, those of voided persons and on one's own songs left out. Conventions: an act is a vote on a
song or an answer to a duel; `weight` begins as 1. Caveat: a person's age comes from their id, so ids that are no
snowflakes count as old accounts (number 1 would be of 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from engine.taste.ballot import ANSWERS, Ballot, HeardSong

DISCORD_BEGAN = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class Act:
    """One press. `songs`: the one that was voted on, or a duel's left and right one; `value`: of a vote, 0 of a duel's
    `answer`; `own`: songs of these that the person had made.
    """

    person_id: int
    style: str
    songs: tuple[str, ...]
    at: datetime
    value: int = 0
    answer: str = ""
    own: bool = False
    weight: float = 1.0

    @property
    def opinions(self) -> tuple[tuple[str, int], ...]:
        """What it says of songs alone: (song, 1 or −1)."""
        if self.value:
            return ((self.songs[0], self.value),)
        if self.own or self.answer not in ("both", "neither"):
            return ()
        return tuple((song, 1 if self.answer == "both" else -1) for song in self.songs)


def acts_of(ballot: Ballot) -> list[Act]:
    """Presses that count at all, the oldest first; a vote on one's own song does so in a private home alone."""
    songs = {song.id: song for song in ballot.songs}
    found = [act for act in (*_votes(ballot, songs), *_duels(ballot, songs)) if act.person_id not in ballot.voided]
    return sorted(found, key=lambda act: (act.at, act.person_id, act.songs))


def _votes(ballot: Ballot, songs: dict[str, HeardSong]) -> list[Act]:
    return [
        Act(person_id=vote.person_id, style=song.style, songs=(song.id,), at=vote.changed_at, value=vote.value)
        for vote in ballot.votes
        if (song := songs.get(vote.song_id)) is not None
        and vote.value in (1, -1)
        and (ballot.is_private or song.person_id != vote.person_id)
    ]


def _duels(ballot: Ballot, songs: dict[str, HeardSong]) -> list[Act]:
    """Answers count for whoever asked for the duel too, since it is blind; but not where one side alone is theirs."""
    acts = []
    for duel in ballot.duels:
        left, right = songs.get(duel.left_id), songs.get(duel.right_id)
        if left is None or right is None or duel.answer not in ANSWERS:
            continue
        theirs = [song.person_id == duel.person_id and not ballot.is_private for song in (left, right)]
        if theirs[0] != theirs[1]:
            continue
        act = Act(
            person_id=duel.person_id,
            style=left.style,
            songs=(left.id, right.id),
            at=duel.changed_at,
            answer=duel.answer,
            own=any(theirs),
        )
        acts.append(act)
    return acts


def account_age(person_id: int, at: datetime) -> timedelta:
    """How old an account is at a time, by its snowflake; negative if it was made later."""
    return at - (DISCORD_BEGAN + timedelta(milliseconds=person_id >> 22))
