"""How long, how fast and how firmly held to its parent a server's version is trained.

In: how many events there are to learn from, whether the style is the server's own. Out: a `ServerRecipe`. Conventions:
what is lost of the parent is told as a share of its own held-out loss; without pieces (0 events) it is votes alone that
teach. Caveat: the numbers were found on eight pieces of kinds that the shipped checkpoints have not heard, and on
simulated votes (docs/LOG.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.model.pairs import PairSettings
from engine.model.training import TrainSettings

USUAL_EVENTS = 6000
LEAST_STEPS, USUAL_STEPS, MOST_STEPS = 80, 140, 400
VOTED_STEPS, VOTED_RATE = 50, 2e-4
"""Where there are no pieces."""
MOST_RISE = 0.03
"""Of the style's own loss, at most."""
AIMED_RISE = 0.029
"""What training aims at, so that rounding does not cross the line."""
MOST_RISE_OF_OWN, AIMED_RISE_OF_OWN = 0.10, 0.095
"""A style that a server founded may leave its parent further behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecipe:
    """`tether`: weight of the parent's distributions; `most_rise` and `aimed_rise`: shares of the parent's held-out
    loss. `replay_songs`: written by the parent, a quarter of them watched; `judged_songs`: written by the candidate;
    `ranked_plans`: of each the parent writes `ranked_candidates`, of which those that votes prefer are learnt.
    """

    settings: TrainSettings
    dropout: float = 0.3
    tether: float = 1.5
    most_rise: float = MOST_RISE
    aimed_rise: float = AIMED_RISE
    replay_songs: int = 48
    replay_seconds: float = 40.0
    judged_songs: int = 24
    judged_seconds: float = 40.0
    pairing: PairSettings = field(default_factory=PairSettings)
    ranked_plans: int = 48
    ranked_candidates: int = 8
    ranked_seconds: float = 30.0
    threads: int = 1


def recipe_for(events: int, is_own: bool) -> ServerRecipe:
    """The recipe for so many events of new music; `is_own`: the server founded the style."""
    steps = round(USUAL_STEPS * (events / USUAL_EVENTS) ** 0.5)
    settings = TrainSettings(
        steps=max(LEAST_STEPS, min(MOST_STEPS, steps)) if events else VOTED_STEPS,
        lanes=12,
        rate=4e-4 if events else VOTED_RATE,
        warmup=10,
        evaluate_every=10,
        save_every=10,
        patience=4,
    )
    if is_own:
        return ServerRecipe(settings=settings, tether=1.0, most_rise=MOST_RISE_OF_OWN, aimed_rise=AIMED_RISE_OF_OWN)
    return ServerRecipe(settings=settings)
