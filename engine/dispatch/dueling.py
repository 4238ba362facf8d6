"""A duel's parts: what it is begun with, how far its songs are, what is told of it.

In: rows, updates of its two jobs, receipts. Out: `DuelState`s. Conventions: where a model is on trial, one song is
composed by it and the other by what was before; else, where something was learnt from votes, one with it and one
without; else their seeds alone differ. Which is left is drawn. Caveat: `Making` changes as the songs are made, so it
stays within this folder.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from engine.compose.request import ComposeRequest, Receipt
from engine.dispatch.taught import DRAWN, Arm, server_of, taste_named
from engine.dispatch.ticket import StoredSong, Update
from engine.dispatch.verdicts import DUEL_ANSWERS, DuelState, Reveal, Side
from engine.errors import BadRequest
from engine.store import DuelRecord, DuelTally, Origin, Store, home_of

LEAST_MINUTES, MOST_MINUTES = 1, 7 * 24 * 60
MOST_VOTES = 1000
SONGS_GONE = "The duel's songs are not there any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a duel is begun with: open for `minutes`, or until `votes_wanted` people answered. Raises `BadRequest`."""

    request: ComposeRequest
    origin: Origin
    minutes: int
    votes_wanted: int
    limit_bytes: int | None = None

    def __post_init__(self) -> None:
        """Check the numbers, and that two songs can come of the request."""
        if not LEAST_MINUTES <= self.minutes <= MOST_MINUTES:
            raise BadRequest(
                f"A duel cannot be open for {self.minutes} minutes; {LEAST_MINUTES} to {MOST_MINUTES} would work."
            )
        if not 1 <= self.votes_wanted <= MOST_VOTES:
            raise BadRequest(f"A duel cannot wait for {self.votes_wanted} votes; 1 to {MOST_VOTES} would work.")
        if self.request.seed is not None:
            raise BadRequest(
                f"With the seed {self.request.seed} both songs of a duel would be the same; no seed would work."
            )


class InVain(Exception):  # noqa: N818 (named for what happened)
    """A song of a duel came to nothing. `update`: the last word on it."""

    def __init__(self, update: Update) -> None:
        super().__init__(update.sentence)
        self.sentence = f"The duel came to nothing. {update.sentence or ''}".strip()
        self.incident = update.incident


@dataclass(slots=True, eq=False)
class Making:
    """How far both songs of a duel are."""

    duel: DuelRecord
    _newest: dict[str, Update] = field(default_factory=dict)

    def hear(self, job_id: str, update: Update) -> None:
        """What is told of one song."""
        self._newest[job_id] = update

    def state(self) -> DuelState:
        """How far both are."""
        told = [self._newest.get(job_id, Update(phase="queued")) for job_id in (self.duel.left_id, self.duel.right_id)]
        waits_s = [update.eta_s for update in told if update.phase != "ready"]
        known_s = [wait_s for wait_s in waits_s if wait_s is not None]
        return replace(
            _blank(self.duel),
            share=sum(update.share for update in told) / 2,
            eta_s=max(known_s) if known_s and len(known_s) == len(waits_s) else None,
        )


async def arms_of(store: Store, origin: Origin) -> tuple[Arm, Arm]:
    """What the left and the right song are composed by. Raises `StoreError`."""
    guild_id = server_of(origin)
    if guild_id is not None and await store.taste.trials(guild_id):
        arms = [Arm(trial=True), Arm(trial=False)]
    elif await taste_named(store, home_of(origin)):
        arms = [DRAWN, Arm(taste=False)]
    else:
        arms = [DRAWN, DRAWN]
    random.SystemRandom().shuffle(arms)
    return arms[0], arms[1]


def state_of(
    tally: DuelTally, songs: tuple[StoredSong, StoredSong] | None, *, incident: str | None = None
) -> DuelState:
    """A duel that is open or over. `songs`: None where they are gone."""
    duel = tally.duel
    state = replace(_blank(duel), answers=tally.votes, own=tally.own, incident=incident, share=1.0)
    if duel.state == "failed":
        return replace(state, sentence=duel.failure or SONGS_GONE)
    if songs is None:
        return replace(state, phase="failed", sentence=SONGS_GONE)
    state = replace(state, left=songs[0], right=songs[1])
    return replace(state, reveal=_reveal(tally, songs)) if duel.state == "revealed" else state


def nobodys(state: DuelState) -> DuelState:
    """The same for everybody who watches."""
    return replace(state, own=None)


def pause_s(undecided: tuple[DuelRecord, ...], *, look_s: float, idle_s: float) -> float:
    """How long nothing has to be done."""
    if not undecided:
        return idle_s
    now = datetime.now(UTC)
    due_s = [(duel.closes_at - now).total_seconds() for duel in undecided if duel.closes_at is not None]
    return max(0.0, min([look_s, *due_s]))


def made_with(receipt: Receipt, *, is_server: bool) -> str:
    """Who composed a song, in words."""
    model = receipt.model
    lineage = str(model.get("lineage", ""))
    by = lineage.rsplit("→ ", 1)[-1] if lineage else f"the shipped {receipt.style} {model.get('version', '')}".strip()
    whose = "this server's" if is_server else "your"
    versions = ", ".join(f"version {version}" for version in receipt.taste.values())
    return f"{by}, with {whose} taste ({versions})" if versions else f"{by}, without {whose} taste"


def _blank(duel: DuelRecord) -> DuelState:
    """What is known of any duel."""
    return DuelState(
        duel_id=duel.id,
        phase=duel.state,
        prompt=str(duel.request.get("prompt", "")),
        origin=duel.origin,
        votes_wanted=duel.votes_wanted,
        closes_at=duel.closes_at,
    )


def _reveal(tally: DuelTally, songs: tuple[StoredSong, StoredSong]) -> Reveal:
    winner: Literal["left", "right"] | None = None
    if tally.left != tally.right:
        winner = "left" if tally.left > tally.right else "right"
    decided, is_server = tally.left + tally.right, tally.duel.origin.guild_id is not None
    sides = [
        Side(
            song=song,
            made_with=made_with(song.receipt, is_server=is_server),
            version=str(song.receipt.model.get("version", "")),
            model_id=str(song.receipt.model.get("server_models", "")),
            share=given / decided if decided else 0.5,
        )
        for song, given in zip(songs, (tally.left, tally.right), strict=True)
    ]
    return Reveal(
        counts={answer: getattr(tally, answer) for answer in DUEL_ANSWERS},
        winner=winner,
        left=sides[0],
        right=sides[1],
        sentence=_outcome(tally, winner),
    )


def _outcome(tally: DuelTally, winner: Literal["left", "right"] | None) -> str:
    """How it ended, in words."""
    if not tally.votes:
        return "Nobody answered."
    liked = f"{tally.both} found both good, {tally.neither} both bad"
    if winner is None:
        return f"A draw: {tally.left} for each; {liked}."
    letters = {"left": ("A", tally.left, tally.right), "right": ("B", tally.right, tally.left)}
    letter, won, lost = letters[winner]
    return f"{letter} won {won} to {lost}; {liked}."
