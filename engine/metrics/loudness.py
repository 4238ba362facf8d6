"""Levels of audio: loudness, true peak, clipping, silence, offset.

In: audio [channels, N] float32, full scale ±1, and its rate in Hz (one or two channels; a mono file may come as [N]).
Out: numbers in the unit that the name says. Conventions: what is silent has `FLOOR_DB` instead of minus infinity, so
that receipts stay JSON. Caveat: surround weights are not known; every channel weighs 1.

Sources: ITU-R BS.1770-5 (2023) for loudness (K-weighting, gates at −70 LUFS and −10 LU) and true peak (four times
oversampled); the K-weighting's biquads are computed for any rate by the formulas of De Man, "Evaluation of
implementations of the EBU R128 loudness measurement" (AES 2018).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.signal import sosfilt

Audio = NDArray[np.float32]

FLOOR_DB = -120.0
SILENT_BELOW_DB = -60.0
OVERSAMPLING = 4
HALF_TAPS = 16
NEAR_PEAK = 0.5
CHUNK = 65536
HOPS_AT_ONCE = 50
"""Long audio is measured piece by piece: copies of five minutes in double precision would be 400 MB."""


def validate(audio: Audio, rate_hz: int) -> Audio:
    """Audio as [channels, N] float32; raises `ValueError` for an empty, non-finite or oddly shaped array, or rate."""
    audio = np.atleast_2d(np.asarray(audio, dtype=np.float32))
    if audio.ndim != 2 or audio.shape[0] > 2 or audio.shape[1] == 0:
        raise ValueError(f"audio of shape {audio.shape} is not [1 or 2 channels, samples]")
    if rate_hz <= 0:
        raise ValueError(f"a rate of {rate_hz} Hz is impossible")
    if not np.isfinite(audio).all():
        raise ValueError("audio holds values that are not finite")
    return audio


def decibels(power: float) -> float:
    """Ten times the logarithm of a power, not below `FLOOR_DB`."""
    return max(FLOOR_DB, 10 * float(np.log10(power))) if power > 0 else FLOOR_DB


def integrated_loudness_lufs(audio: Audio, rate_hz: int) -> float:
    """Gated loudness of the whole; `FLOOR_DB` if nothing passes the absolute gate or audio is shorter than 0.4 s."""
    audio = validate(audio, rate_hz)
    hop = round(0.1 * rate_hz)
    hops = audio.shape[1] // hop
    if hops < 4:
        return FLOOR_DB
    energy, sections = np.empty(hops), k_weighting(rate_hz)
    state = np.zeros((len(sections), audio.shape[0], 2))
    for first in range(0, hops, HOPS_AT_ONCE):
        count = min(HOPS_AT_ONCE, hops - first)
        weighted, state = sosfilt(sections, audio[:, first * hop : (first + count) * hop], axis=1, zi=state)
        power = np.square(weighted).reshape(audio.shape[0], count, hop).mean(axis=2).sum(axis=0)
        energy[first : first + count] = power
    return gated_loudness_lufs(energy)


def gated_loudness_lufs(energy: NDArray[np.float64]) -> float:
    """Gated loudness of K-weighted mean squares, channels summed, one each 100 ms `[hops]`; `FLOOR_DB` as above."""
    if energy.size < 4:
        return FLOOR_DB
    blocks = (energy[:-3] + energy[1:-2] + energy[2:-1] + energy[3:]) / 4
    above = blocks[blocks > _power(-70.0)]
    if above.size == 0:
        return FLOOR_DB
    gated = above[above > above.mean() / 10]
    return -0.691 + decibels(float(gated.mean()))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


@cache
def k_weighting(rate_hz: int) -> NDArray[np.float64]:
    """The high shelf (+4 dB from 1.68 kHz) and the high-pass (38 Hz) as second-order sections [2, 6] float64."""
    k = np.tan(np.pi * 1681.974450955533 / rate_hz)
    q, high = 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = [(high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / q + k * k) / a0]
    shelf += [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    k, q = np.tan(np.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    a0 = 1 + k / q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0]
    return np.array([shelf, high_pass], dtype=np.float64)


def sample_peak_dbfs(audio: Audio, rate_hz: int) -> float:
    """The largest sample."""
    return decibels(float(np.abs(validate(audio, rate_hz)).max()) ** 2)


def true_peak_dbtp(audio: Audio, rate_hz: int) -> float:
    """The largest value between samples too, by four times oversampling around the samples that can matter.

    Those are the samples that are not below their neighbours and reach half the highest sample (overshoots of real
    sound stay below 6 dB).
    """
    audio = validate(audio, rate_hz)
    peak = 0.0
    for channel in audio:
        near = NEAR_PEAK * max(float(channel.max()), -float(channel.min()))
        for start in range(0, channel.size, CHUNK):
            before, behind = min(start, HALF_TAPS), min(max(channel.size - start - CHUNK, 0), HALF_TAPS)
            piece = channel[start - before : start + CHUNK + behind]
            piece = np.pad(piece, (HALF_TAPS - before, HALF_TAPS - behind))
            size = np.abs(piece[HALF_TAPS - 1 : piece.size - HALF_TAPS + 1])
            ridge = (size[1:-1] >= size[:-2]) & (size[1:-1] >= size[2:])
            places = np.flatnonzero(ridge & (size[1:-1] >= near))
            if places.size:
                windows = np.lib.stride_tricks.sliding_window_view(piece, 2 * HALF_TAPS + 1)
                peak = max(peak, float(np.abs(windows[places] @ _interpolator()).max()))
    return decibels(peak**2)


@cache
def _interpolator() -> NDArray[np.float32]:
    """Windowed-sinc weights [2 · HALF_TAPS + 1, 7] float32 for the quarter positions around a sample, itself
    included.
    """
    offsets = np.arange(1 - OVERSAMPLING, OVERSAMPLING) / OVERSAMPLING
    distance = np.arange(-HALF_TAPS, HALF_TAPS + 1)[:, None] - offsets
    window = np.where(np.abs(distance) < HALF_TAPS, np.cos(np.pi * distance / 2 / HALF_TAPS) ** 2, 0)
    weights = np.sinc(distance) * window
    return np.asarray(weights, dtype=np.float32)


def clipped_samples(audio: Audio, rate_hz: int) -> int:
    """Samples at or beyond full scale of 16-bit audio, in all channels."""
    audio, full = validate(audio, rate_hz), 1 - 1 / 32768
    return int((audio >= full).sum() + (audio <= -full).sum())


def silence_share(audio: Audio, rate_hz: int) -> float:
    """Share of 50 ms frames whose RMS lies below −60 dBFS."""
    audio = validate(audio, rate_hz)
    frame = max(1, min(round(0.05 * rate_hz), audio.shape[1]))
    frames = audio.shape[1] // frame
    power = np.zeros(frames)
    for channel in audio[:, : frames * frame]:
        power += np.square(channel).reshape(frames, frame).mean(axis=1) / audio.shape[0]
    return float((power < 10 ** (SILENT_BELOW_DB / 10)).mean())


def dc_offset(audio: Audio, rate_hz: int) -> float:
    """The largest mean of a channel, as a share of full scale."""
    return float(np.abs(validate(audio, rate_hz).mean(axis=1, dtype=np.float64)).max())
