"""Seconds ↔ beats ↔ ticks: the recording's own grid.

In: beats. Out: places of moments in beats and in written ticks. Conventions: beat 0 is `Beats.first_bar`, a bar line;
before the first beat and behind the last one the tempo goes on as it was there. Swing is taken out: the off-beat
eighth of a swung beat lands on its half. Caveat: in compound meters a beat is a dotted quarter, and nothing swings.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.values import Beats
from engine.music.timing import TICKS_PER_QUARTER

Places = npt.NDArray[np.float64]

EDGE_BEATS = 8
"""So many beats at an end tell how the tempo goes on."""


def beats_at(times_s: npt.ArrayLike, beats_s: npt.ArrayLike) -> Places:
    """Where moments lie, counted in beats from the first beat; negative before it."""
    times, beats = np.asarray(times_s, np.float64), np.asarray(beats_s, np.float64)
    if len(beats) < 2:
        raise ValueError("a grid needs two beats")
    edge = min(EDGE_BEATS, len(beats) - 1)
    first, last = (beats[edge] - beats[0]) / edge, (beats[-1] - beats[-1 - edge]) / edge
    inside = np.interp(times, beats, np.arange(len(beats)))
    before, behind = (times - beats[0]) / first, (times - beats[-1]) / last
    return np.where(times < beats[0], before, np.where(times > beats[-1], len(beats) - 1 + behind, inside))


def seconds_at(places: npt.ArrayLike, beats_s: npt.ArrayLike) -> Places:
    """Inverse of `beats_at`."""
    count, beats = np.asarray(places, np.float64), np.asarray(beats_s, np.float64)
    edge, last = min(EDGE_BEATS, len(beats) - 1), len(beats) - 1
    first_s, last_s = (beats[edge] - beats[0]) / edge, (beats[-1] - beats[-1 - edge]) / edge
    inside = np.interp(count, np.arange(len(beats)), beats)
    before, behind = beats[0] + count * first_s, beats[-1] + (count - last) * last_s
    return np.where(count < 0, before, np.where(count > last, behind, inside))


def ticks_at(times_s: npt.ArrayLike, beats: Beats) -> Places:
    """Written ticks, not rounded, counted from the first bar line."""
    places = beats_at(times_s, beats.times_s) - beats.first_bar
    beat = beats.meter.beat_ticks
    if beats.swing > 0.5 and beat == TICKS_PER_QUARTER:
        whole = np.floor(places + 1e-9)
        places = whole + unswung(places - whole, beats.swing)
    return places * beat


def unswung(share: Places, swing: float) -> Places:
    """A place within a beat 0…1 as it is written straight: `swing` becomes one half."""
    late = 0.5 + 0.5 * (share - swing) / (1 - swing)
    return np.where(share < swing, 0.5 * share / swing, late)
