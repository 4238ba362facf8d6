"""What moves in audio: chroma that changes, flux, flatness, tempo; and whether anything moves at all.

In: audio [channels, N] float32, full scale ±1, and its rate in Hz. Out: shares, or beats a minute. Conventions:
frames are 2048 samples at about 11 kHz every 10 ms (for tempo) or half a second (for harmony). Caveat: a tempo is
known up to the octave: `tempo_agrees` takes half and double as right.

Sources: Dubnov, "Generalization of spectral flatness measure for non-Gaussian linear processes" (IEEE SPL 2004) for
flatness; Bello et al., "A tutorial on onset detection in music signals" (IEEE TSAP 2005) for flux; Ellis, "Beat
tracking by dynamic programming" (JNMR 2007) for the tempo prior around 120 a minute.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.loudness import Audio, validate

WORKING_RATE_HZ = 11025
FLUX_WINDOW = 512
FLUX_HOP_S = 0.01
CHROMA_WINDOW = 4096
CHROMA_HOP_S = 0.5
CHROMA_CHANGED = 0.1
LOWEST_BPM, HIGHEST_BPM = 40.0, 220.0
DRONE_CHROMA_CHANGES = 0.08
DRONE_FLUX = 0.02
NOISE_FLATNESS = 0.4


def _mono(audio: Audio, rate_hz: int) -> tuple[NDArray[np.float32], float]:
    """One channel at 11 to 22 kHz (by averaging whole groups of samples) and its rate."""
    mono = validate(audio, rate_hz).mean(axis=0)
    step = max(1, rate_hz // WORKING_RATE_HZ)
    usable = len(mono) // step * step
    return mono[:usable].reshape(-1, step).mean(axis=1), rate_hz / step


def _spectra(mono: NDArray[np.float32], window: int, hop: int) -> NDArray[np.float32]:
    """Magnitudes [frames, window // 2 + 1] float32 of Hann windows; short audio is padded to one window."""
    if len(mono) < window:
        mono = np.pad(mono, (0, window - len(mono)))
    frames = np.lib.stride_tricks.sliding_window_view(mono, window)[::hop]
    return np.abs(np.fft.rfft(frames * np.hanning(window).astype(np.float32), axis=1)).astype(np.float32)


def chroma(audio: Audio, rate_hz: int) -> NDArray[np.float32]:
    """Energy by pitch class [frames, 12] float32, one frame each half second, unit length (zeros where silent)."""
    mono, rate = _mono(audio, rate_hz)
    power = np.square(_spectra(mono, CHROMA_WINDOW, round(CHROMA_HOP_S * rate)))
    frequencies = np.fft.rfftfreq(CHROMA_WINDOW, 1 / rate)
    used = (frequencies > 60) & (frequencies < 2000)
    classes = np.round(12 * np.log2(frequencies[used] / 440) + 69).astype(int) % 12
    folded = power[:, used] @ np.eye(12, dtype=np.float32)[classes]
    length = np.linalg.norm(folded, axis=1, keepdims=True)
    return np.where(length > 1e-6, folded / np.maximum(length, 1e-6), 0).astype(np.float32)


def chroma_change_share(audio: Audio, rate_hz: int) -> float:
    """Share of half-second steps over which the chroma turns by more than a cosine distance of 0.1. 0: nothing
    moves.
    """
    frames = chroma(audio, rate_hz)
    if len(frames) < 2:
        return 0.0
    distance = 1 - (frames[1:] * frames[:-1]).sum(axis=1)
    sounding = np.linalg.norm(frames[1:], axis=1) > 0
    return float((distance[sounding] > CHROMA_CHANGED).mean()) if sounding.any() else 0.0


def spectral_flatness(audio: Audio, rate_hz: int) -> float:
    """Median over frames of geometric by arithmetic mean power, 0 (a tone) … 1 (white noise)."""
    mono, rate = _mono(audio, rate_hz)
    power = np.square(_spectra(mono, CHROMA_WINDOW, round(CHROMA_HOP_S * rate)))[:, 1:] + 1e-12
    return float(np.median(np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)))


def onset_flux(audio: Audio, rate_hz: int) -> NDArray[np.float32]:
    """Rise of the log magnitudes [frames] float32, one frame each 10 ms; the first is 0."""
    mono, rate = _mono(audio, rate_hz)
    spectra = np.log1p(100 * _spectra(mono, FLUX_WINDOW, round(FLUX_HOP_S * rate)) / FLUX_WINDOW)
    rise = np.maximum(np.diff(spectra, axis=0), 0).mean(axis=1)
    return np.concatenate(([0], rise)).astype(np.float32)


def flux_mean(audio: Audio, rate_hz: int) -> float:
    """Mean onset flux by mean log magnitude: how much of the sound is new each frame; 0 for a steady sound."""
    mono, rate = _mono(audio, rate_hz)
    spectra = np.log1p(100 * _spectra(mono, FLUX_WINDOW, round(FLUX_HOP_S * rate)) / FLUX_WINDOW)
    level = float(spectra.mean())
    return float(np.maximum(np.diff(spectra, axis=0), 0).mean()) / level if level > 0 and len(spectra) > 1 else 0.0


def drone_like(audio: Audio, rate_hz: int) -> bool:
    """Whether the sound stands still (steady chroma and no onsets) or is noise without pitch."""
    if spectral_flatness(audio, rate_hz) > NOISE_FLATNESS:
        return True
    still = chroma_change_share(audio, rate_hz) < DRONE_CHROMA_CHANGES
    return still and flux_mean(audio, rate_hz) < DRONE_FLUX


def tempo_bpm(audio: Audio, rate_hz: int) -> float | None:
    """The beat rate by the flux's autocorrelation, up to the octave; `None` for less than 4 s or no onsets."""
    flux = onset_flux(audio, rate_hz)
    mono_rate = rate_hz / max(1, rate_hz // WORKING_RATE_HZ)
    frame_s = round(FLUX_HOP_S * mono_rate) / mono_rate
    if len(flux) * frame_s < 4 or not flux.any():
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
