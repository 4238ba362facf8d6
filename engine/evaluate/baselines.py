"""What a composer has to beat without learning: random notes in the scale. And a probe: a song with its bars shuffled.

In: a `Song`, a generator. Out: a `Song` of the same key, meter, tempo, form, chords and instruments. Conventions: each
role keeps its number of notes; all else about them is chance. Caveat: this flatters random notes, because density and
form are those of real music.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.music.notes import Note, Role, Song, Track
from engine.music.timing import TICKS_PER_QUARTER

SIXTEENTH = 6
DRUM_KEYS = (35, 36, 38, 40, 42, 44, 46, 49, 51)
RANGES = {Role.MELODY: (60, 84), Role.COUNTER: (55, 79), Role.HARMONY: (48, 72), Role.BASS: (31, 52)}
LONGEST_QUARTERS = 2


def random_notes(song: Song, rng: np.random.Generator) -> Song:
    """The song with every note replaced by a random one of its scale."""
    return replace(song, tracks=tuple(_random_track(song, track, rng) for track in song.tracks))


def _random_track(song: Song, track: Track, rng: np.random.Generator) -> Track:
    low, high = RANGES.get(track.role, (0, 127))
    usable = [pitch for pitch in range(low, high + 1) if pitch % 12 in song.key.scale]
    usable = list(DRUM_KEYS) if track.role is Role.DRUMS else usable
    count, ticks = len(track.notes), song.bars * song.meter.bar_ticks
    onsets = rng.integers(ticks // SIXTEENTH, size=count) * SIXTEENTH
    lengths = rng.integers(1, LONGEST_QUARTERS * TICKS_PER_QUARTER // SIXTEENTH + 1, size=count) * SIXTEENTH
    pitches, velocities = rng.choice(usable, size=count), rng.integers(40, 110, size=count)
    rows = zip(onsets.tolist(), pitches.tolist(), lengths.tolist(), velocities.tolist(), strict=True)
    once = {(onset, pitch): (min(length, ticks - onset), velocity) for onset, pitch, length, velocity in rows}
    notes = sorted(
        Note(onset=onset, pitch=pitch, duration=length, velocity=velocity)
        for (onset, pitch), (length, velocity) in once.items()
    )
    return replace(track, notes=tuple(notes))


def shuffled_bars(song: Song, rng: np.random.Generator) -> Song:
    """The song with its bars in another order, chords with them; notes are cut at the bar's end."""
    bar = song.meter.bar_ticks
    order = rng.permutation(song.bars).tolist()
    place = {old: new for new, old in enumerate(order)}
    tracks = []
    for track in song.tracks:
        notes = []
        for note in track.notes:
            old, tick = divmod(note.onset, bar)
            moved = min(note.duration, bar - tick)
            notes.append(replace(note, onset=place[old] * bar + tick, duration=moved))
        tracks.append(replace(track, notes=tuple(sorted(notes))))
    chords = tuple(chord for old in order for chord in song.chords[2 * old : 2 * old + 2])
    return replace(song, tracks=tuple(tracks), chords=chords)
