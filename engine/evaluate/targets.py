"""The figures to reach, and whether a style reaches them.

In: a style's figures, song facts and training facts. Out: a `Target` a figure. Conventions: ranges of single metrics
are asked of the set's mean. Caveat: what was not measured is neither reached nor missed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evaluate.bands import LEAST
from engine.evaluate.figures import SetFigures
from engine.evaluate.generated import Generated
from engine.evaluate.vectors import COMPOSED, VectorSet

MAX_RUN, RUN_SHARE = 8, 0.99
DISTINCT, RETURNING = (0.40, 0.95), (0.15, 0.85)
BASS_ROOTS, OCTAVE_LEAPS, INSIDE = 0.60, 0.05, 0.88
OVERLAP, AUC, PRECISION, NAMED = 0.93, 0.85, 0.5, 0.85
FREE_BASS = ("classical",)
"""Styles whose bass may leave the roots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure to reach: its short name, what is wanted, what was measured, and whether that is enough (None: cannot be
    said).
    """

    name: str
    wanted: str
    measured: str
    reached: bool | None


def targets(
    human: VectorSet, generated: Generated, figures: Mapping[str, SetFigures], training: Mapping[str, Any]
) -> list[Target]:
    """All figures to reach. `figures`: maker → figures, `network` among them; `training`: the checkpoint's metrics."""
    own, style = figures["network"], generated.vectors.labels[0].style
    return [
        *_song_targets(style, generated),
        *_range_targets(human, generated.vectors),
        _least("values inside the human band", own.inside, INSIDE),
        _least("overlap / human halves", own.overlap, OVERLAP, places=3),
        _most("discriminator AUC", own.auc, AUC),
        _least("precision", own.precision, PRECISION),
        _least("style named right", own.named, NAMED),
        *([_variety(figures)] if all(label.kind == COMPOSED for label in human.labels) else []),
        _held_out(training),
    ]


def _song_targets(style: str, generated: Generated) -> list[Target]:
    facts = generated.facts
    failed = sum(bool(fact.failures) for fact in facts)
    missed = sum(bool(fact.off) for fact in facts)
    short_runs = float(np.mean([fact.melody_run <= MAX_RUN for fact in facts]))
    roots = [fact.bass_roots for fact in facts if fact.bass_roots is not None]
    copied = [fact.originality["passed"] for fact in facts if fact.originality.get("passed") is not None]
    out = [
        Target(name="gate failures", wanted="0 songs", measured=f"{failed}", reached=failed == 0),
        Target(name="wishes missed", wanted="0 songs", measured=f"{missed}", reached=missed == 0),
        Target(
            name="copied",
            wanted="0 songs",
            measured=f"{copied.count(False)} of {len(copied)} judged" if copied else "not judged",
            reached=all(copied) if copied else None,
        ),
        _least(f"melody's longest run ≤ {MAX_RUN}", short_runs, RUN_SHARE),
    ]
    if style not in FREE_BASS:
        out.append(_least("bass on the chord's root", _mean(roots), BASS_ROOTS))
    return out


def _range_targets(human: VectorSet, songs: VectorSet) -> list[Target]:
    return [
        _within("distinct bars", songs.column("melody_distinct_bars"), DISTINCT),
        _within("returning bars", songs.column("melody_returning_bars"), RETURNING),
        _most("octave leaps", _mean(songs.column("melody_octave_leaps")), OCTAVE_LEAPS, places=3),
        *(
            _within(name.replace("_", ", "), songs.column(name), _band(human, name), people=_mean(human.column(name)))
            for name in ("structure_mid", "structure_long")
        ),
    ]


def _band(human: VectorSet, metric: str) -> tuple[float, float] | None:
    values = human.column(metric)
    if len(values) < LEAST:
        return None
    low, high = np.percentile(values, [5, 95])
    return float(low), float(high)


def _variety(figures: Mapping[str, SetFigures]) -> Target:
    own, rules = figures["network"].variety, figures["grammar"].variety if "grammar" in figures else math.nan
    return Target(
        name="variety above the grammar's",
        wanted=f"> {rules:.2f}" if math.isfinite(rules) else "the grammar's",
        measured=f"{own:.2f}",
        reached=own > rules if math.isfinite(rules) else None,
    )


def _held_out(training: Mapping[str, Any]) -> Target:
    after, before = training.get("held_out_nats"), training.get("held_out_nats_before")
    return Target(
        name="held-out loss below the base's",
        wanted=f"< {before:.3f} nats" if before is not None else "the base's",
        measured=f"{after:.3f} nats" if after is not None else "not known",
        reached=None if after is None or before is None else bool(after < before),
    )


def _least(name: str, value: float, bound: float, *, places: int = 2) -> Target:
    measured, reached = _said(value, places), value >= bound if math.isfinite(value) else None
    return Target(name=name, wanted=f"≥ {bound}", measured=measured, reached=reached)


def _most(name: str, value: float, bound: float, *, places: int = 2) -> Target:
    measured, reached = _said(value, places), value <= bound if math.isfinite(value) else None
    return Target(name=name, wanted=f"≤ {bound}", measured=measured, reached=reached)


def _within(
    name: str,
    values: Sequence[float] | np.ndarray[Any, Any],
    band: tuple[float, float] | None,
    people: float = math.nan,
) -> Target:
    """The mean inside a band; the share of single songs inside is said beside it, and people's mean if given."""
    mean = _mean(values)
    if band is None or not math.isfinite(mean):
        return Target(name=name, wanted="the human range", measured=_said(mean, 2), reached=None)
    beside = f"; people's mean {people:.2f}" if math.isfinite(people) else ""
    share = float(np.mean([band[0] <= value <= band[1] for value in values]))
    return Target(
        name=name,
        wanted=f"{band[0]:.2f}–{band[1]:.2f}",
        measured=f"{mean:.2f} ({share:.0%} of songs{beside})",
        reached=band[0] <= mean <= band[1],
    )


def _mean(values: Sequence[float] | np.ndarray[Any, Any]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _said(value: float, places: int) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else "nothing to count"
