"""What moves in audio: chroma that changes, flux, flatness, tempo; and whether anything moves at all.

In: audio [channels, N] float32, full scale ±1, and its rate in Hz. Out: shares, or beats a minute. Conventions:
the sound is brought to about 11 kHz; frames are 512 samples every 10 ms (for onsets) or 4096 every half second (for
harmony). Caveat: a tempo is
known up to the octave: `tempo_agrees` takes half and double as right.

Sources: Dubnov, "Generalization of spectral flatness measure for non-Gaussian linear processes" (IEEE SPL 2004) for
flatness; Bello et al., "A tutorial on onset detection in music signals" (IEEE TSAP 2005) for flux; Ellis, "Beat
tracking by dynamic programming" (JNMR 2007) for the tempo prior around 120 a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.metrics.loudness import Audio, validate

WORKING_RATE_HZ = 11025
FRAMES_AT_ONCE = 1024
FLUX_WINDOW = 512
FLUX_HOP_S = 0.01
CHROMA_WINDOW = 4096
CHROMA_HOP_S = 0.5
CHROMA_CHANGED = 0.1
LOWEST_BPM, HIGHEST_BPM = 40.0, 220.0
DRONE_CHROMA_CHANGES = 0.08
DRONE_FLUX = 0.02
NOISE_FLATNESS = 0.4
SILENT_CHROMA = 1e-6
SILENT_FLUX = 1e-6

Spectra = NDArray[np.float32]


def _mono(audio: Audio, rate_hz: int) -> tuple[NDArray[np.float32], float]:
    """One channel at 11 to 22 kHz (by averaging whole groups of samples) and its rate."""
    mono = validate(audio, rate_hz).mean(axis=0)
    step = max(1, rate_hz // WORKING_RATE_HZ)
    usable = len(mono) // step * step
    return mono[:usable].reshape(-1, step).mean(axis=1), rate_hz / step


def _spectra(mono: NDArray[np.float32], window: int, hop: int) -> Spectra:
    """Magnitudes [frames, window // 2 + 1] float32 of Hann windows; short audio is padded to one window."""
    if len(mono) < window:
        mono = np.pad(mono, (0, window - len(mono)))
    frames = np.lib.stride_tricks.sliding_window_view(mono, window)[::hop]
    shape, spectra = np.hanning(window).astype(np.float32), np.empty((len(frames), window // 2 + 1), np.float32)
    for start in range(0, len(frames), FRAMES_AT_ONCE):  # five minutes at once would need 300 MB
        some = frames[start : start + FRAMES_AT_ONCE]
        spectra[start : start + FRAMES_AT_ONCE] = np.abs(np.fft.rfft(some * shape, axis=1))
    return spectra


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """What moves in audio.

    `chroma_change_share`: share of half-second steps over which the chroma turns by more than a cosine distance of
    0.1. `flatness`: median of geometric by arithmetic mean power, 0 (a tone) … 1 (white noise). `flux`: mean rise of
    the log magnitudes by their mean, 0 for a steady sound. `tempo_bpm`: up to the octave; None under 4 s or without
    onsets.
    """

    chroma_change_share: float
    flatness: float
    flux: float
    tempo_bpm: float | None

    @property
    def drone_like(self) -> bool:
        """Whether the sound stands still (steady chroma and no onsets) or is noise without pitch."""
        if self.flatness > NOISE_FLATNESS:
            return True
        return self.chroma_change_share < DRONE_CHROMA_CHANGES and self.flux < DRONE_FLUX


def measure_motion(audio: Audio, rate_hz: int) -> Motion:
    """Measure what moves; raises `ValueError` for what `loudness.validate` refuses."""
    mono, rate = _mono(audio, rate_hz)
    power = np.square(_spectra(mono, CHROMA_WINDOW, round(CHROMA_HOP_S * rate)))
    hop = round(FLUX_HOP_S * rate)
    levels = _spectra(mono, FLUX_WINDOW, hop)
    levels *= 100 / FLUX_WINDOW
    np.log1p(levels, out=levels)
    rises = np.maximum(np.diff(levels, axis=0), 0).mean(axis=1)
    mean_level = float(levels.mean())
    return Motion(
        chroma_change_share=_chroma_change_share(power, rate),
        flatness=_flatness(power),
        flux=float(rises.mean()) / mean_level if mean_level > 0 and len(rises) else 0.0,
        tempo_bpm=_tempo_bpm(rises, hop / rate),
    )


def _chroma_change_share(power: Spectra, rate_hz: float) -> float:
    frequencies = np.fft.rfftfreq(CHROMA_WINDOW, 1 / rate_hz)
    used = (frequencies > 60) & (frequencies < 2000)
    classes = np.round(12 * np.log2(frequencies[used] / 440) + 69).astype(int) % 12
    chroma = power[:, used] @ np.eye(12, dtype=np.float32)[classes]
    length = np.linalg.norm(chroma, axis=1)
    sounding = (length[1:] > SILENT_CHROMA) & (length[:-1] > SILENT_CHROMA)
    if not sounding.any():
        return 0.0
    chroma = chroma / np.maximum(length, SILENT_CHROMA)[:, None]
    distance = 1 - (chroma[1:] * chroma[:-1]).sum(axis=1)
    return float((distance[sounding] > CHROMA_CHANGED).mean())


def _flatness(power: Spectra) -> float:
    bins = power[:, 1:] + 1e-12
    return float(np.median(np.exp(np.log(bins).mean(axis=1)) / bins.mean(axis=1)))


def _tempo_bpm(flux: NDArray[np.float32], frame_s: float) -> float | None:
    if len(flux) * frame_s < 4 or float(flux.max()) < SILENT_FLUX:
        return None
    correlation = _autocorrelation(flux - flux.mean())
    lags = np.arange(60 / HIGHEST_BPM / frame_s, 60 / LOWEST_BPM / frame_s, 0.05)
    # A beat's multiples correlate too; the far ones tell the lag more finely than the first.
    strength = np.zeros(len(lags))
    for multiple in (1, 2, 4, 8):
        strength += np.interp(multiple * lags, np.arange(len(correlation)), correlation, right=0.0)
    prior = np.exp(-0.5 * np.square(np.log2(60 / (lags * frame_s) / 110) / 0.9))
    return float(60 / (lags[int(np.argmax(strength * prior))] * frame_s))


def _autocorrelation(signal: NDArray[np.float32]) -> NDArray[np.float64]:
    """Autocorrelation [N] float64 without bias to short lags."""
    size = 2 * len(signal)
    power = np.square(np.abs(np.fft.rfft(signal, size)))
    raw = np.fft.irfft(power, size)[: len(signal)]
    return np.asarray(raw / (len(signal) - np.arange(len(signal))))


def tempo_agrees(found_bpm: float, asked_bpm: float, tolerance: float = 0.04) -> bool:
    """Whether a found tempo is the asked one, its half or its double, within a share."""
    return any(abs(found_bpm * factor / asked_bpm - 1) <= tolerance for factor in (0.5, 1.0, 2.0))
