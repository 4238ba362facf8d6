"""Cutting a stretch of bars out of a song, as a song of its own.

In: a `Song`. Out: `Song`s whose bars count from 0 again. Conventions: a note belongs to the bar in which it begins and
is cut at the excerpt's last bar line; a note that began before is left out. Caveat: sections keep their labels, so a
section cut in two looks like a whole short one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

import numpy as np

from engine.music.notes import Section, Song, Track
from engine.music.timing import ticks_to_seconds

LEAST_BARS = 6


def excerpt(song: Song, start_bar: int, bars: int) -> Song:
    """`bars` bars from `start_bar` on. Raises `ValueError` for bars that the song does not have."""
    if bars < 1 or start_bar < 0 or start_bar + bars > song.bars:
        raise ValueError(f"bars {start_bar} to {start_bar + bars} are not within the song's {song.bars} bars")
    start, end = start_bar * song.meter.bar_ticks, (start_bar + bars) * song.meter.bar_ticks
    tracks = []
    for track in song.tracks:
        notes = tuple(
            replace(note, onset=note.onset - start, duration=min(note.duration, end - note.onset))
            for note in track.notes
            if start <= note.onset < end
        )
        if notes:
            tracks.append(Track(role=track.role, program=track.program, notes=notes))
    return replace(
        song,
        sections=tuple(_sections(song, start_bar, start_bar + bars)),
        chords=song.chords[2 * start_bar : 2 * (start_bar + bars)],
        tracks=tuple(tracks),
    )


def _sections(song: Song, first: int, last: int) -> Iterator[Section]:
    for section in song.sections:
        start, end = max(section.start_bar, first), min(section.end_bar, last)
        if start < end:
            yield replace(section, start_bar=start - first, bars=end - start)


def windows(song: Song, rng: np.random.Generator, *, low_s: float = 30.0, high_s: float = 60.0) -> Iterator[Song]:
    """Excerpts one after the other, each of a random length between `low_s` and `high_s` seconds; a rest is left."""
    bar_s = ticks_to_seconds(song.meter.bar_ticks, song.tempo_bpm)
    least = ceil(low_s / bar_s)
    start = 0
    while True:
        bars = max(int(rng.uniform(low_s, high_s) / bar_s), least)
        if bars < LEAST_BARS or start + bars > song.bars:
            return
        yield excerpt(song, start, bars)
        start += bars
