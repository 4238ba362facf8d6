"""Of N candidates, the best: those that fail a gate are dropped, the rest are ranked by closeness to the style's own
music.

In: songs, the style's reference (measure → [mean, deviation, 5th, 95th percentile], from the checkpoint), and the copy
index, where there is one. Out: the index that is kept, and a verdict a candidate for the receipt. The gates are
degeneracy (is it broken), adherence (is it what was planned) and copying (is its tune somebody's). Source of the idea:
rejection by statistics of a reference set (Yang & Lerch, 2020). Caveat: if every candidate fails, the one with the
fewest failures is kept and its verdict says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, tanh
from typing import Any

from engine.compose.adherence import adherence
from engine.compose.plan import Plan
from engine.metrics.gates import degeneracy
from engine.metrics.measures import measure_song
from engine.metrics.originality import UNCHECKED, CopyGate, Originality
from engine.metrics.vector import metric_vector
from engine.music.habits import FILE, load_habits
from engine.music.notes import Role, Song
from engine.music.styles import Style, load_style

REACH = 0.5
"""How far votes may move a candidate, in mean deviations of distance: measured in docs/LOG.md."""
FAR = 3.0
"""Deviations past which a measure is not counted as worse."""
RANKED = (
    "notes_per_second",
    "pitch_class_entropy_bits",
    "scale_consistency",
    "polyphony",
    "empty_beat_rate",
    "groove_consistency",
    "melody_distinct_bars",
    "melody_returning_bars",
    "melody_chord_tones",
    "melody_octave_leaps",
    "melody_steps",
    "bass_roots",
    "velocity_spread",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A candidate's failures (empty: passed) and its distance from the style's reference in mean deviations.

    `gates`: a gate's name → whether it was passed, `None` where it could not be asked. `originality`: what the copying
    gate found, `None` without a copy index. `liking`: how much rather votes would have it than the other candidates, in
    deviations of distance, within ±`REACH`; 0 where nobody voted.
    """

    failures: tuple[str, ...]
    distance: float
    gates: Mapping[str, bool | None] = field(default_factory=dict)
    originality: Originality | None = None
    liking: float = 0.0

    def originality_to_json(self) -> dict[str, Any]:
        """What receipts hold under `originality`; every value is `None` where nothing was checked."""
        return self.originality.to_json() if self.originality else dict(UNCHECKED)


def distance_to(wanted: Mapping[str, float], deviations: Mapping[str, float], measures: Mapping[str, Any]) -> float:
    """Mean over the wanted measures of |value − wanted| / deviation, each at most `FAR`; 0 if none can be compared."""
    parts = []
    for name, goal in wanted.items():
        value = measures.get(name)
        if isinstance(value, int | float) and isfinite(value) and name in deviations:
            parts.append(min(FAR, abs(value - goal) / max(deviations[name], 1e-3)))
    return sum(parts) / len(parts) if parts else 0.0


def _distance(song: Song, plan: Plan, reference: Mapping[str, Sequence[float]], style: Style) -> float:
    """From the profile that the song takes after, by all measures of its habits; without one from the reference."""
    habits = load_habits(style.folder_of(FILE))
    if plan.profile is not None and habits is not None:
        return distance_to(plan.profile.measures, habits.deviations, metric_vector(song))
    known = {name: reference[name] for name in RANKED if name in reference}
    means, deviations = ({name: row[at] for name, row in known.items()} for at in (0, 1))
    return distance_to(means, deviations, measure_song(song).to_json())


def judge(
    song: Song,
    plan: Plan,
    reference: Mapping[str, Sequence[float]],
    *,
    index: CopyGate | None = None,
    style: Style | None = None,
) -> Verdict:
    """Gates and distance of one candidate. `style`: the plan's, where that is not the shipped one; a server's own style
    may copy as much as its parent.
    """
    ranges: dict[Role, tuple[int, int]] = {
        role: (casting.low, casting.high) for role, casting in plan.cast.items() if role is not Role.DRUMS
    }
    active = [bar.roles & plan.cast.keys() for bar in plan.bars]
    broken, astray = degeneracy(song, ranges, active=active), adherence(song, plan)
    style = style or load_style(plan.style)
    originality = index.check(replace(song, style=style.root)) if index else None
    return Verdict(
        failures=(*broken, *astray, *(originality.reasons if originality else ())),
        gates={
            "degeneracy": not broken,
            "adherence": not astray,
            "copying": originality.passed if originality else None,
        },
        originality=originality,
        distance=round(_distance(song, plan, reference, style), 4),
    )


def choose(verdicts: Sequence[Verdict]) -> int:
    """Index of the candidate with the fewest failures, then the smallest distance less its liking, then the lowest
    index.
    """
    return min(
        range(len(verdicts)),
        key=lambda i: (len(verdicts[i].failures), verdicts[i].distance - verdicts[i].liking, i),
    )


def liked(verdicts: Sequence[Verdict], scores: Sequence[float]) -> list[Verdict]:
    """The verdicts with their likings. `scores`: log odds by which votes prefer each candidate to a usual song.

    Bounded, so that a candidate is never kept that is more than twice `REACH` further from the style than another.
    """
    usual = sum(scores) / len(scores)
    return [
        replace(verdict, liking=REACH * tanh(score - usual)) for verdict, score in zip(verdicts, scores, strict=True)
    ]
