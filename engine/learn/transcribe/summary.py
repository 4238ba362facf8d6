"""The sound of a recording in 52 numbers, to compare it with others.

In: an `Ear`. Out: `Summary`: mean and deviation of 20 mel-frequency cepstral coefficients (Davis and Mermelstein, 1980;
cosine transform of log mel bands), and the share of each pitch class. Silence is left out of the coefficients.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.fft import dct

from engine.learn.transcribe.ear import Ear
from engine.learn.transcribe.pitches import LOWEST_PITCH
from engine.learn.transcribe.values import Summary

COEFFICIENTS = 20
SILENT = 0.02
LOW_PITCH, HIGH_PITCH = 48, 96

Histogram = npt.NDArray[np.float64]


def summary_of(ear: Ear) -> Summary:
    """The numbers, rounded to four decimals."""
    sounding = ear.bands[ear.bands.mean(axis=1) > SILENT]
    if not len(sounding):
        zeros = (0.0,) * COEFFICIENTS
        return Summary(mfcc_mean=zeros, mfcc_deviation=zeros, chroma=(0.0,) * 12)
    coefficients = dct(sounding, type=2, norm="ortho", axis=1)[:, :COEFFICIENTS]
    return Summary(
        mfcc_mean=_rounded(coefficients.mean(axis=0)),
        mfcc_deviation=_rounded(coefficients.std(axis=0)),
        chroma=_rounded(spectrum_classes(ear)),
    )


def spectrum_classes(ear: Ear) -> Histogram:
    """Share of each pitch class in the spectrum, `[12]`: what stands out among its neighbours."""
    tones = ear.tones
    beside = 0.5 * (np.roll(tones, 1, axis=1) + np.roll(tones, -1, axis=1))
    peaks = np.maximum(tones - beside, 0.0).mean(axis=0)
    shares = np.zeros(12)
    for pitch in range(LOW_PITCH, HIGH_PITCH):
        shares[pitch % 12] += peaks[pitch - LOWEST_PITCH]
    return shares / max(float(shares.sum()), 1e-9)


def _rounded(values: np.ndarray[tuple[int], np.dtype[np.floating]]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
