"""Audio → spectra, a block at a time, so that memory stays small however long the recording is.

In: mono audio, `[N] float32` at 22,050 Hz. Out: matrices with a row every `HOP` samples (11.6 ms), whose middle is at
that sample, in step with `pitches`. Mel bands are Slaney's triangles ("Auditory Toolbox", 1998) made anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

from engine.learn.transcribe.pitches import HOP, RATE_HZ, Samples

Spectra = npt.NDArray[np.float32]

BLOCK_FRAMES = 1024


def magnitudes(samples: Samples, window: int, hop: int = HOP) -> Iterator[Spectra]:
    """Blocks of `[frames, window / 2 + 1] float32`: magnitudes of Hann-windowed spectra; a full-scale sine gives 1."""
    shape = np.hanning(window + 1)[:-1].astype(np.float32)
    shape *= np.float32(2 / shape.sum())
    frames = -(-len(samples) // hop)
    padded = np.pad(samples, (window // 2, window))
    rows = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][:frames]
    for start in range(0, frames, BLOCK_FRAMES):
        yield np.abs(rfft(rows[start : start + BLOCK_FRAMES] * shape, axis=1, overwrite_x=True))


def mel_bands(samples: Samples, *, bands: int, window: int = 1024, low_hz: float = 30.0) -> Spectra:
    """`[frames, bands] float32`: energy in mel bands from `low_hz` to half the rate, as amplitudes."""
    filters = _mel_filters(bands, window, low_hz)
    return np.concatenate([np.sqrt(np.square(block) @ filters) for block in magnitudes(samples, window)])


def mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's scale: linear up to 1 kHz (15 mel), logarithmic above."""
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def hz_to_mel(hz: float) -> float:
    """Inverse of `mel_to_hz`."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * float(np.log(hz / 1000) / np.log(6.4))


@lru_cache(maxsize=4)
def _mel_filters(bands: int, window: int, low_hz: float) -> Spectra:
    edges = mel_to_hz(np.linspace(hz_to_mel(low_hz), hz_to_mel(RATE_HZ / 2), bands + 2))
    hz = np.fft.rfftfreq(window, 1 / RATE_HZ)
    least = RATE_HZ / window
    filters = np.zeros((len(hz), bands), np.float32)
    for band, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        rise, fall = max(centre - low, least), max(high - centre, least)
        filters[:, band] = np.clip(1 - np.maximum((centre - hz) / rise, (hz - centre) / fall), 0, None)
    return filters
