"""The plan of a song: everything decided before the first note. Stub of the value types; the planner fills this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.music.harmony import Chord, Key
from engine.music.notes import Role, Section
from engine.music.timing import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlan:
    """One bar: its two half-bar chords, who plays, how loud (0…1), and the earlier bar that it repeats, if any.

    `phrase_end`: a phrase of 4 or 8 bars ends here (cadence; drums may fill). `final`: the last sounding bar.
    """

    section: int
    chords: tuple[Chord, Chord]
    roles: frozenset[Role]
    energy: float
    copy_of: int | None = None
    phrase_end: bool = False
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """The instrument of a role: General MIDI program, its name, and the playable range (MIDI pitches, inclusive)."""

    program: int
    name: str
    low: int
    high: int
    density: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A song before its notes.

    `seconds` is the asked length of the audio: the bars plus the time to ring out. `sources`: field → where its value
    came from ("asked", "prompt", "style", "seed", "encoder"). `style_scores`: style → share, from the encoder.
    """

    prompt: str
    title: str
    style: str
    blend: Mapping[str, float]
    seed: int
    key: Key
    meter: Meter
    tempo_bpm: float
    swing: float
    energy: float
    seconds: float
    sections: tuple[Section, ...]
    bars: tuple[BarPlan, ...]
    cast: Mapping[Role, Casting]
    sources: Mapping[str, str]
    requested: Mapping[str, object]
    style_scores: Mapping[str, float]
    notices: tuple[str, ...] = field(default=())
