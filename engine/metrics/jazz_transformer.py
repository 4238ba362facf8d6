"""The measures of Wu and Yang: how clear the pitches, grooves and chords are.

In: a `NoteTable`. Out: name → number, NaN where there is nothing to count. Source: Wu and Yang, "The Jazz Transformer
on the front line: exploring the shortcomings of AI-composed music through quantitative measures" (ISMIR 2020); their
structureness indicator is in `structure`. Conventions: H over all windows of one and of four bars that hold a note; GS
over all pairs of bars; CPI over the chords where they change. Caveat: GS is taken on the written grid of eight
positions a quarter, where the source has sixteen, so values lie a little lower than the paper's.
"""

from __future__ import annotations

import numpy as np

from engine.metrics.muspy import onset_rows
from engine.metrics.table import NoteTable, mean

TRIGRAM = 3


def jazz_transformer_measures(table: NoteTable) -> dict[str, float]:
    """Pitch-class entropies H1 and H4, grooving pattern similarity GS, chord progression irregularity CPI."""
    return {
        "pitch_class_entropy_1_bar": window_entropy(table, 1),
        "pitch_class_entropy_4_bars": window_entropy(table, 4),
        "groove_similarity": groove_similarity(table),
        "chord_irregularity": chord_irregularity(table),
    }


def window_entropy(table: NoteTable, bars: int) -> float:
    """Mean entropy, in bits, of the pitch-class histograms of all windows of `bars` bars (drums left out)."""
    tune = table.pitched()
    histograms = np.zeros((table.bars, 12))
    np.add.at(histograms, (tune.bar, tune.pitch % 12), 1)
    bars = min(bars, table.bars)
    sums = np.cumsum(np.vstack((np.zeros(12), histograms)), axis=0)
    windows = sums[bars:] - sums[:-bars]
    windows = windows[windows.sum(axis=1) > 0]
    shares = windows / windows.sum(axis=1, keepdims=True)
    bits = -(shares * np.log2(np.where(shares > 0, shares, 1.0))).sum(axis=1)
    return abs(mean(bits))


def groove_similarity(table: NoteTable) -> float:
    """Mean over all pairs of bars of 1 − the share of grid positions at which one has an onset and the other not."""
    rows = onset_rows(table).astype(np.float64)
    if len(rows) < 2:
        return float("nan")
    both = rows @ rows.T
    counts = rows.sum(axis=1)
    apart = (counts[:, None] + counts[None, :] - 2 * both) / rows.shape[1]
    upper = np.triu_indices(len(rows), 1)
    return float(1 - apart[upper].mean())


def chord_irregularity(table: NoteTable) -> float:
    """Different trigrams of chords over all of them; a chord that lasts counts once. NaN for fewer than three."""
    codes = table.chord_root * 4096 + table.chord_tones @ (1 << np.arange(12))
    codes = codes[table.chord_root >= 0]
    changed = codes[np.append(True, codes[1:] != codes[:-1])[: len(codes)]]
    grams = {tuple(changed[i : i + TRIGRAM]) for i in range(len(changed) - TRIGRAM + 1)}
    return len(grams) / (len(changed) - TRIGRAM + 1) if grams else float("nan")
