"""The measures of MusPy, on our notes.

In: a `NoteTable`. Out: name → number, NaN where there is nothing to count. Source: Dong, Chen, McAuley and
Berg-Kirkpatrick, "MusPy: a toolkit for symbolic music generation" (ISMIR 2020), which gathers them from Mogren (2016),
Dong et al. (2018) and Wu and Yang (2020). Conventions: drums are left out of everything about pitch; time steps are
ticks, and polyphony is taken over the time from the first bar line to the last. Caveats: written time is on a grid, so
the tolerance of the drum patterns is not needed; our own implementation, checked by laws and by hand-counted songs.
"""

from __future__ import annotations

import numpy as np

from engine.metrics.table import DRUMS, NoteTable, entropy, share, sounding
from engine.music.timing import GRID_IN_QUARTER, TICKS_PER_QUARTER

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
MULTIPLE = 2
"""More pitches than this at once count as polyphony in `polyphony_rate`."""
DUPLE_GRID, TRIPLE_GRID = 6, 8
"""Sixteenths, and triplet eighths, in ticks."""


def muspy_measures(table: NoteTable) -> dict[str, float]:
    """All thirteen."""
    tune = table.pitched()
    steps = sounding(tune, 1)
    some = steps[steps > 0]
    drums = table.where(table.role == DRUMS).onset
    duple, triple = share(drums % DUPLE_GRID == 0), share(drums % TRIPLE_GRID == 0)
    return {
        "pitch_range": float(np.ptp(tune.pitch)) if len(tune.pitch) else float("nan"),
        "pitches_used": _count(tune.pitch),
        "pitch_classes_used": _count(tune.pitch % 12),
        "polyphony": float(some.mean()) if len(some) else float("nan"),
        "polyphony_rate": share(steps > MULTIPLE),
        "scale_consistency": scale_consistency(tune),
        "pitch_entropy": entropy(tune.pitch),
        "pitch_class_entropy": entropy(tune.pitch % 12),
        "empty_beat_rate": share(sounding(table, table.beat_ticks) == 0),
        "empty_measure_rate": share(sounding(table, table.bar_ticks) == 0),
        "drum_in_pattern_rate": duple,
        "drum_pattern_consistency": max(duple, triple),
        "groove_consistency": groove_consistency(table),
    }


def scale_consistency(tune: NoteTable) -> float:
    """The largest share of notes in one of the 24 major and minor scales; NaN without notes."""
    if not len(tune.pitch):
        return float("nan")
    histogram = np.bincount(tune.pitch % 12, minlength=12)
    scales = [[(tonic + step) % 12 for step in scale] for scale in (MAJOR, MINOR) for tonic in range(12)]
    return float(histogram[np.array(scales)].sum(axis=1).max() / histogram.sum())


def onset_rows(table: NoteTable) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Onsets as `[bars, positions] bool` over the grid's eight positions a quarter; others go to the one before."""
    positions = table.bar_ticks // TICKS_PER_QUARTER * len(GRID_IN_QUARTER)
    rows = np.zeros((table.bars, positions), dtype=bool)
    bar, tick = np.divmod(table.onset, table.bar_ticks)
    quarter, within = np.divmod(tick, TICKS_PER_QUARTER)
    place = np.searchsorted(GRID_IN_QUARTER, within, side="right") - 1
    rows[bar, quarter * len(GRID_IN_QUARTER) + place] = True
    return rows


def groove_consistency(table: NoteTable) -> float:
    """1 − mean Hamming distance of neighbouring bars' onsets; NaN for fewer than two bars."""
    rows = onset_rows(table)
    return float(1 - (rows[1:] != rows[:-1]).mean()) if len(rows) > 1 else float("nan")


def _count(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    return float(len(np.unique(values))) if len(values) else float("nan")
