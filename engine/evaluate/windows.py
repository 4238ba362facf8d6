"""Stretches of 30 to 60 seconds out of whole pieces, so that human music is compared at the length that is composed.

In: a `Song`. Out: `Song`s cut at bar lines, at section borders where these allow it. Conventions: sections keep their
labels, notes that ring past the cut end there, roles that do not play in a window are left out of it. Caveat: notes
that started before the cut are lost, not split.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.music.notes import Section, Song, Track
from engine.music.timing import ticks_to_seconds

SHORTEST_S, LONGEST_S = 30.0, 60.0


def crop(song: Song, start: int, end: int) -> Song:
    """Bars `start` up to but not `end`, as a song of its own. Raises `ValueError` for an empty stretch."""
    if not 0 <= start < end <= song.bars:
        raise ValueError(f"bars {start}–{end} are no stretch of a song of {song.bars} bars")
    bar = song.meter.bar_ticks
    low, high = start * bar, end * bar
    tracks = []
    for track in song.tracks:
        notes = tuple(
            replace(note, onset=note.onset - low, duration=min(note.end, high) - note.onset)
            for note in track.notes
            if low <= note.onset < high
        )
        if notes:
            tracks.append(Track(role=track.role, program=track.program, notes=notes))
    sections = tuple(
        Section(
            kind=section.kind,
            label=section.label,
            start_bar=max(section.start_bar, start) - start,
            bars=min(section.end_bar, end) - max(section.start_bar, start),
        )
        for section in song.sections
        if section.start_bar < end and section.end_bar > start
    )
    return replace(song, sections=sections, chords=song.chords[2 * start : 2 * end], tracks=tuple(tracks))


def windows(song: Song, rng: np.random.Generator) -> Iterator[Song]:
    """The song in consecutive windows; none of a song shorter than `SHORTEST_S`, itself if it is not too long."""
    bar_s = ticks_to_seconds(song.meter.bar_ticks, song.tempo_bpm)
    borders = sorted({section.start_bar for section in song.sections} | {song.bars})
    start = 0
    while (song.bars - start) * bar_s >= SHORTEST_S:
        shortest = start + math.ceil(SHORTEST_S / bar_s - 1e-9)
        longest = min(song.bars, start + math.floor(LONGEST_S / bar_s + 1e-9))
        if shortest > longest:
            return
        wanted = start + rng.uniform(SHORTEST_S, LONGEST_S) / bar_s
        ends = [border for border in borders if shortest <= border <= longest]
        ends = ends or [min(max(round(wanted), shortest), longest)]
        end = song.bars if start == 0 and song.bars <= longest else min(ends, key=lambda b: abs(b - wanted))
        yield crop(song, start, end)
        start = end
