"""Whether a new model is better or worse than what composed before: a sequential test, asked after every vote.

In: weighed votes for songs of both arms. Out: promote it, roll it back, or go on. Conventions: the arms' difference is
in log odds of being liked; before any vote it is none at all with `SAME`, else spread like a normal distribution of
`USUAL_GAP`; how much the home likes songs in general is spread widely. By Bayes' rule that gives how probably the new
model is worse, and clearly so. It is rolled back if it is worse as surely as `WORSE`, or clearly worse as probably as
`CLEARLY_WORSE`; it is promoted if it is worse with no more than `HARDLY_WORSE`. Rolling back what is as good costs
little, leaving what is worse annoys everybody, so the first comes soon: `benchmarks/bench_canary.py` measures how
often each is wrong. Caveat: the test believes that votes are independent; whoever sums them makes several votes on one
song count as fewer (`engine.taste.weighed`).

Sources: Wald 1945 (sequential tests); Kass and Raftery 1995 (hypotheses by Bayes' rule).
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.music.taste import Posterior
from engine.taste.ballot import Ballot, HeardSong, Ruling, Trial
from engine.taste.weighed import Tally, Weights, heard_by_all, summed

Decision = Literal["promote", "roll back", "go on"]
Floats = NDArray[np.float64]
NAMES: dict[int, Decision] = {1: "promote", -1: "roll back", 0: "go on"}

GAPS = (0.3, 0.6, 0.9, 1.2, 1.6, 2.0, 2.4)
"""Differences that are thought of, either way; .4 is ten points of a hundred."""
SAME, USUAL_GAP = 0.25, 1.0
LEVELS, USUAL_LEVEL, LEVEL_SPREAD = (-3.0, 4.0, 57), 0.5, 1.2
"""Of how much a home likes songs, in log odds: from, to, how many steps; the middle, and how widely spread."""
CLEAR_GAP = 0.6
"""From this on the difference is clear: about fifteen points of a hundred."""
WORSE, HARDLY_WORSE = 0.92, 0.05
CLEARLY_WORSE_EARLY, CLEARLY_WORSE = 0.8, 0.42
EARLY = 16.0
"""Weighed votes for the new model that are few."""
LEAST = 5.0
"""Weighed votes for either arm before anything is decided."""
HISTORY = 60.0
"""Earlier votes for what composed before count as no more than so many."""
HISTORY_WORTH = 0.7
"""Of each, since tastes and requests change."""


def decide(control: Posterior, canary: Posterior) -> Decision:
    """What the votes for the model in force (`control`) and the one on trial (`canary`) say."""
    return NAMES[int(decide_all(np.array([[control.up, control.down, canary.up, canary.down]]))[0])]


def decide_all(votes: Floats) -> NDArray[np.int64]:
    """The same for many trials: [N, 4] control up, control down, canary up, canary down → [N] 1 promote, −1 roll back,
    0 go on.
    """
    worse, clearly = worse_of(votes)
    new = votes[:, 2:].sum(axis=1)
    back = (worse >= WORSE) | (clearly >= np.where(new < EARLY, CLEARLY_WORSE_EARLY, CLEARLY_WORSE))
    enough = np.minimum(votes[:, :2].sum(axis=1), new) >= LEAST
    return np.where(enough, np.where(back, -1, np.where(worse <= HARDLY_WORSE, 1, 0)), 0).astype(np.int64)


def worse_of(votes: Floats) -> tuple[Floats, Floats]:
    """How probably songs of the canary are liked less often, and clearly so: [N, 4] as above → [N], [N]."""
    likely, prior, gaps = _grid()
    logs = votes @ likely
    weights = np.exp(logs - logs.max(axis=1, keepdims=True)) * prior
    total = weights.sum(axis=1)
    return weights[:, gaps < 0].sum(axis=1) / total, weights[:, gaps <= -CLEAR_GAP].sum(axis=1) / total


@cache
def _grid() -> tuple[Floats, Floats, Floats]:
    """Every level with every gap: log probabilities [4, L·G] of the four kinds of votes, prior and gap [L·G] each."""
    gap = np.array([-gap for gap in reversed(GAPS)] + [0.0, *GAPS])
    weight = np.exp(-0.5 * (gap / USUAL_GAP) ** 2) * (gap != 0)
    weight = np.where(gap == 0, SAME, (1 - SAME) * weight / weight.sum())
    level = np.linspace(*LEVELS[:2], LEVELS[2])
    spread = np.exp(-0.5 * ((level - USUAL_LEVEL) / LEVEL_SPREAD) ** 2)
    levels, gaps = (part.ravel() for part in np.meshgrid(level, gap, indexing="ij"))
    odds = np.stack((levels - gaps / 2, gaps / 2 - levels, levels + gaps / 2, -levels - gaps / 2))
    return -np.logaddexp(0.0, -odds), np.outer(spread / spread.sum(), weight).ravel(), gaps


def rule(ballot: Ballot, weights: Weights) -> tuple[Ruling, ...]:
    """What the votes say of each trial of a ballot."""
    songs = heard_by_all(weights)
    return tuple(_ruling(trial, ballot, songs) for trial in ballot.trials)


def _ruling(trial: Trial, ballot: Ballot, songs: dict[str, Tally]) -> Ruling:
    of_style = [song for song in ballot.songs if song.style == trial.style]
    since = [song for song in of_style if song.created_at >= trial.since]
    canary = summed(songs, (song.id for song in since if song.model_id == trial.model_id))
    others = [song for song in since if song.model_id != trial.model_id]
    control = _with_history(summed(songs, (song.id for song in others)), _before(trial, of_style, others), songs)
    decision = decide(control, canary)
    return Ruling(
        style=trial.style,
        model_id=trial.model_id,
        decision=decision,
        control=control,
        canary=canary,
        reason=_reason(decision, control, canary),
    )


def _before(trial: Trial, of_style: list[HeardSong], others: list[HeardSong]) -> list[HeardSong]:
    """Earlier songs of the model that the trial is held against, the newest first."""
    earlier = sorted((song for song in of_style if song.created_at < trial.since), key=lambda song: song.created_at)
    rivals = {song.model_id for song in others} or {song.model_id for song in earlier[-1:]}
    return [song for song in reversed(earlier) if song.model_id in rivals]


def _with_history(now: Posterior, earlier: list[HeardSong], songs: dict[str, Tally]) -> Posterior:
    """Votes during the trial, and earlier ones as far as they count."""
    up = down = 0.0
    for song in earlier:
        if up + down >= HISTORY * HISTORY_WORTH:
            break
        votes = summed(songs, (song.id,))
        up, down = up + votes.up * HISTORY_WORTH, down + votes.down * HISTORY_WORTH
    return Posterior(up=round(now.up + up, 4), down=round(now.down + down, 4))


def _reason(decision: str, control: Posterior, canary: Posterior) -> str:
    """A sentence for people."""
    shares = (
        f"its songs were liked in {_share(canary)} of {canary.up + canary.down:.0f} votes, those of the version before "
        f"in {_share(control)} of {control.up + control.down:.0f}"
    )
    if decision == "promote":
        return f"It composes everything: {shares}."
    if decision == "roll back":
        return f"It was rolled back: {shares}."
    return f"Votes have not decided yet: {shares}."


def _share(votes: Posterior) -> str:
    return f"{votes.up / (votes.up + votes.down):.0%}" if votes.up + votes.down else "none"
