"""How loud audio is: integrated loudness (ITU-R BS.1770-4) and true peak.

In: `audio [2, N] float32`, full scale ±1, 44,100 Hz. Out: LUFS and dBTP, `-inf` for silence. Conventions: K-weighting
is the two biquads of the recommendation, recomputed for 44.1 kHz (Mansbridge, Finn & Reiss 2012); blocks of 400 ms
overlap by 75 %, gates at −70 LUFS and 10 LU below the mean. The true peak interpolates eight times around the samples
that can matter. Caveat: audio shorter than one block is measured as one block.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from engine.compose.render import SAMPLE_RATE_HZ, Audio

HOP = SAMPLE_RATE_HZ // 10
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
OFFSET_LU = -0.691
HALF_TAPS = 12
PHASES = 8
NEAR_PEAK = 0.7
"""Only samples above this share of the highest one can have the true peak beside them (an overshoot of 3 dB)."""


def integrated_loudness(audio: Audio) -> float:
    """Gated loudness in LUFS of `audio [2, N]`; `-inf` where nothing passes the gates."""
    weighted = sosfilt(K_WEIGHTING, audio, axis=1)
    hops = max(audio.shape[1] // HOP, 1)
    trimmed = weighted[:, : hops * HOP]
    power = np.square(trimmed).sum(axis=0)
    if hops < 4:
        energies = np.array([power.mean(dtype=np.float64)])
    else:
        by_hop = power.reshape(hops, HOP).sum(axis=1, dtype=np.float64)
        energies = np.convolve(by_hop, np.ones(4), mode="valid") / (4 * HOP)
    loud = energies[energies > _energy(ABSOLUTE_GATE_LUFS)]
    if loud.size == 0:
        return -math.inf
    loud = loud[loud > _energy(_lufs(float(loud.mean())) + RELATIVE_GATE_LU)]
    return _lufs(float(loud.mean()))


def true_peak(audio: Audio) -> float:
    """Highest level between and on the samples, linear (1 = full scale); 0 for silence."""
    magnitude = np.abs(audio)
    highest = float(magnitude.max(initial=0.0))
    if highest == 0.0:
        return 0.0
    for channel, size in zip(audio, magnitude, strict=True):
        at = np.flatnonzero(size >= NEAR_PEAK * highest)
        if at.size:
            highest = max(highest, float(interpolated_peaks(channel, at).max()))
    return highest


def true_peak_db(audio: Audio) -> float:
    """`true_peak` in dBTP."""
    highest = true_peak(audio)
    return 20 * math.log10(highest) if highest > 0 else -math.inf


def interpolated_peaks(channel: npt.NDArray[np.float32], at: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Highest magnitude within half a sample beside each index of `at`, on `channel [N]`: `[len(at)] float32`."""
    padded = np.pad(channel, HALF_TAPS)
    result = np.empty(at.size, np.float32)
    taps = np.arange(2 * HALF_TAPS + 1)
    for start in range(0, at.size, 1 << 16):
        part = at[start : start + (1 << 16)]
        windows = padded[part[:, None] + taps]
        result[start : start + (1 << 16)] = np.abs(windows @ INTERPOLATION).max(axis=1)
    return result


def _interpolation() -> npt.NDArray[np.float32]:
    """`[25, 9]`: windowed-sinc weights for the positions −½…½ of a sample."""
    taps = np.arange(-HALF_TAPS, HALF_TAPS + 1)[:, None]
    position = np.arange(-PHASES // 2, PHASES // 2 + 1)[None, :] / PHASES
    distance = taps - position
    window = np.cos(np.pi * distance / (2 * HALF_TAPS + 2)) ** 2
    return np.asarray(np.sinc(distance) * window, np.float32)


def _k_weighting() -> npt.NDArray[np.float32]:
    """Second-order sections of the K filter at 44.1 kHz: high shelf +4 dB at 1,682 Hz, high-pass at 38 Hz."""
    k = math.tan(math.pi * 1681.974450955533 / SAMPLE_RATE_HZ)
    quality, gain = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = gain**0.4996667741545416
    scale = 1 + k / quality + k * k
    shelf = [
        (gain + middle * k / quality + k * k) / scale,
        2 * (k * k - gain) / scale,
        (gain - middle * k / quality + k * k) / scale,
        1.0,
        2 * (k * k - 1) / scale,
        (1 - k / quality + k * k) / scale,
    ]
    k = math.tan(math.pi * 38.13547087602444 / SAMPLE_RATE_HZ)
    quality = 0.5003270373238773
    scale = 1 + k / quality + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / scale, (1 - k / quality + k * k) / scale]
    return np.array([shelf, high_pass], np.float32)


def _lufs(energy: float) -> float:
    return OFFSET_LU + 10 * math.log10(energy)


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - OFFSET_LU) / 10))


INTERPOLATION = _interpolation()
K_WEIGHTING = _k_weighting()
