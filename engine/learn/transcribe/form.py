"""Where sections begin, which of them are the same music, and what each is for.

In: an `Ear`, activations of the drums, the times of a song's bar lines. Out: `Section`s that cover all bars, and how
sure the cuts are. Method: bars are described by two chroma vectors, timbre and drums; a checkerboard along the diagonal
of their self-similarity (Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000) says where
much changes; cuts lie where the sum of that and of how usual sections' lengths are is highest. Sections that are alike
bar by bar share a label. Kinds are told by repetition and loudness, as for corpus pieces. Caveat: what a verse and
what a chorus is, only words would tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.ear import FRAMES_A_SECOND, Ear, levels_of
from engine.learn.transcribe.novelty import chroma_of
from engine.learn.transcribe.pitches import Matrix
from engine.music.analysis.sections import kinds_of, letter
from engine.music.notes import Section

REACH = 4
"""Bars before and behind a cut that are compared."""
LENGTH_WORTH = {4: 0.12, 8: 0.3, 12: 0.2, 16: 0.25, 6: -0.05, 10: -0.05, 2: -0.3}
OTHER_WORTH, LONGEST_BARS = -0.15, 16
ALIKE = 0.72
PARTS = 16

Table = npt.NDArray[np.float64]


def sections_of(ear: Ear, active: Matrix, lines_s: Sequence[float]) -> tuple[tuple[Section, ...], float]:
    """Sections between the bar lines `lines_s` (one more than bars), and a confidence 0…1."""
    bars = len(lines_s) - 1
    if bars <= 0:
        return (), 0.0
    rows, loudness = bar_rows(ear, active, lines_s)
    change = novelty(rows @ rows.T)
    starts = cuts(change)
    spans = list(zip(starts, [*starts[1:], bars], strict=True))
    labels = _labels([rows[start:end] for start, end in spans])
    kinds = kinds_of(labels, [float(loudness[start:end].mean()) for start, end in spans])
    inner = [float(change[start]) for start in starts[1:]]
    sure = float(np.clip(0.5 + (np.mean(inner) - np.median(change)), 0.0, 1.0)) if inner else 0.5
    return (
        tuple(
            Section(kind=kind, label=label, start_bar=start, bars=end - start)
            for (start, end), label, kind in zip(spans, labels, kinds, strict=True)
        ),
        sure,
    )


def bar_rows(ear: Ear, active: Matrix, lines_s: Sequence[float]) -> tuple[Table, Table]:
    """What each bar is like, `[bars, 24 + 16 + 3]`, of length 1; and how loud it is, `[bars]`."""
    chroma, levels = chroma_of(ear), levels_of(ear.bands, PARTS)
    timbre = (levels - levels.mean(axis=0)) / (levels.std(axis=0) + 0.02)
    frames = np.clip(np.round(np.asarray(lines_s) * FRAMES_A_SECOND).astype(int), 0, ear.frames)
    rows, loudness = [], []
    for start, line in pairwise(frames.tolist()):
        end = max(line, start + 2)
        middle = (start + end) // 2
        parts = [_unit(_mean(chroma, start, middle)), _unit(_mean(chroma, middle, end))]
        parts += [0.8 * _unit(_mean(timbre, start, end)), 3.0 * _mean(active[:, :3], start, end)]
        rows.append(_unit(np.concatenate(parts)))
        loudness.append(float(_mean(levels, start, end).mean()))
    return np.array(rows), np.array(loudness)


def _mean(matrix: Matrix, start: int, end: int) -> Table:
    part = matrix[start:end]
    return part.mean(axis=0, dtype=np.float64) if len(part) else np.zeros(matrix.shape[1])


def _unit(vector: Table) -> Table:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def novelty(alike: Table) -> Table:
    """How much changes at the beginning of each bar, `[bars]`, 0…1: alike within both sides, unlike across."""
    bars = len(alike)
    change = np.zeros(bars)
    for bar in range(1, bars):
        reach = min(REACH, bar, bars - bar)
        before, behind = slice(bar - reach, bar), slice(bar, bar + reach)
        within = 0.5 * (alike[before, before].mean() + alike[behind, behind].mean())
        change[bar] = max(within - alike[before, behind].mean(), 0.0)
    return change / max(float(change.max()), 0.15)


def cuts(change: Table) -> list[int]:
    """First bars of the sections: the way through the bars that is worth most."""
    bars = len(change)
    worth = np.full(bars + 1, -np.inf)
    worth[0] = 0.0
    before = np.zeros(bars + 1, np.int64)
    for end in range(1, bars + 1):
        for length in range(1, min(LONGEST_BARS, end) + 1):
            start = end - length
            edge = length < 4 and (start == 0 or end == bars)
            value = worth[start] + (0.0 if edge else LENGTH_WORTH.get(length, OTHER_WORTH - 0.15 * (length < 4)))
            value += float(change[end]) if end < bars else 0.0
            value -= 0.35
            if value > worth[end]:
                worth[end], before[end] = value, start
    starts = [int(before[bars])]
    while starts[-1] > 0:
        starts.append(int(before[starts[-1]]))
    return starts[::-1]


def _labels(parts: Sequence[Table]) -> list[str]:
    known: list[Table] = []
    labels = []
    for part in parts:
        likeness = [
            float((part[:n] * other[:n]).sum(axis=1).mean()) for other in known if (n := min(len(part), len(other)))
        ]
        if likeness and max(likeness) >= ALIKE:
            labels.append(letter(int(np.argmax(likeness))))
        else:
            known.append(part)
            labels.append(letter(len(known) - 1))
    return labels
