"""What speaks for a key: histograms of pitch classes, of outer voices, of chords and of what each chord comes from.

In: notes `[n, 4] float64`: onset, end (seconds), pitch, strength. Out: `[EVIDENCE, 12] float32`, C first, so that
another transposition of the notes turns the rows. Method: half seconds of the recording get the chroma of what sounds
in them, and are shared among the 24 triads that fit it; a chord's root counts for more if it lies in the bass. Caveat:
chords are triads, and their bounds are half seconds, not beats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.nets import Features

Rows = npt.NDArray[np.float64]

WINDOW_S = 0.5
LONGEST_S, LONGEST_CHORD_S = 1.0, 4.0
LOW_PITCH, BASS_BELOW = 55, 60
FIRST_S, LAST_S = 3.0, 3.0
LEAST_OF_WINDOW = 0.3
"""What sounds for less of a window is not its bass or top."""
OUTSIDE, ROOT, THIRD, FIFTH, IN_BASS = -0.35, 1.1, 0.9, 1.0, 0.25
DECIDED = 6.0
"""How much a chord that fits better is preferred."""
EDGE_WINDOWS = 4
EVIDENCE = 5 + 2 + 2 + 4 + 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """`chroma [n, 12]`: seconds by strength. `bass`, `top` `[n]`: pitch classes, -1 for none."""

    chroma: Rows
    bass: npt.NDArray[np.int64]
    top: npt.NDArray[np.int64]


def evidence(notes: Rows) -> Features:
    """All histograms; each sums to 1, or to 0 where there is nothing to count."""
    if not len(notes):
        return np.zeros((EVIDENCE, 12), np.float32)
    notes = notes[np.argsort(notes[:, 0], kind="stable")]
    onset, end, pitch, strength = notes.T
    weight = np.minimum(end - onset, LONGEST_S) * strength
    parts = (pitch < 128, pitch < LOW_PITCH, onset < onset[0] + FIRST_S, onset > onset[-1] - LAST_S)
    windows = _windows(notes)
    rows = [
        *(classes(pitch[part], weight[part]) for part in parts),
        classes(pitch, strength),
        *(_shares(np.bincount(outer[outer >= 0], minlength=12)) for outer in (windows.bass, windows.top)),
    ]
    return np.concatenate([np.stack(rows), _chords(windows)]).astype(np.float32)


def classes(pitch: Rows, weight: Rows) -> Rows:
    """Share of each pitch class, `[12]`."""
    counts = np.zeros(12)
    np.add.at(counts, pitch.astype(int) % 12, weight)
    return _shares(counts)


def _shares(counts: npt.NDArray[np.float64] | npt.NDArray[np.int64]) -> Rows:
    return np.asarray(counts / max(float(counts.sum()), 1e-9), dtype=np.float64)


def _windows(notes: Rows) -> _Windows:
    first_s = notes[0, 0]
    count = int(np.ceil((notes[:, 1].max() - first_s) / WINDOW_S)) + 1
    chroma = np.zeros((count, 12))
    bass, top = np.full(count, 999), np.full(count, -1)
    for onset, end, pitch, strength in notes.tolist():
        begin, stop = (onset - first_s) / WINDOW_S, (min(end, onset + LONGEST_CHORD_S) - first_s) / WINDOW_S
        for index in range(int(begin), int(min(stop, count - 1)) + 1):
            share = min(stop, index + 1) - max(begin, index)
            if share > 0:
                chroma[index, int(pitch) % 12] += share * strength
            if share > LEAST_OF_WINDOW:
                bass[index], top[index] = min(bass[index], int(pitch)), max(top[index], int(pitch))
    return _Windows(chroma=chroma, bass=np.where(bass < BASS_BELOW, bass % 12, -1), top=np.where(top > 0, top % 12, -1))


def _triads() -> Rows:
    """How each pitch class speaks for each triad, `[12, 24]`: major ones first."""
    fits = np.full((12, 24), OUTSIDE)
    for chord in range(24):
        third = 4 if chord < 12 else 3
        for step, worth in ((0, ROOT), (third, THIRD), (7, FIFTH)):
            fits[(chord + step) % 12, chord] = worth
    return fits


def _chords(windows: _Windows) -> Rows:
    """Shares of chords in the whole, at the beginning and at the end; then which chords come after a root so many
    semitones above theirs; `[30, 12]`, rows of major and minor chords in turn.
    """
    sounds = windows.chroma.sum(axis=1) > 1e-6
    fits = windows.chroma / np.maximum(windows.chroma.sum(axis=1, keepdims=True), 1e-9) @ _triads()
    known = np.flatnonzero(windows.bass >= 0)
    for mode in (0, 12):
        fits[known, mode + windows.bass[known]] += IN_BASS
    likely = np.exp(DECIDED * (fits - fits.max(axis=1, keepdims=True)))
    likely /= likely.sum(axis=1, keepdims=True)
    likely[~sounds] = 0.0
    where = np.flatnonzero(sounds)
    stretches = (where, where[:EDGE_WINDOWS], where[-EDGE_WINDOWS:])
    shares = [_shares(likely[stretch].sum(axis=0)).reshape(2, 12) for stretch in stretches]
    named = likely[where].argmax(axis=1)
    changed = named[np.concatenate([[True], named[1:] != named[:-1]])]
    landings = np.zeros((12, 2, 12))
    before, after = changed[:-1], changed[1:]
    np.add.at(landings, ((before % 12 - after % 12) % 12, after // 12, after % 12), 1.0)
    return np.concatenate([*shares, landings.reshape(24, 12) / max(len(changed) - 1, 1)])
