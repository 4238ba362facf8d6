"""How fast and how many bars, so that the audio has exactly the asked length.

In: the audio's length, the meter, what tempo is asked or liked. Out: a `Fit`. Conventions: bars + ring-out (`tail_s`)
= the audio's length, always; a tempo counts quarter notes. An asked tempo is kept to the digit and the tail takes up
the rest; a free tempo moves (to 0.01 bpm) until a musical number of bars leaves 1.5–3 s to ring out. Caveat: songs of
a few seconds have so little room that a free tempo may leave its range a little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.compose.words.tempos import MAX_BPM, MIN_BPM
from engine.errors import BadRequest
from engine.music.timing import Meter, ticks_to_seconds

LEAST_TAIL_S = 0.8
ASKED_TAIL_S = 1.2
USUAL_TAILS_S = (1.5, 3.0)
FRAME_BARS, BROKEN_CHORUS_COST = 9, 12.0
"""Bars that intro, outro and a final bar may add to whole choruses, and what it costs to have more left over."""
TEMPO_LATITUDE_OCTAVES = 0.08
"""A tempo this far from the liked one (about 6 %) costs as much as a clumsy number of bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liking:
    """A tempo nobody fixed: its liked value and its bounds, in quarter notes a minute."""

    usual: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The tempo (quarter notes a minute), the number of bars, and the seconds left to ring out."""

    tempo_bpm: float
    bars: int
    tail_s: float


def bar_seconds(meter: Meter, tempo_bpm: float) -> float:
    """Seconds that a bar lasts."""
    return ticks_to_seconds(meter.bar_ticks, tempo_bpm)


def unit_bars(bar_s: float) -> int:
    """Bars of the building block that sections are made of: 4, or more where bars are short."""
    return 4 if bar_s >= 1.2 else 8 if bar_s >= 0.6 else 16


def fit_asked(seconds: float, meter: Meter, tempo_bpm: float) -> Fit:
    """As many bars as leave a tail of 1.2 s. Raises `BadRequest` if not even one bar of the meter fits."""
    bar_s = bar_seconds(meter, tempo_bpm)
    bars = int((seconds - ASKED_TAIL_S) / bar_s + 1e-9)
    if bars < 1 and bar_s + LEAST_TAIL_S <= seconds:
        bars = 1
    if bars < 1:
        least = math.ceil(bar_s + LEAST_TAIL_S)
        wish = f"{seconds:g} s is too short for a bar of {meter} at {tempo_bpm:g} bpm"
        raise BadRequest(f"{wish}; {least} s or a quicker tempo would work.")
    return Fit(tempo_bpm=tempo_bpm, bars=bars, tail_s=seconds - bars * bar_s)


def fit_free(seconds: float, meter: Meter, liking: Liking, *, section_bars: int = 0) -> Fit:
    """The tempo near the liked one, within its bounds, that gives a good number of bars and a usual tail.

    `section_bars`: the chorus of which the style's songs are made, with room for an intro and an outro (0: any number).
    """
    low_tail, high_tail = (min(tail, share * seconds) for tail, share in zip(USUAL_TAILS_S, (0.2, 0.3), strict=True))
    tails = np.linspace(low_tail, high_tail, 7)
    quarters = meter.bar_ticks / 24
    most = int((seconds - low_tail) * liking.high / 60 / quarters) + 2
    best: tuple[float, float, int] | None = None
    for bars in range(1, most + 1):
        for tail in tails:
            tempo = round(bars * quarters * 60 / (seconds - float(tail)), 2)
            if MIN_BPM <= tempo <= MAX_BPM:
                cost = _tempo_cost(tempo, liking)
                if best is not None and cost >= best[0]:
                    continue
                cost += _bars_cost(bars, unit_bars(bar_seconds(meter, tempo)))
                if section_bars and bars >= section_bars and bars % section_bars > FRAME_BARS:
                    cost += BROKEN_CHORUS_COST
                if best is None or cost < best[0]:
                    best = (cost, tempo, bars)
    if best is None:
        return fit_asked(seconds, meter, round(min(max(liking.usual, MIN_BPM), MAX_BPM), 2))
    _, tempo, bars = best
    return Fit(tempo_bpm=tempo, bars=bars, tail_s=seconds - bars * bar_seconds(meter, tempo))


def _tempo_cost(tempo: float, liking: Liking) -> float:
    """Squared distance to the liked tempo; leaving the bounds is dear."""
    cost = (math.log2(tempo / liking.usual) / TEMPO_LATITUDE_OCTAVES) ** 2
    if not liking.low - 0.005 <= tempo <= liking.high + 0.005:
        beyond = max(liking.low / tempo, tempo / liking.high)
        cost += 10 + 400 * math.log2(beyond) ** 2
    return cost


def _bars_cost(bars: int, unit: int) -> float:
    """How clumsy a number of bars is: multiples of the unit are best, then such with one final bar, then even ones."""
    if bars < 4:
        return {1: 200.0, 2: 6.0, 3: 4.0}[bars]
    left = bars % unit
    if left == 0:
        return 0.0 if bars % (2 * unit) == 0 else 0.2
    if left == 1:
        return 0.6
    if left % 4 == 0:
        return 0.7
    return 0.9 if left % 2 == 0 else 12.0
