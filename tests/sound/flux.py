"""Spectral flux: how abruptly the spectrum of audio becomes louder, from moment to moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.compose.render import SAMPLE_RATE_HZ

WINDOW, HOP = 1024, 256
AROUND_S = 0.06


def flux(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """`[2, N]` to one value each `HOP` samples: the sum of what grew, of the magnitudes' square roots."""
    mono = audio.mean(axis=0)
    frames = np.lib.stride_tricks.sliding_window_view(mono, WINDOW)[::HOP] * np.hanning(WINDOW)
    size = np.sqrt(np.abs(np.fft.rfft(frames, axis=1)))
    return np.asarray(np.maximum(np.diff(size, axis=0), 0).sum(axis=1))


def strongest_around(curve: npt.NDArray[np.float64], sample: float) -> float:
    """The highest flux within `AROUND_S` of a place."""
    at, reach = round((sample - WINDOW / 2) / HOP), round(AROUND_S * SAMPLE_RATE_HZ / HOP)
    return float(curve[max(at - reach, 0) : at + reach + 1].max())
