"""Bringing audio to its loudness without clipping: a look-ahead true-peak limiter whose gain is found beforehand.

In: `audio [2, N] float32` of any level, and its K-weighted energies if they are known. Out: the same array, changed
in place, at a target loudness, true peaks under a ceiling. Conventions: the limiter's gain is computed in blocks of
32 samples, falls within 5 ms before a peak, and recovers by a constant number of decibels a second; both channels
share it. How loud the limited audio will be follows from the energies and the limiter's gain alone, so the gain is
searched without touching the audio. Caveat: music so dynamic that the limiter would have to work all the time is left
quieter than asked (`MOST_REDUCTION_DB`), because that sounds better than pumping.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from engine.compose.mixing.meter import HOP, energies_of
from engine.compose.mixing.stage import stretched
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.metrics.loudness import FLOOR_DB, gated_loudness_lufs, true_peak_dbtp

STEP = 32
ATTACK_STEPS = 7
RELEASE_DB_A_S = 60.0
MOST_REDUCTION_DB = 14.0
LIMITER_MARGIN_DB = 0.12
CLOSE_ENOUGH_LU = 0.05
SEARCH_ROUNDS = 8
FAR_OFF_LU = 0.4
HEADROOM_DB = 4.0
"""So much louder than the first guess may the search end; peaks are measured exactly down to there."""
NEAR_PEAK = 0.5
"""A piece that stays below this share of the highest sample holds no true peak that matters."""
HALF_TAPS = 12
PHASES = 8
PIECE = 1 << 18


def limit(audio: Audio, ceiling: float) -> Audio:
    """Hold the true peak of `audio` to about `ceiling` (linear) by turning down around the peaks."""
    peaks = block_peaks(audio, 0.8 * ceiling)
    if peaks.max(initial=0.0) <= ceiling:
        return audio
    result = audio.copy()
    _apply(result, _limiter_gain(peaks, ceiling))
    return result


def to_loudness(
    audio: Audio, *, target_lufs: float, ceiling_db: float, energies: npt.NDArray[np.float64] | None = None
) -> Audio:
    """Scale and limit `audio`, in place, to `target_lufs`, true peak at most `ceiling_db`.

    `energies`: what `Meter` heard of this audio, if it did. Silence, and what is too short to have a loudness, is only
    kept under the ceiling.
    """
    if energies is None:
        energies = energies_of(audio)
    for _ in range(2 if gated_loudness_lufs(energies) > FLOOR_DB else 0):
        _scale_and_limit(audio, energies, target_lufs=target_lufs, ceiling_db=ceiling_db)
        energies = energies_of(audio)
        if abs(gated_loudness_lufs(energies) - target_lufs) < FAR_OFF_LU:
            break
    over_db = _true_peak_db(audio) - ceiling_db
    if over_db > 0:
        audio *= np.float32(10 ** ((-over_db - 0.01) / 20))
    return audio


def _true_peak_db(audio: Audio) -> float:
    """The whole song's true peak, measured piece by piece to save memory."""
    highest = max(float(audio.max()), -float(audio.min()))
    result = FLOOR_DB
    for start in range(0, audio.shape[1], PIECE):
        piece = audio[:, max(start - 2 * HALF_TAPS, 0) : start + PIECE + 2 * HALF_TAPS]
        if max(float(piece.max()), -float(piece.min())) > NEAR_PEAK * highest:
            result = max(result, true_peak_dbtp(piece, SAMPLE_RATE_HZ))
    return result


def _scale_and_limit(audio: Audio, energies: npt.NDArray[np.float64], *, target_lufs: float, ceiling_db: float) -> None:
    """Find the gain whose limited result is as loud as asked, then apply both."""
    ceiling = 10 ** ((ceiling_db - LIMITER_MARGIN_DB) / 20)
    gain_db = target_lufs - gated_loudness_lufs(energies)
    peaks = block_peaks(audio, 0.8 * ceiling / 10 ** ((gain_db + HEADROOM_DB) / 20))
    most_db = MOST_REDUCTION_DB + 20 * np.log10(ceiling / max(float(peaks.max()), 1e-9))
    gain_db = min(gain_db, most_db)
    for _ in range(SEARCH_ROUNDS):
        curve = _limiter_gain(peaks * 10 ** (gain_db / 20), ceiling)
        missing = target_lufs - gain_db - gated_loudness_lufs(energies * _hop_power(curve, energies.size))
        following_db = min(gain_db + 1.2 * missing, most_db)
        if abs(following_db - gain_db) < CLOSE_ENOUGH_LU:
            break
        gain_db = following_db
    _apply(audio, curve * 10 ** (gain_db / 20))


