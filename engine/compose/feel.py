"""What a mood does to a cast: more or fewer notes, higher or lower registers, more or less often there.

In: a cast and presences as style and profile have them, a `Mood`. Out: the same, leant. Conventions: density stays
within the multiples of the style's usual one that profiles keep too; registers stay within the instrument's range and
keep their width where they can; basses and drums stay where they are. Caveat: the network is told of densities, and
obeys them about half way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.compose.plan import Casting
from engine.music.instruments import program_range
from engine.music.notes import Role
from engine.music.styles import Style
from engine.text.meaning import Mood

DENSITY_OCTAVES = 0.7
"""A role's notes a bar are doubled or halved so many times at the busiest and the sparsest."""
LEAST_SHARE, MOST_SHARE = 0.25, 3.0
"""A role's density stays within these multiples of what the style calls usual, whatever profile and mood say."""
SHIFTS = {Role.MELODY: 7.0, Role.COUNTER: 6.0, Role.HARMONY: 5.0}
"""Semitones by which a role's register moves at the brightest and the darkest."""
LEAST_SPAN = 10
PRESENCE = 0.2
"""Share of bars that a role is there more at the busiest, and less at the sparsest."""
LEAST_PRESENCE, MOST_PRESENCE = 0.1, 0.99


def felt_cast(cast: Mapping[Role, Casting], style: Style, mood: Mood) -> dict[Role, Casting]:
    """The cast with densities and registers as the mood has them."""
    return {role: _raised(_filled(casting, role, style, mood), role, mood) for role, casting in cast.items()}


def _filled(casting: Casting, role: Role, style: Style, mood: Mood) -> Casting:
    if not mood.density:
        return casting
    part = style.parts.get(role)
    usual = part.density if part is not None else casting.density
    low, high = min(LEAST_SHARE * usual, casting.density), max(MOST_SHARE * usual, casting.density)
    density = min(max(casting.density * 2 ** (DENSITY_OCTAVES * mood.density), low), high)
    return replace(casting, density=round(density, 2))


def _raised(casting: Casting, role: Role, mood: Mood) -> Casting:
    """The register moved, as far as the instrument goes; what it cannot move further becomes narrower."""
    steps = round(SHIFTS.get(role, 0.0) * mood.brightness)
    if not steps:
        return casting
    lowest, highest = program_range(casting.program)
    low, high = max(lowest, casting.low + steps), min(highest, casting.high + steps)
    if high - low < LEAST_SPAN:
        return casting
    return replace(casting, low=low, high=high)


def felt_presence(presence: Mapping[Role, float], mood: Mood) -> dict[Role, float]:
    """Presences with a busy mood's more and a sparse one's less; who was asked for (presence 1), and the tune, stay."""
    return {
        role: share
        if share >= 1 or role is Role.MELODY
        else min(max(share + PRESENCE * mood.density, min(share, LEAST_PRESENCE)), MOST_PRESENCE)
        for role, share in presence.items()
    }
