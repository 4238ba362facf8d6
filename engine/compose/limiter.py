"""Bringing audio to its loudness without clipping: a look-ahead true-peak limiter.

In: `audio [2, N] float32` of any level. Out: the same shape at a target loudness, true peaks under a ceiling.
Conventions: the gain is computed in blocks of 32 samples, falls within 5 ms before a peak, and recovers by a constant
number of decibels a second; both channels share it. Caveat: music so dynamic that the limiter would have to work all
the time is left quieter than asked (`MOST_REDUCTION_DB`), because that sounds better than pumping.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from engine.compose.loudness import integrated_loudness, interpolated_peaks, true_peak
from engine.compose.render import SAMPLE_RATE_HZ, Audio

STEP = 32
ATTACK_STEPS = 7
RELEASE_DB_A_S = 60.0
MOST_REDUCTION_DB = 12.0
CLOSE_ENOUGH_LU = 0.15


def limit(audio: Audio, ceiling: float) -> Audio:
    """Hold the true peak of `audio` to about `ceiling` (linear) by turning down around the peaks."""
    peaks = _block_peaks(audio, ceiling)
    if peaks.max(initial=0.0) <= ceiling:
        return audio
    needed_db = np.maximum(20 * np.log10(np.maximum(peaks, 1e-9) / ceiling), 0.0)
    return np.asarray(audio * _smooth_gain(needed_db, audio.shape[1]), np.float32)


def to_loudness(audio: Audio, *, target_lufs: float, ceiling_db: float) -> Audio:
    """Scale and limit `audio` to `target_lufs`, true peak at most `ceiling_db`. Silence stays as it is."""
    loudness = integrated_loudness(audio)
    if not math.isfinite(loudness):
        return audio
    ceiling = 10 ** (ceiling_db / 20)
    gain_db = target_lufs - loudness
    most_db = ceiling_db + MOST_REDUCTION_DB - 20 * math.log10(max(true_peak(audio), 1e-9))
    gain_db = min(gain_db, most_db)
    for _ in range(4):
        result = limit(np.asarray(audio * np.float32(10 ** (gain_db / 20)), np.float32), 0.985 * ceiling)
        missing = target_lufs - integrated_loudness(result)
        following_db = min(gain_db + 1.3 * missing, most_db)
        if abs(missing) <= CLOSE_ENOUGH_LU or abs(following_db - gain_db) < CLOSE_ENOUGH_LU:
            break
        gain_db = following_db
    highest = true_peak(result)
    return result if highest <= ceiling else np.asarray(result * np.float32(0.998 * ceiling / highest), np.float32)


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
    middles = np.arange(needed_db.size) * STEP + (STEP - 1) / 2
    return np.asarray(np.interp(np.arange(samples), middles, smooth), np.float32)
