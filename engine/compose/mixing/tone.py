"""Filters: cuts, shelves and bells in one pass, a filter that opens and closes slowly, and a loudspeaker cabinet.

In and out: see `stage`. Conventions: frequencies in Hz, gains in dB; a cut falls by 12 dB an octave (twice the same
cut: 24). Source of the sections: R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter
coefficients". Caveat: single precision, so nothing below 20 Hz.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

from engine.compose.mixing.stage import CONTROL_STEP, Process, Session, Stage, stretched
from engine.compose.render import SAMPLE_RATE_HZ, Audio

Kind = Literal["low_cut", "high_cut", "low_shelf", "high_shelf", "bell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """One second-order section. `q` is the sharpness; 0.707 is flat. A cut has no gain."""

    kind: Kind
    frequency_hz: float
    gain_db: float = 0.0
    q: float = 0.7071


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """An equaliser of several bands."""

    bands: tuple[Band, ...]

    def start(self, session: Session) -> Process:
        """Begin with silence in the filters."""
        sections = np.array([section(band) for band in self.bands], np.float32)
        state = np.zeros((len(sections), 2, 2), np.float32)

        def process(block: Audio) -> Audio:
            nonlocal state
            result, state = sosfilt(sections, block, axis=1, zi=state)
            return np.asarray(result, np.float32)

        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A low-pass that opens and closes once in `period_s`: `closed_hz` is heard at the dark end, everything at the
    other, as far as `most` (0…1) of the way."""

    closed_hz: float
    period_s: float
    most: float = 1.0

    def start(self, session: Session) -> Process:
        """Begin somewhere in the movement, by the song's seed."""
        dark = Tone(bands=(Band(kind="high_cut", frequency_hz=self.closed_hz),)).start(session)
        phase = session.rng("sweep").uniform(0, 2 * math.pi)
        at = 0

        def process(block: Audio) -> Audio:
            nonlocal at
            samples = block.shape[1]
            times_s = np.arange(at, at + samples + 2 * CONTROL_STEP, CONTROL_STEP) / SAMPLE_RATE_HZ
            closed = self.most * (0.5 + 0.5 * np.sin(2 * math.pi * times_s / self.period_s + phase))
            at += samples
            return np.asarray(block + (dark(block) - block) * stretched(closed, CONTROL_STEP, samples), np.float32)

        return process


def joined(stages: Iterable[Stage]) -> list[Stage]:
    """The same stages, neighbouring equalisers as one: the same samples sooner, for up to three bands take as long as
    one.
    """
    out: list[Stage] = []
    for stage in stages:
        before = out[-1] if out else None
        if isinstance(stage, Tone) and isinstance(before, Tone):
            out[-1] = Tone(bands=(*before.bands, *stage.bands))
        else:
            out.append(stage)
    return out


def cabinet(low_hz: float, high_hz: float) -> Tone:
    """A loudspeaker in a box: nothing below and above, a bump over the lower end and bite before the upper."""
    return Tone(
        bands=(
            Band(kind="low_cut", frequency_hz=low_hz),
            Band(kind="bell", frequency_hz=low_hz * 1.5, gain_db=2.0, q=1.0),
            Band(kind="bell", frequency_hz=high_hz * 0.55, gain_db=3.0, q=1.0),
            Band(kind="high_cut", frequency_hz=high_hz),
            Band(kind="high_cut", frequency_hz=high_hz),
        )
    )


def section(band: Band) -> npt.NDArray[np.float64]:
    """`[6]`: numerator and denominator of a band, a0 = 1."""
    omega = 2 * math.pi * band.frequency_hz / SAMPLE_RATE_HZ
    cosine, alpha = math.cos(omega), math.sin(omega) / (2 * band.q)
    top = 10 ** (band.gain_db / 40)
    if band.kind in ("low_cut", "high_cut"):
        sign = 1 if band.kind == "low_cut" else -1
        half = (1 + sign * cosine) / 2
        values = [half, -sign * 2 * half, half, 1 + alpha, -2 * cosine, 1 - alpha]
    elif band.kind == "bell":
        values = [1 + alpha * top, -2 * cosine, 1 - alpha * top, 1 + alpha / top, -2 * cosine, 1 - alpha / top]
    else:
        sign = 1 if band.kind == "low_shelf" else -1
        slope, up, down = 2 * math.sqrt(top) * alpha, top + 1, top - 1
        values = [
            top * (up - sign * down * cosine + slope),
            sign * 2 * top * (down - sign * up * cosine),
            top * (up - sign * down * cosine - slope),
            up + sign * down * cosine + slope,
            -sign * 2 * (down + sign * up * cosine),
            up + sign * down * cosine - slope,
        ]
    return np.array(values) / values[3]
