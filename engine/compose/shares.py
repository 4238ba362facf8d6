"""How far a song is: a stage and its finished share → the finished share of the whole.

Conventions: shares are 0…1. The weights are the stages' usual parts of the time that a warm process takes for a minute
of music. Caveat: they are for bars on screens; what a song really took stands in its receipt.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.compose.request import STAGES, Progress, Stage

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


def thinned(emit: Callable[[dict[str, object]], object]) -> Progress:
    """Pass on a stage's beginning, and every further hundredth of the whole, as `{"stage", "share"}`."""
    last: tuple[Stage | None, int] = (None, -1)

    def progress(stage: Stage, share: float) -> None:
        nonlocal last
        now = (stage, int(100 * overall_share(stage, share)))
        if now != last:
            last = now
            emit({"stage": stage, "share": share})

    return progress
