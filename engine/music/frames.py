"""What the network is told about a song before its notes: the frame. Measured on human songs, written by plans.

In: a `Song` (training). Out: a `Frame` of small integers: song-wide (style, meter, mode, tempo) and bar by bar
(section, energy, active roles, density a role, chords in normal form). Caveat: training and composing build the same
type, so a field that a plan cannot know must not be added here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.music.harmony import QUALITIES, Chord, Mode
from engine.music.notes import SectionKind, Song
from engine.music.timing import METERS, Meter
from engine.music.tokens import N_ROLES, ROLE_INDEX, slots_in_bar

TEMPO_EDGES_BPM = (60, 75, 90, 105, 120, 140, 165)
DENSITY_EDGES = (1.5, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0)
"""Notes a bar in which the role plays; the level is the number of edges below."""
ENERGY_EDGES = (0.25, 0.5, 0.75)
N_TEMPOS, N_DENSITIES, N_ENERGIES = len(TEMPO_EDGES_BPM) + 1, len(DENSITY_EDGES) + 1, len(ENERGY_EDGES) + 1

MODES = tuple(Mode)
KINDS = tuple(SectionKind)
METER_NAMES = tuple(METERS)
NO_CHORD = 12
QUALITY_CLASSES = {
    "": 0, "5": 0, "add9": 0, "m": 1, "madd9": 1, "dim": 2, "aug": 3, "sus2": 4, "sus4": 4, "7sus4": 4, "7": 5, "9": 5,
    "13": 5, "7b9": 5, "maj7": 6, "maj9": 6, "m7": 7, "m9": 7, "m11": 7, "m7b5": 8, "dim7": 9, "6": 10, "m6": 11,
    "mmaj7": 11,
}  # fmt: skip
"""Chord qualities as the network tells them apart; `NO_CHORD` (12) stands for none."""
N_QUALITIES = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class ChordIds:
    """A chord in normal form: root and bass 0…11 (12: none), quality class 0…11 (12: none)."""

    root: int
    quality: int
    bass: int


SILENT_CHORD = ChordIds(root=NO_CHORD, quality=NO_CHORD, bass=NO_CHORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarFrame:
    """One bar's conditions. `roles`: who plays, in `ROLE_ORDER`; `density`: level a role; `chords`: one a half bar."""

    kind: int
    bar_in_section: int
    bars_left: int
    energy: int
    roles: tuple[bool, ...]
    density: tuple[int, ...]
    chords: tuple[ChordIds, ChordIds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A whole song's conditions. `meter`, `mode`, `tempo`: indices; `slots`: grid slots a bar."""

    style: str
    meter: int
    mode: int
    tempo: int
    slots: int
    bars: tuple[BarFrame, ...]


def tempo_level(tempo_bpm: float) -> int:
    """Band of the tempo, 0…7."""
    return bisect_right(TEMPO_EDGES_BPM, tempo_bpm)


def density_level(notes_per_bar: float) -> int:
    """Band of a role's notes a bar, 0…7."""
    return bisect_right(DENSITY_EDGES, notes_per_bar)


def energy_level(energy: float) -> int:
    """Band of an energy 0…1, 0…3."""
    return bisect_right(ENERGY_EDGES, energy)


def chord_ids(chord: Chord | None, shift_to_white: int) -> ChordIds:
    """A sounding chord → its normal form's ids."""
    if chord is None:
        return SILENT_CHORD
    white = chord.transposed(shift_to_white)
    return ChordIds(root=white.root, quality=QUALITY_CLASSES[white.quality], bass=white.bass)


def meter_id(meter: Meter) -> int:
    """Index of the meter in `METERS`."""
    return METER_NAMES.index(str(meter))


def fill_gaps(plays: list[bool], *, longest: int) -> list[bool]:
    """Count rests of up to `longest` bars between playing bars as playing: a breath is not an exit."""
    filled = plays[:]
    last = -1
    for bar, here in enumerate(plays):
        if here:
            if last >= 0 and bar - last - 1 <= longest:
                filled[last:bar] = [True] * (bar - last)
            last = bar
    return filled


def _bar_counts(song: Song) -> list[list[int]]:
    """Onsets a role (in `ROLE_ORDER`) and bar: `[role][bar]`."""
    counts = [[0] * song.bars for _ in range(N_ROLES)]
    for track in song.tracks:
        row = counts[ROLE_INDEX[track.role]]
        for note in track.notes:
            if (bar := note.onset // song.meter.bar_ticks) < song.bars:
                row[bar] += 1
    return counts


def ranks(values: Sequence[float]) -> list[float]:
    """Each value's rank among all, 0…1, equal ones in the middle of their places."""
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value)) / (2 * len(values)) for value in values]


def frame_of_song(song: Song) -> Frame:
    """Measure a song's frame. A role plays in a bar if it has an onset there or rests for at most two bars between."""
    counts = _bar_counts(song)
    plays = [fill_gaps([count > 0 for count in row], longest=2) for row in counts]
    energies = ranks([sum(row[bar] for row in counts) for bar in range(song.bars)])
    shift = song.key.shift_to_white
    bars: list[BarFrame] = []
    for section in song.sections:
        span = range(section.start_bar, section.end_bar)
        density = []
        for role in range(N_ROLES):
            active = [counts[role][bar] for bar in span if plays[role][bar]]
            density.append(density_level(sum(active) / len(active)) if active else 0)
        bars += [
            BarFrame(
                kind=KINDS.index(section.kind),
                bar_in_section=bar - section.start_bar,
                bars_left=section.end_bar - bar - 1,
                energy=energy_level(energies[bar]),
                roles=tuple(plays[role][bar] for role in range(N_ROLES)),
                density=tuple(density),
                chords=(chord_ids(song.chords[2 * bar], shift), chord_ids(song.chords[2 * bar + 1], shift)),
            )
            for bar in span
        ]
    return Frame(
        style=song.style,
        meter=meter_id(song.meter),
        mode=MODES.index(song.key.mode),
        tempo=tempo_level(song.tempo_bpm),
        slots=slots_in_bar(song.meter),
        bars=tuple(bars),
    )


assert set(QUALITY_CLASSES) == set(QUALITIES), "every chord quality needs a class"
