"""The values that a MIDI file (or any other score) is read into, before anybody asks what the music means.

Conventions: ticks as in `timing` (24 a quarter), not yet quantised to the grid; tracks keep the file's order. Light:
plain dataclasses, so that analysis needs no MIDI library. Caveat: meters are kept as numbers, because files use meters
that `timing.METERS` does not know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.music.harmony import Key
from engine.music.notes import Note, Role

DEFAULT_BPM = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiTrack:
    """One part as it stands in a file. `role` is set only by readers that know it (the voice of a song, a cello)."""

    name: str
    program: int
    is_drum: bool
    notes: tuple[Note, ...]
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterChange:
    """From `tick` on, bars have `numerator` units of 1/`denominator`; the tick is a bar line."""

    tick: int
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """A key signature at `tick`; its mode is what the file says and often wrong (minor written as major)."""

    tick: int
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class TempoChange:
    """From `tick` on, `bpm` quarter notes a minute."""

    tick: int
    bpm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiFile:
    """Tracks with at least one note in all, and the maps of meter, key and tempo, each sorted by tick.

    `tempo_bpm` is the tempo that holds for the longest time.
    """

    tracks: tuple[MidiTrack, ...]
    tempo_bpm: float
    meters: tuple[MeterChange, ...] = ()
    key_signatures: tuple[KeyChange, ...] = ()
    tempos: tuple[TempoChange, ...] = ()

    @property
    def end(self) -> int:
        """First tick after the last note."""
        return max(note.end for track in self.tracks for note in track.notes)


def main_tempo(tempos: Sequence[TempoChange], start: int, end: int) -> float:
    """The tempo (quarter notes a minute) that holds for most seconds between two ticks."""
    seconds: dict[float, float] = defaultdict(float)
    for index, change in enumerate(tempos):
        until = tempos[index + 1].tick if index + 1 < len(tempos) else max(end, change.tick + 1)
        ticks = min(until, end) - max(change.tick, start)
        if ticks > 0:
            seconds[round(change.bpm, 1)] += ticks / change.bpm
    return max(seconds, key=lambda bpm: seconds[bpm]) if seconds else DEFAULT_BPM
