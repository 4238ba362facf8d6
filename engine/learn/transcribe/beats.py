"""Where the beats are, and which of several possible beats they are.

In: the curves of `novelty`. Out: `Pulse`. Method: autocorrelation of the whole curve gives a few tempos; for each,
dynamic programming finds the beats that agree best with it and with what begins (Ellis, "Beat tracking by dynamic
programming", JNMR 2007); a straight line through them tells a steady tempo, and then the line is taken, but for
stretches that leave it for long. Where there is no line, an even metronome is tried too. Each also stands for its
doubles, halves, thirds and off-beats; a linear model looks at what happens and what is felt in and between the beats
of each and says which one to count. Caveat: slow pieces in 6/8 and 3/4 are often counted in eighths or whole bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter
from scipy.signal import savgol_filter

from engine.learn.transcribe.ear import FRAMES_A_SECOND
from engine.learn.transcribe.nets import Features, load_nets, logits
from engine.learn.transcribe.novelty import ALL, BAR, BEAT, HARMONY, KICK, SNARE, Curve
from engine.learn.transcribe.pitches import Matrix

Times = npt.NDArray[np.float64]

SLOWEST_BPM, FASTEST_BPM = 35.0, 250.0
USUAL_BPM, USUAL_OCTAVES = 115.0, 0.9
MULTIPLES = ((1, 1.0), (2, 1.0), (3, 0.7), (4, 1.0), (8, 0.5))
"""Beats after which music is like itself, and what that is worth."""
TEMPOS = 3
SAME_TEMPO = 0.04
TIGHT = 100.0
MOST_RATIO = 1.6
STEADY_S, LEAVES_S = 0.022, 0.03
"""Beats that stray less from a straight line are steady; stretches that stray more leave it."""
PHASES, NEAR = 32, 0.025
CARRIED, USUAL_AROUND = 0.8, 9
SMOOTHED = 7
"""Beats over which late and early ones are evened out (Savitzky and Golay, 1964)."""
LEAST_BEATS = 8
PARTS = 12
"""Places within a beat that are looked at."""
LAGS = (0.25, 1 / 3, 0.5, 2 / 3, 1, 1.5, 2, 3, 4, 6, 8)
LONGEST_LAG_S = 16.0
FELT_LIMITS, CLEARLY = (0.01, 0.99), 0.3
PLACES = np.linspace(-2, 1.5, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Beats, `[n] float64` seconds. `stray_s`: how far they were found from a straight line; `steady`: not far.
    `sure`: how sure it is that these are the ones that are felt, 0…1.
    """

    times_s: Times
    stray_s: float
    sure: float = 0.0

    @property
    def steady(self) -> bool:
        """Whether a machine, or a good drummer, may have played it."""
        return self.stray_s < STEADY_S

    @property
    def bpm(self) -> float:
        """Beats a minute, of the middle beat."""
        return 60 / float(np.median(np.diff(self.times_s)))


def pulse_of(curves: Matrix) -> Pulse | None:
    """The beats that are felt; None where there is nothing to count."""
    pulses = possible_pulses(curves[:, ALL])
    if not pulses:
        return None
    scores = logits(load_nets()["beats"], features(curves, pulses))[:, 0].astype(np.float64)
    shares = np.exp(scores - scores.max())
    best = int(shares.argmax())
    same = [abs(np.log2(pulse.bpm / pulses[best].bpm)) < SAME_TEMPO for pulse in pulses]
    sure = float(shares[best] / (shares * np.array(same)).sum() * shares[same].sum() / shares.sum())
    return Pulse(times_s=pulses[best].times_s, stray_s=pulses[best].stray_s, sure=sure)


