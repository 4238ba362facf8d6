"""A chord for every half bar.

In: pitched notes on the grid, key, meter, number of bars. Out: `2 * bars` chords, `None` where nothing has sounded for
two bars. Method: each half bar gets a pitch-class weight vector (duration, with more weight for onsets on the beat);
chord templates are matched to it, favouring the bass note as root, chords of the key and plain triads; the best path
over time (Viterbi, 1967) pays for changes, more in the middle of a bar. `melody_only=True` instead explains a bare tune
with the functional chords of its key. Caveat: passing chords shorter than half a bar are merged into their neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.music.harmony import QUALITIES, Chord, Key, Mode
from engine.music.notes import Note
from engine.music.timing import Meter

FULL = ("", "m", "7", "m7", "maj7", "dim", "m7b5", "dim7", "aug", "sus4", "sus2", "6", "m6", "7sus4")
COST = {"": 0.0, "m": 0.0, "7": 0.05, "m7": 0.09, "maj7": 0.13, "dim": 0.07, "m7b5": 0.10, "dim7": 0.10, "aug": 0.18,
        "sus4": 0.17, "sus2": 0.22, "6": 0.19, "m6": 0.20, "7sus4": 0.22}  # fmt: skip
CHANGE_COST = {"bar": 0.10, "half": 0.20, "half_of_three": 0.32}
OUTSIDE_PENALTY = 0.75
ROOT_BASS, CHORD_BASS, FOREIGN_BASS = 0.22, 0.06, -0.15
DIATONIC_BONUS, NEAR_BONUS = 0.12, 0.06
SILENT_HALF_BARS = 4

FUNCTIONS = {
    Mode.MAJOR: {(0, ""): 0.20, (7, ""): 0.14, (5, ""): 0.12, (9, "m"): 0.06, (2, "m"): 0.06, (7, "7"): 0.06,
                 (4, "m"): -0.02},
    Mode.MINOR: {(0, "m"): 0.20, (7, ""): 0.10, (7, "7"): 0.06, (5, "m"): 0.12, (10, ""): 0.08, (8, ""): 0.08,
                 (3, ""): 0.07, (7, "m"): 0.02},
    Mode.DORIAN: {(0, "m"): 0.20, (10, ""): 0.14, (5, ""): 0.08, (7, "m"): 0.05, (3, ""): 0.06, (2, "m"): 0.0},
    Mode.MIXOLYDIAN: {(0, ""): 0.20, (10, ""): 0.13, (5, ""): 0.10, (7, "m"): 0.04, (2, "m"): 0.0, (9, "m"): 0.02},
}  # fmt: skip
"""Chords that a bare tune is explained with: (semitones above the tonic, quality) → prior."""


def estimate_chords(  # noqa: PLR0913 - three facts of the piece, two options
    notes: Sequence[Note],
    key: Key,
    meter: Meter,
    bars: int,
    *,
    bass: Sequence[Note] = (),
    melody_only: bool = False,
) -> tuple[Chord | None, ...]:
    """The chord of each half bar. `bass`: the bass part, if it is known; else the lowest note sounding is the bass."""
    weights, lowest = _half_bars(notes, bass, meter, bars)
    sounding = weights.sum(axis=1) > 0
    if not sounding.any():
        return (None,) * (2 * bars)
    if melody_only:
        candidates, scores = _melody_scores(weights, key)
    else:
        candidates, scores = _full_scores(weights, lowest, key)
    scores[~sounding] = 0.0
    path = _best_path(scores, meter)
    chords: list[Chord | None] = []
    silent = SILENT_HALF_BARS
    for index, choice in enumerate(path):
        silent = 0 if sounding[index] else silent + 1
        root, quality = candidates[choice]
        if silent >= SILENT_HALF_BARS:
            chords.append(None)
        else:
            low = int(lowest[index])
            inverted = not melody_only and low >= 0 and (low - root) % 12 in QUALITIES[quality]
            chords.append(Chord(root=root, quality=quality, bass=low if inverted else root))
    return tuple(chords)


def _half_bars(
    notes: Sequence[Note], bass: Sequence[Note], meter: Meter, bars: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Pitch-class weights `[2 * bars, 12] float64` (rows sum to 1 or 0), bass `[2 * bars] int64` (−1: none)."""
    half = meter.half_bar_ticks
    count = 2 * bars
    weights = np.zeros((count, 12))
    ticks_low = np.full((count, 128), 0.0)
    for group, is_bass in ((notes, False), (bass, True)):
        for note in group:
            accent = 1.4 if note.onset % half == 0 else 1.15 if note.onset % meter.beat_ticks == 0 else 1.0
            for slot in range(max(note.onset, 0) // half, min((note.end - 1) // half + 1, count)):
                overlap = min(note.end, (slot + 1) * half) - max(note.onset, slot * half)
                if overlap <= 0:
                    continue
                if not is_bass:
                    weights[slot, note.pitch % 12] += overlap * accent
                if is_bass or not bass:
                    early = 1.5 if note.onset <= slot * half else 1.0
                    ticks_low[slot, note.pitch] += overlap * early
    lowest = np.full(count, -1, dtype=np.int64)
    for slot in range(count):
        pitches = np.flatnonzero(ticks_low[slot])
        if len(pitches) and bass:
            lowest[slot] = int(ticks_low[slot].argmax()) % 12
        elif len(pitches):
            long_enough = pitches[ticks_low[slot, pitches] >= 0.2 * half]
            lowest[slot] = int(long_enough[0] if len(long_enough) else pitches[0]) % 12
    total = weights.sum(axis=1, keepdims=True)
    return weights / np.maximum(total, 1e-9), lowest


def _full_scores(
    weights: NDArray[np.float64], lowest: NDArray[np.int64], key: Key
) -> tuple[list[tuple[int, str]], NDArray[np.float64]]:
    candidates = [(root, quality) for quality in FULL for root in range(12)]
    templates = np.full((len(candidates), 12), -OUTSIDE_PENALTY)
    prior = np.zeros(len(candidates))
    bass_bonus = np.full((len(candidates), 13), FOREIGN_BASS)
    bass_bonus[:, 12] = 0.0  # column −1: no bass
    scale = set(key.scale)
    near = scale | {(key.tonic + 11) % 12} if key.mode is Mode.MINOR else scale
    third_of = np.full(len(candidates), -1)
    for index, (root, quality) in enumerate(candidates):
        tones = [(root + step) % 12 for step in QUALITIES[quality]]
        templates[index, tones] = (1.05, 1.0, 0.85, 0.75)[: len(tones)]
        prior[index] = -COST[quality]
        prior[index] += DIATONIC_BONUS if set(tones) <= scale else NEAR_BONUS if set(tones) <= near else 0.0
        bass_bonus[index, tones] = CHORD_BASS
        bass_bonus[index, root] = ROOT_BASS
        third_of[index] = tones[1]
    scores = weights @ templates.T + prior + bass_bonus[:, lowest].T
    scores -= 0.10 * (weights[:, third_of] < 0.02)
    sevenths = np.array([len(QUALITIES[q]) == 4 for _, q in candidates])
    fourth = np.array([(r + QUALITIES[q][-1]) % 12 for r, q in candidates])
    scores -= 0.12 * ((weights[:, fourth] < 0.08) & sevenths)
    return candidates, scores


def _melody_scores(weights: NDArray[np.float64], key: Key) -> tuple[list[tuple[int, str]], NDArray[np.float64]]:
    table = FUNCTIONS.get(key.mode, FUNCTIONS[Mode.MAJOR])
    candidates = [((key.tonic + step) % 12, quality) for step, quality in table]
    templates = np.full((len(candidates), 12), -0.35)
    for index, (root, quality) in enumerate(candidates):
        tones = [(root + step) % 12 for step in QUALITIES[quality]]
        templates[index, tones] = (1.0, 0.95, 0.85, 0.55)[: len(tones)]
    scores = weights @ templates.T + np.array(list(table.values()))
    tonic = [root == key.tonic for root, _ in candidates]
    scores[0, tonic] += 0.15
    last = int(np.flatnonzero(weights.sum(axis=1))[-1])
    scores[last, tonic] += 0.5
    return candidates, scores


def _best_path(scores: NDArray[np.float64], meter: Meter) -> list[int]:
    """Index of the chord of each half bar `[n]`, maximising the score less the cost of changes."""
    count = len(scores)
    middle = CHANGE_COST["half_of_three"] if meter.numerator == 3 else CHANGE_COST["half"]
    total = scores[0].copy()
    back = np.zeros(scores.shape, dtype=np.int64)
    stay = np.arange(scores.shape[1])
    for index in range(1, count):
        cost = middle if index % 2 else CHANGE_COST["bar"]
        best = int(total.argmax())
        moved = total[best] - cost > total
        back[index] = np.where(moved, best, stay)
        total = np.where(moved, total[best] - cost, total) + scores[index]
    path = [int(total.argmax())]
    for index in range(count - 1, 0, -1):
        path.append(int(back[index, path[-1]]))
    return path[::-1]
