"""Bringing audio to its loudness without clipping: a look-ahead true-peak limiter.

In: `audio [2, N] float32` of any level. Out: the same shape at a target loudness, true peaks under a ceiling.
Conventions: the gain is computed in blocks of 32 samples, falls within 5 ms before a peak, and recovers by a constant
number of decibels a second; both channels share it. Caveat: music so dynamic that the limiter would have to work all
the time is left quieter than asked (`MOST_REDUCTION_DB`), because that sounds better than pumping.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from engine.compose.effects import stretched
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.metrics.loudness import FLOOR_DB, integrated_loudness_lufs, true_peak_dbtp

STEP = 32
ATTACK_STEPS = 7
RELEASE_DB_A_S = 60.0
MOST_REDUCTION_DB = 12.0
LIMITER_MARGIN_DB = 0.12
CLOSE_ENOUGH_LU = 0.15
HALF_TAPS = 12
PHASES = 8


def limit(audio: Audio, ceiling: float) -> Audio:
    """Hold the true peak of `audio` to about `ceiling` (linear) by turning down around the peaks."""
    peaks = _block_peaks(audio, ceiling)
    if peaks.max(initial=0.0) <= ceiling:
        return audio
    needed_db = np.maximum(20 * np.log10(np.maximum(peaks, 1e-9) / ceiling), 0.0)
    return np.asarray(audio * _smooth_gain(needed_db, audio.shape[1]), np.float32)


def to_loudness(audio: Audio, *, target_lufs: float, ceiling_db: float) -> Audio:
    """Scale and limit `audio` to `target_lufs`, true peak at most `ceiling_db`. Silence stays as it is."""
    loudness = integrated_loudness_lufs(audio, SAMPLE_RATE_HZ)
    if loudness <= FLOOR_DB:
        return audio
    most_db = ceiling_db + MOST_REDUCTION_DB - true_peak_dbtp(audio, SAMPLE_RATE_HZ)
    gain_db = min(target_lufs - loudness, most_db)
    for _ in range(4):
        result = limit(scaled(audio, gain_db), 10 ** ((ceiling_db - LIMITER_MARGIN_DB) / 20))
        missing = target_lufs - integrated_loudness_lufs(result, SAMPLE_RATE_HZ)
        following_db = min(gain_db + 1.3 * missing, most_db)
        if abs(missing) <= CLOSE_ENOUGH_LU or abs(following_db - gain_db) < CLOSE_ENOUGH_LU:
            break
        gain_db = following_db
    over_db = true_peak_dbtp(result, SAMPLE_RATE_HZ) - ceiling_db
    return scaled(result, -over_db - 0.01) if over_db > 0 else result


def scaled(audio: Audio, gain_db: float) -> Audio:
    """`audio`, so many decibels louder."""
    return np.asarray(audio * np.float32(10 ** (gain_db / 20)), np.float32)


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


def _block_peaks(audio: Audio, ceiling: float) -> npt.NDArray[np.float32]:
    """True peak of each block of `STEP` samples, both channels together: `[ceil(N / STEP)] float32`."""
    blocks = -(-audio.shape[1] // STEP)
    peaks = np.zeros(blocks, np.float32)
    for channel in audio:
        size = np.zeros(blocks * STEP, np.float32)
        np.abs(channel, out=size[: channel.size])
        peaks = np.maximum(peaks, size.reshape(blocks, STEP).max(axis=1))
        at = np.flatnonzero(size > 0.8 * ceiling)
        at = at[at < channel.size]
        if at.size:
            np.maximum.at(peaks, at // STEP, interpolated_peaks(channel, at))
    return peaks


def _smooth_gain(needed_db: npt.NDArray[np.float32], samples: int) -> npt.NDArray[np.float32]:
    """Gain a sample `[samples]` from the reduction that each block needs: look-ahead attack, linear release in dB."""
    slope = RELEASE_DB_A_S * STEP / SAMPLE_RATE_HZ
    ramp = slope * np.arange(needed_db.size)
    released = np.maximum.accumulate(needed_db + ramp) - ramp
    gain = 10 ** (-np.maximum(released, 0.0) / 20)
    held = minimum_filter1d(gain, 2 * ATTACK_STEPS + 1, mode="nearest")
    smooth = uniform_filter1d(held, 2 * ATTACK_STEPS - 1, mode="nearest")
    return stretched(np.append(smooth, smooth[-1:]), STEP, samples)