def _hop_power(curve: npt.NDArray[np.float64], hops: int) -> npt.NDArray[np.float64]:
    """Mean square of the limiter's gain in each hop of the meter."""
    total = np.concatenate([[0.0], np.cumsum(np.square(curve))])
    edges = np.interp(np.arange(hops + 1) * HOP / STEP, np.arange(total.size), total)
    return np.asarray(np.diff(edges) * STEP / HOP)


def _apply(audio: Audio, curve: npt.NDArray[np.float64]) -> None:
    """Multiply in place by a gain that has one value each `STEP` samples."""
    curve = np.append(curve, curve[-1:])
    for start in range(0, audio.shape[1], PIECE):
        piece = audio[:, start : start + PIECE]
        values = curve[start // STEP : (start + PIECE) // STEP + 1]
        piece *= stretched(values, STEP, piece.shape[1])


def interpolated_peaks(channel: npt.NDArray[np.float32], at: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Highest magnitude within half a sample beside each index of `at`, on `channel [N]`: `[len(at)] float32`."""
    padded = np.pad(channel, HALF_TAPS)
    result = np.empty(at.size, np.float32)
    taps = np.arange(2 * HALF_TAPS + 1)
    for start in range(0, at.size, 1 << 16):
        part = at[start : start + (1 << 16)]
        windows = padded[part[:, None] + taps]
        result[start : start + (1 << 16)] = np.abs(windows @ _interpolation()).max(axis=1)
    return result


@cache
def _interpolation() -> npt.NDArray[np.float32]:
    """`[25, 9]`: windowed-sinc weights for the positions −½…½ of a sample."""
    taps = np.arange(-HALF_TAPS, HALF_TAPS + 1)[:, None]
    position = np.arange(-PHASES // 2, PHASES // 2 + 1)[None, :] / PHASES
    distance = taps - position
    window = np.cos(np.pi * distance / (2 * HALF_TAPS + 2)) ** 2
    return np.asarray(np.sinc(distance) * window, np.float32)


def block_peaks(audio: Audio, exact_above: float) -> npt.NDArray[np.float32]:
    """Peak of each block of `STEP` samples, both channels together: `[ceil(N / STEP)] float32`.

    True peak, between the samples too, around samples that are local maxima above `exact_above`.
    """
    samples = audio.shape[1]
    peaks = np.zeros(-(-samples // STEP), np.float32)
    for start in range(0, samples, PIECE):
        piece = audio[:, start : start + PIECE]
        here = peaks[start // STEP : start // STEP + -(-piece.shape[1] // STEP)]
        for channel, whole in zip(piece, audio, strict=True):
            size = np.zeros(here.size * STEP, np.float32)
            np.abs(channel, out=size[: channel.size])
            np.maximum(here, size.reshape(-1, STEP).max(axis=1), out=here)
            ridge = size > exact_above
            ridge[1:] &= size[1:] >= size[:-1]
            ridge[:-1] &= size[:-1] >= size[1:]
            at = np.flatnonzero(ridge)
            if at.size:
                first = max(start - HALF_TAPS, 0)
                around = whole[first : start + PIECE + HALF_TAPS]
                np.maximum.at(here, at // STEP, interpolated_peaks(around, at + start - first))
    return peaks


def _limiter_gain(peaks: npt.NDArray[np.float32], ceiling: float) -> npt.NDArray[np.float64]:
    """Gain of each block `[blocks]` from the peaks: look-ahead attack, linear release in dB."""
    needed_db = np.maximum(20 * np.log10(np.maximum(peaks, 1e-9) / ceiling), 0.0)
    ramp = RELEASE_DB_A_S * STEP / SAMPLE_RATE_HZ * np.arange(needed_db.size)
    released = np.maximum.accumulate(needed_db + ramp) - ramp
    gain = 10 ** (-np.maximum(released, 0.0) / 20)
    held = minimum_filter1d(gain, 2 * ATTACK_STEPS + 1, mode="nearest")
    return np.asarray(uniform_filter1d(held, 2 * ATTACK_STEPS - 1, mode="nearest"), np.float64)
