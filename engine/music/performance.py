"""A song as it is played: the same notes in human time, ready to be written as MIDI.

Conventions: time in performed ticks, 960 a quarter (40 for each written tick), so that a few milliseconds of human
timing can be told apart; onsets counted from the song's start. Where the tempo comes and goes, `tempi` tells it, and
ticks stay where the bar lines are. The written song travels along: form, chords and key stay as they are. Caveat: the
last notes may end after the last bar line, because they ring out.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from engine.music.notes import Note, Role, Song
from engine.music.timing import TICKS_PER_QUARTER, ticks_to_seconds

PERFORMED_TICKS_PER_QUARTER = 960
PERFORMED_PER_WRITTEN = PERFORMED_TICKS_PER_QUARTER // TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Press:
    """The sustain pedal is down from `onset` for `duration` performed ticks."""

    onset: int
    duration: int

    @property
    def end(self) -> int:
        """First tick with the pedal up again."""
        return self.onset + self.duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A second instrument that plays along with a role; `gain_db` against the role's own at full volume."""

    program: int
    gain_db: float
    pan: float
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformedTrack:
    """One role as it is played; `notes` count performed ticks and are sorted by onset, then pitch."""

    role: Role
    program: int
    notes: tuple[Note, ...]
    pedal: tuple[Press, ...] = ()
    layer: Layer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoChange:
    """From `onset`, which sounds `at_s` seconds after the start, the tempo is `bpm` quarters a minute."""

    onset: int
    bpm: float
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformedSong:
    """What was written and how it is played; one performed track for each written one, in the same order.

    `tempi`: ascending, the first at 0; empty where the song keeps its tempo.
    """

    song: Song
    tracks: tuple[PerformedTrack, ...]
    tempi: tuple[TempoChange, ...] = ()

    def seconds(self, performed_ticks: int) -> float:
        """Seconds from the song's start."""
        if not self.tempi:
            return ticks_to_seconds(performed_ticks / PERFORMED_PER_WRITTEN, self.song.tempo_bpm)
        change = self.tempi[max(bisect_right(self.tempi, performed_ticks, key=lambda tempo: tempo.onset) - 1, 0)]
        return change.at_s + ticks_to_seconds((performed_ticks - change.onset) / PERFORMED_PER_WRITTEN, change.bpm)

    def onset_times_s(self, role: Role, pitches: frozenset[int]) -> tuple[float, ...]:
        """When the given pitches of `role` sound, in seconds, ascending."""
        return tuple(
            self.seconds(note.onset)
            for track in self.tracks
            if track.role is role
            for note in track.notes
            if note.pitch in pitches
        )
