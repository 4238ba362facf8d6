"""What a style's music does, in numbers: profiles of its pieces, and which chord follows which.

In: `engine/styles/<style>/habits.json`, measured on training pieces by `engine.learn.habits`. Out: `Habits`.
Conventions: a *profile* is one stretch of half a minute to a minute of one piece: how densely, how often, how high and
how loud each role plays; a planner that draws a profile gives a song the proportions of one real piece instead of the
average of all. Chord tokens are written relative to the tonic: `"0:maj7"`, `"7:7"` (seven semitones up, a dominant
seventh), `"0:/4"` (a major triad over its third). Caveat: profiles hold counts and averages only; no note can be read
back from one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.music.harmony import QUALITIES, Chord, Key, Mode
from engine.music.notes import Role

FILE = "habits.json"
FORMAT = 1
KEPT_HABITS = 20
"""So many styles' habits stay in memory, shipped ones and servers' together."""
BRIGHT = frozenset({Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN})

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleProfile:
    """How a role plays: notes a bar in which it plays, share of bars in which it plays 0…1, the pitches between which
    nearly all of its notes lie (MIDI, inclusive), mean and standard deviation of its velocities.
    """

    density: float
    presence: float
    low: int
    high: int
    velocity: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Proportions of one stretch of music. `energy`: its rank among the style's profiles, 0…1. `measures`: name →
    value of `SongMeasures` (numbers only).
    """

    meter: str
    mode: Mode
    tempo_bpm: float
    swing: float
    energy: float
    chords_per_bar: float
    roles: Mapping[Role, RoleProfile]
    measures: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordHabits:
    """How often a chord token begins a section and follows others. Contexts: `"|a b"` before a bar line, `".a b"` in
    mid-bar (`a` the chord before `b`), and, where too rare to be kept, `"|b"` and `".b"`.
    """

    starts: Mapping[str, int]
    follows: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """All that was measured on a style. `chords`: `"bright"` and `"dark"` modes apart; empty where none are kept.
    `deviations`: a measure's standard deviation over all profiles.
    """

    profiles: tuple[Profile, ...]
    chords: Mapping[str, ChordHabits]
    deviations: Mapping[str, float]

    def mean(self, measure: str) -> float:
        """Mean of a measure over the profiles that have it; raises `KeyError` if none has."""
        values = [profile.measures[measure] for profile in self.profiles if measure in profile.measures]
        if not values:
            raise KeyError(measure)
        return sum(values) / len(values)

    def dumps(self) -> str:
        """JSON text, one profile a line."""
        rows = ",\n".join(json.dumps(_profile_to_json(profile, list(self.deviations))) for profile in self.profiles)
        chords = json.dumps({light: asdict(habit) for light, habit in self.chords.items()})
        deviations = json.dumps(dict(self.deviations))
        return f'{{"format": {FORMAT}, "profiles": [\n{rows}\n],\n"deviations": {deviations},\n"chords": {chords}}}\n'


def light_of(mode: Mode) -> str:
    """`"bright"` or `"dark"`."""
    return "bright" if mode in BRIGHT else "dark"


def chord_token(chord: Chord, key: Key) -> str:
    """A chord relative to the tonic, such as `"0:maj7"` or `"7:7/4"`."""
    token = f"{(chord.root - key.tonic) % 12}:{chord.quality}"
    return token if chord.bass == chord.root else f"{token}/{(chord.bass - chord.root) % 12}"


def token_chord(token: str, key: Key) -> Chord:
    """Inverse of `chord_token`; raises `ValueError` for a token that it never writes."""
    root, _, rest = token.partition(":")
    quality, _, above = rest.partition("/")
    if quality in QUALITIES and root.isdecimal() and (above or "0").isdecimal():
        at = (int(root) + key.tonic) % 12
        chord = Chord(root=at, quality=quality, bass=(at + int(above or 0)) % 12)
        if chord_token(chord, key) == token:
            return chord
    raise ValueError(f"{token!r} is no chord token")


@lru_cache(maxsize=KEPT_HABITS)
def load_habits(folder: Path) -> Habits | None:
    """The habits in a style's folder, or None if it has none. Raises `ValueError` for another format."""
    path = folder / FILE
    if not path.exists():
        return None
    return habits_from_json(json.loads(path.read_text(encoding="utf-8")))


def habits_from_json(data: Mapping[str, Any]) -> Habits:
    """Inverse of `Habits.dumps`, parsed. Raises `ValueError` for another format and for parts that are missing."""
    if data.get("format") != FORMAT:
        raise ValueError(f"habits of format {data.get('format')} are not known; format {FORMAT} would work")
    if missing := sorted({"profiles", "chords", "deviations"} - data.keys()):
        raise ValueError(f"the habits lack {' and '.join(missing)}; measuring them anew would work")
    return Habits(
        profiles=tuple(_profile_from_json(row, list(data["deviations"])) for row in data["profiles"]),
        chords={light: ChordHabits(**habit) for light, habit in data["chords"].items()},
        deviations=data["deviations"],
    )


def _profile_to_json(profile: Profile, names: Sequence[str]) -> dict[str, Any]:
    """Measures in the order of `names`, `null` where there is none."""
    roles = {role.value: [*asdict(part).values()] for role, part in profile.roles.items()}
    return {
        **asdict(profile),
        "mode": profile.mode.value,
        "roles": roles,
        "measures": [profile.measures.get(n) for n in names],
    }


def _profile_from_json(row: Mapping[str, Any], names: Sequence[str]) -> Profile:
    fields = RoleProfile.__dataclass_fields__
    roles = {Role(role): RoleProfile(**dict(zip(fields, part, strict=True))) for role, part in row["roles"].items()}
    measures = {name: value for name, value in zip(names, row["measures"], strict=True) if value is not None}
    return Profile(**{**row, "mode": Mode(row["mode"]), "roles": roles, "measures": measures})
