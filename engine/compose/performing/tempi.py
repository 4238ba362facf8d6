"""How the tempo comes and goes: rubato with the phrase, and an end that slows down.

In: a feel, the room there is, the generator. Out: a song's `TempoChange`s, none where it keeps its tempo. Conventions:
ticks stay on the bar lines, so a sequencer's grid fits. Rubato takes as much time from a phrase's middle as it gives to
its ends, so that every phrase lasts as long as written: tempo as a parabola over the phrase (Todd, "A model of
expressive timing in tonal music", 1985). The end slows like a runner who stops: v(x) = (1 + (w³ − 1) x)^⅓ (Friberg
and Sundberg, "Does music performance allude to locomotion?", JASA 1999), up to the last strike; what sounds on behind
it is as long as written. Caveat: slowing takes no more than the room, and no more than 1.5 % of the song.
"""

from __future__ import annotations

import numpy as np

from engine.compose.performing.feel import Feel
from engine.music.notes import Song
from engine.music.performance import PERFORMED_PER_WRITTEN, TempoChange
from engine.music.timing import TICKS_PER_QUARTER, ticks_to_seconds

PHRASE_BARS = 4
SLOWING_QUARTERS = 8
STEP_TICKS = TICKS_PER_QUARTER // 2
MOST_SHARE = 0.015
LEAST_S = 0.12
RING_S = 1.2
"""Seconds behind the last bar line that slowing leaves alone."""


def tempi_of(feel: Feel, room_s: float, rng: np.random.Generator) -> tuple[TempoChange, ...]:
    """The tempo's changes; `room_s`: seconds from the last bar line to the end of the audio."""
    song = feel.song
    steps = song.bars * song.meter.bar_ticks // STEP_TICKS
    slower = np.ones(steps)
    if feel.touch.rubato:
        slower = _rubato(song, feel.touch.rubato, steps, rng)
    if feel.touch.slowing and song.tempo_bpm <= feel.touch.slowing_below_bpm:
        slower = _slowing(song, feel.touch.slowing, room_s, slower)
    return _changes(song, slower)


def _rubato(
    song: Song, depth: float, steps: int, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Duration of each step against the written one, quarter by quarter; the mean of every phrase is 1."""
    slower = np.ones(steps)
    per_bar = song.meter.bar_ticks // TICKS_PER_QUARTER
    for section in song.sections:
        for start in range(section.start_bar, section.end_bar, PHRASE_BARS):
            bars = min(PHRASE_BARS, section.end_bar - start)
            share = depth * float(rng.uniform(0.7, 1.2)) * bars / PHRASE_BARS
            through = (np.arange(bars * per_bar) + 0.5) / (bars * per_bar)
            curve = 12 * (through - 0.5) ** 2
            first, last = 2 * start * per_bar, 2 * (start + bars) * per_bar
            slower[first:last] += np.repeat(share * (curve - curve.mean()) / 2, 2)
    return slower


def _slowing(
    song: Song, share: float, room_s: float, slower: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The same, with the steps before the last strike longer, as far as there is room."""
    last = max((note.onset for track in song.tracks for note in track.notes), default=0) // STEP_TICKS
    first = max(last - SLOWING_QUARTERS * TICKS_PER_QUARTER // STEP_TICKS, 0)
    allowed_s = min(room_s - RING_S, MOST_SHARE * song.duration_s)
    step_s = ticks_to_seconds(STEP_TICKS, song.tempo_bpm)
    through = (np.arange(last - first) + 0.5) / max(last - first, 1)
    for part in (1.0, 0.8, 0.6, 0.45, 0.3, 0.2):
        slow = (1 + ((1 - part * share) ** 3 - 1) * through) ** (-1 / 3)
        extra_s = float((slow - 1).sum()) * step_s
        if LEAST_S <= extra_s <= allowed_s:
            result = slower.copy()
            result[first:last] += slow - 1
            return result
    return slower


def _changes(song: Song, slower: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[TempoChange, ...]:
    """One change wherever the tempo differs from before."""
    if np.allclose(slower, 1.0):
        return ()
    step_s = ticks_to_seconds(STEP_TICKS, song.tempo_bpm)
    changes: list[TempoChange] = []
    at_s, before = 0.0, None
    for at, longer in enumerate([*slower.round(4).tolist(), 1.0]):
        if longer != before:
            bpm = song.tempo_bpm / longer
            changes.append(TempoChange(onset=at * STEP_TICKS * PERFORMED_PER_WRITTEN, bpm=bpm, at_s=at_s))
            before = longer
        at_s += longer * step_s
    return tuple(changes)
