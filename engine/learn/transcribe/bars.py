"""Which beats begin a bar, how many make one, and how a beat is divided.

In: beats, the curves of `novelty`, notes. Out: `Beats`. Method: bars of two, three and four beats from each possible
first beat are compared by a small network, which sees how much of each curve lies on each beat of such bars; the parts
of a beat on which notes begin tell a compound meter (thirds, and nobody drums) from a simple one, and how much the
eighths swing. Caveat: two and four beats a bar differ by how often harmony changes, and not by much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from engine.learn.transcribe.beats import Pulse, Times, autocorrelation
from engine.learn.transcribe.ear import FRAMES_A_SECOND
from engine.learn.transcribe.grid import beats_at
from engine.learn.transcribe.nets import Features, load_nets, logits
from engine.learn.transcribe.novelty import ALL, BEAT, HARMONY
from engine.learn.transcribe.pitches import Matrix
from engine.learn.transcribe.values import Beats
from engine.music.timing import METERS

LENGTHS = (2, 3, 4)
MOST_BEATS = max(LENGTHS)
LONGEST_LAG_S = 16.0
SWINGS = (0.54, 0.72)
"""Where an off-beat eighth must lie in the beat to count as swung."""
THIRDS_SHARE = 0.55
LEAST_OFF_BEATS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Bars of `beats` beats, the first of which begins with beat `first`."""

    beats: int
    first: int


def barred(pulse: Pulse, curves: Matrix, onsets_s: Sequence[float], *, band: bool) -> tuple[Beats, float]:
    """The pulse with bar lines, meter and swing, and how sure the bar lines are."""
    choices = possible_bars(len(pulse.times_s))
    scores = logits(load_nets()["bars"], bar_features(curves, pulse.times_s, choices))[:, 0].astype(np.float64)
    shares = np.exp(scores - scores.max())
    best = choices[int(shares.argmax())]
    compound, swing = division(beats_at(onsets_s, pulse.times_s) if onsets_s else np.zeros(0), band=band)
    meter = METERS["6/8"] if compound and best.beats != 3 else METERS[f"{best.beats}/4"]
    beats = Beats(
        times_s=tuple(pulse.times_s.tolist()),
        bpm=pulse.bpm,
        steady=pulse.steady,
        meter=meter,
        first_bar=best.first % 2 if meter.numerator == 6 else best.first,
        swing=swing,
    )
    return beats, float(shares.max() / shares.sum())


def possible_bars(count: int) -> list[Bars]:
    """All that may be among `count` beats."""
    return [Bars(beats=beats, first=first) for beats in LENGTHS for first in range(min(beats, count))]


def bar_features(curves: Matrix, times_s: Times, choices: Sequence[Bars]) -> Features:
    """What the network sees of each choice, `[n, d]`."""
    frames = np.clip(np.round(times_s * FRAMES_A_SECOND).astype(int), 0, len(curves) - 1)
    curves = curves[:, :BEAT]
    on_beat = maximum_filter1d(curves, 5, axis=0)[frames]
    on_beat = on_beat / (on_beat.mean(axis=0) + 0.02)
    period = float(np.median(np.diff(times_s))) * FRAMES_A_SECOND
    alike = [autocorrelation(curve, LONGEST_LAG_S) for curve in (curves[:, ALL], curves[:, HARMONY])]
    lags = period * np.array([2, 3, 4, 6, 8])
    again = np.concatenate([np.interp(lags, np.arange(len(curve)), curve, right=0.0) for curve in alike])
    rows = []
    for bars in choices:
        means = np.ones((MOST_BEATS, curves.shape[1]))
        for beat in range(bars.beats):
            mine = on_beat[(bars.first + beat) % bars.beats :: bars.beats]
            if len(mine):
                means[beat] = mine.mean(axis=0)
        kind = np.array([bars.beats == length for length in LENGTHS], dtype=np.float64)
        rows.append(np.concatenate([np.log1p(means).ravel(), kind, np.outer(kind, again).ravel()]))
    return np.array(rows, dtype=np.float32)


def division(places: npt.NDArray[np.float64], *, band: bool) -> tuple[bool, float]:
    """Whether beats fall into three parts, and where the off-beat eighth lies; `places`: onsets counted in beats."""
    share = places % 1.0
    off = share[(share > 0.12) & (share < 0.88)]
    if len(off) < LEAST_OFF_BEATS:
        return False, 0.5
    first, second = np.abs(off - 1 / 3) < 0.07, np.abs(off - 2 / 3) < 0.07
    half, quarters = np.abs(off - 0.5) < 0.07, (np.abs(off - 0.25) < 0.06) | (np.abs(off - 0.75) < 0.06)
    thirds = float((first | second).mean())
    if thirds > THIRDS_SHARE and first.sum() > 0.35 * second.sum() and thirds > 1.6 * float((half | quarters).mean()):
        return not band, 0.5
    late = off[(off > 0.44) & (off < 0.74)]
    if len(late) < LEAST_OFF_BEATS or quarters.sum() > len(late):
        return False, 0.5
    swing = float(np.median(late))
    return False, swing if SWINGS[0] < swing < SWINGS[1] else 0.5
