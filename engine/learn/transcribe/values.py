"""What is heard in a recording: notes, hits, beats, sections, summaries, and how sure each of it is.

Conventions: times in seconds from the recording's start; pitches are MIDI numbers, of hits General MIDI percussion
keys; strengths and confidences are 0…1, where 0.5 is a toss-up. Everything is frozen and cheap to keep. Caveat: a
confidence is measured on recordings of our own synthesiser.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from engine.music.harmony import Key
from engine.music.notes import Role, Song
from engine.music.timing import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardNote:
    """A pitched note. `strength`: how sure it is. `velocity`: how loud, 1–127."""

    onset_s: float
    end_s: float
    pitch: int
    strength: float
    velocity: int = 80
    role: Role = Role.HARMONY


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stroke on the drums: a kick 36, snare 38, closed hat 42, tom 45, crash 49 or ride 51."""

    onset_s: float
    pitch: int
    strength: float
    velocity: int = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """The felt beats from the first to the last; `first_bar`: index of the first beat that begins a bar.

    `bpm`: felt beats a minute. `steady`: they lie on one straight line. `swing`: where the off-beat eighth lies in the
    beat, 0.5 straight.
    """

    times_s: tuple[float, ...]
    bpm: float
    steady: bool
    meter: Meter
    first_bar: int
    swing: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How sure each stage is, 0…1."""

    notes: float
    beats: float
    bars: float
    drums: float
    key: float
    chords: float
    sections: float

    def to_json(self) -> dict[str, float]:
        """Stage → confidence, two decimals."""
        return {field.name: round(getattr(self, field.name), 2) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The sound in few numbers: mean and deviation of 20 MFCCs, and the share of each pitch class, C first."""

    mfcc_mean: tuple[float, ...]
    mfcc_deviation: tuple[float, ...]
    chroma: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcription:
    """A recording, written down.

    `song`: the same in written time, as corpus pieces are, or None. `refusal`: why it is no use to learn from, as a
    sentence for the person who sent it; empty where it is. `first_bar_s`: when the song's bar 0 begins.
    """

    seconds: float
    notes: tuple[HeardNote, ...]
    hits: tuple[Hit, ...]
    beats: Beats | None
    key: Key | None
    summary: Summary
    confidence: Confidence
    song: Song | None
    refusal: str = ""
    first_bar_s: float = 0.0
