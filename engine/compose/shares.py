"""How far a song is: a stage and its finished share → the finished share of the whole.

Conventions: shares are 0…1. The weights are the stages' usual parts of the time that a warm process takes for a minute
of music. Caveat: they are for bars on screens; what a song really took stands in its receipt.
"""

from __future__ import annotations

from engine.compose.request import STAGES, Stage

WEIGHTS: dict[Stage, float] = {
    "read": 0.02,
    "plan": 0.03,
    "compose": 0.50,
    "render": 0.20,
    "master": 0.10,
    "encode": 0.13,
    "picture": 0.02,
}


def overall_share(stage: Stage, share: float) -> float:
    """The whole's finished share when `stage` is at `share`."""
    before = sum(WEIGHTS[earlier] for earlier in STAGES[: STAGES.index(stage)])
    return min(1.0, before + WEIGHTS[stage] * min(1.0, max(0.0, share)))
