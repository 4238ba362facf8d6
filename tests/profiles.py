"""Profiles and habits for tests, small and written by hand. In: what a test cares about. Out: whole values."""

from __future__ import annotations

from collections.abc import Mapping

from engine.music.habits import ChordHabits, Habits, Profile, RoleProfile
from engine.music.harmony import Mode
from engine.music.notes import Role

BAND = (Role.MELODY, Role.HARMONY, Role.BASS, Role.DRUMS)


def part(
    density: float = 4.0,
    *,
    presence: float = 0.8,
    register: tuple[int, int] = (48, 72),
    velocity: float = 80.0,
    spread: float = 10.0,
) -> RoleProfile:
    low, high = register
    return RoleProfile(density=density, presence=presence, low=low, high=high, velocity=velocity, spread=spread)


def profile(
    *,
    meter: str = "4/4",
    mode: Mode = Mode.MAJOR,
    tempo_bpm: float = 90.0,
    energy: float = 0.5,
    roles: Mapping[Role, RoleProfile] | None = None,
    measures: Mapping[str, float] | None = None,
) -> Profile:
    return Profile(
        meter=meter,
        mode=mode,
        tempo_bpm=tempo_bpm,
        swing=0.5,
        energy=energy,
        chords_per_bar=1.0,
        roles=roles if roles is not None else {role: part() for role in BAND},
        measures=measures or {},
    )


def habits(*profiles: Profile, deviations: Mapping[str, float] | None = None) -> Habits:
    return Habits(profiles=profiles, chords={}, deviations=deviations or {})


def steps(starts: Mapping[str, int], **follows: Mapping[str, int]) -> ChordHabits:
    """Habits with one chord of memory, alike on bar lines and within bars; names stand for tokens (`I`, `IV`, `V`)."""
    tokens = {"I": "0:", "IV": "5:", "V": "7:", "vi": "9:m"}
    read = {
        place + tokens[name]: {tokens[then]: count for then, count in row.items()}
        for name, row in follows.items()
        for place in "|."
    }
    return ChordHabits(starts={tokens[name]: count for name, count in starts.items()}, follows=read)
