"""What a community's preference looks at in a plan, before a note is written.

In: a `Plan`; its form and chords may still be missing. Out: feature → finite number, always the same names.
Conventions: `notes_per_second` is log2(1 + notes), as cast; pitches are MIDI numbers, shares and degrees as in the
plan; what the primer feels like lies in −1…1, 0 without one; `transposition`: semitones from the white keys, in which
the network writes, up to the song's key. Caveat: a plan says what is meant; what the network makes of it is measured on
the song (`engine.metrics.features`).
"""

from __future__ import annotations

from math import log2

from engine.compose.plan import Plan
from engine.music.notes import Role
from engine.music.seed import MODE_LIGHT
from engine.music.timing import TICKS_PER_QUARTER
from engine.text.meaning import MOODS

MIDDLE = 60.0
PROFILED = ("notes_per_second", "on_beat", "sixteenths", "triplets", "note_length", "notes_at_once", "melody_leaps")
"""Measures of a plan's profile that say how the song will be (`engine.metrics.vector`)."""


def plan_features(plan: Plan) -> dict[str, float]:
    """Measure a plan."""
    densities = {role: casting.density for role, casting in plan.cast.items()}
    features = {
        "tempo_log2": log2(plan.tempo_bpm),
        "brightness": MODE_LIGHT[plan.key.mode],
        "swing": plan.swing,
        "transposition": float(-plan.key.shift_to_white),
        "triple": float(plan.meter.bar_ticks % (3 * TICKS_PER_QUARTER) == 0),
        "energy": plan.energy,
        "adventure": plan.adventure,
        "notes_per_second": log2(1 + sum(densities.values()) / plan.bar_s),
        "roles": float(len(plan.cast)),
        **{f"{role.value}_density": log2(1 + densities.get(role, 0.0) / plan.bar_s) for role in Role},
        **_registers(plan),
        **_profile(plan),
        "primed": float(plan.primer is not None),
        **{f"primer_{axis}": getattr(plan.primer_mood, axis) if plan.primer_mood else 0.0 for axis in MOODS},
    }
    return {name: round(float(value), 4) for name, value in features.items()}


def _profile(plan: Plan) -> dict[str, float]:
    """Of the real proportions that the song takes after; 0 without any."""
    if plan.profile is None:
        return {"velocity": 0.0, **{f"profile_{name}": 0.0 for name in PROFILED}}
    parts = plan.profile.roles.values()
    velocity = sum(part.velocity for part in parts) / max(1, len(parts))
    return {"velocity": velocity, **{f"profile_{name}": plan.profile.measures.get(name) or 0.0 for name in PROFILED}}


def _registers(plan: Plan) -> dict[str, float]:
    """The middle of everybody's range and of the tune's, in MIDI pitches."""
    middles = {role: (cast.low + cast.high) / 2 for role, cast in plan.cast.items() if role is not Role.DRUMS}
    middle = sum(middles.values()) / len(middles) if middles else MIDDLE
    return {"register": middle, "melody_register": middles.get(Role.MELODY, middle)}
