"""Which real proportions a song takes after: drawing a profile from a style's habits and casting by it.

In: a style's `Habits` and what is known of the song. Out: a `Profile` (or None), and castings and presences that follow
it. Conventions: meter and brightness of the mode must agree where the style has such profiles; an asked tempo and the
mood make near ones likelier. Caveat: a role that is asked for plays even if the profile lacks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.compose.feel import LEAST_SHARE, LEAST_SPAN, MOST_SHARE
from engine.compose.plan import Casting
from engine.compose.tempo import bar_seconds
from engine.music.frames import ranks
from engine.music.habits import Habits, Profile, light_of
from engine.music.harmony import Mode
from engine.music.instruments import program_range
from engine.music.notes import Role
from engine.music.styles import Style
from engine.music.timing import METERS

TUNE_PRESENCE = 0.6
CORE_PRESENCE = 0.85
"""Roles of at least this presence belong to every song of a style."""
ENERGY_PULL, MOST_PULL = 5.0, 9.0
"""Nats between the least and the most fitting profile, for a whole degree and for all degrees together."""
UPPER = (Role.MELODY, Role.COUNTER, Role.HARMONY)
TEMPO_OCTAVES = 0.25
MARGIN = 3
"""Semitones that a range may go beyond what the profile's role usually plays."""
RETURNING = (0.2, 0.8)
MOST_VARIED = 0.85
GROOVES = ((0.3, 1), (0.5, 2), (0.8, 4))
"""Share of different bars of drums up to which a pattern is so many bars long; beyond, the drums play at will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a profile should agree with. `tempo_bpm`: only if asked for. Degrees are −1…1, 0 no wish: `lean` calm …
    energetic, `pace` slow … fast, `density` sparse … busy, `brightness` dark … bright.
    """

    meter: str
    mode: Mode
    lean: float
    tempo_bpm: float | None
    pace: float = 0.0
    density: float = 0.0
    brightness: float = 0.0


def draw_profile(habits: Habits | None, style: Style, wanted: Wanted, rng: np.random.Generator) -> Profile | None:
    """One of the style's profiles that agrees with what is wanted, or None if none was measured."""
    if habits is None or not habits.profiles:
        return None
    core = {role for role, part in style.parts.items() if part.presence >= CORE_PRESENCE and role is not Role.COUNTER}
    found: Sequence[Profile] = habits.profiles
    agreements: tuple[Callable[[Profile], bool], ...] = (
        lambda profile: profile.meter == wanted.meter,
        lambda profile: core <= profile.roles.keys(),
        lambda profile: light_of(profile.mode) == light_of(wanted.mode),
    )
    for agrees in agreements:
        found = [profile for profile in found if agrees(profile)] or found
    if found[0].meter != wanted.meter:
        return None
    liking = _liking(found, wanted)
    weights = np.exp(liking - liking.max())
    return found[int(rng.choice(len(found), p=weights / weights.sum()))]


def _liking(found: Sequence[Profile], wanted: Wanted) -> NDArray[np.float64]:
    """How well each profile agrees with the wishes that are degrees, in nats `[N]`."""
    pulls = {
        _energy: wanted.lean,
        _tempo: wanted.pace if wanted.tempo_bpm is None else 0.0,
        _density: wanted.density,
        _register: wanted.brightness,
    }
    grip = min(ENERGY_PULL, MOST_PULL / max(sum(map(abs, pulls.values())), 1e-9))
    liking = np.zeros(len(found))
    for trait, pull in pulls.items():
        if pull:
            liking += grip * pull * (np.array(ranks([trait(profile) for profile in found])) - 0.5)
    if wanted.tempo_bpm is not None:
        tempos = np.array([profile.tempo_bpm for profile in found])
        liking -= 0.5 * (np.log2(tempos / wanted.tempo_bpm) / TEMPO_OCTAVES) ** 2
    return liking


def _energy(profile: Profile) -> float:
    return profile.energy


def _tempo(profile: Profile) -> float:
    return profile.tempo_bpm


def _density(profile: Profile) -> float:
    """Notes a second in a middling bar."""
    notes = sum(part.density * part.presence for part in profile.roles.values())
    return notes / bar_seconds(METERS[profile.meter], profile.tempo_bpm)


def _register(profile: Profile) -> float:
    """The middle of where tune and chords lie; of anything pitched where there are neither."""
    parts = [part for role, part in profile.roles.items() if role in UPPER] or list(profile.roles.values())
    return sum(part.low + part.high for part in parts) / (2 * max(1, len(parts)))


def cast_after(
    profile: Profile | None, cast: Mapping[Role, Casting], style: Style, asked: Sequence[Role]
) -> dict[Role, Casting]:
    """The cast with the profile's densities and registers; roles that the profile lacks leave unless `asked`."""
    if profile is None:
        return dict(cast)
    out = {}
    for role, casting in cast.items():
        part = profile.roles.get(role)
        if part is not None:
            out[role] = _follow(casting, role, part.density, (part.low, part.high))
        elif role in asked or role not in style.parts:
            out[role] = casting
    return out if Role.MELODY in out or Role.MELODY not in cast else dict(cast)


def _follow(casting: Casting, role: Role, density: float, register: tuple[int, int]) -> Casting:
    density = min(max(density, LEAST_SHARE * casting.density), MOST_SHARE * casting.density)
    if role is Role.DRUMS:
        return replace(casting, density=round(density, 2))
    lowest, highest = program_range(casting.program)
    low, high = max(lowest, register[0] - MARGIN), min(highest, register[1] + MARGIN)
    if high - low < LEAST_SPAN:
        low, high = casting.low, casting.high
    return replace(casting, density=round(density, 2), low=low, high=high)


def presence_after(profile: Profile | None, presence: Mapping[Role, float]) -> dict[Role, float]:
    """Presences as the profile has them; roles of presence 1 (asked for) stay throughout."""
    if profile is None:
        return dict(presence)
    return {
        role: share if share >= 1 or role not in profile.roles else max(profile.roles[role].presence, _least(role))
        for role, share in presence.items()
    }


def _least(role: Role) -> float:
    """A tune plays in every verse, even if the profile's stretch had it for a few bars only."""
    return TUNE_PRESENCE if role is Role.MELODY else 0.0


def returning_after(profile: Profile | None) -> float:
    """The greatest share of bars that repeat earlier ones, as in the profile, within `RETURNING`."""
    share = profile.measures.get("returning_bars") if profile else None
    return 1.0 if share is None else min(max(share, RETURNING[0]), RETURNING[1])


def groove_after(profile: Profile | None) -> int:
    """After how many bars the drums' pattern comes again, by how many different bars the profile's drums have."""
    share = profile.measures.get("drum_distinct_bars") if profile else None
    if share is None:
        return 0
    return next((bars for most, bars in GROOVES if share <= most), 0)


def variation_after(profile: Profile | None) -> float:
    """The share of repeating bars that vary, so that as many bars differ exactly as in the profile."""
    if profile is None or "distinct_bars" not in profile.measures:
        return 0.0
    exact = 1.0 - profile.measures["distinct_bars"]
    return min(max(1.0 - exact / returning_after(profile), 0.0), MOST_VARIED)
