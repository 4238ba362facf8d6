"""Notes, tracks, sections, songs: the values that every flow passes around.

Conventions: onsets and durations in ticks (24 a quarter), onsets counted from the song's start; pitches are MIDI
numbers 0–127 (60 = middle C), velocities 1–127. Drums use General MIDI percussion keys as pitches. Songs hold
*written* time: straight eighths with a `swing` ratio beside them; swing and other human timing are added when MIDI is
written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.music.harmony import Chord, Key
from engine.music.timing import Meter, ticks_to_seconds


class Role(StrEnum):
    """What a part does in the music; a song has at most one track a role."""

    MELODY = "melody"
    COUNTER = "counter"
    HARMONY = "harmony"
    BASS = "bass"
    DRUMS = "drums"


class SectionKind(StrEnum):
    """What a section is for."""

    INTRO = "intro"
    VERSE = "verse"
    CHORUS = "chorus"
    BRIDGE = "bridge"
    BREAK = "break"
    OUTRO = "outro"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Note:
    """One note. Orders by onset, then pitch."""

    onset: int
    pitch: int
    duration: int
    velocity: int

    @property
    def end(self) -> int:
        """First tick after the note."""
        return self.onset + self.duration

    def lasting(self, duration: int) -> Note:
        """The note with another duration."""
        if duration == self.duration:
            return self
        return Note(onset=self.onset, pitch=self.pitch, duration=duration, velocity=self.velocity)

    def struck(self, velocity: int) -> Note:
        """The note with another velocity."""
        if velocity == self.velocity:
            return self
        return Note(onset=self.onset, pitch=self.pitch, duration=self.duration, velocity=velocity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubling:
    """A second instrument that plays a role's notes `semitones` higher, `gain_db` against the first as they are heard,
    at `pan` −1…1; `loud_only`: in choruses only.
    """

    program: int
    semitones: int
    gain_db: float
    pan: float = 0.0
    loud_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """The notes of one role, sorted by onset, and its General MIDI program (0–127; for drums the kit).

    `doubling`: who plays along; those notes are not written.
    """

    role: Role
    program: int
    notes: tuple[Note, ...]
    doubling: Doubling | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of bars. Sections with the same `label` (A, B…) are the same music, returning."""

    kind: SectionKind
    label: str
    start_bar: int
    bars: int

    @property
    def end_bar(self) -> int:
        """First bar after the section."""
        return self.start_bar + self.bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A whole piece. `chords` holds one chord a half bar (`None` where there is none), so `2 * bars` entries."""

    style: str
    tempo_bpm: float
    key: Key
    meter: Meter
    swing: float
    sections: tuple[Section, ...]
    chords: tuple[Chord | None, ...]
    tracks: tuple[Track, ...]
    title: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)

    @property
    def bars(self) -> int:
        """Number of bars, by the sections."""
        return self.sections[-1].end_bar if self.sections else 0

    @property
    def duration_s(self) -> float:
        """Seconds from the first bar line to the last, without ringing out."""
        return ticks_to_seconds(self.bars * self.meter.bar_ticks, self.tempo_bpm)

    def track(self, role: Role) -> Track | None:
        """The track of `role`, or None."""
        return next((t for t in self.tracks if t.role is role), None)

    def section_at(self, bar: int) -> Section:
        """The section that `bar` lies in; raises `IndexError` past the end."""
        for section in self.sections:
            if section.start_bar <= bar < section.end_bar:
                return section
        raise IndexError(f"bar {bar} is past the song's {self.bars} bars")
