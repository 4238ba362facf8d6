"""The structureness indicator: how strongly stretches of a song return, at three time scales.

In: a `NoteTable`. Out: SI short (3–8 s), mid (8–15 s) and long (over 15 s), 0…1: the largest fitness of any segment of
that length, NaN where the song is too short to hold such a segment twice. Sources: Wu and Yang (ISMIR 2020) for the
indicator; Müller, Jiang and Grosche, "A robust fitness measure for capturing repetitions in music recordings" (TASLP
2013) for fitness. They work on audio; this is the symbolic version:

- A frame is a beat. It holds 24 numbers: the time that each pitch class sounds in it, and the notes of each pitch class
  that start in it (half weight); drums are left out. Frames are compared by cosine, silent ones with nothing.
- Likeness below `ALIKE` becomes the penalty `PENALTY`, above it is scaled to 0…1, the diagonal is 1.
- Written time does not stretch, so a segment's copies are straight diagonals. The path family is the set of copies that
  do not overlap with the largest sum, found by dynamic programming; fitness is the harmonic mean of normalised score
  and coverage, both without the segment itself.

Caveat: a segment may be at most half the song, since a longer one has no room to return.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.table import NoteTable

ALIKE = 0.75
PENALTY = -2.0
ONSET_WEIGHT = 0.5
MAX_FRAMES = 160
SCALES_S = {"structure_short": (3.0, 8.0), "structure_mid": (8.0, 15.0), "structure_long": (15.0, float("inf"))}
"""Name → segment lengths in seconds, the second one not included."""

Matrix = NDArray[np.float64]


def structure_measures(table: NoteTable) -> dict[str, float]:
    """SI at the three scales."""
    frame_ticks = table.beat_ticks
    while table.ticks // frame_ticks > MAX_FRAMES:
        frame_ticks *= 2
    scape = fitness_scape(self_similarity(frames(table, frame_ticks)))
    second = frame_ticks * table.seconds / max(table.ticks, 1)
    lengths_s = np.arange(1, len(scape) + 1) * second
    best = scape.max(axis=1, initial=0.0)
    out = {}
    for name, (low, high) in SCALES_S.items():
        within = best[(lengths_s >= low) & (lengths_s < high)]
        out[name] = float(within.max()) if len(within) else float("nan")
    return out


def frames(table: NoteTable, frame_ticks: int) -> Matrix:
    """`[frames, 24]`: ticks that each pitch class sounds, and ticks' worth of its onsets."""
    tune = table.pitched()
    count = max(1, table.ticks // frame_ticks)
    out = np.zeros((count, 24))
    first = tune.onset // frame_ticks
    last = np.minimum((np.minimum(tune.end, table.ticks) - 1) // frame_ticks, count - 1)
    for step in range(int((last - first).max(initial=-1)) + 1):
        rows = first + step <= last
        frame = (first + step)[rows]
        start = np.maximum(tune.onset[rows], frame * frame_ticks)
        end = np.minimum(tune.end[rows], (frame + 1) * frame_ticks)
        np.add.at(out, (frame, tune.pitch[rows] % 12), end - start)
    inside = first < count
    np.add.at(out, (first[inside], 12 + tune.pitch[inside] % 12), ONSET_WEIGHT * frame_ticks)
    return out


def self_similarity(rows: Matrix) -> Matrix:
    """`[N, N]`, −2…1: scaled likeness of frames, with the penalty where they differ."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / np.where(lengths > 0, lengths, 1.0)
    likeness = unit @ unit.T
    out: Matrix = np.where(likeness >= ALIKE, (likeness - ALIKE) / (1 - ALIKE), PENALTY)
    np.fill_diagonal(out, 1.0)
    return out


def fitness_scape(similarity: Matrix) -> Matrix:
    """Fitness 0…1 of every segment: `[N // 2, N]`, row = length − 1, column = first frame (0 where it does not fit)."""
    count = len(similarity)
    scape = np.zeros((count // 2, count))
    sums = np.zeros((count + 1, count + 1))  # sums[i, j]: the diagonal that ends before (i, j)
    for row in range(count):
        sums[row + 1, 1:] = sums[row, :-1] + similarity[row]
    for length in range(1, count // 2 + 1):
        copies = sums[length:, length:] - sums[:-length, :-length]  # [segment start, copy start]
        scape[length - 1, : len(copies)] = _fitness(copies, length, count)
    return scape


def _fitness(copies: Matrix, length: int, count: int) -> Matrix:
    """Fitness of all segments of one length, from the scores of their copies at every place `[starts, starts]`; 0 for
    those that have no likeness to anything but themselves.
    """
    fitness = np.zeros(len(copies))
    returning = np.flatnonzero((copies > 0).sum(axis=1) > 1)
    if not len(returning):
        return fitness
    score = _best_sums(np.ascontiguousarray(copies[returning].T), length, count)
    covered = np.maximum(_copies_taken(score, length) * float(length), 1.0)
    normal_score = np.maximum((score[-1] - length) / covered, 0.0)
    normal_coverage = np.maximum((covered - length) / count, 0.0)
    total = normal_score + normal_coverage
    fitness[returning] = np.where(total > 0, 2 * normal_score * normal_coverage / np.where(total > 0, total, 1.0), 0.0)
    return fitness


def _best_sums(copies: Matrix, length: int, count: int) -> Matrix:
    """`[count + 1, segments]`: the best sum of copies that do not overlap and end by frame t; `copies` [places,
    segments]. A block of `length` frames at a time: a copy that ends there follows on the block before.
    """
    score = np.zeros((count + 1, copies.shape[1]))
    for start in range(length, count + 1, length):
        block = score[start : start + length]
        before = slice(start - length, start - length + len(block))
        np.add(score[before], copies[before], out=block)
        np.maximum(block[0], score[start - 1], out=block[0])
        np.maximum.accumulate(block, axis=0, out=block)
    return score


def _copies_taken(score: Matrix, length: int) -> NDArray[np.int64]:
    """How many copies make up each segment's best sum: a copy ends where the sum grows."""
    frame, column = np.arange(len(score))[:, None], np.arange(score.shape[1])
    grows = np.zeros(score.shape, dtype=bool)
    np.greater(score[1:], score[:-1], out=grows[1:])
    last = np.maximum.accumulate(np.where(grows, frame, 0), axis=0)
    taken, at = np.zeros(len(column), dtype=np.int64), last[-1]
    while at.any():
        taken += at > 0
        at = last[np.maximum(at - length, 0), column]
    return taken
