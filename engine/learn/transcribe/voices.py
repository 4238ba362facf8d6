"""Which notes are the bass, which the melody, which the rest.

In: notes without roles. Out: the same notes with roles. Method: the lowest note of those that begin together, if it
lies below A3 and not far above the bass around it, is the bass; the highest of the others, if it is sure and not far
below the tune around it, is the melody. Whether an earlier note still sounds is not asked, because ends are heard
badly. Caveat: a second voice above the tune is taken for the tune.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.values import HeardNote
from engine.music.notes import Role

HIGHEST_BASS = 56
TOGETHER_S, AROUND_S = 0.04, 4.0
BASS_REACH, TUNE_REACH = 14, 8
TUNE_QUANTILE, TUNE_SURE = 0.6, 0.6

Numbers = npt.NDArray[np.float64]


def with_roles(notes: Sequence[HeardNote]) -> tuple[HeardNote, ...]:
    """The notes, cast, in order of onset."""
    ordered = sorted(notes, key=lambda n: (n.onset_s, n.pitch))
    onsets = np.array([note.onset_s for note in ordered])
    pitches = np.array([note.pitch for note in ordered], dtype=np.float64)
    first = np.searchsorted(onsets, onsets - TOGETHER_S)
    last = np.searchsorted(onsets, onsets + TOGETHER_S, side="right")
    lowest = np.array([pitches[a:b].min() for a, b in zip(first, last, strict=True)])
    bass = (pitches <= HIGHEST_BASS) & (pitches == lowest)
    bass &= pitches < _level(onsets, pitches, bass, 0.5) + BASS_REACH
    open_pitches = np.where(bass, -1.0, pitches)
    highest = np.array([open_pitches[a:b].max() for a, b in zip(first, last, strict=True)])
    sure = np.array([note.strength >= TUNE_SURE for note in ordered], dtype=bool)
    tune = ~bass & sure & (pitches == highest)
    tune &= pitches > _level(onsets, pitches, tune, TUNE_QUANTILE) - TUNE_REACH
    roles = np.where(bass, Role.BASS, np.where(tune, Role.MELODY, Role.HARMONY)).tolist()
    return tuple(replace(note, role=Role(role)) for note, role in zip(ordered, roles, strict=True))


def _level(onsets: Numbers, pitches: Numbers, among: npt.NDArray[np.bool_], quantile: float) -> Numbers:
    """For each note the given quantile of the pitches of those chosen within `AROUND_S`; its own where none is."""
    times, values = onsets[among], pitches[among]
    first, last = np.searchsorted(times, onsets - AROUND_S), np.searchsorted(times, onsets + AROUND_S)
    levels = [
        float(np.quantile(values[a:b], quantile)) if b > a else float(pitch)
        for a, b, pitch in zip(first, last, pitches, strict=True)
    ]
    return np.array(levels)
