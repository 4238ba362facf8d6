"""What all stages listen to: a recording's pitches and spectra, made once.

In: mono audio at 22,050 Hz. Out: `Ear`. Conventions: everything has a row a frame (11.6 ms) but `tones`, which has one
every two; `bands` and `tones` are logarithms of amplitudes, about 0…2, of the recording brought to one loudness.
Caveat: 20 MB a minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.learn.transcribe.pitches import HOP, LOWEST_PITCH, RATE_HZ, Matrix, Pitches, Samples, listen
from engine.learn.transcribe.spectrum import magnitudes, mel_bands

FRAMES_A_SECOND = RATE_HZ / HOP
LOUDNESS = 0.12
"""Root mean square that recordings are brought to."""
BANDS, TONES = 64, 128
BANDS_SOFT, TONES_SOFT = 1000.0, 300.0
LONG_WINDOW, SHORT_WINDOW = 8192, 2048
LONG_UP_TO, SHORT_FROM = 36, 48
"""Tones (0 is A0) that the long window hears alone, and that the short one does; between them both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """`bands [frames, 64]`: log mel bands from 30 Hz to 11 kHz. `tones [frames / 2, 128]`: log amplitude of each
    semitone from A0 on. `loudness`: root mean square of the recording as it came.
    """

    pitches: Pitches
    bands: Matrix
    tones: Matrix
    loudness: float

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.bands)

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return self.frames / FRAMES_A_SECOND


def hear(samples: Samples, *, threads: int = 1, progress: Callable[[float], None] = lambda share: None) -> Ear:
    """Listen to the whole recording."""
    pitches = listen(samples, threads=threads, progress=progress)
    loudness = float(np.sqrt(np.square(samples, dtype=np.float64).mean())) if len(samples) else 0.0
    return ear_of(samples, pitches, loudness)


def ear_of(samples: Samples, pitches: Pitches, loudness: float) -> Ear:
    """The same with known pitches."""
    levelled = samples * np.float32(LOUDNESS / max(loudness, 1e-6))
    bands = np.log1p(BANDS_SOFT * mel_bands(levelled, bands=BANDS)) / 4
    return Ear(pitches=pitches, bands=bands, tones=_tones(levelled), loudness=loudness)


def _tones(samples: Samples) -> Matrix:
    parts = []
    for window in (LONG_WINDOW, SHORT_WINDOW):
        filters = _tone_filters(window)
        parts.append(np.concatenate([np.sqrt(np.square(b) @ filters) for b in magnitudes(samples, window, 2 * HOP)]))
    short = np.clip((np.arange(TONES) - LONG_UP_TO) / (SHORT_FROM - LONG_UP_TO), 0, 1).astype(np.float32)
    return np.asarray(np.log1p(TONES_SOFT * (parts[0] * (1 - short) + parts[1] * short)) / 4, dtype=np.float32)


@lru_cache(maxsize=2)
def _tone_filters(window: int) -> npt.NDArray[np.float32]:
    """Triangles around each semitone, at least a bin wide; `[window / 2 + 1, TONES]`."""
    hz = np.fft.rfftfreq(window, 1 / RATE_HZ)
    filters = np.zeros((len(hz), TONES), np.float32)
    for tone in range(TONES):
        middle = 440.0 * 2.0 ** ((tone + LOWEST_PITCH - 69) / 12)
        if middle < RATE_HZ / 2:
            width = max(middle * (2 ** (1 / 12) - 1), RATE_HZ / window)
            filters[:, tone] = np.clip(1 - np.abs(hz - middle) / width, 0, None)
    return filters


def levels_of(bands: Matrix, parts: int) -> Matrix:
    """Neighbouring bands taken together: `[frames, parts]`."""
    return np.asarray(bands.reshape(len(bands), parts, -1).mean(axis=2), dtype=np.float32)