def possible_pulses(curve: Curve) -> list[Pulse]:
    """Beats at several tempos, and what else they may be counted as."""
    pulses = []
    for bpm in likely_tempos(curve):
        frames = follow(curve, bpm)
        if len(frames) < LEAST_BEATS:
            continue
        times_s, stray_s = straightened(_between(curve, frames) / FRAMES_A_SECOND)
        ways = [(times_s, stray_s)]
        if stray_s > STEADY_S:
            ways += [(metronome(curve, m * bpm), STEADY_S) for m in (1, 2) if m * bpm < FASTEST_BPM]
        found = [
            Pulse(times_s=times, stray_s=stray)
            for beats, stray in ways
            for times in _countings(beats)
            if len(times) >= LEAST_BEATS
        ]
        pulses += [pulse for pulse in found if SLOWEST_BPM - 3 < pulse.bpm < FASTEST_BPM + 10]
    return pulses


def likely_tempos(curve: Curve) -> list[float]:
    """The best tempos of the whole recording, none a double or a half of another."""
    if len(curve) < 4 * FRAMES_A_SECOND:
        return []
    bpms, fits = tempo_curve(curve)
    values = np.maximum(fits, 0) * np.exp(-0.5 * np.square(np.log2(bpms / USUAL_BPM) / USUAL_OCTAVES))
    tops = np.flatnonzero((values[1:-1] > values[:-2]) & (values[1:-1] >= values[2:])) + 1
    chosen: list[float] = []
    for bpm in bpms[tops[np.argsort(-values[tops])]].tolist():
        if all(abs(np.log2(bpm / other * m)) > SAME_TEMPO for other in chosen for m in (0.25, 0.5, 1, 2, 4)):
            chosen.append(bpm)
        if len(chosen) == TEMPOS:
            break
    return chosen


def tempo_curve(curve: Curve) -> tuple[Times, Times]:
    """Tempos in beats a minute, and how much the music is like itself after one and more beats of each."""
    alike = autocorrelation(curve, 13.0)
    bpms = np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 0.003))
    lags = 60 * FRAMES_A_SECOND / bpms
    places = np.arange(len(alike))
    fits = np.sum([worth * np.interp(m * lags, places, alike, right=0.0) for m, worth in MULTIPLES], axis=0)
    return bpms, np.asarray(fits)


