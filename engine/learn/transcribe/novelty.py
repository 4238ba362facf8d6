"""How much begins at each moment: the curves that beats are found in.

In: mono audio at 22,050 Hz and its `Pitches`. Out: `Novelty`, curves `[frames] float32`, in step with `pitches`.
Method: rises of logarithmic mel bands (spectral flux), and onsets of keys. Convention: a curve is measured against the
second around it and has a deviation of 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from engine.learn.transcribe.pitches import HOP, RATE_HZ, Pitches
from engine.learn.transcribe.spectrum import Spectra

Curve = npt.NDArray[np.float32]

FRAMES_A_SECOND = RATE_HZ / HOP
SOFT = 1000.0
"""Mel amplitudes are compressed as log(1 + SOFT · x)."""
LEAST_ONSET = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """`all`: everything that begins. `low`, `high`: what begins below 200 Hz and above 5 kHz. `keys`: struck keys."""

    all: Curve
    low: Curve
    high: Curve
    keys: Curve


def novelty_of(mel: Spectra, pitches: Pitches) -> Novelty:
    """The curves, from mel bands `[frames, bands]` (64 from 30 Hz to 11 kHz) and struck keys."""
    rises = np.zeros_like(mel)
    loud = np.log1p(SOFT * mel)
    rises[1:-1] = np.maximum(loud[2:] - loud[:-2], 0.0)
    keys = np.maximum(pitches.onset - LEAST_ONSET, 0.0).sum(axis=1)
    bands = mel.shape[1]
    flux, struck = evened(rises.mean(axis=1)), evened(keys)
    return Novelty(
        all=evened(flux + struck),
        low=evened(rises[:, : bands // 10].mean(axis=1)),
        high=evened(rises[:, -bands // 4 :].mean(axis=1)),
        keys=struck,
    )


def evened(curve: Curve) -> Curve:
    """What stands out of the second around it, slightly smoothed; deviation 1 (or 0 where nothing happens)."""
    above = np.maximum(curve - uniform_filter1d(curve, int(FRAMES_A_SECOND) | 1), 0.0)
    smooth = gaussian_filter1d(above, 1.0)
    return np.asarray(smooth / (smooth.std() + 1e-9), dtype=np.float32)
