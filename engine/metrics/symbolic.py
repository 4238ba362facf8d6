"""Measures of notes: a `Song` (or a `Track`) goes in, a number comes out.

Aim: to say of any song, composed, played or learnt, how much it repeats, rests, varies and keeps to its key, so that
songs can be gated, ranked and compared with a reference. Conventions: counts are integers, shares lie in 0…1,
entropies are bits, densities say per what. Drums are left out of everything about pitch. A measure of nothing (no
notes, no pairs) is `None`, never a made-up 0. Caveat: where a source measures audio-like piano rolls, the same
measure is taken on the written grid here.

Sources: Dong et al., "MusPy: a toolkit for symbolic music generation" (ISMIR 2020) for polyphony, empty-beat rate and
scale consistency; Wu and Yang, "The Jazz Transformer on the front line" (ISMIR 2020) for pitch-class entropy and
groove consistency.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.music.notes import Note, Role, Song, Track
from engine.music.timing import GRID_IN_QUARTER, TICKS_PER_QUARTER

Ranges = Mapping[Role, tuple[int, int]]


def validate(song: Song) -> None:
    """Raise `ValueError` for a song that cannot be measured: no bars, a note that starts outside or lasts no time."""
    if song.bars == 0:
        raise ValueError("a song without bars cannot be measured")
    end = song.bars * song.meter.bar_ticks
    for track in song.tracks:
        for note in track.notes:
            if not 0 <= note.onset < end or note.duration <= 0:
                raise ValueError(f"{track.role.value}: the note {note} does not fit into {end} ticks")


def pitched_notes(song: Song) -> list[Note]:
    """All notes but the drums', sorted."""
    return sorted(note for track in song.tracks if track.role is not Role.DRUMS for note in track.notes)


def all_notes(song: Song) -> list[Note]:
    """All notes, sorted."""
    return sorted(note for track in song.tracks for note in track.notes)


def top_line(notes: Sequence[Note]) -> list[Note]:
    """The highest note of each onset: what is heard as the tune where a part plays chords."""
    highest: dict[int, Note] = {}
    for note in notes:
        other = highest.get(note.onset)
        if other is None or other < note:
            highest[note.onset] = note
    return [highest[onset] for onset in sorted(highest)]


def longest_repeated_pitch_run(track: Track) -> int:
    """How many times running the track's top line plays one pitch, at most; 0 for an empty track."""
    longest = run = 0
    before: int | None = None
    for note in top_line(track.notes):
        run = run + 1 if note.pitch == before else 1
        before = note.pitch
        longest = max(longest, run)
    return longest


def sounding_bars(song: Song, notes: Sequence[Note]) -> NDArray[np.bool_]:
    """Whether any of `notes` sounds in a bar: [bars] bool."""
    bar = song.meter.bar_ticks
    onset = np.array([note.onset for note in notes], dtype=np.int64)
    duration = np.array([note.duration for note in notes], dtype=np.int64)
    changes = np.bincount(onset // bar, minlength=song.bars + 1)[: song.bars + 1]
    ends = np.minimum(-(-(onset + duration) // bar), song.bars)
    sounding: NDArray[np.bool_] = np.cumsum(changes - np.bincount(ends, minlength=song.bars + 1))[: song.bars] > 0
    return sounding


def silent_bars(song: Song) -> tuple[int, ...]:
    """Bars in which nothing sounds, drums included."""
    sounding = np.zeros(song.bars, dtype=bool)
    for track in song.tracks:
        sounding |= sounding_bars(song, track.notes)
    return tuple(np.flatnonzero(~sounding).tolist())


def notes_out_of_range(song: Song, ranges: Ranges) -> int:
    """Notes below or above their role's range (inclusive MIDI pitches); roles without a range are not judged."""
    count = 0
    for track in song.tracks:
        low, high = ranges.get(track.role, (0, 127))
        count += sum(not low <= note.pitch <= high for note in track.notes)
    return count


def notes_per_bar(song: Song) -> dict[Role, float]:
    """Notes a bar of each role, over the bars in which it sounds."""
    out = {}
    for track in song.tracks:
        bars = int(sounding_bars(song, track.notes).sum())
        if bars:
            out[track.role] = len(track.notes) / bars
    return out


def notes_per_second(song: Song) -> float:
    """All notes, drums included, over the song's seconds."""
    return len(all_notes(song)) / song.duration_s


def pitch_class_entropy(notes: Sequence[Note]) -> float | None:
    """Entropy of the pitch-class histogram in bits, 0 (one pitch class) … 3.585 (all twelve alike). Wu and Yang
    2020.
    """
    if not notes:
        return None
    counts = np.array(list(Counter(note.pitch % 12 for note in notes).values()), dtype=float)
    shares = counts / counts.sum()
    return abs(float(-(shares * np.log2(shares)).sum()))


def scale_consistency(song: Song) -> float | None:
    """Share of pitched notes that lie in the song's own key. MusPy 2020, with the key given instead of the best fit."""
    notes = pitched_notes(song)
    return sum(note.pitch % 12 in song.key.scale for note in notes) / len(notes) if notes else None


def polyphony(song: Song) -> float | None:
    """Mean number of pitched notes that sound at once, over the ticks in which any does. MusPy 2020."""
    notes = pitched_notes(song)
    if not notes:
        return None
    changes = np.zeros(max(note.end for note in notes) + 1, dtype=np.int64)
    for note in notes:
        changes[note.onset] += 1
        changes[note.end] -= 1
    sounding = np.cumsum(changes)
    return float(sounding[sounding > 0].mean())


def empty_beat_rate(song: Song) -> float:
    """Share of beats in which nothing sounds, drums included. MusPy 2020."""
    beat = song.meter.beat_ticks
    sounding = np.zeros(song.bars * song.meter.bar_ticks // beat, dtype=bool)
    for note in all_notes(song):
        sounding[note.onset // beat : -(-note.end // beat)] = True
    return float(1 - sounding.mean())


def groove_consistency(song: Song, notes: Sequence[Note] | None = None) -> float | None:
    """Mean likeness of neighbouring bars' onset patterns, 0…1: 1 − Hamming distance over the grid. Wu and Yang 2020.

    `notes`: the notes to look at; all of the song's by default. `None` for a song of fewer than two bars.
    """
    if song.bars < 2:
        return None
    onsets = onset_grid(song, all_notes(song) if notes is None else notes)
    return float(1 - (onsets[1:] != onsets[:-1]).mean())


def onset_grid(song: Song, notes: Sequence[Note]) -> NDArray[np.bool_]:
    """Onsets as [bars, positions] bool over the grid's eight positions a quarter; off-grid onsets go to the one
    before.
    """
    quarters = song.meter.bar_ticks // TICKS_PER_QUARTER
    grid = np.zeros((song.bars, quarters * len(GRID_IN_QUARTER)), dtype=bool)
    for note in notes:
        bar, tick = divmod(note.onset, song.meter.bar_ticks)
        quarter, within = divmod(tick, TICKS_PER_QUARTER)
        position = int(np.searchsorted(GRID_IN_QUARTER, within, side="right")) - 1
        grid[bar, quarter * len(GRID_IN_QUARTER) + position] = True
    return grid


def velocity_spread(notes: Sequence[Note]) -> float | None:
    """Standard deviation of the velocities."""
    return float(np.std([note.velocity for note in notes])) if notes else None