def autocorrelation(curve: Curve, most_s: float) -> Times:
    """Unbiased autocorrelation up to `most_s`, or three quarters of the recording; 1 at lag 0."""
    most = min(len(curve) * 3 // 4, int(most_s * FRAMES_A_SECOND))
    centred = curve - curve.mean(dtype=np.float64)
    count = len(centred)
    alike = np.fft.irfft(np.square(np.abs(np.fft.rfft(centred, 2 * count))))[:most]
    return np.asarray(alike / (alike[0] / count + 1e-12) / np.arange(count, count - most, -1))


def follow(curve: Curve, bpm: float) -> npt.NDArray[np.int64]:
    """Frames of the beats, at about `bpm`, on which most begins."""
    period = 60 * FRAMES_A_SECOND / bpm
    least, most = max(1, round(period / MOST_RATIO)), round(period * MOST_RATIO)
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


def straightened(times_s: Times) -> tuple[Times, float]:
    """Beats without holes, on a straight line where they are near one; and how far they stray from it."""
    count, times_s = counted(times_s)
    slope, start = _line(count, times_s)
    stray = times_s - start - slope * count
    typical = 1.4826 * float(np.median(np.abs(stray)))
    every = np.arange(count[-1] + 1)
    filled = np.interp(every, count, stray)
    away = savgol_filter(filled, SMOOTHED, 2) if len(filled) > SMOOTHED else filled
    if typical < STEADY_S:
        gone = gaussian_filter1d((np.abs(away) > LEAVES_S).astype(float), 1.5)
        away = np.where(gone > 0.3, away, 0.0)
    return np.maximum.accumulate(start + slope * every + away), typical


def metronome(curve: Curve, bpm: float) -> Times:
    """Evenly spaced beats at about `bpm` on which most begins over the whole recording: for players who keep time while
    the dynamic programming slips from their beats to the off-beats of their swing.
    """
    moments = np.arange(len(curve)) / FRAMES_A_SECOND
    wide = maximum_filter1d(curve, 3)
    finer = np.arange(bpm * (1 - NEAR), bpm * (1 + NEAR), 10 / moments[-1]) / 60
    turns = np.exp(-2j * np.pi * np.outer(finer, moments))
    waves = np.abs(turns @ curve) + 0.7 * np.abs(np.square(turns) @ curve)
    best, rate, phase = -1.0, 0.0, 0.0
    for hertz in finer[np.argsort(-waves)[:3]].tolist():
        for start in np.arange(0, 1, 1 / PHASES).tolist():
            places = np.arange(int(moments[-1] * hertz - start)) + start
            value = float(wide[np.round(places / hertz * FRAMES_A_SECOND).astype(int)].mean())
            if value > best:
                best, rate, phase = value, hertz, start
    for _ in range(3):
        rate, phase = _tuned(curve, rate, phase)
    return np.asarray((np.arange(int(moments[-1] * rate - phase) + 1) + phase) / rate, dtype=np.float64)


def _tuned(curve: Curve, rate: float, phase: float) -> tuple[float, float]:
    """Rate and phase of the line through the peaks that stand beside the beats."""
    number = np.arange(int(len(curve) / FRAMES_A_SECOND * rate - phase) + 1)
    times_s = (number + phase) / rate
    around = np.round(times_s * FRAMES_A_SECOND).astype(int)[:, None] + np.arange(-4, 5)
    seen = curve[np.clip(around, 0, len(curve) - 1)]
    clear = seen.max(axis=1) > 0.7 * np.median(seen.max(axis=1))
    if clear.sum() < LEAST_BEATS:
        return rate, phase
    peaks_s = times_s + (seen.argmax(axis=1) - 4) / FRAMES_A_SECOND
    slope, start = np.polyfit(number[clear], peaks_s[clear], 1)
    turns = start / slope
    return 1 / float(slope), float(turns + max(np.ceil(-turns), 0))


def counted(times_s: Times) -> tuple[npt.NDArray[np.int64], Times]:
    """Beats with their numbers: a long step is several beats, and what comes much too soon is none.

    What a step is too long or too short by is carried over to the next, a little less of it each time, so that a tempo
    may drift and yet two short steps do not make a beat.
    """
    lengths = np.diff(times_s)
    lengths = lengths / median_filter(lengths, USUAL_AROUND, mode="nearest")
    steps, carried = [0], 0.0
    for length in lengths.tolist():
        step = max(round(length + carried), 0)
        carried = CARRIED * (length + carried - step)
        steps.append(step)
    kept = np.array([True, *(step > 0 for step in steps[1:])])
    return np.cumsum(steps)[kept], times_s[kept]


def _between(curve: Curve, beats: npt.NDArray[np.int64]) -> Times:
    """Peaks of the curve near the beats, to parts of a frame (by a parabola)."""
    at = np.clip(beats, 1, len(curve) - 2)
    left, middle, right = (curve[at + step].astype(np.float64) for step in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(bend < -1e-9, 0.5 * (left - right) / np.minimum(bend, -1e-9), 0.0)
    return np.asarray(at + np.clip(shift, -0.5, 0.5))


def _line(count: npt.NDArray[np.int64], times_s: Times) -> tuple[float, float]:
    """Slope and start of the line through most points: repeated least squares without what lies far off."""
    near = np.ones(len(times_s), bool)
    slope, start = 0.0, 0.0
    for _ in range(4):
        slope, start = np.polyfit(count[near], times_s[near], 1)
        stray = np.abs(times_s - start - slope * count)
        near = stray <= max(2.5 * float(np.median(stray)), 0.01)
    return float(slope), float(start)


def _countings(beats: Times) -> Iterator[Times]:
    """The beats, and what else may be felt where these were found."""
    double, triple = split(beats, 2), split(beats, 3)
    yield from (beats, 0.5 * (beats[1:] + beats[:-1]), double, triple)
    for finer, each in ((beats, 2), (beats, 3), (double, 3), (triple, 2), (beats, 4)):
        for phase in range(each):
            yield finer[phase::each]
    yield from (double[1::4], double[3::4])


def split(beats: Times, parts: int) -> Times:
    """Every beat cut in equal parts."""
    steps = np.diff(beats)[:, None] * np.arange(parts) / parts
    return np.concatenate([(beats[:-1, None] + steps).ravel(), beats[-1:]])


def features(curves: Matrix, pulses: list[Pulse]) -> Features:
    """What the network sees of each pulse, `[n, d]`."""
    wide = maximum_filter1d(curves, 3, axis=0)
    bpms, fits = tempo_curve(curves[:, ALL])
    drummed = curves[:, KICK] + curves[:, SNARE] + 1e-3 * curves[:, ALL]
    alike = [autocorrelation(curve, LONGEST_LAG_S) for curve in (curves[:, ALL], curves[:, HARMONY], drummed)]
    near = np.clip(maximum_filter1d(curves[:, [BEAT, BAR]], 5, axis=0), *FELT_LIMITS)
    rows = []
    for pulse in pulses:
        lags = 60 * FRAMES_A_SECOND / pulse.bpm * np.array(LAGS)
        again = np.concatenate([np.interp(lags, np.arange(len(curve)), curve, right=0.0) for curve in alike])
        fit = np.interp([pulse.bpm, pulse.bpm / 2, min(2 * pulse.bpm, FASTEST_BPM)], bpms, fits)
        octaves = np.log2(pulse.bpm / 110)
        usual = np.exp(-0.5 * np.square((octaves - PLACES) / 0.25))
        whole = [octaves, octaves**2, 20 * pulse.stray_s]
        rows.append(np.concatenate([_within(wide, pulse), usual, whole, fit, again, _felt(near, curves, pulse)]))
    return np.array(rows, dtype=np.float32)


def _felt(near: Matrix, curves: Matrix, pulse: Pulse) -> Features:
    """How well the beats agree with those that are felt: their likelihood together, on and between the beats, and how
    much some of them are felt as beginnings of bars more than others.
    """
    steps = np.diff(pulse.times_s)

    def at(times_s: Times) -> Times:
        frames = np.round(times_s * FRAMES_A_SECOND).astype(int)
        return np.asarray(near[np.clip(frames, 0, len(near) - 1)], dtype=np.float64)

    beat, bar = at(pulse.times_s).T
    halves = at(pulse.times_s[:-1] + steps / 2)[:, 0].mean()
    thirds = np.concatenate([at(pulse.times_s[:-1] + steps * part)[:, 0] for part in (1 / 3, 2 / 3)]).mean()
    odds = np.log(beat / (1 - beat))
    seconds, mean = len(near) / FRAMES_A_SECOND, beat.mean()
    lines = [bar[first::turns].mean() - np.delete(bar, np.s_[first::turns]).mean()
             for turns in (2, 3, 4) for first in range(turns)]  # fmt: skip
    together = [(odds + prior).sum() / seconds for prior in (0, 1, 2)]
    apart = [mean, halves, thirds, mean - halves, mean - thirds, (beat > CLEARLY).mean()]
    usual = np.log(mean / (curves[:, BEAT].mean() + 0.01))
    return np.array([*together, *apart, max(lines), bar.max(), usual], dtype=np.float32)


def _within(wide: Matrix, pulse: Pulse) -> Features:
    """How much of each curve lies at each part of a beat, and how much beats in turn differ from one another."""
    steps = np.diff(pulse.times_s)[:, None] * np.arange(PARTS) / PARTS
    frames = np.round((pulse.times_s[:-1, None] + steps) * FRAMES_A_SECOND).astype(int)
    seen = wide[np.clip(frames, 0, len(wide) - 1)]
    seen = seen / (seen.mean(axis=(0, 1)) + 0.02)
    parts = [np.log1p(np.minimum(seen.mean(axis=0), 6.0)).ravel()]
    for column, turns in ((0, 2), (0, 3), (0, 4), (PARTS // 2, 2)):
        means = np.stack([seen[turn::turns, column].mean(axis=0) for turn in range(turns)])
        parts.append(np.log1p(np.minimum(np.ptp(means, axis=0), 6.0)))
    return np.concatenate(parts)
