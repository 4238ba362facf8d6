"""What a listener who knows much music would feel: where beats and bars begin, from notes and drum strokes alone.

In: notes and hits. Out: `[frames, 2] float32`, 0…1: how likely a beat, and a bar, begins in each frame of the `Ear`.
Method: fourteen curves of what begins when (five registers, outer voices, long notes, changes of harmony, moves of the
bass, four kinds of drums) go through a stack of dilated convolutions that sees half a minute to each side (Davies and
Böck, "Temporal convolutional networks for musical audio beat tracking", EUSIPCO 2019). Reading notes and no spectra,
it was taught by pieces that nobody had to play. Convention: a row of a curve is 23 ms, two frames. Caveat: it knows the
level at which our corpora count, which is a matter of taste where a piece may be counted in two ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.drums import KINDS
from engine.learn.transcribe.ear import FRAMES_A_SECOND
from engine.learn.transcribe.nets import Features, convolved, deepened, load_nets, sure
from engine.learn.transcribe.values import HeardNote, Hit

Rows = npt.NDArray[np.float64]

ROWS_A_SECOND = FRAMES_A_SECOND / 2
REGISTERS = (21, 45, 57, 69, 81, 109)
TOP, BASS, LONG, HARMONY, MOVE, DRUMS = 5, 6, 7, 8, 9, 10
DRUM_GROUPS = ((0,), (1,), (2, 4), (5,))
"""Kinds of `drums.KINDS` that share a curve: kick, snare, hat and ride, crash."""
CURVES = DRUMS + len(DRUM_GROUPS)
BASS_BELOW = 62
TOGETHER_S = 0.05
NEIGHBOURS = 24
"""So many notes before and after are looked at to tell which voice is outermost."""
LONGEST_S, LONGEST_CHORD_S, HARMONY_S = 2.0, 3.0, 0.5


def felt(notes: Sequence[HeardNote], hits: Sequence[Hit], frames: int) -> Features:
    """How likely beats and bars begin, `[frames, 2]`."""
    kinds = {pitch: kind for kind, (pitch, _) in enumerate(KINDS)}
    heard = np.array([[n.onset_s, n.end_s, n.pitch, n.strength] for n in notes], dtype=np.float64).reshape(-1, 4)
    struck = np.array([[h.onset_s, kinds[h.pitch], h.strength] for h in hits], dtype=np.float64).reshape(-1, 3)
    rows = likely(begun(heard, struck, frames / FRAMES_A_SECOND))
    places = np.arange(frames) / 2
    return np.stack([np.interp(places, np.arange(len(rows)), column) for column in rows.T], axis=1).astype(np.float32)


def likely(curves: Features) -> Features:
    """What the network says of curves, `[rows, CURVES]` → `[rows, 2]`."""
    layers = load_nets()["felt"]
    inner = deepened(np.maximum(convolved(curves, layers[0]), 0), layers[1:-1])
    return sure(convolved(np.maximum(inner, 0), layers[-1]))


def begun(notes: Rows, strokes: Rows, seconds: float) -> Features:
    """The curves, `[rows, CURVES]`. `notes [n, 4]`: onset, end, pitch, strength; `strokes [m, 3]`: onset, kind,
    strength.
    """
    curves = np.zeros((int(seconds * ROWS_A_SECOND) + 2, CURVES))
    if len(notes):
        _put_notes(curves, notes[np.lexsort((notes[:, 2], notes[:, 0]))])
    for group, kinds in enumerate(DRUM_GROUPS):
        mine = strokes[np.isin(strokes[:, 1], kinds)]
        _put(curves[:, DRUMS + group], mine[:, 0], mine[:, 2])
    return np.log1p(2 * curves).astype(np.float32)


def _put(curve: Rows, times_s: Rows, weights: Rows) -> None:
    """Add weights at times, shared between the two rows that each lies between."""
    places = times_s * ROWS_A_SECOND
    rows = np.floor(places).astype(int)
    inside = (rows >= 0) & (rows < len(curve) - 1)
    share = (places - rows)[inside]
    np.add.at(curve, rows[inside], (1 - share) * weights[inside])
    np.add.at(curve, rows[inside] + 1, share * weights[inside])


def _put_notes(curves: Rows, notes: Rows) -> None:
    onset, end, pitch, strength = notes.T
    for register, (low, high) in enumerate(pairwise(REGISTERS)):
        mine = (pitch >= low) & (pitch < high)
        _put(curves[:, register], onset[mine], strength[mine])
    top, lowest = outermost(notes)
    bass = lowest & (pitch < BASS_BELOW)
    _put(curves[:, TOP], onset[top], strength[top])
    _put(curves[:, BASS], onset[bass], strength[bass])
    _put(curves[:, LONG], onset, strength * np.log1p(4 * np.minimum(end - onset, LONGEST_S)))
    curves[:, HARMONY] = _harmony(notes, len(curves))
    moved = np.diff(pitch[bass], prepend=-1.0) % 12 != 0
    _put(curves[:, MOVE], onset[bass][moved], np.ones(int(moved.sum())))


def outermost(notes: Rows) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which notes, in order of onset, are the highest and which the lowest of what sounds when they begin."""
    onset, end, pitch, _ = notes.T
    top, lowest = np.ones(len(onset), bool), np.ones(len(onset), bool)
    for step in range(1, min(NEIGHBOURS, len(onset))):
        first, second = slice(None, -step), slice(step, None)
        together = onset[second] < onset[first] + TOGETHER_S
        held = together | (onset[second] < end[first] - TOGETHER_S)
        top[second] &= ~(held & (pitch[first] > pitch[second]))
        lowest[second] &= ~(held & (pitch[first] < pitch[second]))
        top[first] &= ~(together & (pitch[second] > pitch[first]))
        lowest[first] &= ~(together & (pitch[second] < pitch[first]))
    return top, lowest


def _harmony(notes: Rows, rows: int) -> Rows:
    """How much the mean chroma of the next half second differs from that of the last one."""
    onset, end, pitch, strength = notes.T
    steps = np.zeros((rows + 1, 12))
    begin = np.clip((onset * ROWS_A_SECOND).astype(int), 0, rows)
    stop = np.clip((np.minimum(end, onset + LONGEST_CHORD_S) * ROWS_A_SECOND).astype(int) + 1, 0, rows)
    classes = pitch.astype(int) % 12
    np.add.at(steps, (begin, classes), strength)
    np.add.at(steps, (stop, classes), -strength)
    chroma = np.cumsum(steps[:rows], axis=0)
    chroma /= np.maximum(np.linalg.norm(chroma, axis=1, keepdims=True), 0.5)
    reach, row = int(HARMONY_S * ROWS_A_SECOND), np.arange(rows)
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0)])
    before = sums[row] - sums[np.maximum(row - reach, 0)]
    behind = sums[np.minimum(row + reach, rows)] - sums[row]
    return np.asarray(2 * np.linalg.norm(behind - before, axis=1) / reach)
