"""A song as it is played: the same notes in human time, ready to be written as MIDI.

Conventions: time in performed ticks, 960 a quarter (40 for each written tick), so that a few milliseconds of human
timing can be told apart; onsets counted from the song's start. The written song travels along: form, chords and key
stay as they are. Caveat: the last notes may end after the last bar line, because they ring out.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.music.notes import Note, Role, Song
from engine.music.timing import TICKS_PER_QUARTER, ticks_to_seconds

PERFORMED_TICKS_PER_QUARTER = 960
PERFORMED_PER_WRITTEN = PERFORMED_TICKS_PER_QUARTER // TICKS_PER_QUARTER


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformedTrack:
    """One role as it is played; `notes` count performed ticks and are sorted by onset, then pitch."""

    role: Role
    program: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformedSong:
    """What was written and how it is played; one performed track for each written one, in the same order."""

    song: Song
    tracks: tuple[PerformedTrack, ...]

    def seconds(self, performed_ticks: int) -> float:
        """Seconds from the song's start at its tempo."""
        return ticks_to_seconds(performed_ticks / PERFORMED_PER_WRITTEN, self.song.tempo_bpm)

    def onset_times_s(self, role: Role, pitches: frozenset[int]) -> tuple[float, ...]:
        """When the given pitches of `role` sound, in seconds, ascending."""
        return tuple(
            self.seconds(note.onset)
            for track in self.tracks
            if track.role is role
            for note in track.notes
            if note.pitch in pitches
        )
