"""Where the beats are.

In: `Novelty`. Out: beat times in seconds, tempo, steadiness. Method: autocorrelation of the whole curve gives tempos;
for each, dynamic programming finds the beats that agree best with it and with what begins (Ellis, "Beat tracking by
dynamic programming", JNMR 2007); a straight line through them tells a steady tempo, and then the line is taken.
Caveat: a tempo that changes for good within a piece is followed only as far as the dynamic programming goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.novelty import FRAMES_A_SECOND, Curve

Times = npt.NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 35.0, 250.0
USUAL_BPM, USUAL_OCTAVES = 115.0, 0.8
MULTIPLES = ((1, 1.0), (2, 1.0), (3, 0.7), (4, 1.0), (8, 0.5))
"""Beats after which music is like itself, and what that is worth."""
TIGHT = 100.0
LEAST_RATIO, MOST_RATIO = 1 / 1.6, 1.6
STEADY_S = 0.022
"""Beats that stray less than this from a straight line are a machine's, or a good drummer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Beats, `[n] float64` seconds; `steady` ones lie on a straight line; `stray_s`: how far off it they were found."""

    times_s: Times
    bpm: float
    steady: bool
    stray_s: float


def tempo_curve(curve: Curve) -> tuple[Times, Times]:
    """Tempos in beats a minute, and how much the music is like itself after one and more beats of each."""
    most = min(len(curve) * 3 // 4, int(13 * FRAMES_A_SECOND))
    alike = autocorrelation(curve, most)
    bpms = np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 0.003))
    lags = 60 * FRAMES_A_SECOND / bpms
    places = np.arange(most)
    return bpms, sum(worth * np.interp(m * lags, places, alike, right=0.0) for m, worth in MULTIPLES)


def autocorrelation(curve: Curve, most: int) -> Times:
    """Unbiased autocorrelation `[most]`, 1 at lag 0."""
    centred = curve - curve.mean()
    count = len(centred)
    spectrum = np.fft.rfft(centred, 2 * count)
    alike = np.fft.irfft(np.square(np.abs(spectrum)))[:most]
    return np.asarray(alike / (alike[0] / count + 1e-12) / np.arange(count, count - most, -1))


def usual_tempo(bpm: Times) -> Times:
    """How usual tempos are, 0…1."""
    return np.asarray(np.exp(-0.5 * np.square(np.log2(bpm / USUAL_BPM) / USUAL_OCTAVES)))


def follow(curve: Curve, bpm: float) -> npt.NDArray[np.int64]:
    """Frames of the beats, at about `bpm`, on which most begins."""
    period = 60 * FRAMES_A_SECOND / bpm
    least, most = max(1, round(period * LEAST_RATIO)), round(period * MOST_RATIO)
    if len(curve) <= most:
        return np.zeros(0, np.int64)
    dear = -TIGHT * np.square(np.log(np.arange(most, least - 1, -1) / period))
    total = curve.astype(np.float64)
    before = np.full(len(curve), -1, np.int64)
    for frame in range(least, len(curve)):
        first = max(frame - most, 0)
        ways = total[first : frame - least + 1] + dear[first - frame + most :]
        best = int(ways.argmax())
        if ways[best] > 0:
            total[frame] += ways[best]
            before[frame] = first + best
    frame = len(curve) - most + int(total[-most:].argmax())
    beats = [frame]
    while (frame := int(before[frame])) >= 0:
        beats.append(frame)
    return np.array(beats[::-1])


def pulse_of(curve: Curve, beats: npt.NDArray[np.int64]) -> Pulse:
    """Beat frames as times between frames, straightened where they are straight."""
    times = _between(curve, beats) / FRAMES_A_SECOND
    count = np.round(np.concatenate([[0], np.cumsum(np.diff(times) / np.median(np.diff(times)))])).astype(int)
    period, start = _line(count, times)
    stray = times - (start + period * count)
    typical = float(np.median(np.abs(stray))) * 1.4826
    if typical <= STEADY_S:
        near = np.abs(stray) < max(3 * typical, 0.03)
        period, start = np.polyfit(count[near], times[near], 1)
        line = start + period * np.arange(count[-1] + 1)
        return Pulse(times_s=line, bpm=60 / float(period), steady=True, stray_s=typical)
    return Pulse(times_s=_smooth(times), bpm=60 / float(np.median(np.diff(times))), steady=False, stray_s=typical)


def _between(curve: Curve, beats: npt.NDArray[np.int64]) -> Times:
    """Peaks of the curve near the beats, to parts of a frame (by a parabola)."""
    at = np.clip(beats, 1, len(curve) - 2)
    left, middle, right = (curve[at + step].astype(np.float64) for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    return np.asarray(at + np.clip(shift, -0.5, 0.5))


def _line(count: npt.NDArray[np.int64], times: Times) -> tuple[float, float]:
    """Slope and start of the line through most points: repeated least squares without what lies far off."""
    near = np.ones(len(times), bool)
    slope, start = 0.0, 0.0
    for _ in range(4):
        slope, start = np.polyfit(count[near], times[near], 1)
        stray = np.abs(times - start - slope * count)
        near = stray <= max(2.5 * float(np.median(stray)), 0.01)
    return float(slope), float(start)


def _smooth(times: Times) -> Times:
    """Each beat from a line through the four around it, so that a late player does not bend the grid."""
    out = times.copy()
    for index in range(len(times)):
        first, last = max(0, index - 2), min(len(times), index + 3)
        if last - first > 2:
            start = np.polyfit(np.arange(first, last) - index, times[first:last], 1)[1]
            out[index] = start
    return np.maximum.accumulate(out)
