"""The waveforms of a chip, made of whole harmonics: pulses, a stepped triangle, shift-register noise.

In: frequencies in Hz and lengths in samples. Out: mono `[n] float32` at 44,100 Hz, peaks around ±1. Conventions: a wave
is a table of one period that holds only harmonics below `HIGHEST_HZ`, read by a 32-bit phase, so nothing folds back and
the pitch is exact to a millionth of a semitone. Noise is the 15-bit linear-feedback shift register of the Ricoh 2A03
(taps 0 and 1, or 0 and 6 for the metallic period of 93), averaged over each sample. Source: the NES APU reference on
nesdev.org; band limits by Fourier series (Stilson and Smith, "Alias-Free Digital Synthesis of Classic Analog
Waveforms", ICMC 1996). Caveat: between two entries a table is read along a straight line, good to −70 dB.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.compose.render import SAMPLE_RATE_HZ

Mono = npt.NDArray[np.float32]
Wave = Literal["pulse12", "pulse25", "pulse50", "triangle"]

DUTIES = {"pulse12": 0.125, "pulse25": 0.25, "pulse50": 0.5}
TRIANGLE_STEPS = 32
HIGHEST_HZ = 19_500.0
TABLE_BITS = 12
PHASE_BITS = 32
BETWEEN = PHASE_BITS - TABLE_BITS


def cycle(wave: Wave, frequency_hz: float) -> Mono:
    """One period `[2 ** TABLE_BITS + 1]` (the first entry again at the end) for tones up to this frequency."""
    most = (1 << (TABLE_BITS - 1)) - 1
    return _cycle(wave, min(max(int(HIGHEST_HZ / frequency_hz), 1), most))


@lru_cache(maxsize=512)
def _cycle(wave: Wave, harmonics: int) -> Mono:
    size = 1 << TABLE_BITS
    numbers = np.arange(1, harmonics + 1)
    spectrum = np.zeros(size // 2 + 1, np.complex128)
    if wave == "triangle":
        steps = np.abs(np.arange(TRIANGLE_STEPS) - (TRIANGLE_STEPS - 1) / 2)
        steps = 2 * (steps - steps.min()) / np.ptp(steps) - 1
        held = np.fft.fft(steps)[numbers % TRIANGLE_STEPS] / TRIANGLE_STEPS
        spectrum[numbers] = held * np.sinc(numbers / TRIANGLE_STEPS) * np.exp(-1j * np.pi * numbers / TRIANGLE_STEPS)
    else:
        spectrum[numbers] = 2 * np.sin(np.pi * numbers * DUTIES[wave]) / (np.pi * numbers)
    period = np.fft.irfft(spectrum * size, size)
    return np.append(period, period[:1]).astype(np.float32)


def tone(table: Mono, frequency_hz: float, first: int, wavering: npt.NDArray[np.float32] | None, samples: int) -> Mono:
    """`samples` of a tone whose phase was 0 at its sample 0, from its sample `first` on.

    `wavering`: cycles by which the phase runs ahead at each of these samples, for vibrato.
    """
    step = round(frequency_hz / SAMPLE_RATE_HZ * (1 << PHASE_BITS))
    phase = np.arange(samples, dtype=np.uint32)
    phase *= np.uint32(step)
    phase += np.uint32(first * step % (1 << PHASE_BITS))
    if wavering is not None:
        phase += (wavering * np.float32(1 << 24)).astype(np.int32).astype(np.uint32) << np.uint32(8)
    at = (phase >> np.uint32(BETWEEN)).astype(np.int32)
    phase &= np.uint32((1 << BETWEEN) - 1)
    share = phase.astype(np.float32)
    share *= np.float32(1 / (1 << BETWEEN))
    near = table[at]
    share *= np.diff(table)[at]
    near += share
    return near


def glide(start_hz: float, end_hz: float, time_s: float, samples: int) -> Mono:
    """A sine that falls from one frequency towards another with the time constant `time_s`."""
    at_s = np.arange(samples) / SAMPLE_RATE_HZ
    cycles = end_hz * at_s + (start_hz - end_hz) * time_s * (1 - np.exp(-at_s / time_s))
    return np.asarray(np.sin(2 * np.pi * cycles), np.float32)


def noise(clock_hz: float, samples: int, *, metallic: bool = False) -> Mono:
    """Shift-register noise at a clock rate, each sample the mean over its time."""
    total = np.concatenate([[0.0], np.cumsum(register(metallic=metallic))])
    period = total.size - 1
    edges = np.arange(samples + 1) * clock_hz / SAMPLE_RATE_HZ
    rounds, inside = np.divmod(edges, period)
    heard = rounds * total[-1] + np.interp(inside, np.arange(total.size), total)
    return np.asarray(np.diff(heard) * SAMPLE_RATE_HZ / clock_hz, np.float32)


@lru_cache(maxsize=2)
def register(*, metallic: bool = False) -> npt.NDArray[np.float64]:
    """One whole period of the shift register's output as ±1: 32,767 steps, or 93."""
    tap = 6 if metallic else 1
    state, bits = 1, []
    for _ in range(93 if metallic else 32_767):
        bits.append(state & 1)
        state = state >> 1 | ((state ^ state >> tap) & 1) << 14
    return 1.0 - 2.0 * np.array(bits)
