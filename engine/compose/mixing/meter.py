"""A loudness meter that listens while audio is made.

In: audio block after block, `[2, n] float32`, 44,100 Hz. Out: K-weighted mean squares, channels summed, one each 100
ms, from which `engine.metrics.loudness.gated_loudness_lufs` tells the loudness (ITU-R BS.1770-5). Caveat: what is left
of the last 100 ms is not counted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.metrics.loudness import gated_loudness_lufs, k_weighting

HOP = round(0.1 * SAMPLE_RATE_HZ)
PIECE = 1 << 16


class Meter:
    """Hears blocks in order."""

    def __init__(self) -> None:
        self._sections = k_weighting(SAMPLE_RATE_HZ).astype(np.float32)
        self._state = np.zeros((len(self._sections), 2, 2), np.float32)
        self._rest = np.zeros(0, np.float32)
        self._energies: list[npt.NDArray[np.float64]] = []

    def add(self, block: Audio) -> None:
        """Hear `[2, n]`."""
        weighted, self._state = sosfilt(self._sections, block, axis=1, zi=self._state)
        power = np.concatenate([self._rest, np.square(weighted).sum(axis=0)])
        whole = power.size // HOP * HOP
        self._energies.append(power[:whole].reshape(-1, HOP).mean(axis=1, dtype=np.float64))
        self._rest = power[whole:]

    @property
    def energies(self) -> npt.NDArray[np.float64]:
        """`[hops]` so far."""
        return np.concatenate(self._energies) if self._energies else np.zeros(0)


def energies_of(audio: Audio) -> npt.NDArray[np.float64]:
    """What a meter hears of a whole song."""
    meter = Meter()
    for start in range(0, audio.shape[1], PIECE):
        meter.add(audio[:, start : start + PIECE])
    return meter.energies


def loudness_lufs(audio: Audio) -> float:
    """Integrated loudness of a whole song."""
    return gated_loudness_lufs(energies_of(audio))
